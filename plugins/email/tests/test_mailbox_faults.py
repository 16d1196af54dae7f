"""IMAP servers that hang, drip, lie and break off: the desk leaves them in time, skips one mail and goes on.

Source: SECURITY 4.3 rows 22 and 23.
"""

import socket
import time

import pytest
from helpdesk_email import connections, mailbox
from helpdesk_email.channel import Email
from helpdesk_email.reading import read
from helpdesk_email.settings import EmailSettings

from helpdesk.sdk.channel import Identity, Inbound, InboundRequest, Outbound, Retry
from tests.factories.intake import Intake, raw_mail
from tests.servers.imap import UIDPLUS, Close, Drip, Gone, Hang, ScriptedImap

MAILS = {uid: raw_mail(f"m{uid}") for uid in (1, 2, 3)}
BODY = "UID FETCH 2 (BODY"


def account(server: ScriptedImap, **changes) -> Email:
    plain = {"imap_host": server.host, "imap_port": server.port, "imap_security": "none", "imap_password": "x"}
    return Email(EmailSettings(address="support@desk.example", **(plain | changes)))


def listen_through(server: ScriptedImap, *, enough: int = 3, tries: int = 6, **changes) -> tuple[Intake, list[str]]:
    """Listen as the desk does, again after each failure, until enough has come; return that and the failures."""
    inlet, failures = Intake(enough=enough), []
    for _ in range(tries):
        try:
            account(server, **changes).listen(inlet)
        except Retry as error:
            failures.append(str(error))
        if not inlet.alive():
            break
    return inlet, failures


@pytest.fixture
def quick(monkeypatch) -> None:
    """Wait a moment where the desk waits for minutes."""
    for name in ("BODY_SECONDS", "COMMAND_SECONDS"):
        monkeypatch.setattr(mailbox, name, 0.4)
    monkeypatch.setattr(connections, "FAREWELL_SECONDS", 0.1)


WHOLE = b"* 2 FETCH (UID 2 BODY[] {%d}\r\n" % len(MAILS[2]) + MAILS[2] + b")\r\nTAG OK done\r\n"
BREAKS = {
    "literal that ends too soon": b"* 2 FETCH (BODY[] {5000}\r\nshort)\r\nTAG OK done\r\n",
    "literal that goes on": b"* 2 FETCH (BODY[] {4}\r\n" + MAILS[2] + b")\r\nTAG OK done\r\n",
    "literal of a terabyte": b"* 2 FETCH (BODY[] {1099511627776}\r\nx",
    "no IMAP at all": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "NUL and noise": b"\x00\xff\xfe" * 200 + b"\r\n",
    "endless line": b"* 2 FETCH " + b"x" * 2_000_000,
    "BYE": Close(b"* BYE too much for me\r\n"),
    "broken off": Close(WHOLE[:60]),
    "silence": Hang(),
    "one byte at a time": Drip(WHOLE),
}


@pytest.mark.parametrize("fault", BREAKS.values(), ids=BREAKS)
def test_mail_that_always_breaks_is_skipped_and_the_next_one_comes(quick, fault):
    with ScriptedImap(MAILS) as server:
        server.faults[BODY] = fault
        inlet, failures = listen_through(server, imap_after="delete")
        assert inlet.subjects == [b"Subject: m1", b"Subject: m3"]
        found = read(InboundRequest(list(inlet.stored.values())[1]), account(server).settings)
        assert isinstance(found, Inbound)
        assert "still there: INBOX, UID 2" in found.text
        assert len(failures) == mailbox.MOST_BREAKS
        assert 2 not in server.flagged, "What is only on the server must not be deleted."


def test_mail_that_somebody_takes_away_between_two_commands_is_passed_over(quick):
    with ScriptedImap(MAILS) as server:
        server.faults[BODY] = Gone(2)
        inlet, failures = listen_through(server, enough=2)
        assert (inlet.subjects, failures) == ([b"Subject: m1", b"Subject: m3"], [])


def test_mail_without_a_body_is_a_notice_at_once(quick):
    with ScriptedImap(MAILS) as server:
        server.faults[BODY] = b"* 2 FETCH (BODY[] {x}\r\nTAG OK done\r\n"
        inlet, failures = listen_through(server)
        assert (inlet.subjects, failures) == ([b"Subject: m1", b"Subject: m3"], [])


