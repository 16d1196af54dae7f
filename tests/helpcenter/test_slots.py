"""What plugins may show in the slots of a page, and that the page is whole whatever they do."""

import time
from collections.abc import Callable, Iterator, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from markupsafe import Markup

from helpdesk.helpcenter import pages, slot_html, slots
from helpdesk.helpcenter.links import Links
from helpdesk.helpcenter.pages import Place
from helpdesk.helpcenter.rendering import Renderer
from helpdesk.helpcenter.rules import Entry
from helpdesk.helpcenter.slots import Filling, Slots, plain
from helpdesk.helpcenter.views import Receipt, ServiceView
from helpdesk.plugins import guard
from helpdesk.plugins.guard import Ref, WrongAnswer
from helpdesk.plugins.kinds import Kind
from helpdesk.sdk.slots import SLOTS, SlotPage
from tests.helpcenter.desks import ACME, all_themes

VISITS = Ref(Kind.PLUGIN, "visits")
LINKS = Links("https://desk.example")
Fill = Callable[[ServiceView, str, SlotPage], Sequence[Filling]]


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    guard.forget(VISITS)
    yield
    guard.forget(VISITS)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Filling]:
    """A function that writes a template and returns the filling that shows it."""

    def make(source: str, plugin: str = "visits", name: str = "slot.html", **values: Any) -> Filling:
        folder = tmp_path / plugin
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(source)
        return Filling(plugin, "badge", folder, name, values)

    return make


def home(fill: Fill | None, *, page: str = "home") -> str:
    """Return a page with the slots filled so."""
    renderer = Renderer(all_themes())
    place = Place(ACME, "en", LINKS, Slots(fill).of(ACME, "en"))
    contexts: dict[str, Callable[[Any], dict[str, Any]]] = {
        "home": lambda line: pages.home(place, line),
        "inquiry": lambda line: pages.inquiry(place, line, entry=Entry(), token="t", problems=[], notices=()),
        "inquiry_done": lambda line: pages.done(place, line, receipt=Receipt(1, "")),
        "error": lambda line: pages.error(place, line, status=404, request_id="r"),
    }
    html = renderer.render(renderer.themes.line("default"), page, contexts[page])
    assert html.rstrip().endswith("</html>")
    assert '<footer class="footer">' in html
    return html


def only(name: str, *fillings: Filling) -> Fill:
    """Return a port that fills one slot."""
    return lambda service, slot, page: fillings if slot == name else ()


def shown(filling: Filling, name: str = "home.bottom") -> str:
    """Return what stands in the slot, without the page around it."""
    return str(Slots(only(name, filling)).of(ACME, "en").on("home")(name))


def test_filling_is_wrapped_and_its_values_are_escaped(write: Callable[..., Filling]) -> None:
    filling = write("<p>{{ hello }} {% for one in names %}[{{ one.first }}]{% endfor %}</p>",
                    hello="<script>alert(1)</script>", names=[{"first": "Kim & Lee"}])  # fmt: skip
    assert shown(filling) == (
        '<div data-hd-slot="visits:home.bottom"><p>&lt;script&gt;alert(1)&lt;/script&gt; [Kim &amp; Lee]</p></div>'
    )


def test_every_slot_is_on_a_page_and_is_asked_for_once(write: Callable[..., Filling]) -> None:
    asked: list[tuple[str, str, str]] = []

    def fill(service: ServiceView, name: str, page: SlotPage) -> Sequence[Filling]:
        asked.append((name, page.kind, page.language))
        return [write("<b>{{ place }}</b>", place=name)] if name != "head" else []

    for page, expected in {
        "home": {name for name in SLOTS if not name.startswith("inquiry.")},
        "inquiry": {name for name in SLOTS if not name.startswith("home.")},
        "inquiry_done": {
            name for name in SLOTS if "." not in name or name.split(".")[0] in {"body", "header", "footer"}
        },
    }.items():
        asked.clear()
        html = home(fill, page=page)
        assert sorted(asked) == sorted((name, page, "en") for name in expected)
        assert all(f'data-hd-slot="visits:{name}"' in html for name in expected - {"head"})


def test_slots_stand_where_they_say(write: Callable[..., Filling]) -> None:
    def fill(service: ServiceView, name: str, page: SlotPage) -> Sequence[Filling]:
        return [write(f"<b>{name}</b>")]

    html = home(fill)
    marks = ['class="skip-link"', ">body.start<", '<header class="header">', ">header.after<",
             "<main", ">home.hero.after<", '<section id="supports">', ">home.cards.end<", ">home.bottom<", "</main>",
             ">footer.before<",
             '<footer class="footer">', ">body.end<", "</body>"]  # fmt: skip
    places = [html.index(mark) for mark in marks]
    assert places == sorted(places)
    html = home(fill, page="inquiry")
    places = [
        html.index(mark) for mark in (">inquiry.form.before<", "<form", ">inquiry.submit.before<", 'type="submit"')
    ]
    assert places == sorted(places)


