"""HTML from outside: nothing of it runs or covers the desk, no reader is kept busy by it, and its text is readable."""

import html as escapes
import re
from html.parser import HTMLParser

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from helpdesk.kernel.html import DEEPEST, LONGEST, SCHEMES, TAGS, is_bearable, sanitise, sanitise_in_two, text_of

PIECES = st.sampled_from(
    ["<p>", "</p>", "<b>", "<script>", "</script>", "<img src=x onerror=alert(1)>", "<a href='javascript:x'>", "</a>",
     "<style>", "<svg>", "<!--", "-->", "<", ">", "&lt;", "&amp;", '"', "'", "=", "한글", "text", " ",
     "\n", "<div a='",
     "<math>", "<table>", "<td>", "<iframe src=//x>", "<textarea>", "<noscript>", "<title>"]
)  # fmt: skip


class Oracle(HTMLParser):
    """A second reader, which says what in a page could do harm."""

    def __init__(self) -> None:
        super().__init__()
        self.offences: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        harmful = tag not in TAGS
        for name, value in attrs:
            harmful |= name.startswith("on") or name in {"class", "id", "name", "action", "formaction", "srcset"}
            harmful |= name in {"href", "src"} and (value or "").partition(":")[0] not in SCHEMES
            harmful |= name == "style" and bool(re.search(r"position|margin|z-index|url|expression", value or ""))
            if harmful:
                self.offences.append(f"{tag} {name}={value}")
                harmful = False
        if harmful:
            self.offences.append(tag)


def offences(html: str) -> list[str]:
    """Return what in the HTML could do harm."""
    oracle = Oracle()
    oracle.feed(html)
    oracle.close()
    return oracle.offences


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<a href='javascript:alert(1)'>x</a>",
        "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
        "<a href=' java\tscript:alert(1)'>x</a>",
        "<p onclick=alert(1)>x</p>",
        "<svg><script>alert(1)</script></svg>",
        "<math><mi xlink:href='javascript:alert(1)'>x</mi></math>",
        "<iframe src=//evil.example></iframe>",
        "<form action=//evil.example><input name=q><button formaction=//evil.example>go</button></form>",
        "<base href=//evil.example>",
        "<meta http-equiv=refresh content='0;url=//evil.example'>",
        "<link rel=stylesheet href=//evil.example>",
        "<style>@import url(//evil.example)</style>",
        "<p style='position:fixed;top:0;z-index:9;margin:-99px'>x</p>",
        "<p style='background:url(//evil.example/x.png)'>x</p>",
        "<img src='//evil.example/x.png'><img src='/demo/logout'>",
        "<object data=//evil.example></object><embed src=//evil.example>",
        "<scr<script>ipt>alert(1)</script>",
        "<div><div><div><noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    ],
)
def test_nothing_runs_loads_or_covers(hostile: str) -> None:
    assert offences(sanitise(hostile)) == []


def test_offences_are_noticed() -> None:
    assert len(offences("<script><p onclick=x style='margin:0'><img src=/x><a href=javascript:x></script>")) == 1
    assert len(offences("<p onclick=x style='margin:0'><img src=/x><a href='javascript:x'>")) == 4


def test_what_a_mail_looks_like_is_kept() -> None:
    shown = '<p style="color:red">안녕 <b>굵게</b> <img src="cid:logo@x" alt="로고"></p>'
    assert sanitise(shown) == shown
    assert 'href="https://shop.example/?a=1&amp;b=2"' in sanitise('<a href="https://shop.example/?a=1&b=2">x</a>')
    assert "noopener noreferrer nofollow" in sanitise('<a href="https://shop.example/">x</a>')


def test_layout_of_a_mail_survives() -> None:
    layout = (
        '<table width="600" cellpadding="0" cellspacing="0" border="0" bgcolor="#ffffff" align="center"'
        ' style="max-width:600px;min-width:300px;border-spacing:0;border-radius:4px">'
        '<colgroup><col width="40"></colgroup>'
        '<tbody><tr bgcolor="#eeeeee" valign="top">'
        '<th width="40" scope="col">번호</th>'
        '<td width="560" height="40" nowrap="" colspan="2" bgcolor="#eeeeee" align="right" valign="middle"'
        ' style="padding-top:8px;padding-right:8px;border-bottom:1px solid red;border-color:red;word-break:keep-all">'
        '<font face="Gulim" size="2"><big>합계</big></font><img src="cid:logo@x" border="0"></td></tr></tbody></table>'
        '<ol start="3" type="a"><li>셋</li></ol>'
    )
    kept, written = (sorted(re.findall(r"""[^\s<>;"]+""", html)) for html in (sanitise(layout), layout))
    assert kept == written
    assert offences(layout) == []


@pytest.mark.parametrize("style", ["text-indent:-9999px", "letter-spacing:-99px", "margin-left:-99px", "top:0"])
def test_text_stays_in_its_place(style: str) -> None:
    assert sanitise(f'<p style="{style};color:red">x</p>') == '<p style="color:red">x</p>'


@given(st.lists(PIECES, max_size=60).map("".join))
def test_what_was_made_harmless_stays_as_it_is(html: str) -> None:
    safe = sanitise(html)
    assert sanitise(safe) == safe
    assert offences(safe) == []
    text_of(safe).encode()


