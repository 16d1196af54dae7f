"""A mail account that mails are fed to, and what is promised of every mail, read back by GraphQL where it shows it.

Source: SECURITY 1.1, U1 to U10.
"""

import hashlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from helpdesk.channels import inbox
from helpdesk.channels.models import Delivery, InboxRow
from helpdesk.customers.models import Customer
from helpdesk.kernel.html import sanitise
from helpdesk.kernel.storage import storage
from helpdesk.tickets.models import Attachment, Message
from tests.attacks.test_a_content import Page as Source
from tests.factories.client import Caller
from tests.factories.crowds import at_once
from tests.factories.desk import Desk

LARGEST = 50_000_000
SUPPORT = "support@desk.example"
SETTINGS = {"address": SUPPORT, "authserv_id": "mx.desk.example", "spam_header": "X-Spam-Flag"}
OUTCOMES = {"TICKET", "REPLY", "BOUNCE", "AUTO", "SPAM", "DUPLICATE"}
MAILS_AT_A_TIME = 200
INBOX = """query ($after: String) { inbox(first: 100, after: $after) {
  nodes { state outcome digest ticket { id } reason sender subject rawUrl } pageInfo { hasNextPage endCursor } } }"""
TICKETS = """query ($after: String) { tickets(first: 20, after: $after) {
  nodes { id subject customer { name email } messages(first: 10) { nodes {
    bodyText newText bodyHtml(remoteImages: true) newHtml quotedHtml author { name }
    attachments { filename size isInline url } } } }
  pageInfo { hasNextPage endCursor } } }"""

BAD_NAME = re.compile(r"[/\\\x00-\x1f\x7f-\x9f]|^\.|^$")
BAD_STYLE = re.compile(r'style="[^"]*(?:url\s*\(|position|expression|@import)', re.IGNORECASE)
BASE = "http://127.0.0.1:8000"
LINK = re.compile(rf' src="(?:{BASE}/[a-z]+/files/[^"]*)?"')


@dataclass(frozen=True)
class Mailbox:
    """A mail account of a desk, and an administrator who looks into its books."""

    desk: Desk
    caller: Caller
    account_id: int

    def feed(self, raws: Sequence[bytes]) -> None:
        """Have every mail come twice at the same time, by two ways, and be read by two workers at once."""
        for place in range(0, len(raws), MAILS_AT_A_TIME):
            some = raws[place : place + MAILS_AT_A_TIME]
            at_once(2, lambda way, some=some: self.store(some, way="" if way else "INBOX:1"))
            at_once(2, lambda _worker: self.desk.run_jobs())

    def store(self, raws: Sequence[bytes], *, way: str) -> None:
        """Store mails as a mailbox gives them, known by a number there, or without one as files are."""
        for raw in raws:
            key = f"{way}:{digest(raw)}" if way else f"sha256:{digest(raw)}"
            inbox.store(self.account_id, self.desk.service_id, raw, largest=LARGEST, key=key, once=True)

    def rows(self) -> list[Any]:
        """Return all that came in."""
        return list(pages(self.caller, INBOX, "inbox"))

    def tickets(self) -> list[Any]:
        """Return all tickets."""
        return list(pages(self.caller, TICKETS, "tickets"))


def digest(raw: bytes) -> str:
    """Return by what the inbox knows these bytes."""
    return hashlib.sha256(raw).hexdigest()


def pages(caller: Caller, text: str, root: str) -> Iterator[Any]:
    """Yield all nodes of a connection; one that is no valid UTF-8, or holds half a character or a NUL, fails: U4."""
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


def download(caller: Caller, url: str) -> bytes:
    """Return what a link leads to."""
    answer = caller.but(token=None).send("GET", url.removeprefix(BASE))
    assert (answer.status_code, answer.headers["X-Content-Type-Options"]) == (200, "nosniff")
    return answer.data


def assert_promises_are_kept(mailbox: Mailbox, fed: Sequence[bytes]) -> tuple[list[Any], list[Any]]:
    """Assert what is promised of every mail, of those that were fed; return what came in, and the messages."""
    rows, tickets = mailbox.rows(), mailbox.tickets()
    assert_none_is_lost_or_doubled(rows, tickets, fed)
    assert Delivery.select().count() == 0, "nobody is answered by a machine"
    assert_few_customers(rows)
    assert_bytes_are_given_out(mailbox.caller, rows)
    messages = [message for ticket in tickets for message in ticket["messages"]["nodes"]]
    assert_harmless(messages)
    assert_files_are_true(mailbox.caller, [file for message in messages for file in message["attachments"]])
    assert_line_ends_change_nothing(rows, fed)
    assert_fed_again_adds_nothing(mailbox, fed)
    return rows, messages


