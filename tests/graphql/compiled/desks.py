"""A small desk of two services whose data were made at random, and what to ask of it."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import strawberry
import time_machine

from helpdesk.access.rules import ORGANIZATION_RIGHTS
from helpdesk.agents import operations as agents
from helpdesk.graphql import ids
from helpdesk.graphql.context import Context
from helpdesk.kernel import actors, clock, db
from helpdesk.kernel.actors import Actor, ActorKind
from helpdesk.kernel.errors import HelpdeskError
from helpdesk.organization import queries as organization
from helpdesk.plugins import registry
from helpdesk.plugins.kinds import Kind
from helpdesk.sdk.channel import Sent, Verdict
from helpdesk.sdk.errors import Refused
from helpdesk.tickets import operations as tickets
from helpdesk.tickets import participants, queries, tagging
from helpdesk.tickets.attachments import NewFile
from helpdesk.tickets.operations import NewTicket
from helpdesk.tickets.rules import Asker, Body, TicketPriority, TicketStatus, body_of
from tests.bench.filling import small_desk
from tests.channels.post import Post, make_post, tell
from tests.factories.core_plugins import core
from tests.factories.desk import Desk, make_desk
from tests.factories.echo import Echo
from tests.graphql.compiled.documents import Suggest

NOON = datetime(2031, 3, 4, 12, tzinfo=UTC)
HTML = '<p>안녕</p><img src="cid:pic"><img src="https://elsewhere.example/a.png">'
TEXTS = ("환불해 주세요", "It does not work.", "주문 취소\n\n> 어제 쓴 글", "a")
ROWS = (1, 2, 3, 7, 16, 99)  # ticket 16 is the other service's
ACTORS = (
    "administrator",
    "partner",
    "weak",
    "administrator",
    "partner",
    "weak",
    "administrator",
    "agent",
    "stranger",
    "boss",
)


@contextmanager
def random_desk(folder: Path, seed: int) -> Iterator[Desk]:
    """Give a desk of two services, its clock held, with data of that seed."""
    clock.hold(NOON)
    Echo.reset()
    try:
        with (
            time_machine.travel(NOON, tick=False),  # links are signed by the time of the machine
            core(Kind.ACTION, Kind.ASSIGNER, Kind.CONDITION, Kind.FIELD_TYPE),
            small_desk(folder) as desk,
        ):
            registry.register(Kind.CHANNEL, "echo", Echo)
            fill(desk, Random(seed))
            fill(make_desk(desk.settings, slug="other"), Random(seed + 1), tickets_made=4)
            yield desk
    finally:
        clock.let_go()
        Echo.reset()


def fill(desk: Desk, random: Random, *, tickets_made: int = 14) -> None:
    """Make tickets by all ways in, and let things happen to them."""
    post = make_post(desk)
    groups = [agents.create_group(desk.service_id, name) for name in ("주문", "Returns")]
    for place in range(tickets_made):
        clock.move(random.randrange(3))
        _make(post, random, place)
    ticket_ids = [row.id for row in queries.tickets_by_ids(range(1, 200)) if row and row.service_id == desk.service_id]
    happenings = _happenings(post, random, groups)
    for _ in range(tickets_made * 6):
        clock.move(random.randrange(3))
        try:
            random.choice(happenings)(random.choice(ticket_ids))
        except HelpdeskError:  # what may not be done is not
            continue
    post.work()


def _make(post: Post, random: Random, place: int) -> None:
    desk = post.desk
    name, email = random.choice(("", "김미나", "Lee")), f"c{random.randrange(4)}@customer.example"
    if random.randrange(3) == 0:
        word = {"id": f"m{place}", "from": email, "name": name, "subject": random.choice(TEXTS), "html": HTML}
        post.put(**word, nature=random.choice(("person", "person", "auto")), files={"a.txt": "a"})
        post.work()
        return
    known = Asker(name, email, random.choice((None, "010-1234-5678")), random.choice((None, f"u{place}")))
    asker = random.choice((known, known, Asker(), Asker(name="누구", identity=("echo", "x"))))
    files = [NewFile("a.png", "image/png", b"a", "pic")][: random.randrange(2)]
    reference = random.choice((None, f"r{place}"))
    priority = random.choice(list(TicketPriority))
    new = NewTicket(random.choice(TEXTS), _body(random), "echo", "ko", asker, post.account_id, priority, files=files)
    who = random.choice((desk.partner, desk.agent, actors.system(desk.service_id)))
    tickets.create(replace(who, rights=desk.administrator.rights | who.rights), replace(new, external_ref=reference))


def _body(random: Random) -> Body:
    text = random.choice(TEXTS)
    return random.choice((Body(text), Body(text, sent_at=NOON), Body(text, quoted_from=1), body_of("", HTML)))


def _happenings(post: Post, random: Random, groups: Sequence[int]) -> list[Callable[[int], object]]:
    """Return what may happen to a ticket."""
    desk = post.desk
    people, system = (desk.agent, desk.administrator), actors.system(desk.service_id)

    def send(_ticket_id: int) -> None:
        Echo.on_send = random.choice((None, _refuse, tell(("c1@customer.example", Verdict.FAILED))))
        post.work()

    return [
        lambda one: tickets.reply(random.choice(people), one, _body(random)),
        lambda one: tickets.reply(system, one, _body(random)),
        lambda one: tickets.add_note(random.choice((*people, desk.partner)), one, _body(random)),
        lambda one: tickets.assign(
            desk.administrator,
            one,
            agent_id=random.choice((None, desk.agent.id, desk.administrator.id)),
            group_id=random.choice((None, *groups)),
        ),
        lambda one: tickets.set_status(desk.administrator, one, random.choice(list(TicketStatus))),
        lambda one: tickets.receive(system, one, _body(random), asker=Asker("동료", f"d{one}@customer.example")),
        lambda one: tagging.tag(desk.agent, one, random.sample(("환불", "a", "Urgent", "b"), 2)),
        lambda one: participants.propose(desk.service_id, one, [("p1@customer.example", "박"), ("p2@x.example", "")]),
        lambda one: participants.add(desk.agent, one, "p1@customer.example"),
        lambda one: participants.remove(desk.agent, one, "p2@x.example"),
        send,
    ]


def _refuse(_message: object) -> Sent:
    raise Refused("550 gone")


def context_of(desk: Desk, who: str) -> Callable[[], Context]:
    """Return what makes the context of a request to the desk's first service: one of ACTORS."""
    rights = desk.administrator.rights - {"customer.read", "inbox.read", "plugin.read"}
    weak = Actor(ActorKind.SERVICE_KEY, desk.service_id, 1, "weak", rights)
    stranger = Actor(ActorKind.ANONYMOUS, desk.service_id)
    boss = replace(desk.administrator, rights=desk.administrator.rights | ORGANIZATION_RIGHTS)
    people = {"weak": weak, "stranger": stranger, "boss": boss}
    actor = people.get(who) or getattr(desk, who)
    service = organization.service_by_slug("demo")
    assert service is not None
    return lambda: Context(actor, service, desk.settings, "127.0.0.1")


