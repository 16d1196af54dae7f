"""Makes a small desk on SQLite, in a folder of its own, with tickets as a list shows them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from helpdesk.agents import operations as agents
from helpdesk.channels import accounts
from helpdesk.graphql.context import Context
from helpdesk.kernel import crypto, db, settings
from helpdesk.kernel.actors import Actor
from helpdesk.organization import queries as organization
from helpdesk.plugins import registry
from helpdesk.plugins.kinds import Kind
from helpdesk.tickets import operations as tickets
from helpdesk.tickets.operations import NewTicket
from helpdesk.tickets.rules import Asker, Body
from tests.factories.desk import Desk, make_desk, ready
from tests.factories.echo import Echo


@contextmanager
def small_desk(folder: Path) -> Iterator[Desk]:
    """Give a desk with its people and nothing else."""
    chosen = settings.load({}, data_dir=folder)
    db.use(chosen)
    db.migrate()
    ready(chosen)
    with db.connection():
        yield make_desk(chosen)
    db.database.close_all()
    crypto.use_passwords(crypto.PasswordHashes())
    registry.load(safe_mode=True, looks=False)
    accounts._drivers.clear()


def filled(desk: Desk, *, ticket_count: int) -> Context:
    """Return the context of a partner's request to the desk, which gets so many tickets."""
    registry.register(Kind.CHANNEL, "echo", Echo)
    _fill(desk, ticket_count)
    service = organization.service_by_slug("demo")
    assert service is not None
    return Context(desk.partner, service, desk.settings, "127.0.0.1")


def _fill(desk: Desk, ticket_count: int) -> None:
    account_id = accounts.create(desk.administrator, driver="echo", name="Echo", settings={})
    groups = [agents.create_group(desk.service_id, name) for name in ("Orders", "Returns")]
    people = (desk.agent, desk.administrator)
    for place in range(ticket_count):
        _add(desk.partner, people[place % 2], groups[place % 2], account_id, place)


def _add(partner: Actor, agent: Actor, group_id: int, account_id: int, place: int) -> None:
    """Make one ticket with an agent and a group; three of four are answered."""
    asker = Asker(name=f"고객 {place}", email=f"c{place}@customer.example")
    body = Body(f"{place}번째 문의입니다. " * 5)
    new = NewTicket(f"환불 요청 {place}", body, "echo", "ko", asker, account_id=account_id)
    added = tickets.create(partner, new)
    tickets.assign(partner, added.ticket_id, agent_id=agent.id, group_id=group_id)
    if place % 4:
        tickets.reply(agent, added.ticket_id, Body("처리해 드렸습니다. " * 5))
