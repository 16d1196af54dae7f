"""Senders whose address is made to be read as another one."""

import time

import pytest
from helpdesk_email.addresses import Mailbox
from helpdesk_email.lookalikes import disguise
from hypothesis import given
from hypothesis import strategies as st

OWN = "support@desk.example"


@pytest.mark.parametrize(
    ("name", "address", "why"),
    [
        ("", "support@dеsk.example", "mixes letters of several alphabets in “dеsk”"),  # a Cyrillic e
        ("", f"support@{'dеsk'.encode('idna').decode()}.example", "mixes letters of several alphabets in “dеsk”"),
        ("", "mіna@shop.example", "mixes letters of several alphabets in “mіna”"),  # a Ukrainian i
        ("", "jun.mіna2@shop.example", "mixes letters of several alphabets in “mіna2”"),
        ("", "minα@shop.example", "mixes letters of several alphabets in “minα”"),
        ("", "ｍina@shop.example", "mixes letters of several alphabets in “ｍina”"),
        ("", "ｍｉｎａ@shop.example", "mixes letters of several alphabets in “ｍｉｎａ”"),
        ("", "x@ԁеѕк.example", "imitates support@desk.example"),  # all of it is Cyrillic
        ("", "ѕиррогт@desk.example", "imitates support@desk.example"),
        ("", "supp0rt@desk.example", "imitates support@desk.example"),
        ("", "support@dẹsk.example", "imitates support@desk.example"),
        ("", "support@xn--dsk-bma.example", "imitates support@desk.example"),
        ("", "support@đesk.example", "imitates support@desk.example"),
        ("", "support@desk.exarnple", "imitates support@desk.example"),
        ("", "jun@desk.examp1e", "imitates support@desk.example"),
        ("", "x@clesk.example", "imitates support@desk.example"),
        ("supp0rt@desk.example", "x@else.example", "calls themselves support@desk.example"),
        ("", "suppоrt@desk.example", "mixes letters of several alphabets in “suppоrt”"),
        ("support＠desk.example", "x@else.example", "calls themselves support@desk.example"),
        ("Support @ Desk.example", "x@else.example", "calls themselves support@desk.example"),
        ("ѕuрроrt@dеsk.example 고객센터", "x@else.example", "calls themselves support@desk.example"),
    ],
)
def test_disguise_is_told(name: str, address: str, why: str) -> None:
    assert why in disguise(Mailbox(name, address), own=OWN)


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("고객센터", "support@desk.example"),
        ("support@desk.example", "jun@desk.example"),
        ("support@desk.example", "bot@mail.desk.example"),
        ("", "Support@DESK.example"),
        ("Иван", "иван@почта.example"),
        ("", "mina@почта.example"),
        ("", "m1na.clark@modern01.example"),
        ("", "shop-магазин@else.example"),
        ("김미나", "미나kim@상점shop.example"),
        ("", "νίκος@ταχυδρομείο.example"),
        ("Support Desk", "support@desk2.example"),
        ("Mina", "x@xn--zzzz99999.example"),
        ("support@desk.example", ""),
    ],
)
def test_honest_sender_is_left_alone(name: str, address: str) -> None:
    assert disguise(Mailbox(name, address), own=OWN) == ""


def test_desk_in_letters_and_in_xn_is_one_desk() -> None:
    encoded = f"{'상점'.encode('idna').decode()}.example"
    for own, domain in (("help@상점.example", encoded), (f"help@{encoded}", "상점.example")):
        assert disguise(Mailbox("", f"kim@{domain}"), own=own) == ""
        assert disguise(Mailbox("", f"help@{domain}"), own=own) == ""


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_sender_is_judged(name: str, address: str) -> None:
    assert isinstance(disguise(Mailbox(name, f"xn--{address}@xn--{address}"), own=OWN), str)


def test_long_names_keep_nobody_waiting() -> None:
    began = time.process_time()
    disguise(Mailbox("support@" * 25, f"{'xn--9-' * 10}@{'xn--a9b-.' * 25}example"), own=OWN)
    assert time.process_time() - began < 0.5