def suggestions(schema: strawberry.Schema, desk: Desk) -> Suggest:
    """Return what arguments of the real schema may be, by their name: what is there in the desk, and what is not."""
    names = sorted(ids._by_name)
    things = [ids.encode(name, row) for name in names for row in ROWS] + ["", "x"]
    cursors = _cursors(schema, desk)
    known: dict[str, Sequence[Any]] = {
        "number": range(1, 18),
        "id": things,
        "ids": things,
        "first": (1, 2, 5, 20, 0),
        "last": (1, 2, 5, 20, 0),
        "search": ("", "환불", "c1", "not"),
        "language": ("ko", "en", "xx"),
        "kinds": ("channel", "action"),
        "type": ("text", "number", "none"),
        "where": WHERE,
        "condition": WHERE,
        "ticketId": [ids.encode("Ticket", row) for row in (*range(1, 9), 99)],
        "assigneeId": [ids.encode("Agent", row) for row in ROWS],
        "groupId": [ids.encode("AgentGroup", row) for row in ROWS],
        "tags": ("환불", "a", "new"),
        "action": ("add_note", "add_tags", "set_status", "none"),
        "email": ("p1@customer.example", "p2@x.example", "x"),
        "subject": TEXTS,
        "body": TEXTS,
        "bodyFormat": ("TEXT",),
        "attachments": (),
        "feature": ("chat", "ticket", "none"),
        "timeZone": ("UTC", "x"),
        "network": ("203.0.113.7", "203.0.113.0/24", "x"),
    }

    def suggest(name: str, _kind: str) -> Sequence[Any]:
        field, _, argument = name.rpartition(".")
        return cursors.get(field, ("x",)) if argument in {"after", "before"} else known.get(argument, ())

    return suggest


def _cursors(schema: strawberry.Schema, desk: Desk) -> dict[str, list[str]]:
    """Return cursors by the name of the list that they are from."""
    context = context_of(desk, "administrator")()
    found: dict[str, list[str]] = {}

    def look(value: Any, field: str) -> None:
        if isinstance(value, list):
            for item in value:
                look(item, field)
        elif isinstance(value, dict):
            found.setdefault(field, []).extend(filter(None, [value.get("cursor")]))
            for name, inner in value.items():
                look(inner, field if name in {"edges", "node"} else name)

    look(schema.execute_sync(CURSORS, context_value=context).data, "")
    return found


CURSORS = """{
  tickets(first: 4) {edges {cursor node {messages(first: 2) {edges {cursor}} history(first: 2) {edges {cursor}}}}}
  customers(first: 3) {edges {cursor node {tickets(first: 1) {edges {cursor}}}}}
  deliveries(first: 3) {edges {cursor}}
  inbox(first: 3) {edges {cursor}}
}"""

WHERE: Sequence[Any] = (
    {"field": "status", "op": "IS", "value": "OPEN"},
    {"field": "number", "op": "AT_LEAST", "value": 3},
    {"field": "subject", "op": "CONTAINS", "value": "환불"},
    {"any": [{"field": "assignee", "op": "IS_EMPTY"}, {"not": {"field": "priority", "op": "IN", "value": ["LOW"]}}]},
    {"field": "nothing", "op": "IS"},
)


def dump() -> list[str]:
    """Return what stands in every table, to see whether two desks are equal; keys made at random are left out."""
    names = sorted(name for name in db.database.get_tables() if not name.startswith("search_index"))
    tables = [(name, db.database.execute_sql(f'SELECT * FROM "{name}"').fetchall()) for name in names]
    return [re.sub("[0-9a-f]{32}", "key", repr(table)) for table in tables]
