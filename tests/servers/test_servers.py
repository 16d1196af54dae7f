"""Each test server starts for real, answers, fails when told to, and leaves nothing behind."""

import imaplib
import os
import signal
import smtplib
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from tests.house.tree import ROOT
from tests.servers.certificates import make_certificate
from tests.servers.dovecot import DovecotServer
from tests.servers.ports import answers, free_port
from tests.servers.postgres import PostgresServer
from tests.servers.processes import REQUIRE, Account, find_program
from tests.servers.redis import RedisServer
from tests.servers.smtp import Ending, SmtpServer, Stage

MAIL = "Subject: =?utf-8?b?7JWI64WV?=\r\n\r\nHello\r\n.starts with a dot\r\n"


def send(server: SmtpServer, *recipients: str) -> dict[str, tuple[int, bytes]]:
    """Send MAIL and return the refused recipients."""
    with smtplib.SMTP(server.host, server.port, timeout=5) as client:
        return client.sendmail("desk@desk.example", recipients, MAIL)


@pytest.mark.postgres
def test_each_database_is_empty_and_speaks_utf8(postgres_server: PostgresServer) -> None:
    first, second = postgres_server.create_database(), postgres_server.create_database()
    with psycopg.connect(first) as connection:
        connection.execute("CREATE TABLE word (text text)")
        connection.execute("INSERT INTO word VALUES ('안녕')")
        assert connection.execute("SELECT text, length(text) FROM word").fetchone() == ("안녕", 2)
    with psycopg.connect(second) as connection:
        assert connection.execute("SELECT to_regclass('word')").fetchone() == (None,)


@pytest.mark.postgres
def test_database_is_copied_from_a_template_and_dropped(postgres_server: PostgresServer) -> None:
    template = postgres_server.create_database()
    with psycopg.connect(template) as connection:
        connection.execute("CREATE TABLE copied (id int)")
    copy = postgres_server.create_database(template=template.rpartition("/")[2])
    with psycopg.connect(copy) as connection:
        assert connection.execute("SELECT count(*) FROM copied").fetchone() == (0,)
        connection.commit()
        postgres_server.drop_database(copy)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(copy)


@pytest.mark.postgres
def test_postgres_breaks_connections_and_keeps_what_was_committed(postgres_server: PostgresServer) -> None:
    url = postgres_server.create_database()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept (id int)")
        postgres_server.restart()
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    with psycopg.connect(url, autocommit=True) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)
        assert postgres_server.terminate(url) == 1
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")


@pytest.mark.redis
def test_redis_answers_and_comes_back_empty_on_its_port(redis_server: RedisServer) -> None:
    with redis_server.connect() as client:
        client.set("key", "value")
        redis_server.kill()
        with pytest.raises(RedisConnectionError):
            client.get("key")
        redis_server.start()
        assert client.get("key") is None


@pytest.mark.redis
def test_redis_forgets_when_flushed(redis_server: RedisServer) -> None:
    with redis_server.connect() as client:
        client.set("key", "value")
        redis_server.flush()
        assert client.keys() == []


@pytest.mark.dovecot
def test_mail_is_put_in_and_read_without_being_marked(dovecot: DovecotServer) -> None:
    first = dovecot.append("read@desk.example", b"Subject: one\n\nHello\n")
    second = dovecot.append("read@desk.example", b"Subject: two\r\n\r\n", flags="\\Flagged")
    assert second > first
    assert dovecot.messages("read@desk.example") == [b"Subject: one\r\n\r\nHello\r\n", b"Subject: two\r\n\r\n"]
    assert dovecot.messages("other@desk.example") == []
    assert "\\Flagged" in dovecot.flags("read@desk.example", second)
    assert "\\Seen" not in dovecot.flags("read@desk.example", first)


@pytest.mark.dovecot
def test_mail_is_put_into_a_folder_that_was_not_there(dovecot: DovecotServer) -> None:
    dovecot.append("folders@desk.example", b"Subject: done\r\n\r\n", folder="Done here")
    assert sorted(dovecot.folders("folders@desk.example")) == ["Done here", "INBOX"]
    assert len(dovecot.messages("folders@desk.example", folder="Done here")) == 1


