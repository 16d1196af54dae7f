"""What people are known by has one spelling, and what identifies nobody is no key."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.customers import rules
from helpdesk.kernel.errors import Invalid


def read(**given_values: Any) -> rules.Given:
    """Read what was given; the rest is blank."""
    blank: dict[str, Any] = {"name": "", "email": None, "phone": None, "user_key": None, "identity": None}
    return rules.read_given(**{**blank, **given_values})


def test_keys_come_best_first_and_a_phone_number_only_when_alone() -> None:
    everything = read(email="Mina@Shop.example", phone="010-1234-5678", user_key="u1", identity=("kakao", "k1"))
    phone = ("phone", "+821012345678")
    assert everything.keys == (("user_key", "u1"), ("kakao", "k1"), ("email", "mina@shop.example"))
    assert everything.claims == (*everything.keys, phone)
    assert read(phone="010-1234-5678").keys == read(phone="+82 10 1234 5678").keys == (phone,)


@pytest.mark.parametrize(
    "given_values",
    [
        {},
        {"name": "Mina"},
        {"phone": "unknown"},
        {"phone": "", "email": " ", "user_key": "\n", "identity": ("kakao", " ")},
    ],
)
def test_a_name_a_blank_and_an_unreadable_number_identify_nobody(given_values: dict[str, Any]) -> None:
    assert (read(**given_values).keys, read(**given_values).claims) == ((), ())


@pytest.mark.parametrize(
    "address", ["unknown@sender.invalid", "A@X.INVALID", "a@invalid", "a@b.invalid.", '"a b"@b.invalid', "b.invalid"]
)
def test_an_address_that_nobody_can_have_identifies_nobody(address: str) -> None:
    assert rules.is_nobody("email", address)
    found = read(name="Mina", identity=("email", address))
    assert (found.keys, found.claims, found.values) == ((), (), {"name": "Mina"})
    assert read(identity=("kakao", address)).keys == (("kakao", address),)
    with pytest.raises(Invalid):
        read(email=address)


@pytest.mark.parametrize("address", ["invalid@shop.example", "a@invalid.example", "a@notinvalid", "inval", ""])
def test_an_address_is_somebody_s_as_long_as_it_can_be(address: str) -> None:
    assert not rules.is_nobody("email", address)


def test_what_a_channel_says_fills_the_field_of_its_kind() -> None:
    assert read(identity=("email", "Mina@Shop.example")).values == {"email": "mina@shop.example"}
    assert read(identity=("phone", "010 1234 5678")).values == {"phone": "+821012345678"}
    assert read(identity=("user_key", "u1")).values == {"user_key": "u1"}
    assert read(identity=("kakao", "k1"), name="Mina").values == {"name": "Mina"}
    assert read(identity=("email", "a@shop.example"), email="b@shop.example").values == {"email": "b@shop.example"}


def test_one_address_given_twice_is_one_claim() -> None:
    assert read(identity=("email", "a@shop.example"), email="A@shop.example").claims == (("email", "a@shop.example"),)
    assert read(identity=("phone", "01012345678"), phone="010-1234-5678").claims == (("phone", "+821012345678"),)


def test_an_address_that_breaks_the_rules_is_taken_from_a_channel_and_refused_from_a_form() -> None:
    odd = "Mina..Kim.@Carrier.example"
    assert read(identity=("email", odd)).keys == (("email", odd.lower()),)
    with pytest.raises(Invalid) as refused:
        read(email=odd)
    assert (refused.value.code, refused.value.path) == ("BAD_EMAIL", ("customer", "email"))


def test_a_number_that_cannot_be_read_is_kept_and_still_is_a_phone_channel_s_key() -> None:
    assert read(phone="ask  Mina\n", email="a@shop.example").values["phone"] == "ask Mina"
    assert read(phone="12345678901234567890").values == {"phone": "12345678901234567890"}
    assert read(phone="12").values == {"phone": "12"}
    assert read(identity=("phone", "BANK")).keys == (("phone", "BANK"),)


@pytest.mark.parametrize(
    ("given_values", "path"),
    [
        ({"user_key": "x" * 201}, ("customer", "userKey")),
        ({"identity": ("kakao", "x" * 255)}, ("customer", "identity")),
        ({"identity": ("phone", "x" * 255)}, ("customer", "identity")),
        ({"identity": ("email", "İ" * 200)}, ("customer", "identity")),
        ({"identity": ("k" * 33, "x")}, ("customer", "identity")),
        ({"identity": ("", "x")}, ("customer", "identity")),
    ],
)
def test_what_is_too_long_to_keep_is_refused_rather_than_cut(
    given_values: dict[str, Any], path: tuple[str, ...]
) -> None:
    with pytest.raises(Invalid) as refused:
        read(**given_values)
    assert refused.value.path == path


@given(
    name=st.text(max_size=300),
    phone=st.text(max_size=60),
    user_key=st.text(max_size=200),
    kind=st.sampled_from(["email", "phone", "kakao", "user_key"]),
    value=st.text(max_size=120),
)
def test_whatever_comes_is_storable_and_reads_the_same_again(
    name: str, phone: str, user_key: str, kind: str, value: str
) -> None:
    first = read(name=name, phone=phone, user_key=user_key, identity=(kind, value))
    limits = {"name": 200, "email": 254, "phone": 40, "user_key": 200}
    for text, limit in [(text, limits[column]) for column, text in first.values.items()] + [
        (v, 254) for _, v in first.claims
    ]:
        assert 0 < len(text) <= limit
        assert text.encode()
        assert text == " ".join(text.split())
        assert not set(text) & set("\x00\u202e\n")
    again = first.values
    assert read(name=again.get("name", ""), phone=again.get("phone"), user_key=again.get("user_key")).values == {
        column: text for column, text in again.items() if column != "email"
    }
