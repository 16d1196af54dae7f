"""What visitors of a help center see. Source: UX 1.7, 1.9; SECURITY A4, F6, F12."""

import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpdesk.helpcenter.rendering import Renderer
from helpdesk.helpcenter.themes import Themes
from helpdesk.helpcenter.views import Features
from helpdesk.web.helpcenter_inquiry import LARGEST_BODY
from tests.helpcenter.desks import ACME, MemoryDesk, all_themes, application
from tests.helpcenter.test_themes import write_theme
from tests.helpcenter.visiting import FORM, text_of


@pytest.fixture
def desk() -> MemoryDesk:
    return MemoryDesk()


@pytest.fixture
def visitor(desk: MemoryDesk) -> FlaskClient:
    return application(desk).test_client()


# Finding the way


@pytest.mark.parametrize(
    ("accepted", "home"),
    [("en-GB,en;q=0.9", "/acme/hc/en/"), ("ko-KR", "/acme/hc/ko/"), ("fr", "/acme/hc/ko/"), ("", "/acme/hc/ko/")],
)
def test_entrance_leads_to_the_visitors_language(visitor: FlaskClient, accepted: str, home: str) -> None:
    response = visitor.get("/acme/hc", headers={"Accept-Language": accepted})
    assert (response.status_code, response.headers["Location"]) == (302, home)


def test_chosen_language_is_remembered(visitor: FlaskClient) -> None:
    visitor.get("/acme/hc/en/", headers={"Accept-Language": "ko"})
    response = visitor.get("/acme/hc", headers={"Accept-Language": "ko"})
    assert response.headers["Location"] == "/acme/hc/en/"


@pytest.mark.parametrize(("locale", "words"), [("ko", "무엇을 도와드릴까요?"), ("en", "How can we help you?")])
def test_home_speaks_the_language_of_its_address(visitor: FlaskClient, locale: str, words: str) -> None:
    page = text_of(visitor.get(f"/acme/hc/{locale}/"))
    assert f'<html lang="{locale}"' in page
    assert words in page
    assert 'hreflang="ko" href="http://desk.example/acme/hc/ko/"' in page


def test_child_theme_shows_its_block_and_its_colour(visitor: FlaskClient) -> None:
    page = text_of(visitor.get("/sunny/hc/en/"))
    assert "Good morning from the child theme" in page
    sheets = re.findall(r'rel="stylesheet" href="([^"]+)"', page)
    assert [sheet.rpartition("/")[2] for sheet in sheets] == ["theme.css", "sunrise.css", "settings.css"]
    assert "--hd-brand: #a63d00;" in visitor.get(sheets[2]).get_data(as_text=True)


@pytest.mark.parametrize("host", ["evil.example", "evil.example:99", "desk.example@evil.example"])
@pytest.mark.parametrize(
    "path", ["/acme/hc", "/acme/hc/", "/acme/hc/en", "/acme/hc/en/", FORM, "/acme/hc/en/x", "/acme//hc"]
)
def test_no_link_is_built_from_the_host_header(desk: MemoryDesk, host: str, path: str) -> None:
    app = application(desk)
    response = app.test_client().get(path, headers={"Host": host})
    assert "evil" not in response.get_data(as_text=True)
    assert "evil" not in response.headers.get("Location", "")


def test_every_page_carries_the_strict_headers(visitor: FlaskClient) -> None:
    for path in ("/acme/hc/en/", FORM, "/acme/hc/en/nothing", "/nobody/hc"):
        headers = visitor.get(path).headers
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert "frame-ancestors 'self'" in headers["Content-Security-Policy"]
        assert "base-uri 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"


def test_cookies_are_kept_from_scripts_and_other_sites(desk: MemoryDesk) -> None:
    visitor = application(desk, base_url="https://desk.example").test_client()
    cookies = visitor.get(FORM).headers.getlist("Set-Cookie")
    assert any(cookie.startswith("__Host-hd_form=") for cookie in cookies)
    assert all("HttpOnly" in cookie and "SameSite=Lax" in cookie and "Secure" in cookie for cookie in cookies)


# Pages that are not there


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/nobody/hc", "페이지를 찾을 수 없습니다"),
        ("/nobody/hc/ko/inquiry", "페이지를 찾을 수 없습니다"),
        ("/acme/hc/fr/", "페이지를 찾을 수 없습니다"),
        ("/acme/hc/en/nothing", "Page not found"),
        ("/acme/hc/en/inquiry/nothing", "Page not found"),
        ("/acme/hc/en/inquiry/done", "Page not found"),
        ("/acme/hc/en/inquiry/done?receipt=invented", "Page not found"),
        ("/acme/hc/en/../../etc/passwd", "Page not found"),
    ],
)
def test_page_that_is_not_there_is_told_in_the_nearest_language(visitor: FlaskClient, path: str, words: str) -> None:
    response = visitor.get(path, headers={"Accept-Language": "ko"})
    assert response.status_code == 404
    assert words in text_of(response)
    assert response.headers["X-Request-Id"] in text_of(response)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("POST", "/acme/hc/en/", "GET, HEAD"), ("DELETE", FORM, "GET, HEAD, POST"), ("OPTIONS", FORM, "GET, HEAD, POST")],
)
def test_wrong_method_gets_a_page_and_the_right_ones(
    visitor: FlaskClient, method: str, path: str, allowed: str
) -> None:
    response = visitor.open(path, method=method)
    assert response.status_code == 405
    assert set(response.headers["Allow"].split(", ")) == set(allowed.split(", "))
    assert "This page cannot be opened that way" in text_of(response)


