"""Every mail of the corpus, whole, broken and with other line ends, fed twice and in parallel: none is lost or doubled.

The promises are U1, U2 and U4 to U10 of SECURITY 1.1, and are read back by GraphQL where it shows them.
"""

import hashlib
import json
import os
import random
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpdesk_email.channel import Email
from peewee import fn

from helpdesk.channels import inbox
from helpdesk.channels.models import ChannelAccount, Delivery, InboxRow
from helpdesk.channels.rules import InboxState
from helpdesk.customers.models import Customer
from helpdesk.kernel import actors
from helpdesk.kernel.db import is_sqlite
from helpdesk.kernel.html import sanitise
from helpdesk.kernel.storage import storage
from helpdesk.plugins import registry
from helpdesk.plugins.kinds import Kind
from helpdesk.tickets import operations
from helpdesk.tickets.models import Attachment, Message, Ticket
from helpdesk.tickets.rules import Body
from tests.attacks.test_a_content import Page as Source
from tests.factories.client import Caller
from tests.factories.crowds import at_once
from tests.factories.desk import Desk

CORPUS = sorted((Path(__file__).parents[2] / "plugins/email/tests/corpus").glob("*.eml"))
OUTSIDE = os.environ.get("HELPDESK_TEST_MAIL_CORPUS", "")
LARGEST = 50_000_000
OUTCOMES = {"TICKET", "REPLY", "BOUNCE", "AUTO", "SPAM", "DUPLICATE"}
PAGE = "query ($after: String) { inbox(first: 100, after: $after) { nodes { state outcome digest ticket { id } reason"
PAGE += " sender subject rawUrl }"
PAGE += " pageInfo { hasNextPage endCursor } } }"
TICKETS = (
    "query ($after: String) { tickets(first: 20, after: $after) { nodes { subject customer { name email } messages"
)
TICKETS += "(first: 10) { nodes { bodyText newText bodyHtml(remoteImages: true) newHtml quotedHtml author { name }"
TICKETS += " attachments { filename size isInline url } } } }"
TICKETS += " pageInfo { hasNextPage endCursor } } }"


BAD_NAME = re.compile(r"[/\\\x00-\x1f\x7f-\x9f]|^\.|^$")
BAD_STYLE = re.compile(r'style="[^"]*(?:url\s*\(|position|expression|@import)', re.IGNORECASE)
MACHINE = re.compile(rb"^(?:auto-submitted:[ \t]*auto|list-id:|precedence:[ \t]*(?:bulk|list|junk))", re.I | re.M)
NOBODY = re.compile(
    r"mail(?:er)?-?daemon|postmaster|(?:do-?)?no-?t?-?reply|support(?:\+.*)?@desk\.example|[^@]*$", re.I
)
BASE = "http://127.0.0.1:8000"
LINK = re.compile(rf' src="(?:{BASE}/demo/files/[^"]*)?"')


def mails() -> list[bytes]:
    """Return the corpus, each mail with other line ends and cut off too, and as many broken mails made of it."""
    chance = random.Random(1)
    whole = [file.read_bytes() for file in CORPUS]
    if OUTSIDE:
        whole += [file.read_bytes() for file in Path(OUTSIDE).rglob("*") if file.is_file()]
    broken = []
    for raw in whole:
        other = chance.choice(whole)
        broken += [with_ends(raw, b"\n"), with_ends(raw, b"\r"), raw[: chance.randrange(len(raw) + 1)]]
        broken.append(raw[: chance.randrange(len(raw) + 1)] + other[chance.randrange(len(other) + 1) :])
    return list(dict.fromkeys([*whole, *broken]))


def with_ends(raw: bytes, end: bytes) -> bytes:
    """Return the mail with other line ends."""
    return raw.replace(b"\r\n", b"\n").replace(b"\n", end)


@pytest.fixture
def account_id(administrator: Caller) -> int:
    """Make a mail account, whose channel reads in this process."""
    registry.register(Kind.CHANNEL, "email", Email)
    settings = {"address": "support@desk.example", "authserv_id": "mx.desk.example"}
    administrator.done("ChannelAccountCreate", driver="email", name="Mail", settings=settings)
    (account,) = ChannelAccount.select()
    return int(account.id)


