"""Which template makes a page, and what visitors see when it fails."""

import logging
from pathlib import Path

import pytest

from helpdesk.helpcenter import pages
from helpdesk.helpcenter.links import Links
from helpdesk.helpcenter.pages import Place
from helpdesk.helpcenter.rendering import Renderer
from helpdesk.helpcenter.themes import Themes
from helpdesk.kernel.errors import Unavailable
from helpdesk.plugins import guard
from helpdesk.plugins.guard import Ref
from helpdesk.plugins.kinds import Kind
from tests.helpcenter.desks import ACME, DEFAULT, all_themes
from tests.helpcenter.test_themes import write_theme

PLACE = Place(ACME, "en", Links("https://desk.example"))


def home(renderer: Renderer, theme: str) -> str:
    return renderer.render(renderer.themes.line(theme), "home", lambda line: pages.home(PLACE, line))


def test_child_overrides_one_block_and_keeps_the_rest() -> None:
    html = home(Renderer(all_themes()), "sunrise")
    assert "Good morning from the child theme" in html
    assert "main_banner" in html
    assert "What happens with your inquiry" in html


def test_super_runs_through_the_whole_line(tmp_path: Path) -> None:
    for name, parent in (("child", "middle"), ("middle", "default")):
        source = '{% extends "parent:pages/home.html" %}{% block banner %}[' + name + "]{{ super() }}{% endblock %}"
        write_theme(tmp_path, name, parent=parent, templates__pages__home_html=source)
    html = home(Renderer(all_themes(tmp_path)), "child")
    assert html.index("[child]") < html.index("[middle]") < html.index("main_banner")


def test_parents_page_uses_the_childs_layout(tmp_path: Path) -> None:
    layout = '{% extends "core:layouts/base.html" %}{% block footer %}child footer{% endblock %}'
    write_theme(tmp_path, "framed", templates__layouts__base_html=layout)
    assert "child footer" in home(Renderer(all_themes(tmp_path)), "framed")


@pytest.mark.parametrize(
    "source",
    [
        "{{ page.titel }}",
        "{% if %}",
        "{% for a in 'x' * 999999999 %}{% endfor %}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{% include '../../theme.toml' %}",
        "{% include 'other:pages/home.html' %}",
        "{% include '0:pages/home.html' %}",
        "{{ asset('img/none.png') }}",
        "{{ url('secret') }}",
        "{{ t('hc.name', n='x' * 3) }}",
        "\xff\xfe not UTF-8",
    ],
)
def test_page_that_fails_is_made_by_the_parent(tmp_path: Path, caplog: pytest.LogCaptureFixture, source: str) -> None:
    theme = write_theme(tmp_path, "faulty", templates__pages__home_html="")
    (theme / "templates/pages/home.html").write_bytes(source.encode("latin-1"))
    renderer = Renderer(all_themes(tmp_path))
    with caplog.at_level(logging.ERROR):
        html = home(renderer, "faulty")
    assert "What happens with your inquiry" in html
    assert [(mark.theme, mark.page) for mark in renderer.degraded()] == [("faulty", "home")]
    assert "The theme “faulty” cannot show the page “home”" in caplog.text


@pytest.mark.parametrize(("rest_seconds", "shown"), [(60.0, "main_banner"), (0.0, "mended now")])
def test_failing_page_is_tried_again_after_a_rest(tmp_path: Path, rest_seconds: float, shown: str) -> None:
    theme = write_theme(tmp_path, "faulty", templates__pages__home_html="{{ page.titel }}")
    renderer = Renderer(all_themes(tmp_path), rest_seconds=rest_seconds)
    home(renderer, "faulty")
    (theme / "templates/pages/home.html").write_text("mended now")
    assert shown in home(renderer, "faulty")


def test_state_of_a_theme_tells_of_a_failing_page_until_it_is_shown_again(tmp_path: Path) -> None:
    guard.reset()
    theme = write_theme(tmp_path, "faulty", templates__pages__home_html="{{ page.titel }}")
    renderer = Renderer(all_themes(tmp_path), rest_seconds=0.0)
    home(renderer, "faulty")
    gauge = guard.gauge_of(Ref(Kind.THEME, "faulty"), "home")
    assert (gauge.is_failing, gauge.errors) == (True, 1)
    assert "titel" in gauge.reason
    (theme / "templates/pages/home.html").write_text("mended now")
    assert home(renderer, "faulty") == "mended now"
    assert not gauge.is_failing
    guard.reset()


def test_failure_of_the_default_theme_is_not_hidden(tmp_path: Path) -> None:
    write_theme(tmp_path, "default", parent="", templates__pages__home_html="{{ nothing }}")
    renderer = Renderer(Themes({"default": tmp_path / "default"}, core_version="0.1.0"))
    with pytest.raises(Unavailable):
        home(renderer, "default")


def test_edited_template_shows_at_once(tmp_path: Path) -> None:
    theme = write_theme(tmp_path, "edited", templates__pages__home_html="first")
    renderer = Renderer(all_themes(tmp_path))
    assert home(renderer, "edited") == "first"
    (theme / "templates/pages/home.html").write_text("second")
    assert home(renderer, "edited") == "second"


def test_every_template_of_the_default_theme_says_its_version() -> None:
    heads = {path.name: path.read_text("utf-8") for path in (DEFAULT / "templates").rglob("*.html")}
    assert heads
    assert [name for name, text in heads.items() if not text.startswith("{# hd:template=")] == []
