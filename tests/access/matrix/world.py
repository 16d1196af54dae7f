"""Two services that have one thing of every type each, and everybody who might ask the first one for them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from flask import Flask

from helpdesk.access import operations as access
from helpdesk.access import sessions
from helpdesk.access.rules import ORGANIZATION_ADMINISTRATOR_RIGHTS, SERVICE_KEY_RIGHTS, rights_of_agent
from helpdesk.agents import operations as agents
from helpdesk.agents import staffing
from helpdesk.agents.rules import Role
from helpdesk.agents.staffing import Duties
from helpdesk.channels.models import Listening
from helpdesk.customers import queries as customers
from helpdesk.customers import reaching
from helpdesk.graphql import ids
from helpdesk.kernel import actors, clock, db
from helpdesk.kernel.paging import Window
from helpdesk.organization import company_information
from helpdesk.organization.rules import CompanyInformationKind
from helpdesk.plugins.kinds import Kind
from helpdesk.plugins.models import PluginFigure, PluginLog, PluginTrouble
from helpdesk.sdk.channel import Verdict
from helpdesk.tickets import attachments, participants, queries, tagging
from helpdesk.tickets import operations as tickets
from helpdesk.tickets.rules import Asker, Body, TicketStatus
from tests.access.matrix.values import SESSION, UPLOAD
from tests.channels.post import Post, make_post, tell
from tests.factories.client import Caller, log_in, open_to_partners
from tests.factories.desk import PASSWORD, Desk, appoint, hire, make_desk
from tests.factories.echo import Echo

HTML = '<p>Hello <b>there</b></p><img src="https://elsewhere.example/a.png"><blockquote>before</blockquote>'
OWN, FOREIGN = "pelican", "zebrafinch"  # stand in every text of a service, and in none of the other one's
LEAVER = "leaver@demo.example"
BOSS = "boss@demo.example"


@dataclass(frozen=True)
class Service:
    """A service and, for each type that ids can name, the global id of one thing of its own."""

    desk: Desk
    slug: str
    things: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class World:
    """The service that is asked, another one, and who asks."""

    app: Flask
    own: Service
    other: Service
    callers: Mapping[str, Caller]


ROLES: Mapping[str, frozenset[str] | None] = {
    "anonymous": None,
    "agent": rights_of_agent(Role.AGENT),
    "administrator": rights_of_agent(Role.ADMINISTRATOR),
    "organization administrator": ORGANIZATION_ADMINISTRATOR_RIGHTS,
    "service key": SERVICE_KEY_RIGHTS,
    "agent of another service": None,
    "revoked key": None,
    "key of another service": None,
    "agent who has left": None,
}
"""Who asks, and with which rights; None for those of whom nothing is known, or nothing any more."""


def make_world(app: Flask, desk: Desk) -> World:
    """Furnish the desk's service and another one, and let everybody come in who can."""
    own, other = Service(desk, "demo"), Service(make_desk(desk.settings, slug="elsewhere"), "elsewhere")
    token = furnish(own, OWN)
    foreign = furnish(other, FOREIGN)
    stranger = Caller(app)
    hire(desk.organization_id, desk.service_id, LEAVER, Role.AGENT)
    appoint(desk, BOSS)
    revoked = access.create_key(desk.administrator, "left")
    callers = {
        "anonymous": stranger,
        "agent": log_in(stranger, "agent@demo.example"),
        "administrator": log_in(stranger, "admin@demo.example"),
        "organization administrator": log_in(stranger, BOSS),
        "service key": stranger.but(token=token),
        "agent of another service": log_in(stranger.but(slug="elsewhere"), "agent@demo.example").but(slug="demo"),
        "revoked key": stranger.but(token=revoked.token),
        "key of another service": stranger.but(token=foreign),
        "agent who has left": log_in(stranger, LEAVER),
    }
    access.revoke_key(desk.administrator, revoked.id)
    agents.deactivate_member(_member(LEAVER))
    assert callers.keys() == ROLES.keys()
    return World(app, own, other, callers)


def _member(email: str) -> int:
    found = db.database.execute_sql(f"SELECT id FROM member WHERE email = {db.database.param}", (email,)).fetchone()
    return int(found[0])


def furnish(service: Service, word: str) -> str:
    """Put one thing of every type into a service, ``word`` in every text, and return the token of its key."""
    desk = service.desk
    post = make_post(desk, driver="echo")
    group_id = agents.create_group(desk.service_id, f"group {word}")
    agents.add_to_group(group_id, desk.agent.id or 0)
    staffing.update(desk.administrator, desk.agent.id or 0, Duties(cti_id=word))
    ticket_id = _ticket(post, word)
    tickets.assign(desk.administrator, ticket_id, agent_id=desk.agent.id, group_id=group_id)
    tagging.tag(desk.agent, ticket_id, [word])
    participants.propose(desk.service_id, ticket_id, [(f"p@{word}.example", word)])
    message_id = post.reply(ticket_id, f"answer {word}")
    Echo.on_send = tell((f"c@{word}.example", Verdict.FAILED))
    post.work()
    Echo.on_send = None
    reaching.mark(
        actors.system(desk.service_id), "email", f"c@{word}.example", cause=reaching.Cause.FAILED, reason=word
    )
    _follow_up(post, word)
    held = post.put(**{"id": f"h-{word}", "from": f"c@{word}.example", "text": word, "suspicion": f"odd {word}"})
    post.work()
    _run_for_a_while(post, word)
    token = open_to_partners(desk)
    spare = agents.create_group(desk.service_id, f"spare {word}")
    _name(service, post, answered=ticket_id, message=message_id, group=spare, held=held)
    return token