def pages(caller: Caller, text: str, root: str) -> Iterator[Any]:
    """Yield all nodes of a connection; what is no JSON in valid UTF-8, or holds half a character or a NUL, fails."""
    after = None
    while True:
        answer = caller.post(text, {"after": after})
        page = answer.get_json()["data"][root]
        answer.get_data().decode("utf-8", "strict")
        said = json.dumps(page, ensure_ascii=False)
        assert "\\u0000" not in said
        said.encode("utf-8", "strict")
        yield from page["nodes"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return


def test_no_mail_is_lost_and_none_counts_twice(desk: Desk, administrator: Caller, account_id: int) -> None:
    fed = mails() if is_sqlite() else mails()[::2]  # half of them will do to see that the other database takes them
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
    assert_bytes_are_given_out(administrator, rows)
    messages = [message for ticket in tickets for message in ticket["messages"]["nodes"]]
    assert_harmless(messages)
    assert_files_are_true(administrator, [file for message in messages for file in message["attachments"]])
    assert_fed_again_adds_nothing(desk, administrator, account_id, fed[:: len(fed) // 20] * 2)
    assert_no_machine_is_answered(desk)


def assert_bytes_are_given_out(caller: Caller, rows: list[Any]) -> None:
    """Assert that what came is given out byte for byte: U5."""
    for row in InboxRow.select():
        assert hashlib.sha256(storage().read(row.storage_key)).hexdigest() == row.digest
    for row in rows[::10]:
        assert hashlib.sha256(download(caller, row["rawUrl"])).hexdigest() == row["digest"]


def assert_harmless(messages: list[Any]) -> None:
    """Assert that no HTML runs, fetches or covers anything, and that cleaning it again changes nothing: U6."""
    bodies = [message[one] for message in messages for one in ("bodyHtml", "newHtml", "quotedHtml") if message[one]]
    assert sum(message["quotedHtml"] is not None for message in messages) > 3
    assert len(bodies) > 10
    for body in bodies:
        assert Source(body).dangers == []
        assert not BAD_STYLE.search(body)
        stored = LINK.sub(' src="cid:x"', body)
        assert sanitise(stored) == stored


def assert_files_are_true(caller: Caller, files: list[Any]) -> None:
    """Assert that each file is given out as it is stored, under a name that is only a name: U8."""
    assert len(files) > 30
    assert [file["filename"] for file in files if BAD_NAME.search(file["filename"])] == []
    given = [download(caller, file["url"]) for file in files]
    assert [len(data) for data in given] == [file["size"] for file in files]
    stored = [row.storage_key for row in Attachment.select()]
    assert Counter(hashlib.sha256(data).hexdigest() for data in given) == Counter(stored)


def download(caller: Caller, url: str) -> bytes:
    """Return what a link leads to."""
    answer = caller.but(token=None).send("GET", url.removeprefix(BASE))
    assert (answer.status_code, answer.headers["X-Content-Type-Options"]) == (200, "nosniff")
    return answer.data


def assert_fed_again_adds_nothing(desk: Desk, caller: Caller, account_id: int, some: list[bytes]) -> None:
    """Feed mails once more, in parallel, and assert that they are what they were before: U2."""
    before = Message.select().count()
    at_once(len(some), lambda place: feed_again(desk, account_id, some[place]))
    desk.run_jobs()
    assert Message.select().count() == before
    assert InboxRow.select().where(InboxRow.state.in_([InboxState.RECEIVED, InboxState.RETRYING])).count() == 0
    became: dict[str, set[tuple[int | None, int | None]]] = {}
    for row in InboxRow.select():
        became.setdefault(row.digest, set()).add((row.ticket_id, row.message_id))
    assert {digest: found for digest, found in became.items() if len(found) > 1} == {}
    again = Counter(row["digest"] for row in pages(caller, PAGE, "inbox"))
    assert all(again[hashlib.sha256(raw).hexdigest()] == 3 for raw in some)


def feed_again(desk: Desk, account_id: int, raw: bytes) -> None:
    """Feed a mail once more, under a key that a restored mailbox would give it."""
    key = f"restored:{random.random()}"
    inbox.store(account_id, desk.service_id, raw, largest=LARGEST, key=key, once=True)


def assert_no_machine_is_answered(desk: Desk) -> None:
    """Let a machine answer everybody once, and assert that no daemon, list or address of ours is written to: U7."""
    outcomes = {row.digest: row.outcome for row in InboxRow.select().order_by(-InboxRow.id)}
    whole = {file.name: file.read_bytes() for file in CORPUS}
    heads = {name: re.split(rb"\r?\n\r?\n", raw.lstrip())[0] for name, raw in whole.items()}
    machines = [name for name, head in heads.items() if name.startswith("auto-") or MACHINE.search(head)]
    heard = {name: outcomes.get(hashlib.sha256(whole[name]).hexdigest()) for name in machines}
    assert sum(outcome == "AUTO" for outcome in heard.values()) > 10
    assert {name: outcome for name, outcome in heard.items() if outcome in {"TICKET", "REPLY"}} == {}
    firsts = Ticket.select(fn.MIN(Ticket.id)).where(Ticket.customer.is_null(False)).group_by(Ticket.customer).tuples()
    for (ticket_id,) in firsts:
        operations.reply(actors.system(desk.service_id), ticket_id, Body("접수되었습니다."))
    written_to = [one["value"] for row in Delivery.select() for one in row.recipients]
    assert len(written_to) > 5
    assert [address for address in written_to if NOBODY.match(address)] == []