def test_page_without_fillings_is_as_if_there_were_no_slots() -> None:
    assert "data-hd-slot" not in home(None)
    assert home(lambda service, name, page: []) == home(None)


def test_several_fillings_stand_in_the_order_given(write: Callable[..., Filling]) -> None:
    html = home(only("home.bottom", write("b", plugin="second"), write("a", plugin="first")))
    assert html.index('"second:home.bottom"') < html.index('"first:home.bottom"')


@pytest.mark.parametrize(
    "text",
    [
        "{{ missing }}", "{% if %}", "{% include 'nowhere.html' %}", "{{ 1 / 0 }}", "{{ ''.__class__ }}",
        "{% for a in many %}{% for b in many %}{{ b }}{% endfor %}{% endfor %}",
        "{% for a in many %}{{ long }}{% endfor %}", "{{ t('hc.home.title') }}", "{{ slot('home.bottom') }}",
    ],
)  # fmt: skip
def test_template_that_fails_leaves_the_slot_empty_and_is_counted(write: Callable[..., Filling], text: str) -> None:
    html = home(only("home.bottom", write(text, many=list(range(1000)), long="x" * 1000)))
    assert html == home(None)
    gauge = guard.gauge_of(VISITS, "badge template")
    assert gauge.errors + gauge.overruns == 1  # on a busy machine the deadline may come before the budget


@pytest.mark.parametrize("name", ["nowhere.html", "../secret.html", "/etc/passwd", "", "a//b"])
def test_template_that_is_not_in_the_folder_leaves_the_slot_empty(write: Callable[..., Filling], name: str) -> None:
    filling = write("here")
    (filling.templates.parent / "secret.html").write_text("secret")
    assert shown(Filling("visits", "badge", filling.templates, name, {})) == ""
    assert guard.gauge_of(VISITS, "badge template").errors == 1


def test_template_that_keeps_failing_rests(write: Callable[..., Filling]) -> None:
    filling = write("{{ missing }}")
    for _ in range(7):
        home(only("home.bottom", filling))
    assert guard.gauge_of(VISITS, "badge template").is_resting
    assert guard.gauge_of(VISITS, "badge template").calls == 5


def test_one_that_fails_takes_nothing_from_its_neighbour(write: Callable[..., Filling]) -> None:
    html = home(only("home.bottom", write("{{ missing }}"), write("<p>Well</p>", plugin="other")))
    assert '<div data-hd-slot="other:home.bottom"><p>Well</p></div>' in html


def test_port_that_raises_leaves_the_slots_empty() -> None:
    def fill(service: ServiceView, name: str, page: SlotPage) -> Sequence[Filling]:
        raise RuntimeError("the database is gone")

    assert home(fill) == home(None)


