"""Who is believed: a proven agent answers by mail, and what is suspicious waits for a person."""

from dataclasses import replace

import pytest

from helpdesk.agents import queries as agents
from helpdesk.agents.operations import deactivate_member
from helpdesk.agents.rules import Role
from helpdesk.channels import inbox
from helpdesk.channels.codes import CODES
from helpdesk.channels.models import ChannelAccount, Delivery
from helpdesk.customers import queries as customers
from helpdesk.kernel.errors import Conflict, Forbidden
from helpdesk.organization.operations import create_service
from helpdesk.plugins import registry
from helpdesk.plugins.kinds import Kind
from helpdesk.tickets import operations as tickets
from helpdesk.tickets import participants
from helpdesk.tickets import queries as ticket_queries
from helpdesk.tickets.operations import NewTicket
from helpdesk.tickets.queries import participants_of_tickets
from helpdesk.tickets.rules import COMPLETED, NEW, OPEN, RESOLVED, Asker, Body, MessageKind
from tests.channels.post import MINA, Post, answered, make_post
from tests.factories.desk import hire, make_desk
from tests.factories.echo import Echo, EchoSettings
from tests.factories.tickets import INQUIRY, messages, ticket

SUSPICION = "It does not come from mina@shop.example, our mail server says: dmarc=fail."


def agent_email(post: Post) -> str:
    """Return the address of the desk's agent."""
    (row,) = agents.agents_by_ids([post.desk.agent.id])
    assert row is not None
    return row.email


def answer_id(post: Post, ticket_id: int) -> str:
    """Answer the ticket and return the id under which the answer went out."""
    message_id = post.reply(ticket_id)
    post.work()
    return str(post.delivery(message_id).external_id)


def test_proven_agent_answers_the_customer_by_mail_with_what_is_new(post: Post) -> None:
    ticket_id = post.ticket()
    text = "네, 환불됩니다.\n\n> 환불해 주세요"
    row = post.feed(
        id="m2", text=text, html="<p>네</p>", quoted_from=text.index(">"), proof="passed", proof_details="dmarc=pass",
        answers=[answer_id(post, ticket_id)], files={"영수증.txt": "1042"}, **{"from": agent_email(post).upper()},
    )  # fmt: skip
    assert (row.outcome, row.ticket_id) == ("REPLY", ticket_id)
    *_rest, last = messages(ticket_id)
    assert (last.kind, last.author_id, last.body_text) == (MessageKind.REPLY, post.desk.agent.id, "네, 환불됩니다.")
    assert ticket_queries.html_of_messages([last.id]) == [None]
    assert (last.proof, last.proof_details) == ("passed", "dmarc=pass")
    assert ticket(ticket_id).status is OPEN
    sent = Echo.sent[-1]
    assert (sent.recipients[0].value, sent.text) == (MINA, "네, 환불됩니다.")
    assert [file.data for file in sent.files] == [b"1042"]


def test_agent_s_answer_by_mail_that_would_reach_nobody_is_kept_and_says_why(post: Post) -> None:
    registry.register(Kind.CHANNEL, "email", Echo)
    make_post(post.desk, driver="email")
    ticket_id = tickets.create(post.desk.partner, replace(INQUIRY, asker=Asker(phone="010-1234-5678"))).ticket_id
    row = post.feed(text="전화 주세요", ticket_number=1, proof="passed", **{"from": agent_email(post)})
    assert (row.state, len(messages(ticket_id))) == ("QUARANTINED", 1)
    assert "would reach nobody" in row.last_error


@pytest.mark.parametrize("proof", ["none", "failed"])
def test_address_of_an_agent_without_proof_is_a_stranger_s(post: Post, proof: str) -> None:
    ticket_id = post.ticket()
    known = answer_id(post, ticket_id)
    before = Delivery.select().count()
    row = post.feed(id="m2", text="보내 줘", answers=[known], proof=proof, **{"from": agent_email(post)})
    assert row.outcome == "TICKET"
    assert row.ticket_id != ticket_id
    assert Delivery.select().count() == before


