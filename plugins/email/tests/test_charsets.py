"""Bytes become text whatever their labels say: a page's own label, and escapes that need none."""

import time

import pytest
from helpdesk_email.charsets import decode, decode_html, decode_unlabelled

PAGE = '<html><head><meta http-equiv="Content-Type" content="text/html; charset={label}"></head><p>{text}</p>'
SHORT = "<meta charset={label}><p>{text}</p>"


@pytest.mark.parametrize("page", [PAGE, SHORT])
@pytest.mark.parametrize("header", ["", "fakescii", "us-ascii"])
@pytest.mark.parametrize(
    ("label", "text", "codec"),
    [
        ("euc-kr", "똠방각하, 환불해 주세요.", "cp949"),
        ("Shift_JIS", "返金してください", "cp932"),
        ("windows-1251", "Верните деньги", "cp1251"),
        ("GBK", "退款朱镕基", "gb18030"),
        ("iso-8859-1", "Größe für café", "cp1252"),
        ("windows-1251", "환불해 주세요. 고맙습니다", "utf-8"),
        ("nonsense", "환불해 주세요.", "cp949"),
    ],
)
def test_page_is_read_by_its_own_label_where_no_header_fits(
    page: str, header: str, label: str, text: str, codec: str
) -> None:
    html = page.format(label=label, text=text)
    assert decode_html(html.encode(codec), header) == html


@pytest.mark.parametrize(("header", "codec"), [("utf-8", "utf-8"), ("euc-kr", "cp949"), ("koi8-r", "koi8-r")])
def test_header_that_fits_wins(header: str, codec: str) -> None:
    html = SHORT.format(label="windows-1251", text="Верните деньги")
    assert decode_html(html.encode(codec), header) == html


@pytest.mark.parametrize("text", ["주문 취소", "배송 문의", "반품 문의", "교환 문의", "환불해 주세요"])
@pytest.mark.parametrize("label", ["euc-kr", "ks_c_5601-1987", "iso-8859-15", "gb2312", "shift_jis", "windows-1251"])
def test_utf8_is_known_under_any_label(text: str, label: str) -> None:
    assert decode(text.encode(), label) == text


@pytest.mark.parametrize(
    ("text", "label"),
    [("짜장면 짬뽕", "euc-kr"), ("退款", "gb2312"), ("返金", "shift_jis"), ("칩", "euc-kr"), ("Ära", "latin9")],
)
def test_label_that_is_right_is_believed(text: str, label: str) -> None:
    assert decode(text.encode(label), label) == text


@pytest.mark.parametrize("label", ["utf-16", "utf-16le", "utf-32"])
def test_ascii_is_no_wide_letters(label: str) -> None:
    assert decode(b"Hello, please refund my order.", label) == "Hello, please refund my order."
    assert decode("환불 please".encode(label), label) == "환불 please"


@pytest.mark.parametrize(("text", "codec"), [("返金してください", "iso2022_jp"), ("환불해 주세요", "iso2022_kr")])
def test_seven_bit_escapes_need_no_label(text: str, codec: str) -> None:
    data = text.encode(codec)
    assert [decode(data), decode(data, "us-ascii"), decode(data, "fakescii"), decode_unlabelled(data)] == [text] * 4


@pytest.mark.parametrize("data", [b"\x1b$B\xff", b"\x1b$B$", "\x1b$B환불".encode()])
def test_escapes_that_spell_nothing_stay(data: bytes) -> None:
    assert decode(data) == data.decode("utf-8", "replace") or decode(data) == data.decode("cp1252", "replace")


@pytest.mark.parametrize("piece", ["<meta ", "<meta charset", "<meta charset= '", "<meta charset=" + " " * 30])
def test_pages_that_are_made_to_keep_a_pattern_busy_do_not(piece: str) -> None:
    began = time.process_time()
    decode_html(piece.encode() * 10_000)
    assert time.process_time() - began < 1
