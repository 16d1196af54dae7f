"""Every mail of the corpus, whole, broken and with other line ends, twice and in parallel: none is lost or doubled."""

import re
from collections import Counter
from typing import Any

import pytest
from helpdesk_email.channel import Email
from peewee import fn

from helpdesk.channels.models import ChannelAccount, Delivery, InboxRow
from helpdesk.kernel import actors
from helpdesk.kernel.db import is_sqlite
from helpdesk.plugins import registry
from helpdesk.plugins.kinds import Kind
from helpdesk.tickets import operations
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.rules import Body
from tests.attacks.mailboxes import OUTCOMES, SETTINGS, Mailbox, assert_promises_are_kept, digest
from tests.factories.client import Caller
from tests.factories.desk import Desk
from tests.factories.mails import CORPUS, broken, with_ends

WHOLE = [file.read_bytes() for file in CORPUS]
MACHINE = re.compile(rb"^(?:auto-submitted:[ \t]*auto|list-id:|precedence:[ \t]*(?:bulk|list|junk))", re.I | re.M)
NOBODY = re.compile(
    r"mail(?:er)?-?daemon|postmaster|(?:do-?)?no-?t?-?reply|support(?:\+.*)?@desk\.example|[^@]*$", re.I
)


@pytest.fixture
def mailbox(desk: Desk, administrator: Caller) -> Mailbox:
    """A mail account, whose channel reads in this process."""
    registry.register(Kind.CHANNEL, "email", Email)
    administrator.done("ChannelAccountCreate", driver="email", name="Mail", settings=SETTINGS)
    (account,) = ChannelAccount.select()
    return Mailbox(desk, administrator, int(account.id))


def fed_of(raws: list[bytes]) -> list[bytes]:
    """Return the mails and what is made of them: a third is broken in each way, and on SQLite has other line ends too.

    PostgreSQL, which takes longer, has the other broken ones.
    """
    made = [one for raw in raws for one in broken(raw, raws, times=1)]
    if not is_sqlite():
        return list(dict.fromkeys([*raws, *made[2::3], *made[::6]]))
    ends = [with_ends(raw, end) for raw in raws for end in (b"\n", b"\r")]
    return list(dict.fromkeys([*raws, *made[::3], *made[1::3], *ends]))


def test_no_mail_is_lost_and_none_counts_twice(mailbox: Mailbox) -> None:
    fed = fed_of(WHOLE)
    assert len(fed) - len(WHOLE) > (1000 if is_sqlite() else 400)
    mailbox.feed(fed)
    assert_much_is_read(*assert_promises_are_kept(mailbox, fed))
    assert_no_machine_is_answered(mailbox)


def assert_much_is_read(rows: list[Any], messages: list[Any]) -> None:
    """Assert that what the promises are about is there."""
    outcomes = Counter(row["outcome"] for row in rows)
    assert outcomes["TICKET"] > len(CORPUS) / 2
    assert set(outcomes) >= OUTCOMES
    assert sum(message["quotedHtml"] is not None for message in messages) > 3
    assert sum(len(message["attachments"]) for message in messages) > 30


def assert_no_machine_is_answered(mailbox: Mailbox) -> None:
    """Let a machine answer everybody once, and assert that no daemon, list or address of ours is written to: U7."""
    outcomes = {
        row.digest: row.outcome for row in InboxRow.select().order_by(-InboxRow.id) if row.outcome != "DUPLICATE"
    }
    whole = {file.name: raw for file, raw in zip(CORPUS, WHOLE, strict=True)}
    heads = {name: re.split(rb"\r?\n\r?\n", raw.lstrip())[0] for name, raw in whole.items()}
    machines = [name for name, head in heads.items() if name.startswith("auto-") or MACHINE.search(head)]
    heard = {name: outcomes.get(digest(whole[name])) for name in machines}
    assert sum(outcome == "AUTO" for outcome in heard.values()) > 10
    assert {name: outcome for name, outcome in heard.items() if outcome in {"TICKET", "REPLY"}} == {}
    firsts = Ticket.select(fn.MIN(Ticket.id)).where(Ticket.customer.is_null(False)).group_by(Ticket.customer).tuples()
    for (ticket_id,) in firsts:
        operations.reply(actors.system(mailbox.desk.service_id), ticket_id, Body("접수되었습니다."))
    written_to = [one["value"] for row in Delivery.select() for one in row.recipients]
    assert len(written_to) > 5
    assert [address for address in written_to if NOBODY.match(address)] == []


@pytest.mark.parametrize("database_settings", ["sqlite"], indirect=True)  # the mails are what is new here
def test_mails_of_a_folder_keep_the_promises(mailbox: Mailbox, own_mails: list[bytes]) -> None:
    fed = fed_of(own_mails)
    mailbox.feed(fed)
    assert_promises_are_kept(mailbox, fed)
