"""Where the quotation begins in the HTML of a mail, as clients write it; in doubt nothing is folded away."""

import re
import time

import pytest
from helpdesk_email.folding import fold, same_place
from helpdesk_email.markup import sanitise, text_of
from hypothesis import given
from hypothesis import strategies as st

SAID = "<div>네, <b>1042</b>번입니다.</div>"
BARE = "<p>안녕하세요.</p><p>주문 번호를 알려 주세요.</p>"
BORDER = '<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm">'
HEAD = "<b>From:</b> Help &lt;help@shop.example&gt;<br><b>Sent:</b> Tuesday, November 3, 2026 3:12 PM<br>"
HEAD += "<b>To:</b> Mina<br><b>Subject:</b> Re: Refund"
ON = "On Tue, Nov 3, 2026 at 3:12 PM Help &lt;help@shop.example&gt; wrote:"

GOLDEN = {
    "gmail": f'<br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">{ON}<br></div>'
    f'<blockquote class="gmail_quote" style="margin:0 0 0 .8ex">{BARE}</blockquote></div></div>',
    "gmail in a language that we have no words of": '<br><div class="gmail_quote"><div class="gmail_attr">'
    f"El mar, 3 nov 2026 a las 15:12, Help escribió:</div><blockquote>{BARE}</blockquote></div>",
    "gmail ko": '<br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">2026년 11월 3일 (화) 오후 3:12, '
    f"홍길동 &lt;help@shop.example&gt;님이 작성:<br></div><blockquote>{BARE}</blockquote></div>",
    "apple": f'<div><br><blockquote type="cite"><div>{ON}</div><br class="Apple-interchange-newline">'
    f"<div>{BARE}</div></blockquote></div><br>",
    "apple ko": "<br><div><div>2026. 11. 3. 오후 3:12, 홍길동 &lt;help@shop.example&gt; 작성:</div><br>"
    f"<blockquote type=cite>{BARE}</blockquote></div>",
    "thunderbird": f'<p><br></p><div class="moz-cite-prefix">Il 03/11/26 15:12, Help ha scritto:<br></div>'
    f'<blockquote type="cite" cite="mid:x@shop.example">{BARE}</blockquote>',
    "thunderbird ko": '<div class="moz-cite-prefix">2026-11-03 오후 3:12에 홍길동 이(가) 쓴 글:<br></div>'
    f"<blockquote type=cite>{BARE}</blockquote>",
    "outlook on the web": '<div id="appendonsend"></div><hr style="display:inline-block;width:98%" tabindex="-1">'
    f'<div id="divRplyFwdMsg" dir="ltr"><font face="Calibri">{HEAD}</font><div>&nbsp;</div></div><div>{BARE}</div>',
    "outlook on the web, in Dutch": '<hr><div id="divRplyFwdMsg"><b>Van:</b> Help<br><b>Verzonden:</b> dinsdag<br>'
    f"<b>Onderwerp:</b> Re: Geld</div><div>{BARE}</div>",
    "outlook": f'<p class="MsoNormal"><o:p>&nbsp;</o:p></p>{BORDER}<p class="MsoNormal">{HEAD}</p></div>{BARE}',
    "outlook ko": f"<div>{BORDER}<p><b>보낸 사람:</b> 홍길동 &lt;help@shop.example&gt;<br><b>보낸 날짜:</b> 2026년"
    f" 11월 3일<br><b>받는 사람:</b> 김미나<br><b>제목:</b> 답변: 환불</p></div></div>{BARE}",
    "outlook, in a table": f"<table><tr><td><p>{HEAD}</p>{BARE}</td></tr></table>",
    "naver": f"<br><div><p>-----Original Message-----<br>{HEAD}</p>{BARE}</div>",
    "daum": '<p><br></p><p>--------- 원본 메일 ---------</p><blockquote style="border-left:2px solid #ccc">'
    "<p><b>보낸사람</b>: 홍길동 &lt;help@shop.example&gt;<br><b>받는사람</b>: 미나<br><b>날짜</b>: 2026년 11월 03일<br>"
    f"<b>제목</b>: Re: 환불</p><div>{BARE}</div></blockquote>",
    "hanmail": '<br><table border="0" width="100%"><tr><td>------- [ 받은 메일 내용 ] -------<br>제목 : 환불<br>'
    f"날짜 : 2026년 11월 3일<br>보낸이 : 홍길동 &lt;help@shop.example&gt;<br>"
    f"받는이 : mina<br><br>{BARE}</td></tr></table>",
    "yahoo": f'<div id="yahoo_quoted_1" class="yahoo_quoted"><div>On Tuesday, Help wrote:</div>{BARE}</div>',
    "proton": '<div class="protonmail_quote">Op dinsdag schreef Help:<br>'
    f"<blockquote type=cite>{BARE}</blockquote></div>",
    "lines alone": f"<br>{ON}<br><br>{BARE}",
    "zoho": '<div class="zmail_extra"><br>---- On Tue, 03 Nov 2026 Help wrote ---<br>'
    f"<blockquote>{BARE}</blockquote></div>",
}

