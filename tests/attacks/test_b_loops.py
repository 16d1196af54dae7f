"""B: nobody can make the desk write to somebody again and again, nor two machines answer each other for ever."""

import re

import pytest

from helpdesk.kernel.paging import Window
from helpdesk.tickets import operations, queries
from helpdesk.tickets.rules import TicketStatus
from tests.attacks.loops import Side, mail, side
from tests.attacks.outgoing import CUSTOMER, SUPPORT, answered, mail_account
from tests.factories.client import Caller
from tests.factories.desk import Desk
from tests.servers.smtp import Received, SmtpServer

OTHER = "help@other.example"
MACHINE = re.compile(rb"^(?:Auto-Submitted|X-Auto-Response-Suppress|Precedence|X-Loop):[^\n]*\n", re.MULTILINE)
ROUNDS = 8


@pytest.fixture
def theirs(stranger: Caller, desk: Desk, smtp_server: SmtpServer) -> Side:
    """Another service with a mail account."""
    return side(stranger, desk, smtp_server, slug="other", address=OTHER)


def exchange(ours: Side, theirs: Side, server: SmtpServer, *, is_stripped: bool) -> list[Received]:
    """Carry every mail to the other side and let its machine answer, for some rounds; return all mails."""
    sides = {SUPPORT: ours, OTHER: theirs}
    carried = 0
    for _ in range(ROUNDS):
        found = server.received
        for one in found[carried:]:
            sides[one.recipients[0]].take(MACHINE.sub(b"", one.raw) if is_stripped else one.raw)
        carried = len(found)
        ours.answer_all()
        theirs.answer_all()
    assert len(server.received) == carried, "they have not fallen silent"
    return server.received


@pytest.mark.parametrize("is_stripped", [False, True])
def test_two_desks_that_answer_each_other_fall_silent_after_two(
    ours: Side, theirs: Side, smtp_server: SmtpServer, is_stripped: bool
) -> None:
    ours.take(mail(sender=OTHER, to=SUPPORT, subject="Order", Message_ID="<1@other.example>"))
    sent = exchange(ours, theirs, smtp_server, is_stripped=is_stripped)
    by_us = [one for one in sent if one.recipients == (OTHER,)]
    by_them = [one for one in sent if one.recipients == (SUPPORT,)]
    assert 1 <= len(by_us) <= 2
    assert len(by_them) <= 2
    assert len(by_them) == (2 if is_stripped else 0)


def test_mail_of_a_machine_of_ours_says_so_and_has_no_sender_and_an_agent_s_does_not(
    ours: Side, agent: Caller, smtp_server: SmtpServer
) -> None:
    ours.take(mail(sender=CUSTOMER, to=SUPPORT, Message_ID="<1@customer.example>"))
    ours.answer_all()
    agent.done("TicketReply", ticketId=agent.ask("Ticket", number=1)["ticket"]["id"], body="Dear customer")
    ours.desk.run_jobs()
    machine, person = smtp_server.wait_for(2)
    assert machine.sender in ("", "<>")
    for header in (b"Auto-Submitted: auto-replied", b"X-Auto-Response-Suppress: All", b"Precedence: bulk"):
        assert header in machine.raw
        assert header not in person.raw
    assert person.sender == SUPPORT


def test_agent_sees_that_a_machine_answered_and_the_ticket_is_nobody_s_still(ours: Side, agent: Caller) -> None:
    ours.take(mail(sender=CUSTOMER, to=SUPPORT))
    ours.answer_all()
    seen = agent.ask("Ticket", number=1)["ticket"]
    assert (seen["status"], seen["assignee"]) == ("NEW", None)
    assert [(one["kind"], one["isAutomatic"]) for one in seen["messages"]["nodes"]] == [
        ("INQUIRY", False), ("REPLY", True),
    ]  # fmt: skip


def test_thirty_inquiries_in_the_name_of_a_victim_bring_it_ten_mails(
    ours: Side, partner: Caller, agent: Caller, smtp_server: SmtpServer
) -> None:
    for number in range(15):
        given = {"subject": f"No. {number}", "body": "x", "customer": {"email": CUSTOMER}}
        partner.done("TicketCreate", **given)
        ours.take(mail(sender=CUSTOMER.upper(), to=SUPPORT, subject=f"Other {number}", Message_ID=f"<{number}@x.y>"))
    ours.answer_all()
    assert len(smtp_server.received) == 10
    failed = agent.ask("Deliveries", state="FAILED")["deliveries"]["nodes"]
    assert len(failed) == 20
    assert {one["lastError"] for one in failed} == {
        "Not sent: this address got automatic mail 10 times within 180 minutes; try it again to send it all the same."
    }


BOUNCE = """Return-Path: <>
From: MAILER-DAEMON@mx.customer.example
To: {to}
Subject: failure notice

Hi. This is the qmail-send program at mx.customer.example.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<{recipient}>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

Return-Path: <>
{copy}"""


def test_bounce_of_our_own_answer_opens_no_ticket_and_is_not_answered(
    ours: Side, agent: Caller, smtp_server: SmtpServer
) -> None:
    ours.take(mail(sender=CUSTOMER, to=SUPPORT))
    ours.answer_all()
    (sent,) = smtp_server.wait_for(1)
    ours.take(BOUNCE.format(to=SUPPORT, recipient=CUSTOMER, copy=sent.raw.decode()).encode())
    ours.answer_all()
    assert (len(smtp_server.received), len(agent.ask("Tickets")["tickets"]["nodes"])) == (1, 1)
    seen = agent.ask("Ticket", number=1)["ticket"]
    answer = seen["messages"]["nodes"][-1]["delivery"]
    assert (answer["state"], answer["recipients"][0]["reason"]) == (
        "FAILED", "Sorry, no mailbox here by that name. (#5.1.1)",
    )  # fmt: skip
    assert seen["customer"]["identities"][0]["isUndeliverable"]


