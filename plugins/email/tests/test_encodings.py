"""Bodies come out of their transfer encoding whole, however they were broken up and padded."""

import base64
import binascii

import pytest
from helpdesk_email import encodings
from helpdesk_email.structure import parse
from hypothesis import given
from hypothesis import strategies as st


def decoded(body: bytes) -> bytes:
    """Return what a part says whose body is marked as base64."""
    return parse(b"Content-Transfer-Encoding: base64\n\n" + body).data


@given(st.binary(min_size=1, max_size=200), st.sampled_from([b"", b"\r\n", b"\n", b"!"]), st.integers(2, 9))
def test_base64_is_decoded_however_it_is_broken_up_and_padded(data: bytes, between: bytes, length: int) -> None:
    encoded = base64.b64encode(data)
    for written in (encoded, encoded.rstrip(b"="), encoded + b"==\r\n"):
        pieces = [written[place : place + length * 8] for place in range(0, len(written), length * 8)]
        assert decoded(between.join(pieces)) == data


@given(st.lists(st.binary(min_size=1, max_size=50), min_size=1, max_size=5))
def test_base64_that_is_padded_line_by_line_is_decoded(lines: list[bytes]) -> None:
    assert decoded(b"\r\n".join(map(base64.b64encode, lines))) == b"".join(lines)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"QUJDR", b"ABC"),
        (b"QUJDRA", b"ABCD"),
        (b"QUJD=\n-- \nsent from here", b"QUJD=\n-- \nsent from here"),
        (b"This was never encoded at all.", b"This was never encoded at all."),
    ],
)
def test_what_is_left_over_or_never_was_base64(body: bytes, expected: bytes) -> None:
    assert decoded(body) == expected


PIECES = [b"a", b"=41", b"=\n", b"=\r\n", b"\n", b" "]


@given(st.lists(st.sampled_from(PIECES), max_size=60), st.integers(4, 9))
def test_quoted_printable_is_decoded_the_same_piece_by_piece(pieces: list[bytes], at_once: int) -> None:
    body = b"".join(pieces)
    whole, usual = binascii.a2b_qp(body), encodings.AT_ONCE
    encodings.AT_ONCE = at_once
    try:
        found = parse(b"Content-Transfer-Encoding: quoted-printable\n\n" + body).data
    finally:
        encodings.AT_ONCE = usual
    assert found == whole
