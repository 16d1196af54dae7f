"""Text, HTML and files out of the parts of a mail."""

import base64
from html import escape

import pytest
from helpdesk_email.filenames import unique_name
from helpdesk_email.structure import MAX_PARTS

HEAD = b"From: a@customer.example\n"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def multipart(kind: str, *parts: str) -> str:
    boundary = f"b-{kind}"
    return (
        f"Content-Type: multipart/{kind}; boundary={boundary}\n\n"
        + "".join(f"--{boundary}\n{part}\n" for part in parts)
        + f"--{boundary}--\n"
    )


def mail(body: str) -> bytes:
    return HEAD + body.encode()


TEXT = "Content-Type: text/plain\n\nplain words"
HTML = "Content-Type: text/html\n\n<p>rich <b>words</b></p>"


def test_empty_text_beside_full_html_gives_the_words_of_the_html(read_mail):
    found = read_mail(mail(multipart("alternative", "Content-Type: text/plain\n\n  \n", HTML)))
    assert (found.text, found.html) == ("rich words", "<p>rich <b>words</b></p>")


def test_empty_html_beside_text_gives_the_text(read_mail):
    empty = "Content-Type: text/html\n\n<html><head><title>x</title></head><body>&nbsp;<br></body></html>"
    found = read_mail(mail(multipart("alternative", TEXT, empty)))
    assert (found.text, found.html) == ("plain words", None)


def test_html_alone_gives_text_too(read_mail):
    found = read_mail(mail("Content-Type: text/html\n\n<style>p{}</style><p>one<br>two</p><ul><li>three</ul>"))
    assert found.text.split() == ["one", "two", "*", "three"]


def test_footer_of_a_list_stands_below_in_text_and_html(read_mail):
    footer = "Content-Type: text/plain\n\nfooter <3"
    found = read_mail(mail(multipart("mixed", multipart("alternative", TEXT, HTML), footer)))
    assert found.text == "plain words\n\nfooter <3"
    assert "rich <b>words</b>" in found.html
    assert "footer &lt;3" in found.html


def test_shown_picture_keeps_its_content_id_and_an_unused_one_does_not(read_mail):
    html = 'Content-Type: text/html\n\n<p>see</p><img src="cid:logo@x">'
    picture = (
        "Content-Type: image/png; name=%s\nContent-ID: <%s>\nContent-Transfer-Encoding: base64\n\n"
        + base64.b64encode(PNG).decode()
    )
    found = read_mail(mail(multipart("related", html, picture % ("a.png", "logo@x"), picture % ("b.png", "other@x"))))
    assert 'src="cid:logo@x"' in found.html
    assert [(file.filename, file.content_id, file.data) for file in found.files] == [
        ("a.png", "logo@x", PNG),
        ("b.png", None, PNG),
    ]


@pytest.mark.parametrize(
    ("written", "content_id"),
    [("CID:logo@x", "logo@x"), ("cid:logo%40x", "logo@x"), ("Cid:logo%40x", "logo%40x"), ("cid:a&amp;b", "a&b")],
)
def test_picture_is_found_however_its_address_is_written(read_mail, written, content_id):
    html = f'Content-Type: text/html\n\n<p>see</p><img src="{written}">'
    picture = f"Content-Type: image/png; name=a.png\nContent-ID: <{content_id}>\n\nx"
    found = read_mail(mail(multipart("related", html, picture)))
    (file,) = found.files
    assert file.content_id == content_id
    assert f'src="cid:{escape(content_id)}"' in found.html


def test_picture_pasted_as_data_becomes_a_shown_file(read_mail):
    html = f'<img src="data:image/png;base64,{base64.b64encode(PNG).decode()}">'
    found = read_mail(mail("Content-Type: text/html\n\n" + html))
    (file,) = found.files
    assert f'src="cid:{file.content_id}"' in found.html
    assert (file.filename, file.data) == ("file-1.png", PNG)


def test_attached_mail_is_one_file_byte_for_byte(read_mail):
    inner = (
        "Subject: =?utf-8?B?7JuQ67O4?= / copy\nContent-Type: multipart/mixed; boundary=q\n\n--q\n\n  end  \n--q--\n\n"
    )
    found = read_mail(mail(multipart("mixed", TEXT, "Content-Type: message/rfc822\n\n" + inner)))
    (file,) = found.files
    assert (file.filename, file.data) == ("원본 _ copy.eml", inner.encode())
    assert found.text == "plain words"


def test_signed_mail_is_readable_and_keeps_its_signature(read_mail):
    signature = 'Content-Type: application/pgp-signature; name="signature.asc"\n\nsigned'
    found = read_mail(mail(multipart("signed", TEXT, signature)))
    assert (found.text, [file.filename for file in found.files]) == ("plain words", ["signature.asc"])