MACHINES = {
    "our own address": {"sender": SUPPORT},
    "our own address with a tag": {"sender": "support+t.1.abc@desk.example"},
    "a daemon": {"sender": "MAILER-DAEMON@x.example"},
    "no return path": {"sender": CUSTOMER, "Return_Path": "<>"},
    "Auto-Submitted": {"sender": CUSTOMER, "Auto_Submitted": "auto-replied"},
    "Precedence": {"sender": CUSTOMER, "Precedence": "bulk"},
    "our X-Loop": {"sender": CUSTOMER, "X_Loop": SUPPORT},
    "a list": {"sender": CUSTOMER, "List_Id": "<a.list.example>"},
    "an absence in Korean without a header": {"sender": CUSTOMER, "subject": "[부재중] 휴가 안내"},
    "an absence in English without a header": {"sender": CUSTOMER, "subject": "Out of office: back on Monday"},
}


@pytest.mark.parametrize("given", MACHINES.values(), ids=MACHINES)
def test_machine_that_writes_first_opens_no_ticket(ours: Side, smtp_server: SmtpServer, given: dict[str, str]) -> None:
    ours.take(mail(to=SUPPORT, **given))
    ours.answer_all()
    assert (ours.inquiries(), smtp_server.received) == ([], [])


def test_machine_that_answers_a_resolved_ticket_does_not_reopen_it(
    ours: Side, agent: Caller, smtp_server: SmtpServer
) -> None:
    ours.take(mail(sender=CUSTOMER, to=SUPPORT))
    ours.answer_all("We have closed this.")
    (found,) = queries.load(queries.TicketRow, queries.matching(ours.desk.service_id))
    operations.set_status(ours.desk.agent, found.id, TicketStatus.OPEN)
    operations.set_status(ours.desk.agent, found.id, TicketStatus.RESOLVED)
    (sent,) = smtp_server.wait_for(1)
    (known_as,) = re.findall(rb"^Message-ID: (\S+)", sent.raw, re.MULTILINE)
    for number in range(3):
        ours.take(
            mail(
                sender=CUSTOMER, to=SUPPORT, subject="자동 회신: 부재중", In_Reply_To=known_as.decode(),
                Message_ID=f"<ooo{number}@x.y>",
            )
        )  # fmt: skip
    seen = agent.ask("Ticket", number=1)["ticket"]
    assert (seen["status"], len(seen["messages"]["nodes"])) == ("RESOLVED", 5)


def test_machine_that_hides_reopens_a_ticket_only_as_often_as_it_is_written_to(
    ours: Side, agent: Caller, smtp_server: SmtpServer
) -> None:
    ours.take(mail(sender=CUSTOMER, to=SUPPORT, Message_ID="<0@x.y>"))
    (found,) = queries.load(queries.TicketRow, queries.matching(ours.desk.service_id))
    reopened = carried = 0
    for number in range(1, 9):
        operations.set_status(ours.desk.agent, found.id, TicketStatus.OPEN)
        operations.set_status(ours.desk.agent, found.id, TicketStatus.RESOLVED)
        ours.answer_all("We have closed this.")
        for sent in smtp_server.received[carried:]:
            carried += 1
            (known_as,) = re.findall(rb"^Message-ID: (\S+)", sent.raw, re.MULTILINE)
            answer = {"In_Reply_To": known_as.decode(), "Message_ID": f"<{number}@x.y>"}
            ours.take(mail(sender=CUSTOMER, to=SUPPORT, subject="Thank you", text="We have got it.", **answer))
        reopened += agent.ask("Ticket", number=1)["ticket"]["status"] != "RESOLVED"
    assert (reopened, carried) == (2, 2)


@pytest.mark.parametrize(
    "text",
    [
        "a\r\n.\r\nMAIL FROM:<evil@evil.example>\r\nRCPT TO:<victim@x.example>\r\nDATA\r\nb",
        "a\r.\r\nb",
        "a\n.\nb",
        "a\n.\r\nb",
        "a\r\n.\nb",
        ".",
        "..\n.\n...",
    ],
)
def test_no_answer_ends_its_mail_early_or_begins_another(
    desk: Desk, administrator: Caller, smtp_server: SmtpServer, text: str
) -> None:
    mail_account(administrator, smtp_server)
    received, written = answered(desk, administrator, smtp_server, subject="Dots", name=text, files=[])
    assert (received.sender, received.recipients, len(smtp_server.received)) == (SUPPORT, (CUSTOMER,), 1)
    body = written.get_body(("plain",))
    assert body is not None
    lines = re.split(r"\r\n|\r|\n", f"Dear {text}")
    assert str(body.get_content()).splitlines() == lines


UNNAMED = [{}, {"Message_ID": "", "In_Reply_To": "", "References": ""}, {"In_Reply_To": "<>", "References": "<>"}]


@pytest.mark.parametrize("headers", UNNAMED)
def test_mails_without_an_id_are_tickets_of_their_own(ours: Side, agent: Caller, headers: dict[str, str]) -> None:
    for name in ("hong", "kim", "hong"):
        ours.take(mail(sender=f"{name}@x.example", to=SUPPORT, text=f"{name} {len(ours.inquiries())}", **headers))
    assert len(agent.ask("Tickets")["tickets"]["nodes"]) == 3
    pages = queries.messages_of_tickets([row.ticket_id for row in ours.inquiries()], Window(first=10))
    assert [len(page.rows) for page in pages] == [1, 1, 1]
