"""The life cycle of a ticket, decided without a database."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.kernel.errors import Conflict, Invalid
from helpdesk.tickets import rules
from helpdesk.tickets.rules import COMPLETED, NEW, ON_HOLD, OPEN, RESOLVED, TicketStatus


@pytest.mark.parametrize(
    ("before", "after"),
    [(NEW, OPEN), (OPEN, ON_HOLD), (ON_HOLD, RESOLVED), (RESOLVED, COMPLETED), (RESOLVED, OPEN), (OPEN, NEW)],
)
def test_documented_moves_are_allowed(before: TicketStatus, after: TicketStatus) -> None:
    rules.check_move(before, after)


@pytest.mark.parametrize(("before", "after"), [(NEW, COMPLETED), (OPEN, COMPLETED), (ON_HOLD, NEW), (RESOLVED, NEW)])
def test_other_moves_say_where_the_ticket_can_go(before: TicketStatus, after: TicketStatus) -> None:
    with pytest.raises(Conflict, match="from here it can go to") as refusal:
        rules.check_move(before, after)
    assert refusal.value.code == "STATUS_NOT_ALLOWED"


@given(st.sampled_from(TicketStatus))
def test_completed_is_final(after: TicketStatus) -> None:
    if after is COMPLETED:
        rules.check_move(COMPLETED, after)
    else:
        with pytest.raises(Conflict) as refusal:
            rules.check_move(COMPLETED, after)
        assert refusal.value.code == "TICKET_COMPLETED"


def test_reply_takes_an_unassigned_ticket_out_of_new() -> None:
    assert rules.status_after_reply(NEW, None) is OPEN
    assert rules.status_after_reply(ON_HOLD, None) is ON_HOLD
    assert rules.status_after_reply(OPEN, RESOLVED) is RESOLVED


def test_reply_cannot_make_a_ticket_new() -> None:
    with pytest.raises(Invalid):
        rules.status_after_reply(OPEN, NEW)


@pytest.mark.parametrize("before", [ON_HOLD, RESOLVED])
def test_customer_reply_reopens(before: TicketStatus) -> None:
    assert rules.status_after_inquiry(before, has_assignee=True, is_automatic=False) is OPEN
    assert rules.status_after_inquiry(before, has_assignee=False, is_automatic=False) is NEW


@given(st.sampled_from(TicketStatus), st.booleans())
def test_machine_reopens_nothing(before: TicketStatus, has_assignee: bool) -> None:
    assert rules.status_after_inquiry(before, has_assignee=has_assignee, is_automatic=True) is before


def test_new_means_no_agent() -> None:
    assert rules.status_after_assignment(NEW, has_assignee=True) is OPEN
    assert rules.status_after_assignment(OPEN, has_assignee=False) is NEW
    assert rules.status_after_assignment(RESOLVED, has_assignee=False) is RESOLVED


def test_stale_version_is_refused() -> None:
    rules.check_version(3, None)
    rules.check_version(3, 3)
    with pytest.raises(Conflict) as refusal:
        rules.check_version(4, 3)
    assert refusal.value.code == "VERSION_CONFLICT"


@given(st.text(), st.text())
def test_subject_is_always_one_storable_line(subject: str, body: str) -> None:
    made = rules.subject_of(subject, body=body)
    assert 1 <= len(made) <= rules.LONGEST_SUBJECT
    assert not any(ord(character) < 32 for character in made)
    made.encode()


def test_subject_falls_back_to_the_body_and_then_to_a_dash() -> None:
    assert rules.subject_of("", body="배송이 늦어요\n언제 오나요") == "배송이 늦어요 언제 오나요"
    assert rules.subject_of("\r\n", body="") == "-"


@pytest.mark.parametrize("text", ["", " \n ", "x" * 256])
def test_clients_subject_must_be_there_and_fit(text: str) -> None:
    with pytest.raises(Invalid) as refusal:
        rules.required_subject(text)
    assert refusal.value.path == ("subject",)


def test_clients_subject_is_kept() -> None:
    assert rules.required_subject("  환불 \r\n요청 ") == "환불 요청"


def test_html_body_is_made_harmless_and_readable() -> None:
    body = rules.required_body("<p>안녕하세요</p><script>alert(1)</script><p>두 줄</p>", is_html=True)
    assert body.text == "안녕하세요\n두 줄"
    assert body.html is not None
    assert "script" not in body.html


@pytest.mark.parametrize(("text", "is_html"), [("", False), ("  ", False), ("<p> </p>", True)])
def test_empty_body_is_refused(text: str, is_html: bool) -> None:
    with pytest.raises(Invalid) as refusal:
        rules.required_body(text, is_html=is_html)
    assert refusal.value.path == ("body",)


def test_image_alone_is_a_body() -> None:
    assert rules.required_body('<img src="https://a.example/x.png">', is_html=True).html


def test_endless_body_is_refused() -> None:
    with pytest.raises(Invalid):
        rules.required_body("x" * (rules.LONGEST_BODY + 1), is_html=False)


@pytest.mark.parametrize("code", ["", "a b", "이메일", "x" * 33, "a/b"])
def test_channel_is_a_short_code(code: str) -> None:
    with pytest.raises(Invalid):
        rules.check_channel(code)


def test_channel_code_is_kept() -> None:
    assert rules.check_channel("kakao-talk") == "kakao-talk"


def test_language_must_be_the_services() -> None:
    assert rules.check_language(None, ["ko", "en"], "ko") == "ko"
    assert rules.check_language("en", ["ko", "en"], "ko") == "en"
    with pytest.raises(Invalid, match="ko, en"):
        rules.check_language("fr", ["ko", "en"], "ko")


@pytest.mark.parametrize("text", ["", "x" * 201, "a\nb", " shop-7", "a\u202eb"])
def test_reference_is_one_clean_line(text: str) -> None:
    with pytest.raises(Invalid) as refusal:
        rules.check_reference(text)
    assert refusal.value.path == ("externalRef",)


def test_reference_is_kept_as_it_is() -> None:
    assert rules.check_reference("주문-7") == "주문-7"
    assert rules.check_reference(None) is None
