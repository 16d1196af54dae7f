"""Mails that are built to kill their reader lie among others in a mailbox. Source: SECURITY 0.5, fault row 24."""

import pytest

from helpdesk.channels.models import InboxRow
from helpdesk.channels.rules import InboxState
from helpdesk.kernel import db
from tests.factories.processes import eventually
from tests.faults.conftest import MakeVictim
from tests.faults.invariant import assert_holds
from tests.faults.loads import mail
from tests.servers.dovecot import DovecotServer

HEAD = "From: bomb{number}@evil.example\r\nSubject: Bomb {number}\r\nMessage-ID: <bomb{number}@evil.example>\r\n"


def nested(kind: str, depth: int) -> str:
    """Return parts within parts."""
    return "".join(
        f'Content-Type: multipart/{kind}; boundary="b{level}"\r\n\r\n--b{level}\r\n' for level in range(depth)
    )


BOMBS = [
    f"Content-Disposition: attachment{';' * 48_000}\r\n\r\nx",
    f"Cc: {'(' * 500}\r\n\r\nx",
    nested("mixed", 1000),
    "Content-Type: message/rfc822\r\n\r\n" * 1000,
    f"To: {', '.join(f'a{number}@b.example' for number in range(20_000))}\r\n\r\nx",
    f"Content-Type: text/plain; {'; '.join(f'name*{number}=x' for number in range(2000))}\r\n\r\nx",
    'Content-Type: multipart/mixed; boundary="b"\r\n\r\n' + "--b\r\n\r\nx\r\n" * 20_000 + "--b--",
    "X-Y: z\r\n" * 50_000 + "\r\nx",
    f"Content-Type: text/html\r\n\r\n{'<div><b>' * 100_000}",
    f"Content-Type: text/html\r\n\r\n{'<a href=http://x.example>x</a>' * 100_000}",
]


@pytest.mark.dovecot
@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_ten_bombs_among_a_hundred_mails_cost_only_themselves(
    victim_on: MakeVictim, dovecot: DovecotServer, database: str
) -> None:
    victim, user = victim_on(database), dovecot.new_user()
    for number in range(100):
        bomb = (HEAD + BOMBS[number // 10]).format(number=number) if number % 10 == 5 else ""
        dovecot.append(user, bomb.encode() or mail(number))
    victim.listen_to(dovecot, user)
    worker = victim.site.worker()
    ended = InboxRow.state.in_([InboxState.PROCESSED, InboxState.QUARANTINED])
    eventually(lambda: InboxRow.select().where(ended).count() == 100, seconds=120, what="The end of every mail")
    (good,) = db.database.execute_sql("SELECT count(*) FROM ticket WHERE subject LIKE 'Inquiry %%'").fetchone()
    assert good == 90
    assert all(row.last_error for row in InboxRow.select().where(InboxRow.state == InboxState.QUARANTINED))
    assert worker.is_running
    assert "began anew" not in worker.said
    assert_holds(victim.settings, intake=100)