ON_KO = (
    '2026년 11월 3일 (화) 오후 3:12, 홍길동 &lt;<a href="mailto:help@shop.example">help@shop.example</a>&gt;님이 작성:'
)
HEAD_KO = "{0}보낸 사람:{1} 홍길동 &lt;help@shop.example&gt;<br>{0}보낸 날짜:{1} 2026년 11월 3일 화요일 오후 3:12<br>"
HEAD_KO += "{0}받는 사람:{1} 김미나 &lt;mina@mail.example&gt;<br>{0}제목:{1} Re: 환불"
RULE = '<hr style="display:inline-block;width:98%" tabindex="-1">'
GOLDEN |= {
    "gmail app, android": '<br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">'
    f'{ON_KO}<br></div><blockquote class="gmail_quote" style="margin:0 0 0 .8ex">{BARE}</blockquote></div>',
    "gmail app, ios": '<div><br></div><div><br><div class="gmail_quote gmail_quote_container"><div dir="ltr"'
    f' class="gmail_attr">{ON}<br></div><blockquote class="gmail_quote">{BARE}</blockquote></div></div>',
    "iphone": '<br><div dir="ltr"><br><blockquote type="cite">On Nov 3, 2026, at 3:12 PM, Help &lt;help@shop.example'
    f'&gt; wrote:<br><br></blockquote></div><blockquote type="cite"><div dir="ltr">\ufeff{BARE}</div></blockquote>',
    "iphone ko": '<br id="lineBreakAtBeginningOfSignature"><div></div><div dir="ltr"><br><blockquote type="cite">'
    "2026. 11. 3. 오후 3:12, 홍길동 &lt;help@shop.example&gt; 작성:<br><br></blockquote></div>"
    f'<blockquote type="cite"><div dir="ltr">\ufeff<br>{BARE}</div></blockquote>',
    "samsung email": '<div dir="auto"><br></div><div><br></div><div align="left" dir="auto" style="font-size:100%">'
    "<div>-------- Original message --------</div><div>From: Help &lt;help@shop.example&gt; </div>"
    "<div>Date: 11/3/26  3:12 PM  (GMT+09:00) </div><div>To: Mina &lt;mina@mail.example&gt; </div>"
    f"<div>Subject: Re: Refund </div><div><br></div></div>{BARE}",
    "samsung email ko": '<div dir="auto"><br></div><div align="left" dir="auto"><div>-------- 원본 이메일 --------'
    "</div><div>발신: 홍길동 &lt;help@shop.example&gt; </div><div>날짜: 26/11/3  오후 3:12  (GMT+09:00) </div>"
    f"<div>받은 사람: mina@mail.example </div><div>제목: Re: 환불 </div><div><br></div></div>{BARE}",
    "naver app": '<br><br>-----Original Message-----<br><b>From:</b>&nbsp;"홍길동"&lt;help@shop.example&gt;<br>'
    "<b>To:</b>&nbsp;&lt;mina@naver.example&gt;<br><b>Cc:</b>&nbsp;<br><b>Sent:</b>&nbsp;2026. 11. 3. (화) 15:12"
    f" (GMT+09:00)<br><b>Subject:</b>&nbsp;Re: 환불<br>&nbsp;<br>{BARE}",
    "outlook for ios": f'<div id="mail-editor-reference-message-container" dir="auto"><br>{RULE}<div id="divRplyFwdMsg"'
    f' dir="ltr"><font face="Calibri, sans-serif">{HEAD}</font><div>&nbsp;</div></div>{BARE}</div>',
    "outlook for ios ko": f'<div id="mail-editor-reference-message-container">{RULE}<div id="divRplyFwdMsg" dir="ltr">'
    f'<font face="Calibri">{HEAD_KO.format("<b>", "</b>")}</font></div>{BARE}</div>',
    "outlook for android": f'<div id="id-3f0c" class="ms-outlook-mobile-reference-message">{RULE}<div'
    f" id='divRplyFwdMsg'>{HEAD_KO.format('<strong>', '</strong>')}<br></div><div>{BARE}</div></div>",
}
"""The second half is what the programs of phones write."""