def test_slots_that_are_slow_together_are_not_all_asked(
    write: Callable[..., Filling], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def fill(service: ServiceView, name: str, page: SlotPage) -> Sequence[Filling]:
        asked.append(name)
        time.sleep(0.06)
        return ()

    monkeypatch.setattr(slots, "PAGE_SECONDS", 0.1)
    page = Slots(fill).of(ACME, "en")
    page._seconds = 0.1
    for name in SLOTS:
        page.on("home")(name)
    assert len(asked) == 2


def test_large_filling_is_refused_and_many_of_them_leave_the_page_whole(write: Callable[..., Filling]) -> None:
    assert shown(write("{{ text }}", text="x" * (slots.LARGEST_FILLING + 1))) == ""
    large = write("<p>{{ text }}</p>", text="x" * (slots.LARGEST_FILLING - 100))
    html = home(lambda service, name, page: [large] * 3)
    assert len(html) < slots.LARGEST_PAGE + 64 * 1024
    assert html.count("data-hd-slot") == 4


def test_slot_that_there_is_not_is_the_themes_mistake() -> None:
    for slot in (Slots().of(ACME, "en").on("home"), slots.empty):
        with pytest.raises(LookupError, match="There is no slot “nowhere”"):
            slot("nowhere")


def test_page_of_no_service_has_no_slots() -> None:
    renderer = Renderer(all_themes())
    place = Place(None, "en", LINKS)
    line = renderer.themes.line("default")
    assert "data-hd-slot" not in renderer.render(
        line, "error", lambda theme: pages.error(place, theme, status=404, request_id="r")
    )


# What of the HTML is kept


class Balance(HTMLParser):
    """Counts what is opened and not closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag not in {"br", "hr", "img", "wbr", "col"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize(
    "html",
    [
        "</div></main></body></html>", "<div><div><p>", "<!-- ", "<textarea>", "<title>", "<table><tr><td>",
        "<script src='/x.js'></script>", "<script>alert(1)", "<style>body{display:none}",
        "<form action='/x'><input name=form_token>",
        "</form>", "<a href='javascript:alert(1)' onclick='x()'>a</a>", "<img src=x onerror=alert(1)>",
        "<iframe src='https://evil.example'>", "<svg onload=alert(1)>", "<base href='https://evil.example'>",
        "<meta http-equiv=refresh content='0;url=https://evil.example'>", "<p id=hd-main style='position:fixed'>x</p>",
        "<template>", "<plaintext>", "<select><option>", "<noscript>", "<button>x</button>",
    ],
)  # fmt: skip
def test_body_runs_nothing_and_ends_where_it_began(html: str) -> None:
    kept = slot_html.body(html)
    balance = Balance()
    balance.feed(kept)
    assert balance.open == []
    for word in ("<script", "<style", "<form", "<input", "javascript:", " on", "<iframe", "<svg", "<base", "<meta",
                 "id=", "style=", "<!--", "<textarea", "<button"):  # fmt: skip
        assert word not in kept


def test_body_keeps_what_a_page_is_made_of() -> None:
    html = (
        '<section class="card" data-count="2" aria-label="Visits"><h2>Hi</h2><ul><li><a href="/demo/hc/en/" '
        'rel="noopener noreferrer">In</a></li></ul><img src="/x.png" alt="x" width="10"><details>'
        "<summary>More</summary><table><tbody><tr><td>1</td></tr></tbody></table></details></section>"
    )
    assert sorted(slot_html.body(html)) == sorted(html)


def test_html_that_nests_without_end_is_refused_quickly() -> None:
    started = time.monotonic()
    with pytest.raises(WrongAnswer):
        slot_html.body("<div>" * 6000)
    assert time.monotonic() - started < 1


@pytest.mark.parametrize(
    ("html", "kept"),
    [
        ('<meta name="author" content="A &amp; B">', '<meta name="author" content="A &amp; B">'),
        ('<META property="og:title" CONTENT="x" onload="x">', '<meta property="og:title" content="x">'),
        ('<link rel="alternate" hreflang="ko" href="/demo">', '<link rel="alternate" href="/demo" hreflang="ko">'),
        ('<meta name="a" content="&quot;&gt;&lt;script&gt;">', '<meta name="a" content="&quot;&gt;&lt;script&gt;">'),
        ('<meta http-equiv="refresh" content="0">', ""),
        ('<meta http-equiv="refresh" name="a" content="0">', '<meta name="a" content="0">'),
        ('<meta name="referrer" content="unsafe-url">', ""),
        ('<meta name=" Robots " content="noindex">', ""),
        ('<meta charset="utf-7">', ""),
        ('<link rel="stylesheet" href="/x.css">', ""),
        ('<link rel="alternate stylesheet" href="/x.css">', ""),
        ('<link rel="preload" href="/x.css">', ""),
        ('<link rel="me" href="//evil.example">', ""),
        ('<link rel="me" href="javascript:alert(1)">', ""),
        ("<script>alert(1)</script><style>*{}</style><title>x</title>text<!-- ", ""),
        ("</head><body><p>x", ""),
    ],
)
def test_head_keeps_meta_and_links_that_load_nothing(html: str, kept: str) -> None:
    assert slot_html.head(html) == kept


def test_head_is_not_wrapped(write: Callable[..., Filling]) -> None:
    filling = write('<meta name="author" content="{{ who }}"><script>1</script>', who='"><script>')
    kept = '<meta name="author" content="&quot;&gt;&lt;script&gt;">'
    assert shown(filling, "head") == kept
    assert kept in home(only("head", filling)).partition("</head>")[0]


# Values


def test_values_become_plain(write: Callable[..., Filling]) -> None:
    class Sly(str):
        __slots__ = ()

        def __html__(self) -> str:
            return "<script>"

    made = plain({"a": Sly("x"), "b": (1, 2.5, True, None), "c": {"d": [Markup("<b>")]}})
    assert made == {"a": "x", "b": [1, 2.5, True, None], "c": {"d": ["<b>"]}}
    assert type(made["a"]) is type(made["c"]["d"][0]) is str
    assert "&lt;b&gt;" in shown(write("{{ c.d[0] }}", **made))


def test_values_of_another_kind_are_refused() -> None:
    circle: list[Any] = []
    circle.append(circle)
    for values in (
        object(),
        [1],
        {"a": object()},
        {"a": b"x"},
        {1: 2},
        {"a": {1: 2}},
        {"a": circle},
        {"a": [0] * 5001},
    ):
        with pytest.raises(WrongAnswer):
            plain(values)  # type: ignore[arg-type]