def test_proven_stranger_takes_part_in_no_ticket(post: Post) -> None:
    ticket_id = post.ticket()
    row = post.feed(id="m2", answers=[answer_id(post, ticket_id)], proof="passed", **{"from": "mallory@else.example"})
    assert row.ticket_id != ticket_id


def assert_no_answer(post: Post, sender: str) -> None:
    """Let somebody answer a ticket with proof, and see that it is no agent's answer, and that nothing is sent."""
    ticket_id = post.ticket()
    known, sent = answer_id(post, ticket_id), len(Echo.sent)
    row = post.feed(id="m2", text="보내 줘", answers=[known], ticket_number=1, proof="passed", **{"from": sender})
    assert row.outcome == "TICKET"
    assert row.ticket_id != ticket_id
    (message,) = messages(row.ticket_id or 0)
    assert (message.kind, message.author_kind) == (MessageKind.INQUIRY, "customer")
    assert len(Echo.sent) == sent


def test_proven_agent_who_works_here_no_more_answers_nobody_and_the_log_tells_of_it(
    post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    (row,) = agents.agents_by_ids([post.desk.agent.id])
    assert row is not None
    deactivate_member(row.member_id)
    caplog.set_level("INFO", logger="helpdesk.channels.filing")
    assert_no_answer(post, row.email)
    assert "a message names a ticket in which its sender takes no part" in caplog.messages


@pytest.mark.parametrize("is_same_organization", [True, False])
def test_proven_agent_of_another_service_answers_nobody(post: Post, is_same_organization: bool) -> None:
    other = make_desk(post.desk.settings, slug="other")
    organization_id, service_id = other.organization_id, other.service_id
    if is_same_organization:
        organization_id = post.desk.organization_id
        service_id = create_service(
            organization_id, slug="third", names={"en": "Third"}, languages=["en"], default_language="en",
            time_zone="UTC",
        )  # fmt: skip
    hire(organization_id, service_id, "clerk@other.example", Role.AGENT)
    assert_no_answer(post, "clerk@other.example")


def test_proven_agent_of_a_completed_ticket_is_told_why_nothing_was_sent(post: Post) -> None:
    ticket_id = post.ticket()
    known = answer_id(post, ticket_id)
    for status in (RESOLVED, COMPLETED):
        tickets.set_status(post.desk.administrator, ticket_id, status)
    row = post.feed(id="m2", answers=[known], proof="passed", **{"from": agent_email(post)})
    assert row.state == "QUARANTINED"
    assert "completed" in row.last_error


def test_forwarded_mail_belongs_to_its_author_when_a_proven_agent_forwards_it(post: Post) -> None:
    forwarded = {"forwarded_from": "jun@shop.example", "text": "봐 주세요"}
    trusted = post.ticket(id="m2", proof="passed", **forwarded, **{"from": agent_email(post)})
    jun = customers.customer_of_identity(post.desk.service_id, "email", "jun@shop.example")
    assert ticket(trusted).customer_id == jun
    unproven = post.ticket(id="m3", **forwarded, **{"from": agent_email(post)})
    stranger = post.ticket(id="m4", proof="passed", **forwarded)
    assert len({ticket(one).customer_id for one in (trusted, unproven, stranger)}) == 3


def test_forwarded_mail_is_in_no_ticket_but_its_author_s(post: Post) -> None:
    ticket_id = post.ticket()
    number = ticket(ticket_id).number
    forwarded = {"proof": "passed", "from": agent_email(post), "ticket_number": number, "text": "봐 주세요"}
    elsewhere = post.ticket(id="m2", forwarded_from="jun@shop.example", **forwarded)
    assert elsewhere != ticket_id
    row = post.feed(id="m3", forwarded_from=MINA, **forwarded)
    assert (row.outcome, row.ticket_id) == ("REPLY", ticket_id)
    (*_, message) = messages(ticket_id)
    assert (message.author_kind, message.author_name) == ("customer", "Mina")
    assert Echo.sent == [], "nobody's mail went out to anybody"


def test_name_that_is_an_address_is_nobody_s(post: Post) -> None:
    row = post.feed(name="minji@shop.example", suspicion="It is a pretence.", **{"from": "evil@else.example"})
    inbox.let_through(post.desk.administrator, row.id)
    post.work()
    made = ticket(post.item(row.id).ticket_id or 0)
    assert (customers.customers_by_ids([made.customer_id])[0] or made).name != "minji@shop.example"
    (message,) = messages(made.id)
    assert "minji" not in message.author_name


def test_nothing_goes_to_the_desk_itself(post: Post) -> None:
    make_addressed(post, "help@desk.example")
    account = ChannelAccount.get(ChannelAccount.driver == "addressed")
    given = NewTicket("Hi", Body("x"), "addressed", "ko", Asker(email="help@desk.example"), account_id=account.id)
    mine = tickets.create(post.desk.partner, given).ticket_id
    with pytest.raises(Conflict) as refusal:
        tickets.reply(post.desk.agent, mine, Body("네"))
    assert refusal.value.code == "CUSTOMER_NOT_REACHABLE"
    theirs = tickets.create(post.desk.partner, replace(given, asker=Asker(email=MINA))).ticket_id
    participants.add(post.desk.agent, theirs, "help@desk.example")
    tickets.reply(post.desk.agent, theirs, Body("네"))
    post.work()
    assert [one.value for one in Echo.sent[-1].recipients] == [MINA]


def test_domain_in_letters_and_in_xn_is_one_sender(post: Post) -> None:
    ticket_id = post.ticket(**{"from": "kim@xn--3e0b707e.kr"})
    answer_id(post, ticket_id)
    (answer,) = Echo.sent
    assert answer.recipients[0].value == "kim@한국.kr"
    for number, address in enumerate(("kim@xn--3e0b707e.kr", "KIM@한국.kr"), start=2):
        row = post.feed(id=f"m{number}", reply_token=answer.reply_token, **{"from": address})
        assert (row.outcome, row.ticket_id) == ("REPLY", ticket_id)
    participants.add(post.desk.agent, ticket_id, "jun@xn--3e0b707e.kr")
    row = post.feed(id="m4", ticket_number=ticket(ticket_id).number, **{"from": "jun@xn--3e0b707e.kr"})
    assert (row.outcome, row.ticket_id) == ("REPLY", ticket_id)


class Addressed(Echo):
    """An Echo whose account has a mail address."""

    class Settings(EchoSettings):
        address: str


def make_addressed(post: Post, address: str, **settings: str) -> None:
    """Make an account of the address beside the test's own."""
    registry.register(Kind.CHANNEL, "addressed", Addressed)
    make_post(post.desk, driver="addressed", address=address, **settings)


@pytest.fixture
def other_account(post: Post) -> str:
    """Give the address of another account of the service."""
    make_addressed(post, "Other@desk.example")
    return "other@desk.example"


def test_address_by_which_an_account_logs_in_is_a_person_s(post: Post) -> None:
    make_addressed(post, "help@desk.example", url="mina@desk.example")
    assert post.feed(**{"from": "mina@desk.example"}).outcome == "TICKET"


@pytest.mark.parametrize("tag", ["", "+t.abc"])
def test_mail_of_another_account_makes_no_customer(post: Post, other_account: str, tag: str) -> None:
    address = other_account.replace("@", f"{tag}@")
    assert post.feed(**{"from": address}).outcome == "AUTO"
    passed_on = {"id": "m2", "proof": "passed", "from": agent_email(post), "forwarded_from": address}
    assert ticket(post.ticket(**passed_on)).customer_id is not None
    participant = post.ticket(id="m3", copied=[address, "jun@shop.example"])
    assert [one.email for one in participants_of_tickets([participant])[0]] == ["jun@shop.example"]
    assert customers.customer_of_identity(post.desk.service_id, "email", address) is None


def test_own_address_of_another_service_is_anybody_s(post: Post, other_account: str) -> None:
    elsewhere = make_post(make_desk(post.desk.settings, slug="elsewhere"))
    assert elsewhere.feed(**{"from": other_account}).outcome == "TICKET"


def test_agent_whose_address_an_account_has_answers_all_the_same(post: Post) -> None:
    ticket_id = post.ticket()
    known = answer_id(post, ticket_id)
    make_addressed(post, agent_email(post))
    row = post.feed(id="m2", answers=[known], proof="passed", **{"from": agent_email(post)})
    assert (row.outcome, row.ticket_id) == ("REPLY", ticket_id)


def test_suspicious_message_is_held_until_somebody_believes_it(post: Post) -> None:
    row = post.feed(suspicion=SUSPICION, proof="failed")
    assert (row.state, row.is_held, row.last_error) == ("QUARANTINED", True, SUSPICION)
    assert (row.sender, row.subject) == (f"Mina <{MINA}>", None)
    assert customers.customer_of_identity(post.desk.service_id, "email", MINA) is None
    inbox.retry(post.desk.administrator, row.id)
    post.work()
    assert post.item(row.id).is_held, "reading it again proves nothing"
    with pytest.raises(Forbidden):
        inbox.let_through(post.desk.agent, row.id)
    inbox.let_through(post.desk.administrator, row.id)
    post.work()
    done = post.item(row.id)
    assert (done.state, done.outcome, done.is_held) == ("PROCESSED", "TICKET", False)
    (message,) = messages(done.ticket_id or 0)
    assert message.proof == "failed"


def test_only_what_is_held_is_released(post: Post) -> None:
    broken = post.feed(garbage=True)
    with pytest.raises(Conflict) as refusal:
        inbox.let_through(post.desk.administrator, broken.id)
    assert (refusal.value.code, str(refusal.value)) == ("NOT_HELD", CODES["NOT_HELD"])
    done = post.feed(id="m2")
    with pytest.raises(Conflict) as refusal:
        inbox.let_through(post.desk.administrator, done.id)
    assert refusal.value.code == "NOT_RETRIABLE"


def test_what_is_quarantined_is_dismissed_as_spam_and_taken_back(post: Post) -> None:
    held, done = post.feed(suspicion=SUSPICION), post.feed(id="m2")
    broken = post.item(inbox.settle(post.put(garbage=True), post.desk.settings).id)
    with pytest.raises(Forbidden):
        inbox.dismiss(post.desk.agent, held.id)
    for row in (held, broken):
        inbox.dismiss(post.desk.administrator, row.id)
        aside = post.item(row.id)
        assert (aside.state, aside.outcome, aside.is_held) == ("PROCESSED", "SPAM", False)
        assert aside.last_error == f"Dismissed by admin. Before: {row.last_error}"
    for row in (held, done):
        with pytest.raises(Conflict) as refusal:
            inbox.dismiss(post.desk.administrator, row.id)
        assert refusal.value.code == "NOT_QUARANTINED"
    for row in (held, broken):
        inbox.let_through(post.desk.administrator, row.id)
    assert inbox.settle(held.id, post.desk.settings).outcome == "TICKET"
    assert inbox.settle(broken.id, post.desk.settings).state == "QUARANTINED"


@pytest.mark.parametrize(("nature", "outcome"), [("spam", "SPAM"), ("automatic", "AUTO")])
def test_what_was_put_aside_by_mistake_is_filed_as_a_person_s_message_once(
    post: Post, nature: str, outcome: str
) -> None:
    row, copy = post.feed(nature=nature, once=True), post.put(nature=nature, once=True)
    assert (row.outcome, row.ticket_id) == (outcome, None)
    with pytest.raises(Conflict):
        inbox.retry(post.desk.administrator, row.id)
    with pytest.raises(Forbidden):
        inbox.let_through(post.desk.agent, row.id)
    inbox.let_through(post.desk.administrator, row.id)
    assert post.item(row.id).outcome is None
    with pytest.raises(Conflict) as refusal:
        inbox.let_through(post.desk.administrator, row.id)
    assert refusal.value.code == "NOT_HELD"
    post.work()
    done = post.item(row.id)
    assert (done.state, done.outcome) == ("PROCESSED", "TICKET")
    assert done.last_error.startswith("Released by admin. Before: ")
    (message,) = messages(done.ticket_id or 0)
    assert not message.is_automatic
    assert post.item(copy).ticket_id == done.ticket_id
    with pytest.raises(Conflict) as refusal:
        inbox.let_through(post.desk.administrator, row.id)
    assert refusal.value.code == "NOT_RETRIABLE"


def test_person_s_message_that_was_taken_for_a_report_is_listed_and_filed_once_somebody_says_so(post: Post) -> None:
    sent = post.delivery(answered(post))
    said = {"id": sent.external_id, "report": "failed", "to": MINA, "reason": "550 5.1.1", "is_permanent": True}
    row = post.feed(**said, message_id="m2", subject="Your mail came back", answers=["m1"], once=True)
    copy = post.put(**said, message_id="m2", subject="Your mail came back", answers=["m1"], once=True)
    assert (row.outcome, row.sender, row.subject) == ("BOUNCE", f"Mina <{MINA}>", "Your mail came back")
    assert "550 5.1.1" in row.last_error
    inbox.let_through(post.desk.administrator, row.id)
    assert post.item(row.id).message_id is None
    post.work()
    done = post.item(row.id)
    assert (done.outcome, done.ticket_id) == ("REPLY", sent.ticket_id)
    assert [one.id for one in messages(sent.ticket_id)][2:] == [done.message_id]
    assert post.item(copy).message_id == done.message_id
    assert customers.undeliverable(post.desk.service_id, [("email", MINA)]) == {}
    with pytest.raises(Conflict):
        inbox.let_through(post.desk.administrator, row.id)


@pytest.mark.parametrize("report", ["failed", "complained"])
def test_forged_report_is_held_and_marks_nobody_even_if_it_is_released(post: Post, report: str) -> None:
    sent = post.delivery(answered(post))
    said = {"id": sent.external_id, "report": report, "to": MINA, "reason": "550 5.1.1", "is_permanent": True}
    row = post.feed(**said, message_id="m2", proof="failed", suspicion=SUSPICION)
    assert (row.state, row.is_held, row.outcome, row.last_error) == ("QUARANTINED", True, None, SUSPICION)
    assert post.feed(**said, message_id="m3", proof="failed").last_error.startswith("It reports on a message of ours")
    inbox.let_through(post.desk.administrator, row.id)
    post.work()
    assert post.item(row.id).outcome == "TICKET"
    (one,) = (one for one in post.delivery(sent.message_id).recipients)
    assert (one["verdict"], customers.undeliverable(post.desk.service_id, [("email", MINA)])) == ("accepted", {})


def test_forged_message_takes_no_mark_away_even_if_it_is_released(post: Post) -> None:
    sent = post.delivery(answered(post))
    post.feed(id=sent.external_id, report="failed", to=MINA, reason="550 5.1.1", is_permanent=True)
    row = post.feed(id="m2", proof="failed", suspicion=SUSPICION)
    inbox.let_through(post.desk.administrator, row.id)
    post.work()
    assert post.item(row.id).outcome == "TICKET"
    assert list(customers.undeliverable(post.desk.service_id, [("email", MINA)])) == [("email", MINA)]


def test_report_that_is_no_message_stays_a_report(post: Post) -> None:
    row = post.feed(id="x", report="failed", to=MINA)
    assert (row.outcome, row.sender) == ("BOUNCE", None)
    inbox.let_through(post.desk.administrator, row.id)
    post.work()
    assert (post.item(row.id).state, post.item(row.id).outcome) == ("PROCESSED", "BOUNCE")


def test_released_answer_reopens_its_ticket(post: Post) -> None:
    ticket_id = post.ticket()
    tickets.set_status(post.desk.agent, ticket_id, RESOLVED)
    row = post.feed(id="m2", answers=["m1"], nature="spam")
    inbox.let_through(post.desk.administrator, row.id)
    post.work()
    assert (post.item(row.id).outcome, post.item(row.id).ticket_id) == ("REPLY", ticket_id)
    assert ticket(ticket_id).status is NEW


def test_machine_s_message_that_stands_in_a_ticket_is_not_released(post: Post) -> None:
    ticket_id = post.ticket()
    row = post.feed(id="m2", answers=["m1"], nature="automatic")
    with pytest.raises(Conflict) as refusal:
        inbox.let_through(post.desk.administrator, row.id)
    assert refusal.value.code == "NOT_RETRIABLE"
    assert len(messages(ticket_id)) == 2


def test_suspicious_message_that_was_here_before_stays_a_duplicate(post: Post) -> None:
    post.ticket()
    assert post.feed(suspicion=SUSPICION, key="again").outcome == "DUPLICATE"