@pytest.mark.dovecot
def test_wrong_password_is_refused_and_tls_is_verified(dovecot: DovecotServer) -> None:
    context = dovecot.certificate.client_context()
    with imaplib.IMAP4_SSL("localhost", dovecot.tls_port, ssl_context=context, timeout=20) as connection:
        with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
            connection.login("tls@desk.example", "wrong")
        connection.login("tls@desk.example", dovecot.password)
        assert "IDLE" in connection.capabilities


@pytest.mark.dovecot
def test_idle_is_woken_by_a_new_mail(dovecot: DovecotServer) -> None:
    with dovecot.connect("idle@desk.example") as connection:
        connection.send(b"A1 IDLE\r\n")
        assert connection.readline().startswith(b"+")
        dovecot.append("idle@desk.example", b"Subject: news\r\n\r\n")
        assert connection.readline() == b"* 1 EXISTS\r\n"
        connection.send(b"DONE\r\n")
        while not connection.readline().startswith(b"A1 OK"):
            pass


@pytest.mark.dovecot
def test_renumbered_folder_keeps_its_mail_under_another_uidvalidity(dovecot: DovecotServer) -> None:
    dovecot.append("renumber@desk.example", b"Subject: kept\r\n\r\n")
    validity = dovecot.renumber("renumber@desk.example")
    with dovecot.connect("renumber@desk.example", folder=None) as connection:
        _, answer = connection.status("INBOX", "(UIDVALIDITY MESSAGES)")
    assert f"UIDVALIDITY {validity}".encode() in answer[0]
    assert b"MESSAGES 1" in answer[0]


@pytest.mark.dovecot
def test_killed_dovecot_comes_back_with_its_mail(dovecot: DovecotServer) -> None:
    dovecot.append("killed@desk.example", b"Subject: kept\r\n\r\n")
    dovecot.kill()
    assert not answers(dovecot.port)
    dovecot.start()
    assert len(dovecot.messages("killed@desk.example")) == 1


def test_mail_is_kept_with_its_envelope_and_every_byte(smtp_server: SmtpServer) -> None:
    assert send(smtp_server, "a@desk.example", "b@desk.example") == {}
    (message,) = smtp_server.wait_for(1)
    assert message.sender == "desk@desk.example"
    assert message.recipients == ("a@desk.example", "b@desk.example")
    assert message.raw == MAIL.encode()
    assert not message.is_encrypted


def test_one_recipient_is_refused_and_the_other_is_served(smtp_server: SmtpServer) -> None:
    smtp_server.answer("550 5.1.1 No such user", recipient="gone@desk.example")
    assert send(smtp_server, "here@desk.example", "gone@desk.example") == {
        "gone@desk.example": (550, b"5.1.1 No such user")
    }
    assert smtp_server.received[0].recipients == ("here@desk.example",)


def test_scripted_answer_ends_after_its_times(smtp_server: SmtpServer) -> None:
    smtp_server.answer("451 4.3.0 Later", stage=Stage.DATA, times=2)
    for _ in range(2):
        with pytest.raises(smtplib.SMTPDataError, match="Later"):
            send(smtp_server, "a@desk.example")
    assert smtp_server.received == []
    send(smtp_server, "a@desk.example")
    assert len(smtp_server.received) == 1


def test_connection_that_breaks_after_the_mail_was_kept(smtp_server: SmtpServer) -> None:
    smtp_server.answer(Ending.CLOSE, stage=Stage.KEPT, times=1)
    with pytest.raises(smtplib.SMTPServerDisconnected):
        send(smtp_server, "a@desk.example")
    assert len(smtp_server.wait_for(1)) == 1


def test_silent_server_leaves_the_client_to_its_time_out(smtp_server: SmtpServer) -> None:
    smtp_server.answer(Ending.HANG, stage=Stage.MAIL)
    with (
        smtplib.SMTP(smtp_server.host, smtp_server.port, timeout=0.3) as client,
        pytest.raises(smtplib.SMTPServerDisconnected, match="timed out"),
    ):
        client.sendmail("desk@desk.example", ["a@desk.example"], MAIL)


def test_missing_mail_is_told_with_the_count(smtp_server: SmtpServer) -> None:
    with pytest.raises(AssertionError, match="0 of 1 messages"):
        smtp_server.wait_for(1, seconds=0.01)


