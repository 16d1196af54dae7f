"""Makes the rows of one lot of the demo's tickets, without a database: as the operations would have left them.

A lot depends upon its place alone: the same places give the same tickets in every run. What is left out, as if it
had served its time: the event log, which nobody has subscribed to yet, and deliveries, since nothing was ever sent.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import Any, NamedTuple

import orjson

from helpdesk.commands.demo import lives, phrases
from helpdesk.commands.demo.drawing import SAMPLES, Person, customer_of, samples
from helpdesk.commands.demo.lives import LIVES, Life, Who
from helpdesk.customers.rules import terms_of_customer
from helpdesk.kernel import bulk
from helpdesk.kernel.actors import ActorKind
from helpdesk.kernel.search_pieces import BREAK, Piece, spaced, tallied, word
from helpdesk.sdk.channel import SenderProof
from helpdesk.tickets.counting import Place
from helpdesk.tickets.rules import TicketStatus

COLUMNS = {
    "customer": "id service_id number name email phone created_at updated_at",
    "customer_identity": "service_id customer_id kind value undeliverable_reason",
    "customer_value": "customer_id field value at",
    "customer_term": "service_id term customer_id",
    "ticket": "id service_id number subject status priority channel account_id language customer_id assignee_id"
    " group_id version created_at updated_at",
    "message": "service_id ticket_id kind author_kind author_id author_name body_text proof proof_details is_automatic"
    " created_at",
    "ticket_tag": "service_id ticket_id tag folded",
    "history": "service_id subject subject_id name actor_kind actor_id actor_name changes at",
    "search_entry": "subject subject_id service_id weight terms",
}
"""The tables that a lot fills, in this order."""

TICKETS_PER_CUSTOMER = 4
ORDER_SHARE = 0.4
MICROS = 1_000_000
STEP_SECONDS = 60 * 60 * 30
SYSTEM = (ActorKind.SYSTEM.value, None, "system")
NO_PROOF = SenderProof.NONE.value


@dataclass(frozen=True, slots=True)
class Setting:
    """What all lots have in common. Times are microseconds since 1970; ``total`` tickets fill the time between them."""

    service_id: int
    account_id: int | None
    administrator: Person
    agents: Sequence[Person]
    total: int
    begins_at: int
    ends_at: int
    is_packed: bool


@dataclass(frozen=True, slots=True)
class Lot:
    """So many tickets from a place on, with the ids and numbers that their rows are to have.

    Beside its own customers, those from ``known_from`` on come back, up to its own.
    """

    place: int
    count: int
    ticket_id: int
    number: int
    customer_id: int
    customer_number: int
    known_from: int


@dataclass(slots=True)
class Made:
    """The rows of a lot by table, how many tickets stand where, and when each agent was last given one."""

    lot: Lot
    rows: dict[str, Any]
    standing: Mapping[Place, int] = field(default_factory=dict)
    assigned: dict[int, int] = field(default_factory=dict)


def make(setting: Setting, lot: Lot) -> Made:
    """Make the rows of a lot."""
    made = _Maker(setting, lot)
    made.make_customers()
    for offset in range(lot.count):
        made.make_ticket(offset)
    standing = Counter(map(_place, made.rows["ticket"]))
    rows = {table: bulk.packed(found) for table, found in made.rows.items()} if setting.is_packed else made.rows
    return Made(lot, rows, standing, made.assigned)


def _place(ticket: Sequence[Any]) -> Place:
    row = dict(zip(COLUMNS["ticket"].split(), ticket, strict=True))
    return Place(TicketStatus(row["status"]), row["assignee_id"], row["group_id"])


def customers_in(tickets: int) -> int:
    """Return how many customers are new among so many tickets of one run."""
    return -(-tickets // TICKETS_PER_CUSTOMER)


@cache
def _tagging(tags: tuple[str, ...]) -> str:
    return orjson.dumps({"tags": [[], list(tags)]}).decode()


@cache
def _assigning(agent: Person) -> str:
    pairs = {"assignee": [None, agent.id]} | ({} if agent.group_id is None else {"group": [None, agent.group_id]})
    return orjson.dumps(pairs).decode()


class _Case(NamedTuple):
    """One ticket while it is made. ``agent`` has it if anybody has."""

    id: int
    life: Life
    customer_id: int
    agent: Person
    language: str
    times: Sequence[int]


class _Maker:
    """The rows of one lot, while they are made."""

    def __init__(self, setting: Setting, lot: Lot) -> None:
        self._setting, self._lot = setting, lot
        self._random = Random(f"{phrases.SEED} {lot.place}").random  # noqa: S311  # no secret
        self._samples = samples(tuple(setting.agents))
        self._entry = tallied if setting.is_packed else spaced
        self._between = (setting.ends_at - setting.begins_at) // setting.total
        self.rows: dict[str, list[tuple[Any, ...]]] = {table: [] for table in COLUMNS}
        self.assigned: dict[int, int] = {}

    def make_customers(self) -> None:
        """Make the customers who are new: each of them writes first the ticket of the same place."""
        lot, rows, service_id = self._lot, self.rows, self._setting.service_id
        for offset in range(customers_in(lot.count)):
            customer_id = lot.customer_id + offset
            name, email, phone = customer_of(customer_id)
            at = self._made_at(offset * TICKETS_PER_CUSTOMER)
            rows["customer"].append((customer_id, service_id, lot.customer_number + offset, name, email, phone, at, at))
            rows["customer_identity"].append((service_id, customer_id, "email", email, ""))
            rows["customer_value"] += [(customer_id, "name", name, at), (customer_id, "email", email, at)]
            terms = terms_of_customer({"name": name, "email": email, "phone": phone})
            rows["customer_term"] += [(service_id, term, customer_id) for term in sorted(terms)]
            if phone:
                rows["customer_identity"].append((service_id, customer_id, "phone", phone, ""))
                rows["customer_value"].append((customer_id, "phone", phone, at))
            rows["history"].append((service_id, "customer", customer_id, "customer.created", *SYSTEM, "{}", at))

    def _made_at(self, offset: int) -> int:
        return self._setting.begins_at + (self._lot.place + offset) * self._between

    def make_ticket(self, offset: int) -> None:
        """Make a ticket with all that it leads to."""
        lot, draw, known, service_id = self._lot, self._random, self._samples, self._setting.service_id
        life = LIVES[known.lives[int(draw() * SAMPLES)]]
        case = _Case(
            id=lot.ticket_id + offset,
            life=life,
            customer_id=self._customer(offset),
            agent=known.agents[int(draw() * SAMPLES)] if life.is_assigned else self._setting.administrator,
            language=known.languages[int(draw() * SAMPLES)],
            times=self._times(offset, len(life.steps)),
        )
        number, channel, times = lot.number + offset, known.channels[int(draw() * SAMPLES)], case.times
        subjects = phrases.speech(case.language).subjects
        subject = subjects[int(draw() * len(subjects))]
        holder = (case.agent.id, case.agent.group_id) if life.is_assigned else (None, None)
        self.rows["ticket"].append(
            (
                case.id, service_id, number, subject.text, life.status.value, known.priorities[int(draw() * SAMPLES)],
                channel, self._setting.account_id if channel == "email" else None, case.language, case.customer_id,
                *holder, len(life.steps) + 1, times[0], times[-1],
            )
        )  # fmt: skip
        pieces = [word(str(number)), subject]
        self._talk(case, pieces)
        self.rows["search_entry"].append(("ticket", case.id, service_id, *self._entry(pieces)))
        self._remember(case, self._tag(case.id) if life.is_tagged else ())

    def _customer(self, offset: int) -> int:
        """Return who asks: every fourth time somebody new, else somebody who is known, few of them often."""
        lot = self._lot
        new, rest = divmod(offset, TICKETS_PER_CUSTOMER)
        if not rest:
            return lot.customer_id + new
        known = lot.customer_id + new - lot.known_from + 1
        return lot.customer_id + new - int(known * self._random() ** 2)

    def _times(self, offset: int, steps: int) -> list[int]:
        """Return when the ticket was made, and when each of the steps was done: within a day or two each."""
        draw, ends_at = self._random, self._setting.ends_at
        at = self._made_at(offset)
        times = [at]
        for _ in range(steps):
            at = min(at + int(draw() ** 3 * STEP_SECONDS * MICROS) + 60 * MICROS, ends_at)
            times.append(at)
        return times

    def _talk(self, case: _Case, pieces: list[Piece]) -> None:
        """Make the messages, and add what they say to the pieces by which the ticket is found."""
        service_id, add = self._setting.service_id, self.rows["message"].append
        customer = (ActorKind.CUSTOMER.value, case.customer_id, customer_of(case.customer_id)[0])
        agent = (ActorKind.AGENT.value, case.agent.id, case.agent.name)
        for place, kind in case.life.said:
            if place:
                pieces.append(BREAK)
            text = self._message(pieces, case.language)
            author = customer if kind is lives.INQUIRY else agent
            add((service_id, case.id, kind.value, *author, text, NO_PROOF, "", False, case.times[place]))

    def _message(self, pieces: list[Piece], language: str) -> str:
        """Return a message of some phrases, one of them perhaps about the number of an order."""
        draw, said = self._random, phrases.speech(language).phrases
        length = self._samples.lengths[language][int(draw() * SAMPLES)]
        chosen = [said[int(draw() * len(said))] for _ in range(length)]
        if draw() < ORDER_SHARE:
            order = str(100_000 + int(draw() * 900_000))
            pieces += (chosen[0], word("d"), word(order), *chosen[1:])
            return " ".join([chosen[0].text, f"D-{order}:", *[one.text for one in chosen[1:]]])
        pieces += chosen
        return " ".join([one.text for one in chosen])

    def _tag(self, ticket_id: int) -> tuple[str, ...]:
        tags = self._samples.tags[int(self._random() * SAMPLES)]
        self.rows["ticket_tag"] += [(self._setting.service_id, ticket_id, tag, tag.casefold()) for tag in tags]
        return tags

    def _remember(self, case: _Case, tags: tuple[str, ...]) -> None:
        """Write the history."""
        service_id, add, boss = self._setting.service_id, self.rows["history"].append, self._setting.administrator
        actors = {
            Who.SYSTEM: SYSTEM,
            Who.AGENT: (ActorKind.AGENT.value, case.agent.id, case.agent.name),
            Who.ADMINISTRATOR: (ActorKind.AGENT.value, boss.id, boss.name),
        }
        for place, name, who, changes in case.life.lines:
            at = case.times[place]
            said = changes or (_tagging(tags) if name == "ticket.tagged" else self._assign(case.agent, at))
            add((service_id, "ticket", case.id, name, *actors[who], said, at))

    def _assign(self, agent: Person, at: int) -> str:
        self.assigned[agent.id] = max(at, self.assigned.get(agent.id, 0))
        return _assigning(agent)
