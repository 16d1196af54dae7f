"""Addresses have one spelling, and the first passwords that anybody tries are refused."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.agents import rules
from helpdesk.kernel.errors import Invalid


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (" Mina.Kim@Shop.EXAMPLE ", "mina.kim@shop.example"),
        ("a@xn--hq1bm8jm9l.example", "a@도메인.example"),
        ("Cafe\u0301@shop.test", "caf\u00e9@shop.test"),
    ],
)
def test_an_address_has_one_spelling(written: str, kept: str) -> None:
    assert rules.normal_email(written) == kept


@pytest.mark.parametrize(
    "written", ["", "mina", "a@b", "a@@shop.test", "a b@shop.test", "a\x00@shop.test", "a@shop..test"]
)
def test_what_is_no_address_is_refused_with_its_path(written: str) -> None:
    with pytest.raises(Invalid) as refused:
        rules.normal_email(written, path=("customer", "email"))
    assert (refused.value.code, refused.value.path) == ("BAD_EMAIL", ("customer", "email"))


@pytest.mark.parametrize("written", ["a" + "\u0301\u0327" * 250_000 + "@shop.test", f"{'a' * 320}@shop.test"])
def test_an_address_without_end_is_refused_unread(written: str) -> None:
    began = time.process_time()
    with pytest.raises(Invalid, match="at most 320 characters") as refused:
        rules.normal_email(written, path=("customer", "email"))
    assert (refused.value.code, refused.value.path) == ("BAD_EMAIL", ("customer", "email"))
    assert time.process_time() - began < 1


@given(local=st.text(min_size=1, max_size=30), domain=st.sampled_from(["shop.test", "Shop.Example", "도메인.example"]))
def test_a_spelling_is_kept_by_being_spelt_again(local: str, domain: str) -> None:
    try:
        spelling = rules.normal_email(f"{local}@{domain}")
    except Invalid:
        return
    assert rules.normal_email(spelling) == spelling
    assert len(spelling) <= 254


def test_an_address_that_grows_in_small_letters_still_fits_its_column() -> None:
    domain = f"{'a' * 60}.{'b' * 60}.{'c' * 60}.example"
    longest = rules.normal_email(f"{'İ' * 15}{'x' * 30}@d.{domain}")
    assert len(longest) > len(f"{'İ' * 15}{'x' * 30}@d.{domain}")
    assert len(longest) <= 254
    with pytest.raises(Invalid):
        rules.normal_email(f"{'İ' * 15}{'x' * 30}@dddddddd.{domain}")


@pytest.mark.parametrize(
    "password",
    [
        "short",
        "ninechars",
        "password123",
        "PassWord123",
        "1111111111",
        "aaaaaaaaaaaaaaaa",
        "mina@shop.test",
        "MINALONGNAME",
    ],
)
def test_a_password_that_is_guessed_at_once_is_refused(password: str) -> None:
    email = "minalongname@shop.test" if password == "MINALONGNAME" else "mina@shop.test"
    with pytest.raises(Invalid) as refused:
        rules.check_password(password, email=email)
    assert (refused.value.code, refused.value.path) == ("WEAK_PASSWORD", ("password",))
    assert password not in refused.value.message


@pytest.mark.parametrize("password", ["rain on the harbour", "비밀번호는 열 글자", "x7!kq-Zp0w"])
def test_a_long_enough_password_is_taken(password: str) -> None:
    rules.check_password(password, email="mina@shop.test")


def test_every_common_password_is_long_enough_to_matter() -> None:
    assert {
        word for word in rules.COMMON_PASSWORDS if len(word) < rules.SHORTEST_PASSWORD or word != word.casefold()
    } == set()


def test_a_name_is_one_clean_line() -> None:
    assert rules.check_name(" Mina\u202e\n Kim\x00 ") == "Mina Kim"
    assert len(rules.check_name("x" * 500)) == rules.LONGEST_NAME
    with pytest.raises(Invalid):
        rules.check_name("\u200f\n")
