"""``helpdesk key create``: lets a partner call a service's GraphQL API."""

from collections.abc import Sequence

import click

from helpdesk.access import operations as access
from helpdesk.access import queries
from helpdesk.access.operations import NewKey
from helpdesk.commands.asking import Asked, verb
from helpdesk.commands.opening import opened, service_named
from helpdesk.kernel import actors
from helpdesk.kernel.actors import Actor
from helpdesk.kernel.db import transactional
from helpdesk.kernel.errors import Conflict


@verb("create")
@click.option("--service", metavar="ID", help="The service's id; needed only where there are several.")
@click.option("--name", default="Open API", show_default=True, help="Whose key it is.")
@click.option(
    "--allow", multiple=True, metavar="NETWORK", help="Address or network that may use keys; may be repeated."
)
def create(asked: Asked, *, service: str | None, name: str, allow: tuple[str, ...]) -> None:
    """Make a service key and print it, this once; --allow opens the API to addresses."""
    with opened(asked):
        row = service_named(service)
        made = create_key(actors.system(row.id), name, allow)
        networks = [str(network) for network in queries.allowed_networks(row.id)]
    asked.answer({"service": row.slug, "id": made.id, "name": name, "key": made.token, "allowed": networks}, made.token)
    where = ", ".join(networks) or "nowhere yet: add addresses by --allow"
    asked.remark(f"This key of {row.slug} is not shown again. Keys are accepted from {where}.")


@transactional
def create_key(actor: Actor, name: str, networks: Sequence[str] = ()) -> NewKey:
    """Make a key; with networks, switch the Open API on and let them in. Raises Conflict while it is off."""
    if not networks and not queries.is_open_api_enabled(actor.service_id):
        raise Conflict(
            "The Open API of this service is off. Name who may call it, by --allow 127.0.0.1 for instance,"
            " which switches it on.",
            code="OPEN_API_DISABLED",
        )
    if networks:
        first = access.enable_open_api(actor, True)
        if first is not None:
            access.revoke_key(actor, first.id)  # nobody has seen it; the one that is asked for follows
    for network in networks:
        access.allow_address(actor, network)
    return access.create_key(actor, name)