def test_too_large_a_body_gets_a_page_that_says_how_much_is_allowed(visitor: FlaskClient, desk: MemoryDesk) -> None:
    response = visitor.post(FORM, data=b"x" * (LARGEST_BODY + 1), content_type="multipart/form-data; boundary=x")
    assert response.status_code == 413
    assert "5 files of 10 MB each" in text_of(response)
    assert "Acme Store" in text_of(response)


def test_service_without_inquiries_has_neither_link_nor_form(visitor: FlaskClient, desk: MemoryDesk) -> None:
    desk.services["acme"] = replace(ACME, features=Features(inquiry=False))
    assert "Contact us" not in text_of(visitor.get("/acme/hc/en/"))
    assert visitor.get(FORM).status_code == 404


def test_desk_that_fails_shows_an_error_page_without_its_reason(caplog: pytest.LogCaptureFixture) -> None:
    class FailingDesk(MemoryDesk):
        def service(self, slug: str) -> None:
            raise RuntimeError("password=hunter2")

    response = application(FailingDesk()).test_client().get("/acme/hc/en/", headers={"Accept-Language": "en"})
    assert response.status_code == 500
    assert "Something went wrong" in text_of(response)
    assert "hunter2" not in text_of(response)
    assert response.headers["X-Request-Id"] in caplog.text


def test_broken_default_theme_still_gives_a_page(tmp_path: Path, desk: MemoryDesk) -> None:
    write_theme(tmp_path, "default", parent="", templates__pages__home_html="{{ nothing }}")
    renderer = Renderer(Themes({"default": tmp_path / "default"}, core_version="0.1.0"))
    response = application(desk, renderer=renderer).test_client().get("/acme/hc/en/")
    assert response.status_code == 503
    assert "503 Service Unavailable" in text_of(response)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    body=st.binary(max_size=400),
    content_type=st.sampled_from(
        [
            "multipart/form-data; boundary=x",
            "multipart/form-data",
            "application/x-www-form-urlencoded",
            "application/json",
            "",
        ]
    ),
)
def test_no_body_makes_the_form_fail(visitor: FlaskClient, body: bytes, content_type: str) -> None:
    response = visitor.post(FORM, data=body, content_type=content_type)
    assert 400 <= response.status_code < 500
    assert "<html" in response.get_data(as_text=True)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(rest=st.text(max_size=40), receipt=st.text(max_size=40))
def test_no_address_below_a_help_center_makes_it_fail(visitor: FlaskClient, rest: str, receipt: str) -> None:
    for path in (f"/acme/hc/{quote(rest)}", f"/acme/hc/en/{quote(rest)}", "/acme/hc/en/inquiry/done"):
        assert visitor.get(path, query_string={"receipt": receipt}).status_code < 500


# Files of themes


def test_style_sheet_is_kept_for_ever_under_its_hash(visitor: FlaskClient) -> None:
    sheet = re.search(r'href="(/_t/default/[0-9a-f]+/css/theme.css)"', text_of(visitor.get("/acme/hc/en/")))
    assert sheet is not None
    response = visitor.get(sheet[1])
    assert response.headers["Content-Type"] == "text/css; charset=utf-8"
    assert "immutable" in response.headers["Cache-Control"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_old_hash_still_gives_the_file_but_nobody_keeps_it(visitor: FlaskClient) -> None:
    response = visitor.get("/_t/default/0000/css/theme.css")
    assert (response.status_code, response.headers["Cache-Control"]) == (200, "no-cache")


@pytest.mark.parametrize(
    "path",
    [
        "/_t/default/0/../theme.toml",
        "/_t/default/0/..%2ftheme.toml",
        "/_t/default/0/css/../../theme.toml",
        "/_t/default/0/css/none.css",
        "/_t/default/0/css",
        "/_t/nobody/0/css/theme.css",
        "/_t/default/0/page.html",
        "/_t/default/0/secret.py",
    ],
)
def test_nothing_but_assets_is_sent(visitor: FlaskClient, path: str) -> None:
    assert visitor.get(path).status_code == 404


def test_type_that_is_not_known_is_not_sent(tmp_path: Path, desk: MemoryDesk) -> None:
    write_theme(tmp_path, "odd", assets__page_html="<script>", assets__a="x")
    visitor = application(desk, renderer=Renderer(all_themes(tmp_path))).test_client()
    assert visitor.get("/_t/odd/0/page.html").status_code == 404
    assert visitor.get("/_t/odd/0/a").status_code == 404
