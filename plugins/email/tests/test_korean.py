"""Korean mail as mailers really write it."""

import base64
import unicodedata

import pytest

HEAD = b"From: a@customer.example\nMessage-ID: <1@customer.example>\n"


def word(text: str, charset: str, codec: str) -> bytes:
    return b"=?" + charset.encode() + b"?B?" + base64.b64encode(text.encode(codec)) + b"?="


def with_file_name(disposition: bytes, content_type: bytes = b"application/octet-stream") -> bytes:
    return (
        HEAD + b"Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/plain; charset=euc-kr\n\n"
        + "안녕하세요".encode("cp949") + b"\n--x\nContent-Type: " + content_type
        + b"\nContent-Disposition: attachment" + disposition + b"\n\ndata\n--x--\n"
    )  # fmt: skip


def test_raw_euc_kr_subject_without_mime_is_readable(read_mail):
    mail = read_mail(HEAD + b"Subject: " + "환불 문의드립니다".encode("cp949") + b"\n\ntext")
    assert mail.subject == "환불 문의드립니다"


def test_raw_utf8_subject_is_readable(read_mail):
    assert read_mail(HEAD + "Subject: 환불 문의\n\ntext".encode()).subject == "환불 문의"


@pytest.mark.parametrize(
    "label",
    [
        "euc-kr",
        "EUC-KR",
        "ks_c_5601-1987",
        "ks_c_5601",
        "ksc5601",
        "x-windows-949",
        "windows-949",
        "ms949",
        "cp51949",
        "UHC",
    ],
)
def test_syllables_beyond_euc_kr_survive_every_korean_label(read_mail, label):
    raw = HEAD + b"Subject: " + word("똠방각하 쀍 믜", label, "cp949") + b"\nContent-Type: text/plain; charset="
    mail = read_mail(raw + label.encode() + b"\n\n" + "펲시콜라 똠양꿍".encode("cp949"))
    assert (mail.subject, mail.text) == ("똠방각하 쀍 믜", "펲시콜라 똠양꿍")


def test_utf8_body_under_a_korean_label_is_read_as_utf8(read_mail):
    raw = HEAD + "Content-Type: text/plain; charset=euc-kr\n\n주문번호를 확인해 주세요".encode()
    assert read_mail(raw).text == "주문번호를 확인해 주세요"


def test_korean_body_under_a_latin_label_is_read_as_korean(read_mail):
    raw = HEAD + b"Content-Type: text/plain; charset=iso-8859-1\n\n" + "배송이 언제 오나요?".encode("cp949")
    assert read_mail(raw).text == "배송이 언제 오나요?"


def test_korean_body_without_any_label_is_readable(read_mail):
    assert read_mail(HEAD + b"\n" + "배송이 언제 오나요?".encode("cp949")).text == "배송이 언제 오나요?"


@pytest.mark.parametrize("text", ["Größe für café, déjà été", "ÁTOMO", "¡Hola!", "Ärger Über Öl", "El Niño"])
def test_latin_text_is_not_taken_for_korean(read_mail, text):
    raw = HEAD + b"Content-Type: text/plain; charset=iso-8859-1\n\n" + text.encode("latin-1")
    assert read_mail(raw).text == text


def test_iso_2022_kr_body_is_readable(read_mail):
    raw = HEAD + b"Content-Type: text/plain; charset=iso-2022-kr\n\n" + "안녕하세요".encode("iso2022_kr")
    assert read_mail(raw).text == "안녕하세요"


def test_unknown_charset_falls_back(read_mail):
    raw = HEAD + "Content-Type: text/plain; charset=fakescii\n\n안녕".encode()
    assert read_mail(raw).text == "안녕"


@pytest.mark.parametrize("cut", range(1, 12))
def test_utf8_words_cut_inside_a_syllable_are_joined(read_mail, cut):
    data = "환불문의".encode()
    words = b"\n ".join(b"=?utf-8?B?" + base64.b64encode(piece) + b"?=" for piece in (data[:cut], data[cut:]))
    assert read_mail(HEAD + b"Subject: " + words + b"\n\nx").subject == "환불문의"