def test_mail_signed_by_smime_is_readable_and_keeps_its_signature_byte_for_byte(read_mail):
    signature = "Content-Type: application/pkcs7-signature; name=smime.p7s\nContent-Transfer-Encoding: base64\n\n"
    found = read_mail(mail(multipart("signed", TEXT, signature + base64.b64encode(b"\x30\x82\r\n\0").decode())))
    (file,) = found.files
    assert (found.text, file.filename, file.content_type) == ("plain words", "smime.p7s", "application/pkcs7-signature")
    assert file.data == b"\x30\x82\r\n\0"


def test_mail_that_is_opaque_to_the_desk_keeps_its_blob_and_says_so(read_mail):
    body = base64.b64encode(b"\x30\x80\x06\x09").decode()
    kind = 'application/pkcs7-mime; smime-type=signed-data; name="smime.p7m"'
    found = read_mail(mail(f"Content-Type: {kind}\nContent-Transfer-Encoding: base64\n\n{body}"))
    assert "no visible content" in found.text
    assert [(file.filename, file.data) for file in found.files] == [("smime.p7m", b"\x30\x80\x06\x09")]


def test_name_that_decodes_to_a_null_character_has_none(read_mail):
    part = "Content-Type: text/plain\nContent-Disposition: attachment; filename*=utf-8''shell.php%00.pdf\n\nx"
    assert read_mail(mail(multipart("mixed", part))).files[0].filename == "shell.php.pdf"


def test_encrypted_mail_keeps_its_blob(read_mail):
    parts = ("Content-Type: application/pgp-encrypted\n\nVersion: 1", "Content-Type: application/octet-stream\n\nblob")
    found = read_mail(mail(multipart("encrypted", *parts)))
    assert "no visible content" in found.text
    assert [file.data for file in found.files] == [b"Version: 1", b"blob"]


def test_invitation_is_a_file(read_mail):
    found = read_mail(
        mail(multipart("alternative", TEXT, "Content-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR"))
    )
    assert [(file.filename, file.content_type) for file in found.files] == [("file-1.ics", "text/calendar")]


def test_container_without_its_boundary_shows_what_is_there(read_mail):
    assert read_mail(mail("Content-Type: multipart/mixed; boundary=x\n\nhello there")).text == "hello there"


def test_container_without_its_end_loses_nothing(read_mail):
    raw = mail("Content-Type: multipart/mixed; boundary=x\n\n--x\n\nhello\n--x\nContent-Type: image/png\n\ndata")
    found = read_mail(raw)
    assert (found.text, [file.data for file in found.files]) == ("hello", [b"data"])


def test_boundary_that_begins_another_boundary_divides_rightly(read_mail):
    inner = "Content-Type: multipart/mixed; boundary=ab\n\n--ab\n\ninner\n--ab--"
    found = read_mail(mail(f"Content-Type: multipart/mixed; boundary=a\n\n--a\n{inner}\n--a\n\nouter\n--a--"))
    assert found.text == "inner\n\nouter"


def test_files_of_one_name_and_of_no_name_are_told_apart(read_mail):
    part = 'Content-Disposition: attachment; filename="%s"\n\nx'
    found = read_mail(mail(multipart("mixed", TEXT, *(part % name for name in ("a.TXT", "A.txt", "", "..")))))
    assert [file.filename for file in found.files] == ["a.TXT", "A (2).txt", "file-3.txt", "file-4.txt"]


@pytest.mark.parametrize(
    ("given", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        (r"C:\\temp\\bill.pdf", "bill.pdf"),
        (".htaccess", "htaccess"),
        ("exe\u202efdp.exe", "exefdp.exe"),
        ("a\x01b\tc.txt", "ab c.txt"),
        ("what?<now>.txt", "what__now_.txt"),
        ("가" * 300 + ".pdf", "가" * 65 + ".pdf"),
        ("a%00.pdf", "a%00.pdf"),
        ("con", "con"),
        ("shell.php\u200b", "shell.php"),
        ("\u200b.htaccess", "htaccess"),
        ("shell.php. . ", "shell.php"),
        ("..%2f..%2fpasswd", "%2f..%2fpasswd"),
    ],
)
def test_file_names_are_harmless(read_mail, given, safe):
    part = f'Content-Type: application/octet-stream\nContent-Disposition: attachment; filename="{given}"\n\nx'
    assert read_mail(mail(multipart("mixed", part))).files[0].filename == safe


@pytest.mark.parametrize(
    ("encoding", "body", "data"),
    [
        ("base64", "aGVs\nbG8=", b"hello"),
        ("base64", "aGU=\nbGxv", b"hello"),
        ("base64", "aGVsbG8", b"hello"),
        ("BASE64 ", "aGVsbG8=", b"hello"),
        ("base64", "this, clearly, was never encoded!", b"this, clearly, was never encoded!"),
        ("quoted-printable", "h=65l=\nlo =zz", b"hello =zz"),
        ("x-uuencode", "begin 644 a\n%:&5L;&\\\n`\nend", b"hello"),
        ("nonsense", "hello", b"hello"),
    ],
)
def test_bodies_are_read_whatever_their_encoding_says(read_mail, encoding, body, data):
    part = f"Content-Type: image/png\nContent-Transfer-Encoding: {encoding}\n\n{body}"
    assert read_mail(mail(multipart("mixed", part))).files[0].data == data


