"""Actors with exactly chosen rights, who ask the schema past the door: nobody has yet such rights by their role."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from helpdesk.graphql.context import Context
from helpdesk.graphql.execution import Executor, GraphQLRequest
from helpdesk.graphql.schema import build
from helpdesk.kernel.actors import Actor, ActorKind
from helpdesk.organization import queries as organization
from tests.access.matrix.world import World

ADDRESS = "127.0.0.1"


class Insider:
    """Asks as whoever is wanted."""

    def __init__(self, world: World) -> None:
        service = organization.service_by_slug(world.own.slug)
        assert service is not None
        self._service, self._settings = service, world.own.desk.settings
        self._agent = world.own.desk.agent
        self._executor = Executor(build())

    def as_holder(self, document: str, rights: Iterable[str]) -> Mapping[str, Any]:
        """Return the answer to an agent with exactly these rights."""
        agent = self._agent
        return self._ask(document, Actor(ActorKind.AGENT, agent.service_id, agent.id, agent.name, frozenset(rights)))

    def as_customer(self, document: str, customer_id: int) -> Mapping[str, Any]:
        """Return the answer to a customer of the service, who has no rights."""
        return self._ask(document, Actor(ActorKind.CUSTOMER, self._service.id, customer_id, "customer"))

    def _ask(self, document: str, actor: Actor) -> Mapping[str, Any]:
        context = Context(actor, self._service, self._settings, ADDRESS)
        outcome = self._executor.execute(
            GraphQLRequest(document), context=context, may_introspect=True, is_read_only=False
        )
        return {"data": outcome.data, "errors": outcome.errors}


def values_at(data: Any, path: Iterable[str]) -> Iterator[Any]:
    """Yield all that stands at the end of a path of names, through lists; nothing where the way ends before."""
    names = list(path)
    if not names:
        yield data
    elif isinstance(data, list):
        for one in data:
            yield from values_at(one, names)
    elif isinstance(data, Mapping) and names[0] in data:
        yield from values_at(data[names[0]], names[1:])
