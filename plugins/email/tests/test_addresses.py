"""Addresses as people and machines write them."""

import time

import pytest
from helpdesk_email.addresses import is_address, parse_mailboxes
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("a@b.example", [("", "a@b.example")]),
        ("Kim <a@B.Example>", [("Kim", "a@b.example")]),
        ('"Kim, Cheolsu" <a@b.example>, c@d.example', [("Kim, Cheolsu", "a@b.example"), ("", "c@d.example")]),
        ("Kim, Cheolsu <a@b.example>", [("Kim, Cheolsu", "a@b.example")]),
        ("a@b.example (Kim Cheolsu)", [("Kim Cheolsu", "a@b.example")]),
        ('"Name"@example.com>', [("", "Name@example.com")]),
        ("Test test@b.example", [("Test", "test@b.example")]),
        ("<a@b.example>a@b.example", [("", "a@b.example")]),
        ("< a @ b.example >", [("", "a@b.example")]),
        ("Kim a @ b . example", [("Kim", "a@b.example")]),
        ("Kim @ Shop", [("Kim @ Shop", "")]),
        ("a@@b.example", [("", "a@b.example")]),
        ("friends: a@b.example, c@d.example;", [("", "a@b.example"), ("", "c@d.example")]),
        ("undisclosed-recipients:;", []),
        ("<@relay.example:a@b.example>", [("", "a@b.example")]),
        ("mailto:a@b.example", [("", "a@b.example")]),
        ("MAILER-DAEMON", [("MAILER-DAEMON", "")]),
        ('"" ()', []),
        ("<>", []),
        (r'"Kim \"The Boss\" C" <a@b.example>', [('Kim "The Boss" C', "a@b.example")]),
        ("=?utf-8?Q?Kim=2C_C?= <a@b.example>", [("Kim, C", "a@b.example")]),
        (
            "Dr =?utf-8?Q?Kim, Mina (C)?= <a@b.example>, c@d.example",
            [("Dr Kim, Mina (C)", "a@b.example"), ("", "c@d.example")],
        ),
        ("=?utf-8?Q?a, b <c@d.example>", [("a, b", "c@d.example")]),
        ("a=b@c.example", [("", "a=b@c.example")]),
        ("=?x, c=?@d.example", [("=?x", "c=?@d.example")]),
        ("<a=?utf-8?Q?=0D=0A?=b@b.example>", [("", "ab@b.example")]),
        ("Kim <a＠b.example>", [("Kim", "a@b.example")]),
        ("Kim a＠b.example", [("Kim", "a@b.example")]),
        ("<a@ｂ．example>", [("", "a@b.example")]),
        ("<ａ＠b.example>", [("", "ａ@b.example")]),
        ("a@b.example; c@d.example", [("", "a@b.example"), ("", "c@d.example")]),
    ],
)
def test_lists_of_people_are_read(header, expected):
    assert [(mailbox.name, mailbox.address) for mailbox in parse_mailboxes(header.encode())] == expected


@pytest.mark.parametrize(
    "written", ["<a @ b.example>", "K <a@b\r\n .example>", "a @ b . example", '"a"@b.example>', "a@b.example>"]
)
def test_address_that_is_not_written_as_one_is_doubtful(written):
    assert [(one.address, one.is_doubtful) for one in parse_mailboxes(written.encode())] == [("a@b.example", True)]


@pytest.mark.parametrize(
    "written", ["< a@b.example >", '"a"@b.example', "K. Kim <a@b.example>", "<@c.example: a@b.example>", "a@@b.example"]
)
def test_address_in_an_odd_dress_is_as_good_as_any(written):
    assert [(one.address, one.is_doubtful) for one in parse_mailboxes(written.encode())] == [("a@b.example", False)]


@given(st.binary(max_size=500))
def test_any_bytes_give_usable_addresses_or_none(raw):
    for mailbox in parse_mailboxes(raw):
        assert mailbox.address == "" or is_address(mailbox.address)
        assert not set(mailbox.address + mailbox.name) & set("\r\n\x00\u2028")


@given(st.from_regex(r"[a-z0-9]{1,9}[.+][a-z0-9+-]{1,9}@[a-z0-9-]{1,9}\.example", fullmatch=True), st.text(max_size=30))
def test_quoted_name_never_changes_the_address(address, name):
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    assert [mailbox.address for mailbox in parse_mailboxes(f'"{quoted}" <{address}>'.encode("utf-8", "replace"))] == [
        address
    ]


def test_beginnings_of_words_keep_nobody_waiting():
    began = time.process_time()
    for piece in (b"=?a?Q?", b"=?a?Q?x, ", b"=?", b"=", b"=?" + b"a" * 60):
        parse_mailboxes(piece * (65_536 // len(piece)))
    assert time.process_time() - began < 3


def test_long_words_without_an_address_keep_nobody_waiting():
    words = b",".join([b"a" * 4_000] * 250)
    began = time.process_time()
    for place in range(0, len(words), 60_000):
        assert [mailbox.address for mailbox in parse_mailboxes(words[place : place + 60_000])] == [""]
    assert [mailbox.address for mailbox in parse_mailboxes(b"a" * 1_000_000)] == [""]
    assert time.process_time() - began < 3  # begun anew at every letter, a megabyte takes half a minute