@given(st.lists(PIECES | st.sampled_from(["<p>a</p>", "<td>b", "<b>c", "</div>", "<br>"]), max_size=30), st.data())
def test_both_parts_are_whole_and_say_together_what_the_whole_says(pieces: list[str], data: st.DataObject) -> None:
    html = "".join(pieces)
    assume(sanitise(sanitise(html)) == sanitise(html))  # but for a link in a table in a link
    split = data.draw(st.integers(0, len(html)))
    kept, place = sanitise_in_two(html[:split], html[split:])
    assert sanitise(kept) == kept
    assert place is not None or kept == sanitise(html)
    for part in (kept[:place], kept[place:]) if place is not None else ():
        assert part
        assert (sanitise(part), offences(part)) == (part, [])
    assert re.sub(r"\s", "", text_of(kept)) == re.sub(r"\s", "", text_of(sanitise(html)))


@pytest.mark.parametrize(
    ("beginning", "rest", "parts"),
    [
        ("<p>a</p>", "<hr><p>b</p>", ["<p>a</p>", "<hr><p>b</p>"]),
        ("<P>a<DIV onclick=x>", "<br></p>b", ["<p>a</p><div></div>", "<div><br><p></p>b</div>"]),
        ("<div><p>a</p>", "<i>b</i></div>", ["<div><p>a</p></div>", "<div><i>b</i></div>"]),
        ("<!-- x --><b>a", "<!-- y -->b</b>", ["<b>a</b>", "<b>b</b>"]),
        (
            '<div style="color:red"><table><tr><td>new</td>',
            "<td><b>o<br>ld</b></td></tr></table></div>",
            [
                '<div style="color:red"><table><tbody><tr><td>new</td></tr></tbody></table></div>',
                '<div style="color:red"><table><tbody><tr><td><b>o<br>ld</b></td></tr></tbody></table></div>',
            ],
        ),
        ("<p>a &am", "p; b</p>", None),
        ("<p>a</p><p title='", "x'>b</p>", None),
        ("<p>a</p><!-- ", "x --><p>b</p>", None),
        ("<p>a</p>", "", None),
        ("", "<p>a</p>", None),
        ("<div>" * (DEEPEST + 1), "a", None),
    ],
)
def test_html_is_kept_in_two_parts_where_that_can_be(beginning: str, rest: str, parts: list[str] | None) -> None:
    kept, place = sanitise_in_two(beginning, rest)
    assert (None if place is None else [kept[:place], kept[place:]]) == parts
    assert kept == ("".join(parts) if parts else sanitise(beginning + rest))


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"]), min_size=1, max_size=80))
def test_text_of_escaped_text_is_the_text(text: str) -> None:
    assert text_of(sanitise(f"<p>{escapes.escape(text)}</p>")) == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>안녕하세요</p><p>두 줄</p>", "안녕하세요\n두 줄"),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("<ul><li>하나</li><li>둘</li></ul>", "하나\n둘"),
        ("<div>a</div>" + "<br>" * 9 + "b", "a\n\nb"),
        ("1 &lt; 2 &amp;&amp; 3 &gt; 2", "1 < 2 && 3 > 2"),
        ("&amp;lt;b&amp;gt;", "&lt;b&gt;"),
        ('<a href="https://x.example/" title="a>b">link</a>', "link"),
        ("<style>p {}</style><title>t</title>hi", "hi"),
        ("", ""),
    ],
)
def test_text_is_what_a_reader_sees(html: str, text: str) -> None:
    assert text_of(sanitise(html)) == text


@pytest.mark.parametrize(
    "bomb",
    [
        "<div>" * 100_000,
        "<blockquote>" * 40_000,
        "<b>" * 5_000 + "<p>x" * 5_000,
        "<table><tr><td>" * 30_000,
        "<div a='</div>'>" * 30_000,
        "<ul><!--</ul>-->" * 30_000,
        "<x y" * 120_000,
        '<a b="' * 80_000,
        "<!--" * 120_000,
        "<" * 500_000,
        "x" * (LONGEST + 1),
    ],
)
def test_bomb_takes_no_longer_than_a_page(bomb: str) -> None:
    safe = sanitise(f"<p>읽을 것</p>{bomb}<p>끝</p>")
    assert len(safe) < 3 * LONGEST
    assert "읽을 것" in text_of(safe)
    if not is_bearable(bomb):
        assert safe.count("<") <= 2


def test_page_that_is_nested_as_pages_are_is_kept() -> None:
    nested = "<div>" * DEEPEST + "한글" + "</div>" * DEEPEST
    assert sanitise(nested).count("<div>") == DEEPEST
    rows = "<table><tbody>" + "<tr><td><b>it's</b><br></td></tr>" * 3_000 + "</tbody></table>"
    assert is_bearable(rows)
    assert is_bearable("<div></div>" * 3_000 + "<!-- <div> -->" * 3_000)


def test_words_of_a_bomb_are_text_and_nothing_else() -> None:
    safe = sanitise("<div>" * (DEEPEST + 1) + "첫 줄<br>&lt;script&gt; <b onclick=x>둘째</b>")
    assert safe == '<p style="white-space:pre-wrap">첫 줄\n&lt;script&gt; 둘째</p>'
    assert text_of(safe) == "첫 줄\n<script> 둘째"
    assert sanitise("<div>" * (DEEPEST + 1)) == ""


def test_words_of_a_bomb_are_those_that_a_reader_would_see() -> None:
    unseen = "<style>p { color: red }</style><SCRIPT x>let a = 1</script ><!-- <p>b --><title>t</title>"
    safe = sanitise("<div>" * (DEEPEST + 1) + f"하나{unseen}<br>둘<style>.never-closed {{}}")
    assert text_of(safe) == "하나\n둘"
