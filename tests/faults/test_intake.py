"""Workers that die while mail comes in: every mail is one ticket, and none is marked before it is safe.

Source: SECURITY 4.3 rows 7 to 10, 22 and 23.
"""

import signal

import pytest

from helpdesk.channels import accounts
from helpdesk.channels.models import InboxRow
from helpdesk.kernel import db
from tests.factories.processes import eventually
from tests.faults.conftest import MakeVictim, Victim
from tests.faults.invariant import assert_holds, wait_until_calm
from tests.faults.loads import mail
from tests.servers.dovecot import DovecotServer
from tests.servers.imap import Close, Hang, ScriptedImap

MAILS = 200
DEADLY = 60  # the mail at which a worker dies
DEATHS = 3


def marked(dovecot: DovecotServer, user: str) -> set[int]:
    """Return the UIDs of the mails that are marked as read."""
    with dovecot.connect(user) as connection:
        _, (found, *_) = connection.uid("SEARCH", "SEEN")
    return {int(uid) for uid in found.split()}


def kept() -> set[int]:
    """Return the UIDs of the mails that the desk has."""
    return {int(row.key.rpartition(":")[2]) for row in InboxRow.select(InboxRow.key)}


@pytest.mark.dovecot
@pytest.mark.parametrize(
    ("place", "database"),
    [("inbox.stored", "sqlite"), ("inbox.committed", "postgres"), ("inbox.files", "postgres")],
)
def test_each_mail_becomes_one_ticket_though_workers_die(
    victim_on: MakeVictim, dovecot: DovecotServer, place: str, database: str
) -> None:
    victim, user = victim_on(database), dovecot.new_user()
    for number in range(MAILS):
        dovecot.append(user, mail(number))
    victim.listen_to(dovecot, user)
    for _ in range(DEATHS):
        assert victim.site.worker({"HELPDESK_FAILPOINT": f"{place}:kill:{DEADLY}"}).wait() == -signal.SIGKILL
        assert marked(dovecot, user) <= kept()
    victim.site.worker()
    eventually(lambda: len(marked(dovecot, user)) == MAILS, seconds=30, what="The marking of every mail")
    wait_until_calm()
    assert db.database.execute_sql("SELECT count(*), count(DISTINCT subject) FROM ticket").fetchone() == (MAILS, MAILS)
    assert_holds(victim.settings, intake=MAILS)


def assert_each_is_one_ticket(victim: Victim, mails: int) -> None:
    """Wait until everything is read, and look at the tickets."""
    wait_until_calm()
    assert db.database.execute_sql("SELECT count(*), count(DISTINCT subject) FROM ticket").fetchone() == (mails, mails)
    assert_holds(victim.settings)


@pytest.mark.dovecot
@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_two_workers_at_one_mailbox_make_each_mail_one_ticket(
    victim_on: MakeVictim, dovecot: DovecotServer, database: str
) -> None:
    victim, user = victim_on(database), dovecot.new_user()
    for number in range(MAILS):
        dovecot.append(user, mail(number))
    victim.listen_to(dovecot, user)
    for _ in range(2):
        victim.site.worker()
    eventually(lambda: len(marked(dovecot, user)) == MAILS, seconds=60, what="The marking of every mail")
    assert_each_is_one_ticket(victim, MAILS)
    assert InboxRow.select().count() == MAILS


@pytest.mark.dovecot
def test_mailbox_that_is_restored_from_a_backup_makes_no_ticket_twice(
    victim_on: MakeVictim, dovecot: DovecotServer
) -> None:
    victim, user = victim_on("sqlite"), dovecot.new_user()
    for number in range(20):
        dovecot.append(user, mail(number))
    victim.listen_to(dovecot, user)
    worker = victim.site.worker()
    eventually(lambda: len(marked(dovecot, user)) == 20, seconds=30, what="The marking of every mail")
    worker.send(signal.SIGTERM)
    worker.wait()
    dovecot.renumber(user)
    dovecot.append(user, mail(20))
    victim.site.worker()
    eventually(lambda: len(marked(dovecot, user)) == 21, seconds=30, what="The marking of the new mail")
    assert_each_is_one_ticket(victim, 21)


@pytest.mark.dovecot
def test_server_that_hangs_holds_up_no_other_account(victim_on: MakeVictim, dovecot: DovecotServer) -> None:
    victim, user = victim_on("sqlite"), dovecot.new_user()
    with ScriptedImap({}, greeting=Hang()) as silent, ScriptedImap({1: mail(90), 2: mail(91)}) as lying:
        lying.faults["UID FETCH 1 (BODY"] = Close(b"* BYE too much\r\n")
        for number, server in enumerate((silent, lying)):
            place = {"imap_host": server.host, "imap_port": server.port, "imap_security": "none", "imap_password": "x"}
            settings = {"address": f"other{number}@desk.example", **place}
            accounts.create(victim.desk.administrator, driver="email", name="Other", settings=settings)
        victim.listen_to(dovecot, user)
        dovecot.append(user, mail(0))
        victim.site.worker()
        eventually(lambda: len(marked(dovecot, user)) == 1, seconds=20, what="The mail beside")
        eventually(lambda: lying.flagged == {2}, seconds=60, what="The mail after the one that is skipped")
        wait_until_calm()
        assert InboxRow.select().count() == 3