def _ticket(post: Post, word: str, **more: Any) -> int:
    given = {"id": f"m-{word}", "from": f"c@{word}.example", "name": f"Customer {word}", "subject": f"subject {word}"}
    return post.ticket(**(given | {"text": f"text {word}", "html": HTML, "files": {f"{word}.txt": word}} | more))


def _follow_up(post: Post, word: str) -> None:
    """Make a ticket that follows one that was completed."""
    before = _ticket(post, word, id=f"before-{word}", subject=f"before {word}")
    for status in (TicketStatus.RESOLVED, TicketStatus.COMPLETED):
        tickets.set_status(post.desk.administrator, before, status)
    asker = Asker(email=f"c@{word}.example")
    tickets.receive(actors.system(post.desk.service_id), before, Body(f"again {word}"), asker=asker)


def _run_for_a_while(post: Post, word: str) -> None:
    """Leave what processes leave that serve a channel: when it was fetched last, how often it was called, a log."""
    service_id, at = post.desk.service_id, clock.now()
    Listening.create(account=post.account_id, cursor={}, last_alive_at=at)
    PluginLog.create(kind=Kind.CHANNEL, name="echo", service_id=service_id, level="info", hook="", message=word, at=at)
    if word == OWN:
        whose = {"kind": Kind.CHANNEL, "name": "echo", "hook": "send"}
        PluginFigure.create(**whose, calls=1, errors=0, overruns=0, micros=1)
        PluginTrouble.create(**whose, process="one", reason=word, seen_at=at)


def _name(service: Service, post: Post, *, answered: int, message: int, group: int, held: int) -> None:
    """Note the global id of one thing of each type."""
    desk = service.desk
    (row,) = queries.tickets_by_ids([answered])
    assert row is not None
    assert row.customer_id is not None
    first = queries.messages_of_tickets([answered], Window(first=1))[0].rows[0]
    begun = sessions.log_in(desk.service_id, "admin@demo.example", PASSWORD, address="127.0.0.1")
    rows = {
        "Ticket": answered,
        "Message": message,
        "Attachment": queries.attachments_of_messages([first.id])[0][0].id,
        "Customer": row.customer_id,
        "CustomerIdentity": customers.identities_of_customers([row.customer_id])[0][0].id,
        "Agent": desk.agent.id,
        "AgentGroup": group,
        "ChannelAccount": post.account_id,
        "InboxItem": held,
        "Delivery": post.delivery(message).id,
        "Service": desk.service_id,
        "Organization": desk.organization_id,
        "Member": agents.add_member(desk.organization_id, email="new@shop.example", name="New", password=None),
        "CompanyInformation": _company_information(desk),
        "ConnectionLogEntry": _first("connection_log", desk.service_id),
        "ServiceKey": _first("service_key", desk.service_id),
    }
    assert rows.keys() == ids.rights().keys(), "Put a thing of the new type into tests/access/matrix/world.py."
    service.things[SESSION] = ids.encode(SESSION, begun.id)
    service.things[UPLOAD] = ids.encode("Attachment", _upload(desk))
    service.things.update({name: ids.encode(name, row_id or 0) for name, row_id in rows.items()})


def _company_information(desk: Desk) -> int:
    """Make a text about the company that the service shows, and return the id."""
    system, texts = actors.system(desk.service_id), {"en": desk.settings.base_url}
    kind = CompanyInformationKind.COMPANY
    entry_id = company_information.create(system, kind=kind, name="Imprint", texts=texts)
    company_information.show(system, desk.service_id, entry_id)
    return entry_id


def _upload(desk: Desk) -> int:
    """Return a file of the administrator's that waits to be attached."""
    about = {"filename": "a.txt", "content_type": "text/plain", "size": 1}
    upload_id = attachments.create_upload(desk.administrator, **about, largest=1)  # type: ignore[arg-type]
    attachments.fill_upload(attachments.upload_token(upload_id), BytesIO(b"a"), service_id=desk.service_id)
    return upload_id


def _first(table: str, service_id: int) -> int:
    rows = db.database.execute_sql(
        f'SELECT MIN(id) FROM "{table}" WHERE service_id = {db.database.param}', (service_id,)
    )
    return int(rows.fetchone()[0])


class _Undo(Exception):
    """Ends a transaction that is not to be."""


@contextmanager
def undone() -> Iterator[None]:
    """Let nothing stay of what is done in the block."""
    with suppress(_Undo), db.transaction():
        yield
        raise _Undo


def dump() -> dict[str, list[Any]]:
    """Return what stands in every table."""
    names = sorted(name for name in db.database.get_tables() if not name.startswith("search_index"))
    return {name: db.database.execute_sql(f'SELECT * FROM "{name}" ORDER BY 1').fetchall() for name in names}
