"""What of a mail's HTML is shown."""

import time
from html.parser import HTMLParser

import pytest
from helpdesk_email.markup import beginning_of, sanitise, shows_something, text_of, with_content_ids
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.sdk.html import is_bearable

PIECES = [
    *"<>\"'/= &;\t\x00", "img", "src", "onerror", "style", "position:fixed", "javascript:", "script", "svg", "a",
    "href", "data:", "<!--", "-->", "table", "math", "title", "x", "background-color:red", "url(x)",
]  # fmt: skip


class Findings(HTMLParser):
    """Every tag and attribute of some HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]


def assert_is_harmless(html: str) -> None:
    found = Findings(html)
    assert not found.tags & {
        "script",
        "style",
        "iframe",
        "form",
        "input",
        "button",
        "base",
        "meta",
        "link",
        "object",
        "svg",
    }
    for name, value in found.attributes:
        assert not name.startswith("on")
        assert name not in {"srcset", "formaction", "class", "id", "name", "background"}
        assert not value.strip().lower().startswith(("javascript:", "data:", "vbscript:"))
        if name == "style":
            assert not any(
                word in value.lower() for word in ("position", "url(", "z-index", "margin", "expression", "@import")
            )


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        '<a href="java\tscript:alert(1)">x</a>',
        '<a href="data:text/html,<script>alert(1)</script>">x</a>',
        '<form action="https://evil.example"><input name=p><button formaction=x>go</button></form>',
        "<base href=//evil.example><meta http-equiv=refresh content=0>",
        '<div style="position:fixed;z-index:9;margin-top:-900px;background:url(https://evil.example)">x</div>',
        "<svg><style><img src=x onerror=alert(1)></style></svg>",
        "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
        '<img srcset="https://evil.example 1x" src="cid:a">',
        "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    ],
)
def test_attacks_are_taken_out(attack):
    assert_is_harmless(sanitise(attack))


@given(st.lists(st.sampled_from(PIECES), max_size=60).map("".join))
def test_sanitised_html_is_harmless_and_stays_as_it_is(html):
    once = sanitise(html)
    assert_is_harmless(once)
    assert sanitise(once) == once


def test_what_mails_need_is_kept():
    html = '<table bgcolor="#fff"><tbody><tr><td style="color:red">글</td></tr></tbody></table><img src="cid:a@b">'
    assert sanitise(html) == html


def test_text_of_deep_html_is_found():
    assert text_of(sanitise("<div>" * 1_000 + "deep" + "</div>" * 1_000)) == "deep"


@pytest.mark.parametrize(
    ("html", "shows"), [("<p>&nbsp;\u200b</p><br>", False), ('<img src="cid:a">', True), ("<p>x</p>", True)]
)
def test_blank_html_shows_nothing(html, shows):
    assert shows_something(sanitise(html)) is shows


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<div>" * 20_000 + "환불 &lt;급&gt;" + "</div>" * 20_000, "환불 <급>"),
        ("<style>p{}</style><p>하나</p><!-- x --><p>둘<br>셋</p><SCRIPT>x()</SCRIPT >넷<title>x", "하나\n둘\n셋\n넷"),
        ("하나 <b>둘</b> 셋 <a href='x", "하나 둘 셋"),
        ("<p>&nbsp;</p>", ""),
    ],
)
def test_beginning_of_unbearable_html_is_its_words(html, text):
    assert beginning_of(html) == text


@pytest.mark.parametrize("piece", ["<style>", "<!--", "<a href='", "<br ", "<", "<script></scrip", "</p", "&amp"])
def test_html_that_is_made_to_keep_a_pattern_busy_does_not(piece):
    began = time.process_time()
    beginning_of(piece * (2_500_000 // len(piece)))
    assert time.process_time() - began < 3


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ('src="CID:pic@x"', 'src="cid:pic@x"'),
        ('src="cid:pic%40x"', 'src="cid:pic@x"'),
        ('src=" Cid:a&amp;b%22"', 'src="cid:a&amp;b&quot;"'),
        ('src="cid:a%00%0Ab"', 'src="cid:a b"'),
        ('src="cid:known%40x"', 'src="cid:known%40x"'),
        ('src="https://a.example/?cid:b"', 'src="https://a.example/?cid:b"'),
    ],
)
def test_pictures_name_their_file_as_the_desk_looks_for_it(written, named):
    assert with_content_ids(f"<img {written}>", {"known%40x"}) == f"<img {named}>"


def test_unclosed_cells_and_paragraphs_are_not_deep():
    assert is_bearable("<table>" + "<tr><td>x" * 50_000 + "</table>" + "<p>x" * 50_000)
    assert is_bearable("<p><font><b>x</b></font></p>" * 50_000)


def test_what_would_grow_in_the_parser_is_not_borne():
    assert not is_bearable("<b></i>" * 5_000)
    assert not is_bearable("<p>" + "".join(f"<b title={number}>" for number in range(400)) + "<p>x" * 2_000)


def test_indents_that_could_cover_the_screen_go():
    assert sanitise('<p style="text-indent:-999px;letter-spacing:-9px;color:red">x</p>') == '<p style="color:red">x</p>'


def test_what_office_hides_in_a_page_is_neither_shown_nor_said():
    html = sanitise("<p>a</p><xml><o:OfficeDocumentSettings>x</o:OfficeDocumentSettings></xml><p>b</p>")
    assert (html, text_of(html)) == ("<p>a</p><p>b</p>", "a\n\nb")


def test_page_that_is_too_long_to_lay_out_gives_its_lines_all_the_same():
    page = sanitise("<table>" + "<tr><td>one</td><td>two</td></tr>" * 40_000 + "</table>")
    assert text_of(page).splitlines()[:2] == ["one two", "one two"]