def test_html_too_large_to_show_is_a_file_beside_the_text(read_mail):
    huge = "Content-Type: text/html\n\n" + "<div>" * 100_000 + "x"
    found = read_mail(mail(multipart("alternative", TEXT, huge)))
    assert (found.text, found.html) == ("plain words", None)
    assert [file.filename for file in found.files] == ["file-1.html"]


@pytest.mark.parametrize(
    "html", ["<div>" * 20_000 + "환불해 주세요", "환불해 주세요 " + '<a href="http://a.example">x</a> ' * 200_000]
)
def test_html_alone_that_is_too_large_shows_its_beginning_and_says_so(read_mail, html):
    found = read_mail(mail(f"Content-Type: text/html; charset=utf-8\n\n{html}"))
    assert "환불해 주세요" in found.text
    assert "글의 앞부분만 보여 드립니다" in found.text
    assert "The full HTML is attached" in found.text
    assert found.html is None
    assert [(file.filename, file.data) for file in found.files] == [("file-1.html", html.encode())]


def test_html_too_large_without_words_says_so(read_mail):
    found = read_mail(mail("Content-Type: text/html\n\n" + "<div>" * 20_000))
    assert found.text.endswith("The full HTML is attached.]")


def test_text_is_better_than_the_beginning_of_html_on_either_side_of_it(read_mail):
    huge = "Content-Type: text/html\n\n" + "<div>" * 20_000 + "x"
    related = multipart("related", huge, "Content-Type: image/png\n\nx")
    for parts in ((TEXT, related), (related, TEXT), (huge, TEXT), (TEXT, multipart("alternative", huge))):
        assert read_mail(mail(multipart("alternative", *parts))).text == "plain words"
    assert "full HTML" in read_mail(mail(multipart("alternative", "Content-Type: text/plain\n\n", related))).text


@pytest.mark.parametrize(
    "body",
    [
        "Content-Type: application/octet-stream; name=a.bin\n\nx",
        multipart("mixed", "Content-Type: text/plain\n\n \n", "Content-Type: image/png; name=a.png\n\nx"),
    ],
)
def test_mail_that_brings_a_file_alone_says_so(read_mail, body):
    found = read_mail(mail(body))
    assert "표시할 내용이 없습니다" in found.text
    assert "no visible content" in found.text
    assert [file.data for file in found.files] == [b"x"]


def test_mail_without_words_and_files_stays_empty(read_mail):
    assert read_mail(mail("Subject: only\n\n")).text == ""


@pytest.mark.parametrize("kind", ["plain", "html"])
def test_text_that_is_larger_than_anybody_reads_is_a_file_with_its_beginning_shown(read_mail, kind):
    body = "처음".encode() + b" word" * 2_000_000
    mail = read_mail(f"From: a@b.example\nContent-Type: text/{kind}; charset=utf-8\n\n".encode() + body)
    assert [file.data for file in mail.files] == [body]
    assert "처음 word" in mail.text
    assert len(mail.text) <= 1_000_000
    assert mail.html is None


UUENCODED = "begin 644 a.txt\n%:&5L;&\\\n`\nend\n"
PASTED = f'<img src="data:image/png;base64,{base64.b64encode(PNG).decode()}">'


@pytest.mark.parametrize("subtype", ["plain", "html"])
def test_files_within_texts_count_among_the_parts_and_none_is_lost(read_mail, subtype):
    block = UUENCODED if subtype == "plain" else PASTED
    text = f"Content-Type: text/{subtype}\n\n<p>words</p>\n{block * MAX_PARTS}"
    found = read_mail(mail(multipart("mixed", text, text, "Content-Type: image/png; name=last.png\n\nx")))
    assert len(found.files) <= MAX_PARTS + 2
    assert len({file.filename for file in found.files}) == len(found.files)
    within = [file for file in found.files if file.data in (b"hello", PNG)]
    assert len(within) == MAX_PARTS - 3
    if subtype == "plain":
        assert found.text.count(UUENCODED.strip()) == 2 * MAX_PARTS - len(within)
    else:
        assert sum(file.data.count(PASTED.encode()) for file in found.files) == 2 * MAX_PARTS
        assert found.html.count("cid:") == len(within)


def test_html_without_pictures_beside_too_many_is_no_file(read_mail):
    pictures = f"Content-Type: text/html\n\n{PASTED * (MAX_PARTS - 2)}"
    assert {file.data for file in read_mail(mail(multipart("mixed", pictures, HTML))).files} == {PNG}


def test_thousands_of_files_of_one_name_are_told_apart_at_once():
    taken: dict[str, int] = {}
    names = [unique_name("a.txt", taken) for _time in range(20_000)]
    assert (names[1], names[-1], len(set(names))) == ("a (2).txt", "a (20000).txt", 20_000)
    assert [unique_name(name, taken) for name in ("a (7).txt", "A.TXT")] == ["a (7) (2).txt", "A (20001).TXT"]
