"""Pages of a help center with a plugin in their slots, as a visitor gets them, whatever the plugin does."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.helpcenter.desk import HelpCenterDesk
from helpdesk.helpcenter.rendering import Renderer
from helpdesk.hosting import slots
from helpdesk.kernel import db
from helpdesk.plugins import guard, registry
from helpdesk.plugins.guard import Ref
from helpdesk.plugins.kinds import Kind
from helpdesk.sdk.errors import Denied, Refused, WindowClosed
from helpdesk.sdk.slots import SlotContent
from helpdesk.web.helpcenter import blueprint
from tests.factories.desk import Desk
from tests.helpcenter.desks import all_themes
from tests.hosting.plugins import installed
from tests.hosting.signs import Others, Signs, usual

HOME = "/demo/hc/en/"
SIGNS = Ref(Kind.PLUGIN, "signs")
WRAPPER = '<div data-hd-slot="signs:home.bottom">'


@pytest.fixture
def visitor(desk: Desk) -> FlaskClient:
    app = Flask("helpcenter_with_slots")
    renderer = Renderer(all_themes())
    center = HelpCenterDesk(desk.settings)
    routes = blueprint(center, renderer=renderer, base_url="http://d", secret=b"s", fill=slots.fill)
    app.register_blueprint(routes)
    return app.test_client()


@pytest.fixture
def signs(desk: Desk) -> Iterator[type[Signs]]:
    with installed(Signs, "signs"):
        Signs.asked.clear()
        yield Signs
    Signs.doing[:] = [usual]


def page(visitor: FlaskClient, path: str = HOME) -> str:
    """Return a page, which must be there and whole."""
    response = visitor.get(path)
    html = response.get_data(as_text=True)
    assert response.status_code == 200
    assert html.rstrip().endswith("</html>")
    assert '<footer class="footer">' in html
    return html


def test_sign_hangs_at_the_end_of_the_home_page_with_its_values_escaped(visitor: FlaskClient, signs: Any) -> None:
    html = page(visitor)
    sign = html.partition(WRAPPER)[2].partition("</div>")[0]
    assert sign == (
        "<aside class=\"sign\"><h2>&lt;script&gt;alert('hello')&lt;/script&gt;</h2><p>demo home [1] [2]</p></aside>"
    )
    assert html.index('id="sec_contact-news"') < html.index(WRAPPER) < html.index("</main>")
    assert "<script" not in html
    assert signs.asked == ["home"]


def test_head_is_given_what_loads_nothing(visitor: FlaskClient, signs: Any) -> None:
    head = page(visitor).partition("</head>")[0]
    assert '<meta name="author" content="Signs &amp; Co">' in head
    assert "data-hd-slot" not in head


def test_form_has_the_reminder_above_its_button(visitor: FlaskClient, signs: Any) -> None:
    html = page(visitor, "/demo/hc/ko/inquiry")
    assert html.index("<form") < html.index("Mind the gap") < html.index('type="submit"')
    assert signs.asked == []


def test_lower_order_hangs_first(visitor: FlaskClient, signs: Any) -> None:
    with installed(Others, "zoo"):
        html = page(visitor)
    assert html.index('"zoo:home.bottom"') < html.index('"signs:home.bottom"')


def _raising(error: BaseException) -> Callable[..., Any]:
    def do(host: Any, page: Any) -> Any:
        raise error

    return do


def _answering(answer: Any) -> Callable[..., Any]:
    return lambda host, page: answer


@pytest.mark.parametrize(
    "doing",
    [
        _raising(RuntimeError("broken")), _raising(SystemExit()), _raising(MemoryError()), _answering("<b>text</b>"),
        _answering(7), _answering(SlotContent("nowhere.html")), _answering(SlotContent("../plugins.py")),
        _answering(SlotContent("sign.html")), _answering(SlotContent("sign.html", {"hello": object()})),
        _answering(SlotContent(7)), _answering(SlotContent("sign.html", [1])),  # type: ignore[arg-type]
        _answering(SlotContent("sign.html", {"hello": "x" * 10_000_000})),
    ],
)  # fmt: skip
def test_sign_that_fails_is_not_there_and_is_counted(visitor: FlaskClient, signs: Any, doing: Any) -> None:
    signs.doing[:] = [doing]
    with installed(Others, "zoo"):
        html = page(visitor)
    assert WRAPPER not in html
    assert '"zoo:home.bottom"' in html
    gauges = [guard.gauge_of(SIGNS, hook) for hook in ("sign", "sign template")]
    assert sum(gauge.errors for gauge in gauges) == 1


@pytest.mark.parametrize(
    "doing",
    [_answering(None), _raising(Denied("FORBIDDEN", "No.")), _raising(Refused("No.")), _raising(WindowClosed())],
)
def test_sign_that_has_nothing_to_say_is_not_there_and_is_no_failure(
    visitor: FlaskClient, signs: Any, doing: Any
) -> None:
    signs.doing[:] = [doing]
    assert WRAPPER not in page(visitor)
    assert guard.gauge_of(SIGNS, "sign").errors == 0


def test_sign_that_sleeps_costs_half_a_second_and_then_nothing(visitor: FlaskClient, signs: Any) -> None:
    signs.doing[:] = [lambda host, page: time.sleep(1.5)]
    started = time.monotonic()
    assert WRAPPER not in page(visitor)
    assert 0.5 <= time.monotonic() - started < 1.4
    assert guard.gauge_of(SIGNS, "sign").overruns == 1
    for _ in range(4):
        page(visitor)
    started = time.monotonic()
    page(visitor)
    assert time.monotonic() - started < 0.4
    assert guard.gauge_of(SIGNS, "sign").is_resting


def test_plugin_that_was_switched_off_is_not_asked(visitor: FlaskClient, signs: Any) -> None:
    registry.quarantine(Kind.PLUGIN, "signs", "a test")
    assert WRAPPER not in page(visitor)
    assert signs.asked == []


def test_slots_that_no_plugin_fills_cost_no_statement(visitor: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    execute = db.database.obj.execute_sql

    def note(sql: str, *args: Any, **kwargs: Any) -> Any:
        sent.append(sql)
        return execute(sql, *args, **kwargs)

    monkeypatch.setattr(db.database.obj, "execute_sql", note)
    page(visitor)
    assert len(sent) == 1


def test_error_page_has_its_slots_too(visitor: FlaskClient, signs: Any) -> None:
    html = visitor.get("/demo/hc/en/nowhere").get_data(as_text=True)
    assert '<meta name="author"' in html