def test_what_is_only_on_the_server_is_not_deleted_at_the_next_start(quick):
    with ScriptedImap({1: MAILS[1]}) as server:
        server.faults["UID FETCH 1 (BODY.PEEK[])"] = b"TAG NO I can't\r\n"
        inlet, failures = listen_through(server, enough=1, imap_after="delete")
        assert failures == []
        account(server, imap_after="delete").listen(inlet)
        assert server.flagged == set()


@pytest.mark.parametrize("after", ["delete", "move"])
def test_server_that_cannot_remove_one_mail_alone_removes_none(quick, after):
    with ScriptedImap({1: MAILS[1]}, capability="IMAP4rev1") as server:
        inlet, failures = listen_through(server, enough=1, imap_after=after, imap_move_to="Done")
        assert (inlet.subjects, failures, server.flagged) == ([b"Subject: m1"], [], {1})
        account(server, imap_after=after, imap_move_to="Done").listen(inlet)
        assert sum("COPY" in command for command in server.commands) == (after == "move"), "One copy is enough."
        assert not any("EXPUNGE" in command for command in server.commands), "It would remove what others have flagged."


def test_mail_is_moved_alone_where_the_server_can_only_copy(quick):
    with ScriptedImap({1: MAILS[1]}) as server:
        listen_through(server, enough=1, imap_after="move", imap_move_to="Done")
        copied = server.commands.index('UID COPY 1 "Done"')
        assert server.commands[copied + 1 : copied + 3] == [
            r"UID STORE 1 +FLAGS.SILENT (\Seen \Deleted)",
            "UID EXPUNGE 1",
        ]


def test_mail_that_cannot_be_copied_is_not_deleted(quick):
    with ScriptedImap({1: MAILS[1]}) as server:
        server.faults["UID COPY"] = b"TAG NO over quota\r\n"
        inlet, failures = listen_through(server, enough=1, imap_after="move", imap_move_to="Done")
        assert (inlet.subjects, server.flagged, "over quota" in failures[0]) == ([b"Subject: m1"], set(), True)


def test_server_that_refuses_to_tell_of_a_mail_is_asked_again_and_the_mail_is_not_passed_over(quick):
    with ScriptedImap(MAILS) as server:
        server.faults["UID FETCH 2"] = b"TAG NO [UNAVAILABLE] later\r\n"
        inlet = Intake(enough=3)
        with pytest.raises(Retry, match="refuses to tell"):
            account(server).listen(inlet)
        assert inlet.subjects == [b"Subject: m1"]
        server.faults.clear()
        account(server).listen(inlet)
        assert inlet.subjects == [b"Subject: m1", b"Subject: m2", b"Subject: m3"]


@pytest.mark.parametrize(
    ("command", "answer", "words"),
    [
        ("SELECT", b"* 3 EXISTS\r\nTAG OK done\r\n", "'nothing' as UIDVALIDITY"),
        ("SELECT", b"* 3 EXISTS\r\n* OK [UIDVALIDITY new] valid\r\nTAG OK done\r\n", "'new' as UIDVALIDITY"),
        ("UID SEARCH", b"* SEARCH 1 abc\r\nTAG OK done\r\n", "'abc' as UID"),
    ],
)
def test_numbers_that_are_none_are_told_in_words_and_nothing_is_lost(quick, command, answer, words):
    with ScriptedImap(MAILS) as server:
        server.faults[command] = answer
        inlet = Intake(enough=3)
        with pytest.raises(Retry, match=words):
            account(server).listen(inlet)
        assert inlet.stored == {}
        del server.faults[command]
        account(server).listen(inlet)
        assert list(inlet.stored.values()) == list(MAILS.values())


@pytest.mark.parametrize(
    ("fault", "after"), [("UID STORE", "keep"), ("UID MOVE", "move"), ("UID COPY", "move"), ("UID EXPUNGE", "delete")]
)
def test_server_that_hangs_after_a_mail_is_left_in_time_and_has_given_the_mail(quick, fault, after):
    with ScriptedImap({1: MAILS[1]}, capability="IMAP4rev1 UIDPLUS MOVE" if "MOVE" in fault else UIDPLUS) as server:
        server.faults[fault] = Hang()
        inlet = Intake(enough=2)
        started = time.monotonic()
        with pytest.raises(Retry, match="no end after"):
            account(server, imap_after=after, imap_move_to="Done").listen(inlet)
        assert time.monotonic() - started < 10
        assert inlet.subjects == [b"Subject: m1"]