def test_stopped_server_takes_no_mail_until_it_starts_again(smtp_server: SmtpServer) -> None:
    with smtplib.SMTP(smtp_server.host, smtp_server.port, timeout=5) as client:
        smtp_server.stop()
        with pytest.raises(smtplib.SMTPServerDisconnected):
            client.noop()
    with pytest.raises(ConnectionRefusedError):
        send(smtp_server, "a@desk.example")
    smtp_server.start()
    send(smtp_server, "a@desk.example")
    assert len(smtp_server.received) == 1


@pytest.mark.parametrize("is_implicit", [False, True])
def test_login_is_checked_inside_tls(tmp_path: Path, is_implicit: bool) -> None:
    certificate = make_certificate(tmp_path)
    server = SmtpServer(users={"desk": "secret"}, certificate=certificate, is_implicit_tls=is_implicit)
    context = certificate.client_context()
    with server:
        client = (
            smtplib.SMTP_SSL("localhost", server.port, context=context, timeout=5)
            if is_implicit
            else smtplib.SMTP("localhost", server.port, timeout=5)
        )
        with client:
            if not is_implicit:
                client.starttls(context=context)
            with pytest.raises(smtplib.SMTPSenderRefused, match="Authentication required"):
                client.sendmail("desk@desk.example", ["a@desk.example"], MAIL)
            with pytest.raises(smtplib.SMTPAuthenticationError):
                client.login("desk", "wrong")
            client.login("desk", "secret")
            client.sendmail("desk@desk.example", ["a@desk.example"], MAIL)
        (message,) = server.wait_for(1)
    assert message.user == "desk"
    assert message.is_encrypted


@pytest.mark.dovecot
def test_sent_mail_is_read_in_a_real_mailbox(smtp_server: SmtpServer, dovecot: DovecotServer) -> None:
    smtp_server.deliver_to(dovecot)
    send(smtp_server, "customer@customer.example")
    smtp_server.wait_for(1)
    assert dovecot.messages("customer@customer.example") == [MAIL.encode()]


def test_missing_program_skips_and_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(REQUIRE, raising=False)
    with pytest.raises(pytest.skip.Exception, match="no-such-program is not installed: apt-get install some-package"):
        find_program("no-such-program", package="some-package")


def test_missing_program_fails_where_servers_are_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(REQUIRE, "1")
    with pytest.raises(pytest.fail.Exception, match="apt-get install some-package"):
        find_program("no-such-program", package="some-package")


def test_free_port_is_free_and_no_ephemeral_one() -> None:
    port = free_port()
    assert not answers(port)
    assert 20_000 <= port <= 32_000


FEW = "from tests.servers import ports; ports.HIGHEST = ports.LOWEST + 11; ports.TRIES = 2000;"


def test_free_port_is_given_to_one_alone_though_nobody_listens_yet() -> None:
    ask = f"{FEW} print(*[ports.free_port() for _ in range(4)], flush=True); input()"
    asking = [
        subprocess.Popen(
            [sys.executable, "-c", ask], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        for _ in range(2)
    ]
    given: list[str] = []
    for one in asking:
        assert one.stdout is not None
        given += one.stdout.readline().split()
    for one in asking:
        one.communicate("\n", timeout=10)
    assert len(given) == len(set(given)) == 8


KILLED_RUN = """
import os, signal
from tests.servers.redis import RedisServer
server = RedisServer()
server.start()
print(server.port, flush=True)
os.kill(os.getpid(), signal.{signal})
"""


@pytest.mark.redis
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of their parent's death")
@pytest.mark.parametrize("name", ["SIGKILL", "SIGINT"])
def test_killed_test_run_leaves_no_server_behind(name: str, redis_server: RedisServer) -> None:
    folder = Account.for_server().make_folder("killed")
    done = subprocess.run(
        [sys.executable, "-c", KILLED_RUN.format(signal=name)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": ".", "TMPDIR": str(folder)},
    )
    assert done.returncode == -signal.Signals[name], done.stderr
    port = int(done.stdout)
    deadline = time.monotonic() + 10
    while answers(port):
        assert time.monotonic() < deadline, f"A server still listens on {port}."
