"""Workers that die while mail comes in: every mail is one ticket, and none is marked before it is safe.

Source: SECURITY 4.3 rows 7 and 8.
"""

import signal

import pytest

from helpdesk.channels.models import InboxRow
from helpdesk.kernel import db
from tests.factories.processes import eventually
from tests.faults.conftest import MakeVictim
from tests.faults.invariant import assert_holds, wait_until_calm
from tests.faults.loads import mail
from tests.servers.dovecot import DovecotServer

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
    [("inbox.stored", "sqlite"), ("inbox.committed", "postgres"), ("inbox.understood", "postgres")],
)
def test_each_mail_becomes_one_ticket_though_workers_die(
    victim_on: MakeVictim, dovecot: DovecotServer, place: str, database: str
) -> None:
    victim, user = victim_on(database), f"{place}@desk.example"
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