FORWARDED = "---------- Forwarded message ---------<br>From: Mina &lt;mina@mail.example&gt;<br>Subject: Refund<br>"
KEPT = {
    "no quotation": f"{SAID}<p>감사합니다.</p>",
    "a citation, and words below": f"{SAID}<blockquote type=cite>{BARE}</blockquote><p>이 부분이요.</p>",
    "answers between": f"{SAID}<div class=gmail_quote><div class=gmail_attr>{ON}</div><blockquote>안녕</blockquote>"
    "<div>네!</div><blockquote>주문</blockquote></div>",
    "an answer below": f"{SAID}<div class=gmail_quote><div>{ON}</div><div>주문</div></div><p>1042번이요.</p>",
    "an answer below a mark with known words": f"{SAID}<br><div class=gmail_quote>{ON}<br>주문</div><p>네.</p>",
    "an answer below a head that is known": f'<p>a</p><br><div class="yahoo_quoted">{HEAD}<br>주문</div><p>네.</p>',
    "an answer below an iphone's quotation": f"{SAID}{GOLDEN['iphone']}<p>이 부분이요.</p>",
    "answers between an iphone's quotations": f"{SAID}{GOLDEN['iphone']}<p>네.</p>{GOLDEN['iphone']}",
    "nothing new": GOLDEN["gmail"],
    "a picture below": f"{SAID}<div class=gmail_quote>{ON}<blockquote>{BARE}</blockquote></div><img src='cid:a'>",
    "gmail forwarded": f"{SAID}<div class=gmail_quote><div class=gmail_attr>{FORWARDED}</div>{BARE}</div>",
    "forwarded, with what it quotes": f"{SAID}<p>{FORWARDED}</p>{BARE}{GOLDEN['gmail']}",
    "the mark of outlook, and nothing below": f'{SAID}<div id="appendonsend"></div><br>',
    "a class of the same beginning": f"{SAID}<div class=gmail_quote_attribution_not>{BARE}</div>",
    "a signature below a line": f"{SAID}{BORDER}<p>Tel: 02-123<br>Fax: 02-124<br>Email: mina@shop.example</p></div>",
    "a form": f"{SAID}<p>제목: 환불<br>날짜: 11월 3일<br>내용: 환불해 주세요.</p>",
}


