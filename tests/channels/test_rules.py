"""Which ticket a message belongs to and who still waits for one, decided without a database."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.channels import rules
from helpdesk.channels.rules import Candidate
from helpdesk.sdk.channel import DeliveryReport, Identity, Inbound, RecipientVerdict, Verdict

SECRET = b"s" * 32
TICKETS = st.integers(1, 2**62)
ADDRESSES = st.emails()
THREE = [Identity("email", f"{name}@shop.example", name.title()) for name in ("mina", "jun", "ara")]


def verdicts(*verdicts: tuple[str, Verdict]) -> list[RecipientVerdict]:
    """Return verdicts of the provider, by first names."""
    return [RecipientVerdict(f"{name}@shop.example", verdict, f"{verdict} it is") for name, verdict in verdicts]


def test_first_ticket_that_the_sender_takes_part_in_is_chosen() -> None:
    assert rules.choose([Candidate(1, False), Candidate(2, True), Candidate(3, True)]) == 2
    assert rules.choose([Candidate(1, False)]) is None
    assert rules.choose([]) is None


def test_weaker_hints_are_not_even_looked_at() -> None:
    def hints() -> Iterator[Candidate]:
        yield Candidate(1, True)
        raise AssertionError

    assert rules.choose(hints()) == 1


@given(TICKETS, ADDRESSES)
def test_token_brings_its_recipient_back_to_the_ticket(ticket_id: int, address: str) -> None:
    token = rules.reply_token(SECRET, ticket_id, address)
    assert rules.ticket_of_token(SECRET, token, address) == ticket_id
    assert rules.ticket_of_token(SECRET, token.upper(), address.upper()) in {ticket_id, None}
    assert set(token) <= set("abcdefghijklmnopqrstuvwxyz0123456789.")


@given(TICKETS, ADDRESSES, ADDRESSES)
def test_token_is_worth_nothing_to_anybody_else(ticket_id: int, address: str, other: str) -> None:
    token = rules.reply_token(SECRET, ticket_id, address)
    if other.casefold() != address.casefold():
        assert rules.ticket_of_token(SECRET, token, other) is None
    assert rules.ticket_of_token(b"t" * 32, token, address) is None
    head, _, signature = token.partition(".")
    assert rules.ticket_of_token(SECRET, f"{int(head) + 1}.{signature}", address) is None


@given(st.text(max_size=60))
def test_made_up_token_is_no_token(token: str) -> None:
    assert rules.ticket_of_token(SECRET, token, "mina@shop.example") is None


@pytest.mark.parametrize("token", ["", ".", "1", "1.", "١.abc", "9" * 30 + ".x", "-1.abc"])
def test_odd_token_is_no_token(token: str) -> None:
    assert rules.ticket_of_token(SECRET, token, "mina@shop.example") is None


@given(st.text(st.characters(categories=None), max_size=600))
def test_every_outside_id_can_be_kept_and_keeps_its_kept_form(text: str) -> None:
    kept = rules.outside_id(text)
    kept.encode()
    assert len(kept) <= rules.LONGEST_OUTSIDE_ID
    assert "\x00" not in kept
    assert rules.outside_id(kept) == kept
    assert bool(kept) == bool(text.strip())


def test_ordinary_id_is_kept_as_it_is_and_long_ones_stay_apart() -> None:
    assert rules.outside_id(" <a.b@mail.example> ") == "<a.b@mail.example>"
    assert rules.outside_id("x" * 300 + "1") != rules.outside_id("x" * 300 + "2")
    assert rules.outside_id(" \n") == ""


@pytest.mark.parametrize(
    ("name", "value", "subject", "shown"),
    [
        ("Mina", "mina@shop.example", "환불\r\n요청", ("Mina <mina@shop.example>", "환불 요청")),
        ("", "mina@shop.example", " ", ("mina@shop.example", None)),
        ("Mina\x00\ud800", "", "", ("Mina", None)),
        ("", "", "x" * 999, (None, "x" * 255)),
    ],
)
def test_sender_and_subject_are_one_line_each(
    name: str, value: str, subject: str, shown: tuple[str | None, str | None]
) -> None:
    message = Inbound("m1", Identity("email", value, name), "", subject=subject)
    assert rules.written_by([Inbound("m0", THREE[0], "", subject="before"), message]) == shown
    assert len(rules.written_by([Inbound("m1", Identity("email", "x" * 999, "y" * 999), "")])[0] or "") <= 500


def test_raw_mail_is_named_as_mail() -> None:
    assert rules.raw_name("email", "a" * 64) == "a" * 16 + ".eml"
    assert rules.raw_name("kakao", "b" * 64) == "b" * 16 + ".bin"


def test_report_was_written_by_nobody() -> None:
    assert rules.written_by([DeliveryReport("m1", ())]) == (None, None)


def test_reasons_are_one_line() -> None:
    assert rules.reason("550 5.1.1\r\n\x00no such user\ud800") == "550 5.1.1 no such user"
    assert len(rules.reason("x" * 5000)) == rules.LONGEST_REASON


def test_nobody_has_the_message_at_first() -> None:
    recipients = rules.recipients_of(THREE)
    assert rules.still_to_reach(recipients) == tuple(THREE)
    assert not rules.is_reached(recipients)
    assert not rules.is_lost(recipients)
    assert rules.problems(recipients) == ""


def test_verdicts_say_who_is_reached_who_waits_and_who_is_lost() -> None:
    first = rules.with_verdicts(
        rules.recipients_of(THREE), verdicts(("JUN", Verdict.DELAYED), ("ara", Verdict.FAILED)), default=rules.FINAL
    )
    assert [one["verdict"] for one in first] == ["accepted", "delayed", "failed"]
    assert rules.still_to_reach(first) == (THREE[1],)
    second = rules.with_verdicts(first, [], default=rules.FINAL)
    assert [one["verdict"] for one in second] == ["accepted", "accepted", "failed"]
    assert rules.problems(second) == "ara@shop.example: failed it is"
    assert rules.is_reached(second)


def test_verdict_on_somebody_else_changes_nothing() -> None:
    recipients = rules.recipients_of(THREE)
    assert rules.with_verdicts(recipients, verdicts(("nobody", Verdict.FAILED))) == recipients


def test_giving_up_fails_those_who_wait_and_another_round_opens_them_again() -> None:
    first = rules.with_verdicts(
        rules.recipients_of(THREE), verdicts(("mina", Verdict.ACCEPTED), ("jun", Verdict.DELAYED))
    )
    given_up = rules.given_up(first, "gone")
    assert [(one["verdict"], one["reason"]) for one in given_up] == [
        ("accepted", "accepted it is"), ("failed", "delayed it is"), ("failed", "gone"),
    ]  # fmt: skip
    assert rules.still_to_reach(given_up) == ()
    assert rules.still_to_reach(rules.anew(given_up)) == (THREE[1], THREE[2])


def test_failures_for_good_are_told_from_others_and_another_round_forgets_them() -> None:
    told = [
        RecipientVerdict("mina@shop.example", Verdict.FAILED, "550", is_permanent=True),
        RecipientVerdict("jun@shop.example", Verdict.FAILED, "450"),
    ]
    first = rules.with_verdicts(rules.recipients_of(THREE), told)
    assert [one["is_permanent"] for one in first] == [True, False, False]
    assert [one["is_permanent"] for one in rules.given_up(first, "gone", is_permanent=True)] == [True, False, True]
    assert [one["is_permanent"] for one in rules.anew(first)] == [False] * 3
    old = [{name: value for name, value in one.items() if name != "is_permanent"} for one in first]
    assert [one["is_permanent"] for one in rules.anew(old)] == [False] * 3


def test_lost_is_what_nobody_has() -> None:
    assert rules.is_lost(rules.given_up(rules.recipients_of(THREE), "gone"))
    assert not rules.is_lost([])
    some = rules.with_verdicts(rules.recipients_of(THREE), verdicts(("mina", Verdict.ACCEPTED)))
    assert not rules.is_lost(rules.given_up(some, "gone"))


@given(st.lists(st.tuples(st.sampled_from(["mina", "jun", "ara"]), st.sampled_from(Verdict)), max_size=12))
def test_whoever_accepted_once_is_never_written_to_again_by_a_default(told: list[Any]) -> None:
    recipients = rules.recipients_of(THREE)
    for one in told:
        recipients = rules.with_verdicts(recipients, verdicts(one), default=rules.FINAL)
    assert rules.still_to_reach(recipients) == tuple(
        person for person, kept in zip(THREE, recipients, strict=True) if kept["verdict"] in {"", "delayed"}
    )
