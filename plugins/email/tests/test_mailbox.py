"""Fetching from a real Dovecot."""

import contextlib
import socket
import threading
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from helpdesk_email import connections
from helpdesk_email.channel import Email
from helpdesk_email.reading import read
from helpdesk_email.settings import EmailSettings

from helpdesk.sdk.channel import Inbound, InboundRequest, Refused, Retry
from tests.factories.intake import Intake, raw_mail


@pytest.fixture
def user(dovecot) -> str:
    """Give a mailbox that no other test knows."""
    return dovecot.new_user()


@pytest.fixture
def account(dovecot, user) -> Callable[..., Email]:
    """Give a maker of accounts on that mailbox."""

    def make(**changes) -> Email:
        plain = {
            "imap_host": dovecot.host,
            "imap_port": dovecot.port,
            "imap_security": "none",
            "imap_password": dovecot.password,
        }
        return Email(EmailSettings(address=user, **(plain | changes)))

    return make


def listen_once(email: Email, *, enough: int, cursor: Mapping[str, Any] | None = None) -> Intake:
    inlet = Intake(enough=enough, cursor=cursor)
    email.listen(inlet)
    return inlet


def test_mail_is_stored_as_it_came_and_marked_as_read_only_afterwards(dovecot, account, user):
    uid = dovecot.append(user, raw_mail("one"))
    inlet = Intake(enough=1)
    flags_at_store: list[frozenset[str]] = []
    inlet.on_store = lambda: flags_at_store.append(dovecot.flags(user, uid))
    account().listen(inlet)
    ((key, raw),) = inlet.stored.items()
    place = inlet.cursor["INBOX"]
    assert (key, raw) == (f"INBOX:{place['uidvalidity']}:{uid}", raw_mail("one"))
    assert "\\Seen" not in flags_at_store[0]
    assert "\\Seen" in dovecot.flags(user, uid)


def test_mail_is_never_fetched_twice(dovecot, account, user):
    dovecot.append(user, raw_mail("one"))
    first = listen_once(account(), enough=1)
    dovecot.append(user, raw_mail("two"))
    assert listen_once(account(), enough=1, cursor=first.cursor).subjects == [b"Subject: two"]


def test_storing_that_fails_leaves_the_mail_untouched_for_the_next_time(dovecot, account, user):
    uid = dovecot.append(user, raw_mail("one"))
    broken = Intake(enough=1)

    def fail() -> None:
        raise OSError("disk full")

    broken.on_store = fail
    with pytest.raises(OSError, match="disk full"):
        account(imap_after="delete").listen(broken)
    assert not dovecot.flags(user, uid) & {"\\Seen", "\\Deleted"}
    assert listen_once(account(), enough=1, cursor=broken.cursor).subjects == [b"Subject: one"]


def test_mail_that_comes_at_any_moment_of_listening_is_fetched_at_once(dovecot, account, user):
    count = 6
    inlet, is_stored = Intake(enough=count), threading.Event()
    inlet.on_store = is_stored.set
    listener = threading.Thread(target=account().listen, args=(inlet,))
    listener.start()
    for number in range(count):  # each within a breath of the one before, while the listener goes back to waiting
        is_stored.clear()
        dovecot.append(user, raw_mail(f"m{number}"))
        assert is_stored.wait(8), f"Mail {number} was not pushed."
    listener.join(8)
    assert not listener.is_alive()
    assert inlet.subjects == [b"Subject: m%d" % number for number in range(count)]


def test_renumbered_folder_is_read_again_from_its_start(dovecot, account, user):
    dovecot.append(user, raw_mail("one"))
    first = listen_once(account(), enough=1)
    validity = dovecot.renumber(user)
    again = listen_once(account(), enough=1, cursor=first.cursor)
    assert again.subjects == [b"Subject: one"]
    assert again.cursor["INBOX"]["uidvalidity"] == validity
    assert again.stored.keys().isdisjoint(first.stored)


@pytest.mark.parametrize("new", [["n1"], ["n1", "n2"], ["n1", "n2", "n3"]])
@pytest.mark.parametrize("after", ["keep", "delete"])
def test_folder_that_was_put_back_under_its_numbers_is_read_again_and_loses_nothing(dovecot, account, user, new, after):
    for name in ("a", "b", "c"):
        dovecot.append(user, raw_mail(name))
    dovecot.back_up(user)
    for name in ("d", "e"):
        dovecot.append(user, raw_mail(name))
    first = listen_once(account(), enough=5)
    dovecot.put_back(user)
    for name in new:
        dovecot.append(user, raw_mail(name))
    again = listen_once(account(imap_after=after), enough=3 + len(new), cursor=first.cursor)
    assert again.subjects == [f"Subject: {name}".encode() for name in ("a", "b", "c", *new)]
    assert again.stored.keys().isdisjoint(first.stored)


def test_stored_mail_moves_to_its_folder(dovecot, account, user):
    dovecot.append(user, raw_mail("one"))
    listen_once(account(imap_after="move", imap_move_to="처리됨"), enough=1)
    assert dovecot.messages(user) == []
    assert dovecot.messages(user, folder="&zJi5rLQo-") == [raw_mail("one")]