BESIDE = {
    "gmail in Polish": (
        "W dniu wt., 3 lis 2026 o 15:12 Help Desk <help@shop.example>\nnapisał(a):\n\n"
        "> 안녕하세요.\n> 주문 번호를 알려\n> 주세요.",
        '<br><div class="gmail_quote"><div class="gmail_attr">W dniu wt., 3 lis 2026 o 15:12 Help Desk '
        f"&lt;<a href='mailto:help@shop.example'>help@shop.example</a>&gt; napisał(a):</div><blockquote>{BARE}"
        "</blockquote></div>",
    ),
    "outlook in Dutch": (
        "________________________________\nVan: Help <help@shop.example<mailto:help@shop.example>>\n"
        "Verzonden: dinsdag 3 november 2026 15:12\nOnderwerp: Re: Geld\n\n안녕하세요.\n\n주문 번호를 알려 주세요.",
        '<hr><div id="divRplyFwdMsg"><b>Van:</b> Help &lt;<a href="mailto:help@shop.example">help@shop.example</a>'
        f"&gt;<br><b>Verzonden:</b> dinsdag 3 november 2026<br><b>Onderwerp:</b> Re: Geld</div><div>{BARE}</div>",
    ),
    "apple in Spanish, of an English mail": (
        "El 3 nov 2026, a las 15:12, Help escribió:\n\n안녕하세요.\n\n주문 번호를 알려 주세요.\n\n"
        "On Nov 2, 2026, at 15:12, Mina <mina@mail.example> wrote:\n\n주문",
        "<br><blockquote type=cite>El 3 nov 2026, a las 15:12, Help escribió:<br><br>안녕하세요.<br>"
        "주문 번호를 알려 주세요.<br><br>On Nov 2, 2026, at 15:12, Mina &lt;mina@mail.example&gt; wrote:<br><br>주문"
        "</blockquote>",
    ),
}
"""What clients write in languages that the desk has no words of: as text, and as HTML."""


def folded(raw: str) -> tuple[str, str] | None:
    """Return what the HTML says anew and what it quotes, as the sanitised halves are cut; None for no fold."""
    html = sanitise(raw)
    place = fold(html, raw).place
    return None if place is None else (html[:place], html[place:])


def words(html: str) -> str:
    """Return the letters that a reader sees."""
    return re.sub(r"\s", "", text_of(html))


@pytest.mark.parametrize("name", GOLDEN)
@pytest.mark.parametrize(
    ("before", "after"), [("", ""), ("<html><body><div style='color:red'>", "</div></body></html>")]
)
def test_quotation_begins_where_the_client_says(name: str, before: str, after: str) -> None:
    halves = folded(f"{before}{SAID}{GOLDEN[name]}{after}")
    assert halves is not None
    new, quoted = halves
    assert (words(new), words(quoted)) == ("네,1042번입니다.", words(sanitise(GOLDEN[name])))
    assert not new.endswith(("<br>", "<p>", "<hr>"))


@pytest.mark.parametrize("name", GOLDEN)
def test_words_directly_above_are_new(name: str) -> None:
    below = re.sub(r"\A(?:<p>)?<br>(?:</p>)?", "", GOLDEN[name])
    halves = folded(f"네.<br>2026년 11월 3일까지요.{'' if below.startswith('<') else '<br>'}{below}")
    assert halves is not None
    assert (words(halves[0]), words(halves[1])) == ("네.2026년11월3일까지요.", words(sanitise(below)))


@pytest.mark.parametrize("name", KEPT)
def test_doubtful_html_is_kept_whole(name: str) -> None:
    assert folded(KEPT[name]) is None


def test_pictures_are_something_new() -> None:
    halves = folded(f'<div><img src="cid:a"></div>{GOLDEN["gmail"]}')
    assert halves is not None
    assert halves[0] == '<div><img src="cid:a"></div>'


def mail(*parts: str, subject: str = "Re: a", kind: str = "mixed") -> bytes:
    """Return a mail of texts and pages."""
    kinds = ["plain" if not one.startswith("<") else "html" for one in parts]
    bodies = [
        f"--b\nContent-Type: text/{kind}; charset=utf-8\n\n{one}\n" for kind, one in zip(kinds, parts, strict=True)
    ]
    head = f"From: a@b.example\nSubject: {subject}\nContent-Type: multipart/{kind}; boundary=b\n\n"
    return (head + "".join(bodies) + "--b--").encode()


