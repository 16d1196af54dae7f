"""Much work at once, written through the rooms' own operations."""

from collections import defaultdict
from collections.abc import Sequence

from helpdesk.channels import inbox
from helpdesk.kernel.db import transactional
from helpdesk.tickets import operations as tickets
from helpdesk.tickets.operations import NewTicket
from helpdesk.tickets.rules import Asker, body_of
from tests.factories.desk import Desk
from tests.servers.smtp import Received


@transactional
def queue_answers(desk: Desk, *, tickets_count: int, each: int) -> None:
    """Make so many tickets with so many answers each; every answer is a mail in the outbox."""
    for number in range(tickets_count):
        asker = Asker(f"Customer {number}", f"customer{number}@shop.example")
        new = NewTicket(f"Inquiry {number}", body_of("Where is it?"), "api", "en", asker)
        added = tickets.create(desk.partner, new)
        for turn in range(each):
            tickets.reply(desk.agent, added.ticket_id, body_of(f"turn {turn}"))


def mail(number: int) -> bytes:
    """Return one customer's mail."""
    return (
        f"From: customer{number}@shop.example\r\nSubject: Inquiry {number}\r\n"
        f"Message-ID: <{number}@shop.example>\r\n\r\nWhere is it?\r\n"
    ).encode()


def hand_in(desk: Desk, account_id: int, numbers: range) -> None:
    """Put mails into the inbox one by one, as a web process does at each call of a hook."""
    for number in numbers:
        inbox.store(account_id, desk.service_id, mail(number), key=f"mail-{number}", largest=10_000, once=True)


def assert_answers_came_in_order(sink: Sequence[Received]) -> None:
    """Check that each customer got the answers in the order of writing, repetitions apart."""
    turns: defaultdict[str, list[str]] = defaultdict(list)
    for one in sink:
        text = one.raw.rpartition(b"\r\n\r\n")[2].decode().strip()
        if text not in turns[one.recipients[0]]:
            turns[one.recipients[0]].append(text)
    mixed_up = {customer: seen for customer, seen in turns.items() if seen != sorted(seen)}
    assert not mixed_up, f"Answers came out of order: {mixed_up}"