def assert_none_is_lost_or_doubled(rows: Sequence[Any], tickets: Sequence[Any], fed: Sequence[bytes]) -> None:
    """Assert that each mail is a message, or is told of with a reason, once however often it came: U1, U2."""
    assert Counter(row["digest"] for row in rows) == Counter(map(digest, fed)) + Counter(map(digest, fed))
    copies = Counter(row["digest"] for row in rows if (row["reason"] or "").endswith("the same bytes."))
    assert copies == Counter(map(digest, fed)), "one of two is the first"
    for row in rows:
        assert row["outcome"] in OUTCOMES or (row["state"], row["outcome"]) == ("QUARANTINED", None), row
        assert row["reason"] or row["outcome"] in {"TICKET", "REPLY", "AUTO"}
        assert (row["outcome"] in {"TICKET", "REPLY"}) <= (row["ticket"] is not None)
    assert InboxRow.select().where(InboxRow.attempts > 1).count() == 0, "nothing failed on the way"
    assert len(tickets) == sum(row["outcome"] == "TICKET" for row in rows)
    count = sum(row["outcome"] in {"TICKET", "REPLY"} or is_automatic_message(row) for row in rows)
    assert Message.select().count() == count


def is_automatic_message(row: Any) -> bool:
    """Return whether a machine's mail is a message of a ticket."""
    return row["outcome"] == "AUTO" and row["ticket"] is not None


def assert_few_customers(rows: Sequence[Any]) -> None:
    """Assert that nobody is a customer but who wrote: U10."""
    writers = {(row["sender"] or "").rpartition("<")[2].rstrip(">").casefold() for row in rows}
    assert Customer.select().count() <= len(writers)


def assert_bytes_are_given_out(caller: Caller, rows: Sequence[Any]) -> None:
    """Assert that what came is kept byte for byte, and is given out so: U5."""
    for row in InboxRow.select():
        assert hashlib.sha256(storage().read(row.storage_key)).hexdigest() == row.digest
    for row in rows[:: len(rows) // 100 + 1]:
        assert digest(download(caller, row["rawUrl"])) == row["digest"]


def assert_harmless(messages: Sequence[Any]) -> None:
    """Assert that no HTML runs, fetches or covers anything, and that cleaning it again changes nothing: U6."""
    bodies = [message[one] for message in messages for one in ("bodyHtml", "newHtml", "quotedHtml") if message[one]]
    for body in set(bodies):
        assert Source(body).dangers == []
        assert not BAD_STYLE.search(body)
        stored = LINK.sub(' src="cid:x"', body)
        assert sanitise(stored) == stored


def assert_files_are_true(caller: Caller, files: Sequence[Any]) -> None:
    """Assert that each file is given out as it is stored, under a name that is only a name: U8."""
    assert [file["filename"] for file in files if BAD_NAME.search(file["filename"])] == []
    given = [download(caller, file["url"]) for file in files]
    assert [len(data) for data in given] == [file["size"] for file in files]
    stored = [row.storage_key for row in Attachment.select()]
    assert Counter(map(digest, given)) == Counter(stored)


def assert_line_ends_change_nothing(rows: Sequence[Any], fed: Sequence[bytes]) -> None:
    """Assert that mails which differ by line ends alone, and have an id to tell so by, are one: U9."""
    alike = defaultdict(set)
    for raw in fed:
        feeds = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if re.search(rb"^message-id:[ \t]*<[^<>]*@", feeds.partition(b"\n\n")[0], re.IGNORECASE | re.MULTILINE):
            alike[feeds].add(digest(raw))
    became = defaultdict(set)
    for row in rows:
        became[row["digest"]].add(row["ticket"] and row["ticket"]["id"])
    torn = [feeds for feeds, known_as in alike.items() if len(set.union(*(became[one] for one in known_as))) > 1]
    assert torn == []


def assert_fed_again_adds_nothing(mailbox: Mailbox, fed: Sequence[bytes]) -> None:
    """Feed every mail once more, some as from a mailbox that was restored, and assert that nothing comes of it: U2."""
    before = (Message.select().count(), InboxRow.select().count())
    restored = fed[:: len(fed) // 20 + 1]
    mailbox.store(fed, way="")
    at_once(2, lambda way: mailbox.store(restored, way=f"INBOX:{way + 2}"))
    mailbox.desk.run_jobs()
    assert (Message.select().count(), InboxRow.select().count() - 2 * len(restored)) == before
    became = defaultdict(set)
    for row in InboxRow.select():
        became[row.digest].add((row.ticket_id, row.message_id))
    assert {one: found for one, found in became.items() if len(found) > 1} == {}