@pytest.mark.parametrize("name", BESIDE)
@pytest.mark.parametrize(
    "said", ["네, 1042번입니다.", "El 3 nov 2026, a las 3? W dniu wt., 3 lis 2026 o 15:12\n\n네, 1042번입니다."]
)
def test_text_begins_to_quote_where_the_html_beside_it_does(read_mail, name: str, said: str) -> None:
    text, page = BESIDE[name]
    page = f"<div>{said.replace(chr(10), '<br>')}</div>{page}"
    found = read_mail(mail(f"{said}\n\n{text}", page, kind="alternative"))
    assert found.text[: found.quoted_from].strip() == said
    assert read_mail(mail(f"{said}\n\n{text}", page, kind="alternative", subject="FW: a")).quoted_from is None
    assert read_mail(mail("Other words", page, kind="alternative")).quoted_from is None


def test_text_that_begins_a_line_with_few_of_the_quotation_s_words_is_kept_whole(read_mail) -> None:
    page = f'{SAID}<div class="gmail_quote">Help escribió el martes:<blockquote>{BARE}</blockquote></div>'
    found = read_mail(mail("네, 1042번입니다.\n\nHelp escribió que no.\n\n고맙습니다.", page, kind="alternative"))
    assert found.html_quoted_from is not None
    assert found.quoted_from is None


@pytest.mark.parametrize("name", KEPT)
def test_text_made_of_doubtful_html_is_kept_whole(read_mail, name: str) -> None:
    assert read_mail(mail(KEPT[name] if KEPT[name].startswith("<") else f"<i></i>{KEPT[name]}")).quoted_from is None


def test_text_is_kept_whole_if_another_part_goes_on_below(read_mail) -> None:
    page = f'{SAID}<div class="yahoo_quoted">{ON}<br>주문</div>'
    assert read_mail(mail(page)).quoted_from is not None
    assert read_mail(mail(page, "<p>여기 더</p>")).quoted_from is None


def test_fold_is_that_of_the_whole_mail(read_mail) -> None:
    found = read_mail(mail("먼저", f'<p>둘째<img src="CID:x%40y"></p>{GOLDEN["gmail"]}'))
    assert words(found.html[: found.html_quoted_from]) == "먼저둘째"
    assert found.html[found.html_quoted_from :].startswith("<br><div><div")
    assert read_mail(mail(f"{SAID}{GOLDEN['gmail']}", "여기 더")).html_quoted_from is None
    assert read_mail(mail(f"{SAID}{GOLDEN['outlook']}", subject="FW: a")).html_quoted_from is None
    assert read_mail(mail("먼저")).html_quoted_from is None


PIECES = [*GOLDEN.values(), *KEPT.values(), SAID, "<table><tr><td>", "</td>", "<b>", "</div>", "<blockquote>", "<", "a"]


def assert_fold_is_harmless(raw: str) -> None:
    """Assert what holds of every page: both halves say something, no tag is cut, and in doubt there is no fold."""
    html = sanitise(raw)
    found = fold(html, raw)
    if found.place is None:
        return
    assert not found.is_answered_below
    for half in (html[: found.place], html[found.place :]):
        assert words(half) or "<img" in half
        assert half.count("<") == half.count(">")
    text = text_of(html)
    place = same_place(text, html, found.place)
    assert place is None or text[:place].strip()


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=9), max_size=8))
def test_fold_of_whatever_page_is_harmless(pieces: list[str]) -> None:
    assert_fold_is_harmless("".join(pieces))


@pytest.mark.parametrize(
    "piece", ["<p>On a, 1.1.2026 x", "<div>보낸 사람: a", "<br>-----", "<div class=gmail_quote>", "a<br>"]
)
def test_html_that_is_made_to_keep_a_pattern_busy_does_not(piece: str) -> None:
    raw = piece * (400_000 // len(piece))
    html = sanitise(raw) if piece[:4] != "<div" else piece * 1_500
    began = time.process_time()
    fold(html, raw[:1_000_000])
    assert time.process_time() - began < 3