def test_server_that_hangs_in_idle_is_left_in_time(quick, monkeypatch):
    monkeypatch.setattr(mailbox, "SLICE_SECONDS", 0.1)
    with ScriptedImap({}, capability="IMAP4rev1 UIDPLUS IDLE") as server:
        server.faults["IDLE"] = Hang()
        started = time.monotonic()
        with pytest.raises(Retry, match="no end after"):
            account(server).listen(Intake(enough=1))
        assert time.monotonic() - started < 10


def test_name_that_cannot_be_looked_up_now_is_tried_again(monkeypatch):
    def fail(*_args, **_named):
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    hosts = {"imap_host": "imap.desk.example", "imap_password": "x", "smtp_host": "smtp.desk.example"}
    email = Email(EmailSettings(address="support@desk.example", **hosts))
    with pytest.raises(Retry, match=r"IMAP server imap\.desk\.example:993 failed: .*Temporary failure in name"):
        email.listen(Intake(enough=1))
    with pytest.raises(Retry, match=r"SMTP server smtp\.desk\.example:\d+ failed: .*Temporary failure in name"):
        email.send(
            Outbound(key="k", ticket_number=1, subject="s", text="t", recipients=(Identity("email", "a@b.example"),))
        )


def test_server_that_hangs_in_the_handshake_is_left_in_time(monkeypatch):
    monkeypatch.setattr(connections, "IMAP_SECONDS", 0.4)
    with ScriptedImap({}, greeting=Hang()) as server:
        started = time.monotonic()
        with pytest.raises(Retry, match="The IMAP server"):
            account(server, imap_security="tls").listen(Intake(enough=1))
        assert time.monotonic() - started < 10


def test_server_that_breaks_once_gives_the_mail_the_next_time(quick):
    with ScriptedImap(MAILS) as server:
        server.faults[BODY] = Close()
        inlet = Intake(enough=3)
        with pytest.raises(Retry):
            account(server).listen(inlet)
        del server.faults[BODY]
        account(server).listen(inlet)
        assert inlet.subjects == [b"Subject: m1", b"Subject: m2", b"Subject: m3"]


def test_wrong_size_loses_nothing(quick):
    with ScriptedImap(MAILS) as server:
        server.faults["UID FETCH 2 (RFC822.SIZE"] = b"* 2 FETCH (UID 2 RFC822.SIZE 3)\r\nTAG OK done\r\n"
        inlet, failures = listen_through(server)
        assert (list(inlet.stored.values()), failures) == (list(MAILS.values()), [])


@pytest.mark.parametrize(
    "greeting", [Hang(), Drip(b"* OK " + b"x" * 500), Close(), Close(b"* BYE busy\r\n"), b"\x16\x03\r\n"]
)
def test_server_that_never_lets_anybody_in_is_left_in_time(greeting, monkeypatch):
    monkeypatch.setattr(connections, "IMAP_SECONDS", 0.4)
    with ScriptedImap({}, greeting=greeting) as server:
        started = time.monotonic()
        with pytest.raises(Retry, match="The IMAP server"):
            account(server).listen(Intake(enough=1))
        assert time.monotonic() - started < 10


@pytest.mark.parametrize("command", ["LOGIN", "CAPABILITY", "SELECT", "UID SEARCH"])
@pytest.mark.parametrize("fault", [Hang(), Close(b"* BYE later\r\n"), b"* nonsense {\r\n"])
def test_server_that_breaks_at_any_command_is_tried_again(quick, monkeypatch, command, fault):
    monkeypatch.setattr(connections, "IMAP_SECONDS", 0.4)
    with ScriptedImap(MAILS) as server:
        server.faults[command] = fault
        with pytest.raises(Retry, match="The IMAP server"):
            account(server).listen(Intake(enough=1))


def test_flood_of_one_folder_lets_the_others_have_their_turn(quick, monkeypatch):
    monkeypatch.setattr(mailbox, "MOST_AT_ONCE", 2)
    with ScriptedImap({uid: raw_mail(f"m{uid}") for uid in range(1, 8)}) as server:
        inlet, failures = listen_through(server, enough=14, imap_folders=("INBOX", "Other"))
        assert failures == []
        folders = [key.partition(":")[0] for key in inlet.stored]
        assert folders[:4] == ["Other", "Other", "INBOX", "INBOX"]
        assert len(set(inlet.stored)) == 14
