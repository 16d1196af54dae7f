"""One trial each of what the tests try: what is asked at random of a schema, compared."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from random import Random
from typing import Any

import strawberry

from helpdesk.graphql.schema import build
from helpdesk.kernel import db
from tests.factories.desk import Desk
from tests.graphql.compiled import failing
from tests.graphql.compiled.comparing import Both
from tests.graphql.compiled.desks import ACTORS, context_of, dump, suggestions
from tests.graphql.compiled.documents import Room, Writer
from tests.graphql.compiled.failing import Asker

MUTATIONS = (
    "ticketReply", "ticketAddNote", "ticketAssign", "ticketSetStatus", "ticketTag", "ticketUntag", "ticketCreate",
    "ticketParticipantAdd", "ticketParticipantRemove", "ticketRunAction", "customerIdentityRestore", "deliveryRetry",
    "inboxRetry", "inboxRelease", "inboxDismiss", "allowedAddressAdd", "allowedAddressRemove", "serviceUpdate",
    "serviceCreate", "serviceFeatureSet", "serviceStateSet", "serviceCompanyInformationSet", "organizationUpdate",
    "organizationAdministratorAdd", "organizationAdministratorRemove", "companyInformationCreate",
    "companyInformationUpdate", "companyInformationDelete",
    "agentAdd", "agentUpdate", "agentRemove", "agentGroupCreate", "agentGroupUpdate", "agentGroupDelete",
    "agentAllocationUpdate", "viewerAllocationUpdate", "viewerChatStateUpdate", "menuAccessUpdate",
    "memberDeactivate", "memberActivate", "sessionRevoke", "memberSessionsRevoke",
)  # fmt: skip
"""Those that make no secret, which would be another one each time."""


class _Undo(Exception):
    """Ends a transaction that is not to be."""


class Queries:
    """Queries of the real schema on a desk."""

    def __init__(self, desk: Desk) -> None:
        schema = build()
        self.both = Both(schema, counts=True)
        self._desk, self._schema, self._suggest = desk, schema._schema, suggestions(schema, desk)

    def once(self, random: Random) -> None:
        """Ask one, by somebody."""
        context = context_of(self._desk, random.choice(ACTORS))
        self.both.agree(Writer(self._schema, random, self._suggest).query(), context)


class Failures:
    """Queries of the schema whose fields fail."""

    def __init__(self, schema: strawberry.Schema) -> None:
        self.both = Both(schema)
        self._schema = schema._schema

    def once(self, random: Random) -> None:
        """Ask one, by somebody's luck."""
        luck = random.randrange(10**6)
        asking = Writer(self._schema, random, lambda _name, _kind: (), Room(5, 60)).query()
        self.both.agree(asking, lambda: failing.asker(luck))


class Mutations:
    """Mutations of the real schema on a desk that is afterwards what it was before."""

    def __init__(self, desk: Desk) -> None:
        schema = build()
        self.both = Both(schema, counts=True, around=self._undone)
        self._desk, self._schema, self._suggest = desk, schema._schema, suggestions(schema, desk)
        self._states: list[Any] = []

    def once(self, random: Random) -> None:
        """Ask one, by somebody."""
        self._states.clear()
        context = context_of(self._desk, random.choice(ACTORS))
        asking = Writer(self._schema, random, self._suggest, Room(4, 20)).mutation(MUTATIONS)
        self.both.agree(asking, context)
        assert_equal_in_runs(self._states, asking.text)

    @contextmanager
    def _undone(self) -> Iterator[None]:
        with suppress(_Undo), db.transaction():
            yield
            self._states.append(dump())
            raise _Undo


class FailingMutations:
    """Mutations of the schema whose fields fail: which are begun counts too, and in what order."""

    def __init__(self, schema: strawberry.Schema) -> None:
        self.both = Both(schema)
        self._schema = schema._schema

    def once(self, random: Random) -> None:
        """Ask one, by somebody's luck."""
        luck = random.randrange(10**6)
        asking = Writer(self._schema, random, lambda _name, _kind: (), Room(3, 20)).mutation()
        askers: list[Asker] = []

        def context() -> Asker:
            askers.append(failing.asker(luck))
            return askers[-1]

        self.both.agree(asking, context)
        assert_equal_in_runs([asker.log for asker in askers], asking.text)


def assert_equal_in_runs(states: list[Any], asked: str) -> None:
    """Assert that what was left by each of the three runs with the same variables is equal."""
    for begin in range(0, len(states), 3):
        reference, *others = states[begin : begin + 3]
        assert others == [reference, reference], asked
