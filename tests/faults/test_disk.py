"""A disk without room, and an upload whose process dies. Source: SECURITY 4.3 rows 2, 14 and 15.

The disk of one process is made small by the limit that the system sets on its files; it is raised again later.
"""

import os
import re
import resource
import signal
import socket
from functools import partial

import pytest

from helpdesk.channels import queries
from helpdesk.channels.rules import AccountState
from helpdesk.kernel import db, jobs
from tests.factories import plain
from tests.factories.calls import Calls
from tests.factories.processes import Program, eventually
from tests.faults.conftest import MakeVictim, Victim
from tests.faults.invariant import assert_holds, wait_until_calm
from tests.faults.loads import mail
from tests.faults.test_intake import marked
from tests.servers.dovecot import DovecotServer

MEGABYTE = 1_048_576
FULL = re.compile("database or disk is full|disk I/O error")


def let_files_grow_to(program: Program, size: int) -> None:
    """Set how large a file of the program may become."""
    _, hard = resource.prlimit(program.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(program.pid, resource.RLIMIT_FSIZE, (size, hard))


def with_file(number: int, size: int) -> bytes:
    """Return a mail that carries a file of so many bytes."""
    head = mail(number).replace(b"\r\n\r\nWhere is it?\r\n", b'\r\nContent-Type: multipart/mixed; boundary="x"\r\n\r\n')
    text = b"--x\r\nContent-Type: text/plain\r\n\r\nWhere is it?\r\n"
    lines = b"\r\n".join([b"a" * 76] * (size // 78))
    return head + text + b"--x\r\nContent-Type: application/pdf; name=a.pdf\r\n\r\n" + lines + b"\r\n--x--\r\n"


def listening_account(victim: Victim) -> tuple[AccountState, str] | None:
    """Return how the account stands and why, once its listening has failed."""
    (row,) = queries.accounts_by_ids([victim.account_id])
    (listening,) = queries.listening_of_accounts([victim.account_id])
    assert row is not None
    assert listening is not None
    return (queries.states_of_accounts([row])[0], listening.last_error) if listening.last_error else None


@pytest.mark.dovecot
@pytest.mark.postgres
def test_mail_whose_file_finds_no_room_stays_in_its_mailbox_until_there_is_some(
    victim_on: MakeVictim, dovecot: DovecotServer
) -> None:
    victim, user = victim_on("postgres"), dovecot.new_user()
    victim.listen_to(dovecot, user)
    dovecot.append(user, mail(0))
    worker = victim.site.worker()
    eventually(lambda: len(marked(dovecot, user)) == 1, seconds=30, what="The first mail")
    let_files_grow_to(worker, MEGABYTE // 2)
    dovecot.append_all(user, [with_file(1, MEGABYTE), mail(2)])
    state, reason = eventually(partial(listening_account, victim), seconds=20, what="The trouble of the account")
    assert (state, reason) == (AccountState.FAILING, "There is no room for files; free some space and try again.")
    assert len(marked(dovecot, user)) == 1
    let_files_grow_to(worker, resource.RLIM_INFINITY)
    eventually(lambda: len(marked(dovecot, user)) == 3, seconds=30, what="The other mails")
    wait_until_calm()
    assert db.database.execute_sql("SELECT count(*) FROM attachment WHERE storage_key IS NOT NULL").fetchone() == (1,)
    assert_holds(victim.settings, intake=3)


@pytest.mark.dovecot
def test_mail_stays_in_its_mailbox_while_sqlite_finds_no_room(victim_on: MakeVictim, dovecot: DovecotServer) -> None:
    victim, user = victim_on("sqlite"), dovecot.new_user()
    victim.listen_to(dovecot, user)
    dovecot.append(user, mail(0))
    worker = victim.site.worker()
    eventually(lambda: len(marked(dovecot, user)) == 1, seconds=30, what="The first mail")
    wait_until_calm()
    let_files_grow_to(worker, MEGABYTE // 16)  # the log of the worker has room, the journal of the database has none
    dovecot.append_all(user, [mail(number) for number in range(1, 4)])
    eventually(lambda: FULL.search(worker.said), seconds=20, what="The alarm in the log")
    assert len(marked(dovecot, user)) == victim_rows()
    let_files_grow_to(worker, resource.RLIM_INFINITY)
    eventually(lambda: len(marked(dovecot, user)) == 4, seconds=30, what="The other mails")
    wait_until_calm()
    assert_holds(victim.settings, intake=4)


def victim_rows() -> int:
    """Return how many mails have a row."""
    return int(db.database.execute_sql("SELECT count(*) FROM inbox").fetchone()[0])


def test_upload_whose_process_is_killed_leaves_nothing_and_may_be_sent_again(victim_on: MakeVictim) -> None:
    victim = victim_on("sqlite", HELPDESK_MAX_FILE_BYTES=str(60 * MEGABYTE))
    web = victim.site.serve(workers=1)
    content = b"x" * (50 * MEGABYTE)
    with Calls(victim.site.url, victim.key) as calls:
        place = calls.do("UploadCreate", filename="film.mp4", size=len(content))["upload"]["url"]
    incoming = victim.settings.data_dir / "files" / "incoming"
    path = place.removeprefix(victim.site.url)
    with socket.create_connection(("127.0.0.1", victim.site.port), timeout=20) as client:
        client.sendall(f"PUT {path} HTTP/1.1\r\nHost: desk\r\nContent-Length: {len(content)}\r\n\r\n".encode())
        client.sendall(content[: 20 * MEGABYTE])
        eventually(lambda: [one for one in incoming.iterdir() if one.stat().st_size], seconds=10, what="Bytes on disk")
        (pid,) = web.children()
        os.kill(pid, signal.SIGKILL)
    (left,) = incoming.iterdir()
    assert db.database.execute_sql("SELECT storage_key FROM attachment").fetchall() == [(None,)]
    os.utime(left, (0, 0))  # as if its hour were over
    jobs.drain("housekeeping")
    assert list(incoming.iterdir()) == []
    eventually(lambda: set(web.children()) - {pid}, seconds=20, what="A successor")
    assert plain.put(place, content=content, timeout=30).status_code == 204
    assert_holds(victim.settings)