def test_euc_kr_word_cut_inside_a_syllable_is_joined(read_mail):
    data = "반품 요청".encode("cp949")
    words = b" ".join(b"=?EUC-KR?B?" + base64.b64encode(piece) + b"?=" for piece in (data[:3], data[3:]))
    assert read_mail(HEAD + b"Subject: " + words + b"\n\nx").subject == "반품 요청"


def test_words_of_two_charsets_stand_side_by_side(read_mail):
    words = (
        word("한글", "utf-8", "utf-8")
        + b" "
        + word("반품", "euc-kr", "cp949")
        + b" Re: "
        + word("é", "latin1", "latin-1")
    )
    assert read_mail(HEAD + b"Subject: " + words + b"\n\nx").subject == "한글반품 Re: é"


def test_sender_name_is_decoded_even_inside_quotes(read_mail):
    raw = b'From: "' + word("홍길동", "ks_c_5601-1987", "cp949") + b'" <hong@customer.example>\n\nx'
    sender = read_mail(raw).sender
    assert (sender.name, sender.value) == ("홍길동", "hong@customer.example")


def test_full_width_at_sign_makes_an_address(read_mail):
    assert read_mail("From: 홍길동 <hong＠customer.example>\n\nx".encode()).sender.value == "hong@customer.example"


def test_hangul_filler_alone_is_no_name(read_mail):
    assert read_mail("From: \u3164\u200b <a@customer.example>\n\nx".encode()).sender.name == ""


@pytest.mark.parametrize(
    "disposition",
    [
        b'; filename="' + "견적서.hwp".encode("cp949") + b'"',
        b'; filename="' + "견적서.hwp".encode() + b'"',
        b'; filename="' + word("견적서.hwp", "euc-kr", "cp949") + b'"',
        b"; filename*=euc-kr''%B0%DF%C0%FB%BC%AD.hwp",
        b"; filename*0*=utf-8''%EA%B2%AC%EC%A0;\n filename*1*=%81%EC%84%9C; filename*2=.hwp",
        b'; filename="' + unicodedata.normalize("NFD", "견적서.hwp").encode() + b'"',
    ],
    ids=["raw euc-kr", "raw utf-8", "encoded word", "rfc 2231", "rfc 2231 cut inside a syllable", "nfd of a mac"],
)
def test_korean_file_names_are_exact(read_mail, disposition):
    (file,) = read_mail(with_file_name(disposition)).files
    assert (file.filename, file.data) == ("견적서.hwp", b"data")


def test_file_name_in_the_content_type_is_found(read_mail):
    content_type = b'application/x-hwp; name="' + word("견적서.hwp", "euc-kr", "cp949") + b'"'
    (file,) = read_mail(with_file_name(b"", content_type)).files
    assert (file.filename, file.content_type) == ("견적서.hwp", "application/x-hwp")


def test_absence_note_without_any_header_is_automatic(read_mail):
    assert read_mail(HEAD + "Subject: [부재중] 11월 5일까지 휴가입니다\n\nx".encode()).nature == "automatic"


def test_person_who_writes_about_absence_stays_a_person(read_mail):
    assert read_mail(HEAD + "Subject: 부재중 전화를 받았습니다\n\nx".encode()).nature == "person"


def test_emoji_with_joiners_stay_whole(read_mail):
    assert (
        read_mail(HEAD + "Content-Type: text/plain; charset=utf-8\n\n가족 👨‍👩‍👧 🇰🇷".encode()).text == "가족 👨‍👩‍👧 🇰🇷"
    )


def test_decomposed_body_is_composed(read_mail):
    raw = HEAD + b"Content-Type: text/plain; charset=utf-8\n\n" + unicodedata.normalize("NFD", "안녕하세요 é").encode()
    assert read_mail(raw).text == "안녕하세요 é"


def test_subject_of_four_kilobytes_is_cut_and_whole_in_letters(read_mail):
    subject = read_mail(HEAD + ("Subject: " + "긴제목" * 1365 + "\n\nx").encode()).subject
    assert len(subject) == 998
    assert set(subject) == set("긴제목")