def test_stored_mail_is_deleted_and_no_other(dovecot, account, user):
    dovecot.append(user, raw_mail("somebody's"), flags="\\Deleted")
    dovecot.append(user, raw_mail("one"))
    first = listen_once(account(), enough=2)
    dovecot.append(user, raw_mail("two"))
    listen_once(account(imap_after="delete"), enough=1, cursor=first.cursor)
    assert dovecot.messages(user) == [raw_mail("somebody's")]


def test_crash_between_storing_and_deleting_is_made_good(dovecot, account, user):
    uid = dovecot.append(user, raw_mail("one"))
    first = listen_once(account(), enough=1)
    assert first.cursor["INBOX"]["uid"] == uid
    listen_once(account(imap_after="delete"), enough=0, cursor=first.cursor)
    assert dovecot.messages(user) == []


def test_too_large_mail_is_its_headers_with_a_notice_and_stays_on_the_server(dovecot, account, user):
    large = raw_mail("large", "x" * 20_000).replace(
        b"\r\n\r\n", b"\r\nContent-Type: text/plain;\r\n charset=x\r\n\r\n", 1
    )
    dovecot.append(user, large)
    email = account(imap_after="delete", max_bytes=10_240)
    (raw,) = listen_once(email, enough=1).stored.values()
    found = read(InboundRequest(raw), email.settings)
    assert isinstance(found, Inbound)
    assert (found.subject, found.external_id) == ("large", "large@x")
    assert "still on the mail server: INBOX, UID 1" in found.text
    assert dovecot.messages(user) == [large]


def test_several_folders_are_read_each_at_its_own_place(dovecot, account, user):
    dovecot.append(user, raw_mail("inbox"))
    dovecot.append(user, raw_mail("other"), folder="Other")
    inlet = listen_once(account(imap_folders=("INBOX", "Other")), enough=2)
    assert sorted(inlet.subjects) == [b"Subject: inbox", b"Subject: other"]
    assert set(inlet.cursor) == {"INBOX", "Other"}


def test_every_mail_of_a_flood_is_stored_in_order(dovecot, account, user):
    for number in range(30):
        dovecot.append(user, raw_mail(f"m{number}"))
    assert listen_once(account(), enough=30).subjects == [b"Subject: m%d" % number for number in range(30)]


def test_lost_connection_is_told_in_words(dovecot, account, user):
    inlet = Intake(enough=2)
    dovecot.append(user, raw_mail("one"))
    inlet.on_store = dovecot.restart
    with pytest.raises(Retry, match=r"The IMAP server 127\.0\.0\.1"):
        account().listen(inlet)
    assert listen_once(account(), enough=0, cursor=inlet.cursor).stored == {}


def test_tls_is_verified(dovecot, account):
    secure = {"imap_port": dovecot.tls_port, "imap_security": "tls"}
    account(**secure, ca_file=dovecot.certificate.certificate).check()
    with pytest.raises(Refused, match="can't be trusted"):
        account(**secure).check()


def test_starttls_is_verified(dovecot, account):
    account(imap_security="starttls", ca_file=dovecot.certificate.certificate).check()
    with pytest.raises(Refused, match="can't be trusted"):
        account(imap_security="starttls").check()


@pytest.mark.parametrize("password", ["wrong", "틀림"])
def test_wrong_password_says_what_to_do(account, password):
    with pytest.raises(Refused, match="Correct the user name or the password"):
        account(imap_password=password).check()


def test_missing_folder_says_which_there_are(account):
    with pytest.raises(Refused, match=r"no folder “Nowhere”; it has: .*INBOX"):
        account(imap_folders=("Nowhere",)).check()


def test_check_names_every_server_that_fails(account, smtp_server):
    smtp_server.stop()
    email = account(imap_password="wrong", smtp_host=smtp_server.host, smtp_port=smtp_server.port, smtp_security="none")
    with pytest.raises(Refused, match=r"The IMAP server .* The SMTP server "):
        email.check()


def test_server_that_never_greets_is_told_in_words(account, monkeypatch):
    monkeypatch.setattr(connections, "IMAP_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(Retry, match="doesn't answer in time"):
        account(imap_port=silent.getsockname()[1]).listen(Intake(enough=1))


def test_server_that_drips_is_left_after_a_while(account, monkeypatch):
    monkeypatch.setattr(connections, "IMAP_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as dripping:
        dripper = threading.Thread(target=drip, args=(dripping,))
        dripper.start()
        with pytest.raises(Retry, match=r"doesn't answer in time \(no end after 0\.5 seconds\)"):
            account(imap_port=dripping.getsockname()[1]).listen(Intake(enough=1))
        dripper.join(10)


def drip(listener: socket.socket) -> None:
    """Greet, tell what the server can do, and then never come to the end of an answer."""
    connection, _ = listener.accept()
    with connection, contextlib.suppress(OSError):
        connection.sendall(b"* OK ready\r\n")
        tag = connection.recv(1_000).split()[0]
        connection.sendall(b"* CAPABILITY IMAP4rev1\r\n" + tag + b" OK done\r\n")
        for _ in range(200):
            connection.sendall(b"*")
            threading.Event().wait(0.05)
