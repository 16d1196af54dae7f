"""B: nothing that people type can add a header or a recipient to a mail. Source: SECURITY B9, B10."""

import re
from email import message_from_bytes, policy

import pytest

from helpdesk.agents import operations as agents
from helpdesk.agents.rules import Role
from tests.attacks.outgoing import CUSTOMER, SUPPORT, answered, mail_account, upload
from tests.factories.client import Caller, log_in, ticket
from tests.factories.desk import PASSWORD, Desk
from tests.servers.smtp import SmtpServer

EVIL = "evil@evil.example"
INJECTIONS = [
    f"Hong\r\nBcc: {EVIL}",
    f"Hong\nBcc: {EVIL}\n\nAnother body",
    f"Hong\rTo: {EVIL}",
    f"Hong\u2028Bcc: {EVIL}",
    f"Hong\u2029\x85Bcc: {EVIL}",
    f"Hong, {EVIL}",
    f"Hong <{EVIL}>",
    f'Hong" <{EVIL}>, "',
    f"=?utf-8?Q?Hong=0D=0ABcc:_{EVIL}?=",
    f"Hong;{EVIL}:(",
    "Hong\r\n.\r\nMAIL FROM:<evil@evil.example>\r\n",
    "홍길동\u202e\x0b\x0c\x1b[31m",
]
ONCE = {"from", "to", "subject", "date", "message-id", "reply-to", "references", "in-reply-to", "mime-version"}


@pytest.mark.parametrize("payload", INJECTIONS)
def test_name_subject_and_sender_stay_in_their_own_headers(
    desk: Desk, administrator: Caller, stranger: Caller, smtp_server: SmtpServer, payload: str
) -> None:
    mail_account(administrator, smtp_server, sender_name=payload[:45])
    member = agents.add_member(desk.organization_id, email="evil@demo.example", name=payload, password=PASSWORD)
    agents.add_agent(desk.service_id, member, role=Role.AGENT)
    agent = log_in(stranger, "evil@demo.example")
    received, mail = answered(desk, agent, smtp_server, subject=payload, name=payload, files=[upload(agent, payload)])
    names = [name.lower() for name in mail]
    assert [name for name in names if name in ONCE] == list(dict.fromkeys(name for name in names if name in ONCE))
    assert {"bcc", "cc"}.isdisjoint(names)
    assert (received.sender, received.recipients) == (SUPPORT, (CUSTOMER,))
    assert [address.addr_spec for address in mail["To"].addresses] == [CUSTOMER]
    assert [address.addr_spec for address in mail["From"].addresses] == [SUPPORT]
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", f"{mail['From']}{mail['To']}{mail['Subject']}")
    assert len(smtp_server.received) == 1


@pytest.mark.parametrize(
    "address", [f"{CUSTOMER},{EVIL}", f"{CUSTOMER}\r\nBcc: {EVIL}", f"<{EVIL}> {CUSTOMER}", f"{CUSTOMER} {EVIL}"]
)
def test_address_of_two_people_is_refused(partner: Caller, address: str) -> None:
    given = {"subject": "x", "body": "x", "customer": {"email": address}}
    assert partner.refused("TicketCreate", **given) == ("BAD_EMAIL", ["customer", "email"])


@pytest.mark.parametrize("place", ["subject", "name"])
def test_null_character_is_refused_at_the_door(partner: Caller, place: str) -> None:
    given = {"subject": "x", "body": "x", "customer": {"email": CUSTOMER}}
    given |= {"subject": "a\0b"} if place == "subject" else {"customer": {"name": "a\0b"}}
    assert partner.answer("TicketCreate", input=given).status_code == 400


@pytest.mark.parametrize("end", ["\r\n.\r\n", "\n.\n", "\r.\r", "\n.\r\n", "\r\n.\n", "\r\n.\r"])
def test_no_text_ends_its_mail_or_begins_another(
    desk: Desk, administrator: Caller, agent: Caller, smtp_server: SmtpServer, end: str
) -> None:
    smuggled = f"Hello{end}MAIL FROM:<{EVIL}>\r\nRCPT TO:<{EVIL}>\r\nDATA\r\nSubject: evil\r\n\r\nevil\r\n.\r\n"
    mail_account(administrator, smtp_server)
    made = ticket(agent, subject="x", customer={"email": CUSTOMER, "name": "Hong"})
    agent.done("TicketReply", ticketId=made["id"], body=smuggled)
    desk.run_jobs()
    (received,) = smtp_server.wait_for(1)
    assert (received.sender, received.recipients) == (SUPPORT, (CUSTOMER,))
    text = message_from_bytes(received.raw, policy=policy.default).get_body(("plain",))
    assert text is not None
    assert "MAIL FROM" in text.get_content()
