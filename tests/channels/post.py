"""One Echo account of a desk, and everything that comes in and goes out by it."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from helpdesk.channels import accounts, inbox, outbox, queries
from helpdesk.channels.models import Delivery, InboxRow
from helpdesk.channels.queries import DeliveryRow, InboxItemRow
from helpdesk.kernel import actors, jobs
from helpdesk.kernel.leases import Leased
from helpdesk.kernel.paging import Window
from helpdesk.plugins import operations as plugins
from helpdesk.plugins.guard import Ref
from helpdesk.plugins.kinds import Kind
from helpdesk.sdk.channel import (
    DeliveryReport,
    Identity,
    Inbound,
    InboundRequest,
    Outbound,
    RecipientVerdict,
    Sent,
    Verdict,
)
from helpdesk.tickets import operations as tickets
from helpdesk.tickets.rules import Body
from tests.factories.desk import Desk
from tests.factories.echo import Echo

MINA = "mina@shop.example"
LARGEST = 1_000_000


class FullEcho(Echo):
    """An Echo that also tells of languages and of people who are copied in."""

    def receive(self, request: InboundRequest) -> list[Inbound | DeliveryReport]:
        data = json.loads(request.body)
        copied = tuple(Identity("email", address) for address in data.get("copied", ()))
        return [
            replace(item, language=data.get("language"), copied=copied) if isinstance(item, Inbound) else item
            for item in super().receive(request)
        ]


def fall_due(model: type[Leased]) -> None:
    """Let everything fall due that waits for another try, instead of waiting for it."""
    model.update(due_at=0).where(model.due_at.is_null(False), model.lease.is_null()).execute()


@dataclass(frozen=True)
class Post:
    """What a test does with an account."""

    desk: Desk
    account_id: int

    def put(self, *, key: str | None = None, once: bool = False, **message: Any) -> int:
        """Store a message of Mina's as it comes from outside, and return its inbox row."""
        raw = json.dumps({"id": "m1", "from": MINA, "name": "Mina", "text": "환불해 주세요"} | message).encode()
        return inbox.store(self.account_id, self.desk.service_id, raw, largest=LARGEST, key=key, once=once).row_id

    def feed(self, **message: Any) -> InboxItemRow:
        """Store a message, do what is due, and return what became of it."""
        row_id = self.put(**message)
        self.work()
        return self.item(row_id)

    def item(self, row_id: int) -> InboxItemRow:
        """Return an inbox row."""
        (row,) = queries.inbox_by_ids([row_id])
        assert row is not None
        return row

    def try_again(self) -> None:
        """Let everything that waits for another try have it now."""
        fall_due(InboxRow)
        fall_due(Delivery)
        self.work()

    def work(self) -> None:
        """Do what is due in the inbox and in the outbox, as a worker would."""
        jobs.drain(inbox.LINE)
        jobs.drain(outbox.LINE)

    def ticket(self, **message: Any) -> int:
        """Feed a message that makes a ticket, and return the ticket."""
        row = self.feed(**message)
        assert row.outcome == "TICKET", row
        assert row.ticket_id is not None
        return row.ticket_id

    def reply(self, ticket_id: int, text: str = "처리했습니다") -> int:
        """Let the agent answer, and return the message; nothing is sent yet."""
        return tickets.reply(self.desk.agent, ticket_id, Body(text)).message_id

    def machine_reply(self, ticket_id: int, text: str = "받았습니다", **given: Any) -> int:
        """Let the desk itself answer, as a trigger does, and return the message; nothing is sent yet."""
        return tickets.reply(actors.system(self.desk.service_id), ticket_id, Body(text), **given).message_id

    def delivery(self, message_id: int) -> DeliveryRow:
        """Return the delivery of a message."""
        (row,) = queries.deliveries_of_messages([message_id])
        assert row is not None
        return row

    def inbox(self) -> list[InboxItemRow]:
        """Return the whole inbox, oldest first."""
        return queries.inbox_page(self.desk.service_id, None, Window(first=100)).rows[::-1]


def make_post(desk: Desk, *, driver: str = "echo", **settings: Any) -> Post:
    """Make an account of the desk's service."""
    return Post(desk, accounts.create(desk.administrator, driver=driver, name=driver.title(), settings=settings))


def answered(post: Post, **message: Any) -> int:
    """Make a ticket, answer it, let the answer go out, and return the answer."""
    message_id = post.reply(post.ticket(**message))
    post.work()
    return message_id


def tell(*verdicts: tuple[str, Verdict]) -> Callable[[Outbound], Sent]:
    """Return a provider that gives these verdicts."""
    return lambda _message: Sent(verdicts=tuple(RecipientVerdict(who, verdict, "550 no") for who, verdict in verdicts))


def fail(error: BaseException) -> Callable[[Outbound], Sent]:
    """Return a provider that raises."""

    def on_send(_message: Outbound) -> Sent:
        raise error

    return on_send


def fail_for(text: str, error: Exception) -> Callable[[Outbound], Sent | None]:
    """Return a provider that raises for one text and takes all others."""
    return lambda message: fail(error)(message) if message.text == text else None


def add_recipients(*addresses: str) -> None:
    """Let the only delivery go to more people."""
    (row,) = Delivery.select()
    more = [row.recipients[0] | {"value": address} for address in addresses]
    Delivery.update(recipients=[*row.recipients, *more]).execute()


def switch_off(desk: Desk, driver: str) -> None:
    """Let the channel be in use in every service but the desk's."""
    plugins.switch(desk.administrator, Ref(Kind.CHANNEL, driver), is_on=False)
