"""Every mail of the corpus, whole and broken, fed twice and in parallel: none is lost, none counts twice.

The promises are those of SECURITY 1.1, and are read back by GraphQL alone where it shows them.
"""

import hashlib
import os
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpdesk_email.channel import Email

from helpdesk.channels import inbox
from helpdesk.channels.models import ChannelAccount, Delivery, InboxRow
from helpdesk.channels.rules import InboxState
from helpdesk.customers.models import Customer
from helpdesk.kernel.storage import storage
from helpdesk.plugins import registry
from helpdesk.plugins.kinds import Kind
from helpdesk.tickets.models import Message
from tests.factories.client import Caller
from tests.factories.crowds import at_once
from tests.factories.desk import Desk

CORPUS = sorted((Path(__file__).parents[2] / "plugins/email/tests/corpus").glob("*.eml"))
OUTSIDE = os.environ.get("HELPDESK_TEST_MAIL_CORPUS", "")
LARGEST = 50_000_000
OUTCOMES = {"TICKET", "REPLY", "BOUNCE", "AUTO", "SPAM", "DUPLICATE"}
PAGE = "query ($after: String) { inbox(first: 100, after: $after) { nodes { state outcome digest ticket { id } reason }"
PAGE += " pageInfo { hasNextPage endCursor } } }"
TICKETS = (
    "query ($after: String) { tickets(first: 20, after: $after) { nodes { subject customer { name email } messages"
)
TICKETS += "(first: 10) { nodes { bodyText newText bodyHtml attachments { filename size } } } }"
TICKETS += " pageInfo { hasNextPage endCursor } } }"


def mails() -> list[bytes]:
    """Return the corpus, and as many broken mails made of it."""
    chance = random.Random(1)
    whole = [file.read_bytes() for file in CORPUS]
    if OUTSIDE:
        whole += [file.read_bytes() for file in Path(OUTSIDE).rglob("*") if file.is_file()]
    broken = []
    for raw in whole:
        other = chance.choice(whole)
        broken.append(raw[: chance.randrange(len(raw) + 1)] + other[chance.randrange(len(other) + 1) :])
    return list(dict.fromkeys([*whole, *broken]))


@pytest.fixture
def account_id(administrator: Caller) -> int:
    """Make a mail account, whose channel reads in this process."""
    registry.register(Kind.CHANNEL, "email", Email)
    settings = {"address": "support@desk.example", "authserv_id": "mx.desk.example"}
    administrator.done("ChannelAccountCreate", driver="email", name="Mail", settings=settings)
    (account,) = ChannelAccount.select()
    return int(account.id)


def pages(caller: Caller, text: str, root: str) -> Iterator[Any]:
    """Yield all nodes of a connection; what is no valid JSON in UTF-8 fails."""
    after = None
    while True:
        answer = caller.post(text, {"after": after})
        page = answer.get_json()["data"][root]
        assert "\\u0000" not in answer.get_data().decode("utf-8", "strict")
        yield from page["nodes"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return


def test_no_mail_is_lost_and_none_counts_twice(desk: Desk, administrator: Caller, account_id: int) -> None:
    fed = mails()
    for raw in fed:
        inbox.store(account_id, desk.service_id, raw, largest=LARGEST, key=hashlib.sha256(raw).hexdigest(), once=True)
    desk.run_jobs()
    rows = list(pages(administrator, PAGE, "inbox"))
    assert Counter(row["digest"] for row in rows) == Counter(hashlib.sha256(raw).hexdigest() for raw in fed)
    for row in rows:
        assert (row["state"], row["outcome"]) == ("QUARANTINED", None) or row["outcome"] in OUTCOMES, row
        assert (row["outcome"] in {"TICKET", "REPLY"}) <= (row["ticket"] is not None)
    assert sum(row["outcome"] == "TICKET" for row in rows) > len(CORPUS) / 2
    tickets = list(pages(administrator, TICKETS, "tickets"))
    assert len(tickets) == sum(row["outcome"] == "TICKET" for row in rows)
    senders = {ticket["customer"]["email"] for ticket in tickets if ticket["customer"] is not None}
    assert Customer.select().count() <= len(senders) + 1
    assert Delivery.select().count() == 0, "nobody is answered by a machine"
    for row in InboxRow.select():
        assert hashlib.sha256(storage().read(row.storage_key)).hexdigest() == row.digest
    before = Message.select().count()
    some = [raw for raw in fed[:: len(fed) // 20] for _twice in range(2)]
    at_once(len(some), lambda place: feed_again(desk, account_id, some[place]))
    desk.run_jobs()
    assert Message.select().count() == before, "fed again, in parallel, nothing is added"
    assert InboxRow.select().where(InboxRow.state.in_([InboxState.RECEIVED, InboxState.RETRYING])).count() == 0


def feed_again(desk: Desk, account_id: int, raw: bytes) -> None:
    """Feed a mail once more, under a key that a restored mailbox would give it."""
    key = f"restored:{random.random()}"
    inbox.store(account_id, desk.service_id, raw, largest=LARGEST, key=key, once=True)
