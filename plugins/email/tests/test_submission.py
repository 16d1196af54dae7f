"""Mail handed to a real SMTP server, and what its answers become."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.utils import parseaddr

import pytest
from helpdesk_email import connections
from helpdesk_email.channel import Email
from helpdesk_email.identifiers import NO_SENDER
from helpdesk_email.settings import EmailSettings

from helpdesk.sdk.channel import AccountRefused, Identity, Outbound, RecipientVerdict, Refused, Retry, Verdict
from tests.servers.certificates import make_certificate
from tests.servers.smtp import Ending, SmtpServer, Stage

PEOPLE = tuple(Identity("email", f"{name}@customer.example", name) for name in ("hong", "kim", "lee"))


def account(server: SmtpServer, **changes) -> Email:
    plain = {"smtp_host": server.host, "smtp_port": server.port, "smtp_security": "none"}
    return Email(EmailSettings(address="support@desk.example", **(plain | changes)))


def outbound(**changes) -> Outbound:
    plain = {"key": "k1", "ticket_number": 7, "subject": "문의", "text": "답변", "recipients": PEOPLE[:1]}
    return Outbound(**(plain | changes))


def test_mail_arrives_once_for_every_recipient_under_the_id_that_was_told_before(smtp_server):
    email, message = account(smtp_server), outbound(recipients=PEOPLE)
    sent = email.send(message)
    (received,) = smtp_server.wait_for(1)
    assert (sent.external_id, sent.verdicts) == (email.identify(message), ())
    assert f"Message-ID: <{sent.external_id}>".encode() in received.raw
    assert (received.sender, received.recipients) == ("support@desk.example", tuple(person.value for person in PEOPLE))


@pytest.mark.parametrize(
    "text", ["a\r\n.\r\nMAIL FROM:<x@y.example>", "a\r.\r\nb", "a\n.\nb", "a\n.\r\nb", ".\n..\n.x", "end\n."]
)
def test_no_text_ends_the_mail_early_or_begins_another(smtp_server, text):
    account(smtp_server).send(outbound(text=text, html=text))
    (received,) = smtp_server.wait_for(1)
    assert received.raw.count(b"MAIL FROM") == text.count("MAIL FROM")
    assert received.raw.rstrip().endswith(b"--")  # its own last boundary


def test_one_recipient_of_three_refused_leaves_the_others_sent(smtp_server):
    smtp_server.answer("550 5.1.1 No such user", recipient="kim@customer.example")
    sent = account(smtp_server).send(outbound(recipients=PEOPLE))
    expected = RecipientVerdict("kim@customer.example", Verdict.FAILED, "550 5.1.1 No such user", is_permanent=True)
    assert sent.verdicts == (expected,)
    assert smtp_server.wait_for(1)[0].recipients == ("hong@customer.example", "lee@customer.example")


def test_domain_in_letters_is_written_in_ascii_and_told_of_as_it_was_given(smtp_server):
    smtp_server.answer("550 5.1.1 No such user", recipient="lee@xn--3e0b707e.kr")
    people = (Identity("email", "kim@한국.kr", "Kim"), Identity("email", "lee@한국.kr"))
    (verdict,) = account(smtp_server).send(outbound(recipients=people)).verdicts
    (received,) = smtp_server.wait_for(1)
    assert received.recipients == ("kim@xn--3e0b707e.kr",)
    assert b'"Kim" <kim@xn--3e0b707e.kr>' in received.raw
    assert verdict.recipient == "lee@한국.kr"


def test_recipient_refused_for_now_is_delayed(smtp_server):
    smtp_server.answer("451 4.2.2 Try later", recipient="lee@customer.example")
    (verdict,) = account(smtp_server).send(outbound(recipients=PEOPLE)).verdicts
    assert (verdict.recipient, verdict.verdict, verdict.is_permanent) == ("lee@customer.example", "delayed", False)


def test_full_mailbox_is_no_dead_address(smtp_server):
    smtp_server.answer("552 5.2.2 Mailbox full", recipient="kim@customer.example")
    (verdict,) = account(smtp_server).send(outbound(recipients=PEOPLE)).verdicts
    assert (verdict.verdict, verdict.is_permanent) == ("failed", False)


@pytest.mark.parametrize("stage", [Stage.MAIL, Stage.RCPT, Stage.DATA])
@pytest.mark.parametrize(("answer", "error"), [("451 4.3.0 Later", Retry), ("554 5.6.0 Never", Refused)])
def test_refusal_of_the_whole_mail_is_for_now_or_for_good(smtp_server, stage, answer, error):
    smtp_server.answer(answer, stage=stage)
    with pytest.raises(error, match=answer):
        account(smtp_server).send(outbound(recipients=PEOPLE))
    assert smtp_server.received == []


@pytest.mark.parametrize("answer", ["550 5.7.60 Not allowed to send as this sender", "553 5.1.8 Unknown sender"])
def test_sender_that_is_refused_is_the_trouble_of_the_account_and_not_of_its_mail(smtp_server, answer):
    smtp_server.answer(answer, stage=Stage.MAIL)
    with pytest.raises(AccountRefused, match=answer):
        account(smtp_server).send(outbound(recipients=PEOPLE))


@pytest.mark.parametrize(
    ("replies", "security"),
    [
        (b"554 5.7.1 no\r\n", "none"),
        (b"220 desk\r\n550 5.7.1 no\r\n550 5.7.1 no\r\n", "none"),
        (b"220 desk\r\n250-desk\r\n250 STARTTLS\r\n554 5.7.1 no\r\n", "starttls"),
    ],
    ids=["greeting", "EHLO", "STARTTLS"],
)
def test_server_that_refuses_before_any_mail_refuses_the_account(replies, security, monkeypatch):
    monkeypatch.setattr(connections, "FAREWELL_SECONDS", 0.1)
    with dripping(replies, b"") as port, pytest.raises(AccountRefused, match=r"takes no mail from this account: 55"):
        drip_account(port, smtp_security=security).send(outbound())


def test_server_that_says_good_bye_is_tried_again(smtp_server):
    smtp_server.answer("421 4.3.2 Shutting down", recipient="kim@customer.example")
    with pytest.raises(Retry, match="421"):
        account(smtp_server).send(outbound(recipients=PEOPLE))


@pytest.mark.parametrize("stage", list(Stage))
def test_broken_connection_is_tried_again(smtp_server, stage):
    smtp_server.answer(Ending.CLOSE, stage=stage)
    with pytest.raises(Retry):
        account(smtp_server).send(outbound())


@pytest.mark.parametrize("stage", [Stage.DATA, Stage.KEPT])
def test_silent_server_is_tried_again_in_bounded_time(smtp_server, stage, monkeypatch):
    monkeypatch.setattr(connections, "SMTP_SECONDS", 0.3)
    smtp_server.answer(Ending.HANG, stage=stage)
    with pytest.raises(Retry, match="timed out"):
        account(smtp_server).send(outbound())


def test_server_that_is_not_there_is_tried_again(smtp_server):
    smtp_server.stop()
    with pytest.raises(Retry, match=str(smtp_server.port)):
        account(smtp_server).send(outbound())


def test_server_that_never_greets_is_tried_again(monkeypatch):
    monkeypatch.setattr(connections, "SMTP_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings = EmailSettings(
            address="a@desk.example", smtp_host="127.0.0.1", smtp_port=silent.getsockname()[1], smtp_security="none"
        )
        with pytest.raises(Retry, match="timed out"):
            Email(settings).send(outbound())


@contextmanager
def dripping(replies: bytes, drop: bytes) -> Iterator[int]:
    """Listen on the port that is given: say the replies, then the drop every 20 ms, for ten seconds."""
    is_over = threading.Event()

    def talk(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection, suppress(OSError):
            connection.sendall(replies)
            for _ in range(500):
                if is_over.wait(0.02):
                    break
                connection.sendall(drop)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        talking = threading.Thread(target=talk, args=(listener,), daemon=True)
        talking.start()
        try:
            yield listener.getsockname()[1]
        finally:
            is_over.set()
            talking.join(10)


def drip_account(port: int, **changes) -> Email:
    plain = {"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_security": "none"}
    return Email(EmailSettings(address="support@desk.example", **(plain | changes)))


@pytest.mark.parametrize(
    ("replies", "drop"),
    [
        (b"", b"220-wait\r\n"),
        (b"220 desk\r\n", b"250-wait\r\n"),
        (b"220 desk\r\n250 desk\r\n250 OK\r\n250 OK\r\n354 go on\r\n", b"2"),
    ],
)
def test_server_that_drips_is_left_after_a_while_and_tried_again(replies, drop, monkeypatch):
    monkeypatch.setattr(connections, "MESSAGE_SECONDS", 0.5)
    with dripping(replies, drop) as port, pytest.raises(Retry, match=r"no end after 0\.5 seconds"):
        drip_account(port).send(outbound())


def test_server_that_drips_its_good_bye_has_the_mail(monkeypatch):
    monkeypatch.setattr(connections, "FAREWELL_SECONDS", 0.3)
    replies = b"220 desk\r\n250 desk\r\n250 OK\r\n250 OK\r\n354 go on\r\n250 kept\r\n"
    with dripping(replies, b"221-wait\r\n") as port:
        started = time.monotonic()
        assert drip_account(port).send(outbound()).verdicts == ()
        assert time.monotonic() - started < 5


def test_silent_server_is_left_at_the_latest_when_the_whole_mail_has_taken_too_long(smtp_server, monkeypatch):
    monkeypatch.setattr(connections, "MESSAGE_SECONDS", 0.3)
    smtp_server.answer(Ending.HANG, stage=Stage.DATA)
    with pytest.raises(Retry, match="no end after"):
        account(smtp_server).send(outbound())


@pytest.mark.parametrize(("answer", "is_permanent"), [("550 5.1.1 Unknown", True), ("552 5.2.2 Full", False)])
def test_refusal_of_everybody_says_whether_the_addresses_are_no_good(smtp_server, answer, is_permanent):
    smtp_server.answer(answer)
    with pytest.raises(Refused, match=answer) as refused:
        account(smtp_server).send(outbound(recipients=PEOPLE))
    assert refused.value.is_permanent is is_permanent
    assert smtp_server.received == []


def test_answer_of_an_agent_has_a_sender_to_bounce_to(smtp_server):
    account(smtp_server).send(outbound())
    assert smtp_server.wait_for(1)[0].sender == "support@desk.example"


def test_automatic_mail_has_no_sender_to_bounce_to(smtp_server):
    account(smtp_server).send(outbound(is_automatic=True))
    (received,) = smtp_server.wait_for(1)
    assert received.sender in ("", "<>")
    assert b"Auto-Submitted: auto-replied" in received.raw


def test_automatic_mail_gets_a_sender_where_the_server_insists(smtp_server):
    smtp_server.answer("550 5.7.60 No empty sender", stage=Stage.MAIL, times=1)
    account(smtp_server).send(outbound(is_automatic=True))
    assert smtp_server.wait_for(1)[0].sender == "support@desk.example"


def test_address_that_is_none_is_refused_before_anything_is_sent(smtp_server):
    with pytest.raises(Refused, match="no mail address"):
        account(smtp_server).send(outbound(recipients=(Identity("email", "a@b.example>\r\nRCPT TO:<x@y.example"),)))
    assert smtp_server.received == []


def test_nothing_is_sent_to_somebody_unknown(smtp_server):
    unknown = Identity("email", NO_SENDER)
    with pytest.raises(Refused, match="without a sender"):
        account(smtp_server).send(outbound(recipients=(unknown,)))
    assert smtp_server.received == []


def test_account_without_a_server_says_so():
    with pytest.raises(Refused, match="smtp_host"):
        Email(EmailSettings(address="support@desk.example")).send(outbound())


@pytest.mark.parametrize("is_implicit", [True, False])
def test_tls_and_login_reach_the_server(tmp_path, is_implicit):
    certificate = make_certificate(tmp_path)
    with SmtpServer(users={"desk": "s3cret"}, certificate=certificate, is_implicit_tls=is_implicit) as server:
        protected = {"smtp_security": "tls" if is_implicit else "starttls", "ca_file": certificate.certificate}
        email = account(server, **protected, smtp_username="desk", smtp_password="s3cret")
        email.check()
        email.send(outbound())
        (received,) = server.wait_for(1)
        assert (received.user, received.is_encrypted) == ("desk", True)


def test_certificate_of_nobody_known_is_not_trusted(tmp_path):
    with SmtpServer(certificate=make_certificate(tmp_path), is_implicit_tls=True) as server:
        with pytest.raises(Retry, match="can't be trusted"):
            account(server, smtp_security="tls").send(outbound())
        assert server.received == []


def test_server_without_starttls_is_refused_instead_of_spoken_to_in_the_clear(smtp_server):
    with pytest.raises(AccountRefused, match="can't do what the settings ask for"):
        account(smtp_server, smtp_security="starttls").send(outbound())


def test_wrong_password_says_what_to_do():
    with SmtpServer(users={"desk": "s3cret"}) as server:
        email = account(server, smtp_username="desk", smtp_password="wrong")
        with pytest.raises(AccountRefused, match="Correct the user name or the password"):
            email.send(outbound())


def test_sender_is_the_account_with_its_name(smtp_server):
    account(smtp_server, sender_name="Help, Desk").send(outbound())
    line = next(line for line in smtp_server.wait_for(1)[0].raw.decode().splitlines() if line.startswith("From: "))
    assert parseaddr(line.removeprefix("From: ")) == ("Help, Desk", "support@desk.example")
