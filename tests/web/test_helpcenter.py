"""What visitors of a help center see. Source: UX 1.9, 4; SECURITY A2, A4, F12, C6, R6."""

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import time_machine
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from helpdesk.helpcenter.rendering import Renderer
from helpdesk.helpcenter.rules import LARGEST_FILE
from helpdesk.helpcenter.themes import Themes
from helpdesk.helpcenter.tokens import LONGEST_SECONDS, SHORTEST_SECONDS
from helpdesk.helpcenter.views import Features
from helpdesk.kernel.errors import Conflict, Invalid, LimitExceeded, Unavailable
from helpdesk.web.helpcenter_inquiry import LARGEST_BODY
from tests.helpcenter.desks import ACME, MemoryDesk, all_themes, application
from tests.helpcenter.test_themes import write_theme

FORM = "/acme/hc/en/inquiry"
GOOD = {
    "name": "A Visitor",
    "email": "visitor@shop.example",
    "subject": "Where is it?",
    "content": "Two weeks ago\r\nI ordered.",
    "consent": "yes",
}


@pytest.fixture
def desk() -> MemoryDesk:
    return MemoryDesk()


@pytest.fixture
def visitor(desk: MemoryDesk) -> FlaskClient:
    return application(desk).test_client()


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(datetime(2026, 5, 1, tzinfo=UTC), tick=False) as traveller:
        yield traveller


def text_of(response: TestResponse) -> str:
    return unescape(response.get_data(as_text=True))


def token_in(response: TestResponse) -> str:
    found = re.search(r'name="form_token" value="([^"]+)"', response.get_data(as_text=True))
    assert found is not None
    return found[1]


def chosen(name: str, data: bytes, *, content_type: str = "text/html") -> FileStorage:
    """Return a file as a browser sends it, with a type that it claims."""
    return FileStorage(io.BytesIO(data), filename=name, content_type=content_type)


def send(
    visitor: FlaskClient, clock: Any, *, token: str = "", wait: float = SHORTEST_SECONDS, **changes: Any
) -> TestResponse:
    """Open the form, wait as a person does, and send it; a field of None is left out."""
    form = {**GOOD, "form_token": token or token_in(visitor.get(FORM)), **changes}
    clock.shift(wait)
    boundary, body = encode_multipart({name: value for name, value in form.items() if value is not None})
    return visitor.post(FORM, data=body, content_type=f"multipart/form-data; boundary={boundary}")


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


# The inquiry


def test_inquiry_becomes_a_ticket_and_its_number_is_shown(visitor: FlaskClient, desk: MemoryDesk, clock: Any) -> None:
    response = send(visitor, clock)
    assert response.status_code == 303
    done = text_of(visitor.get(response.headers["Location"]))
    assert "1001" in done
    assert "v***@shop.example" in done
    slug, inquiry = desk.inquiries[0]
    assert (slug, inquiry.name, inquiry.email, inquiry.subject, inquiry.content, inquiry.language) == (
        "acme", "A Visitor", "visitor@shop.example", "Where is it?", "Two weeks ago\nI ordered.", "en",
    )  # fmt: skip


def test_consent_is_kept_with_its_time_and_the_version_of_its_text(
    visitor: FlaskClient, desk: MemoryDesk, clock: Any
) -> None:
    send(visitor, clock)
    desk.services["acme"] = replace(ACME, consent={"en": "We keep it for a year."})
    assert "We keep it for a year." in text_of(visitor.get(FORM))
    send(visitor, clock)
    first, second = (inquiry for _, inquiry in desk.inquiries)
    assert first.consented_at == datetime(2026, 5, 1, 0, 0, SHORTEST_SECONDS, tzinfo=UTC)
    assert first.consent_version != second.consent_version


def test_form_sent_twice_makes_one_ticket(visitor: FlaskClient, desk: MemoryDesk, clock: Any) -> None:
    token = token_in(visitor.get(FORM))
    first, second = send(visitor, clock, token=token), send(visitor, clock, token=token)
    assert len(desk.inquiries) == 1
    assert all("1001" in text_of(visitor.get(sent.headers["Location"])) for sent in (first, second))


def test_going_back_and_asking_something_else_makes_another_ticket(
    visitor: FlaskClient, desk: MemoryDesk, clock: Any
) -> None:
    token = token_in(visitor.get(FORM))
    send(visitor, clock, token=token)
    send(visitor, clock, token=token, subject="Something else")
    assert [inquiry.subject for _, inquiry in desk.inquiries] == ["Where is it?", "Something else"]


def test_wrong_form_comes_back_with_its_values_and_a_linked_summary(
    visitor: FlaskClient, desk: MemoryDesk, clock: Any
) -> None:
    response = send(visitor, clock, email="visitor", subject="", consent=None)
    page = text_of(response)
    assert response.status_code == 422
    assert "<title>Error: Contact us – Acme Store</title>" in page
    assert "There are 3 problems" in page
    assert '<a href="#email">Enter an email address such as name@company.example.</a>' in page
    assert '<a href="#subject">Enter a subject.</a>' in page
    assert 'value="visitor"' in page
    assert "I ordered.</textarea>" in page
    assert desk.inquiries == []
    assert send(visitor, clock, token=token_in(response)).status_code == 303


@pytest.mark.parametrize("field", ["name", "email", "subject", "content"])
def test_what_was_typed_is_escaped(visitor: FlaskClient, clock: Any, field: str) -> None:
    changes: dict[str, Any] = {field: '"></textarea><script>alert({{7*7}})</script>', "consent": None}
    response = send(visitor, clock, **changes)
    page = response.get_data(as_text=True)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert({{7*7}})&lt;/script&gt;" in page


def test_text_of_several_lines_comes_back_unchanged(visitor: FlaskClient, clock: Any) -> None:
    page = text_of(send(visitor, clock, content="  first\r\n\r\n  second ", consent=None))
    assert ">\nfirst\n\n  second</textarea>" in page


def test_files_reach_the_desk_with_the_type_of_their_name(visitor: FlaskClient, desk: MemoryDesk, clock: Any) -> None:
    files = [chosen("견적서.pdf", b"%PDF-1.7"), chosen("photo.PNG", b"x", content_type="image/svg+xml")]
    send(visitor, clock, files=files)
    kept = desk.inquiries[0][1].files
    assert [(file.filename, file.content_type, file.data) for file in kept] == [
        ("견적서.pdf", "application/pdf", b"%PDF-1.7"),
        ("photo.PNG", "image/png", b"x"),
    ]


@pytest.mark.parametrize(
    ("name", "size", "sentence"),
    [
        ("program.exe", 1, "“program.exe” is of a type that cannot be attached"),
        ("film.zip", LARGEST_FILE + 1, "“film.zip” is larger than 10 MB"),
        ("n" * 100 + ".txt", 1, "has more than 100 characters"),
    ],
)
def test_file_that_cannot_be_taken_is_told(
    visitor: FlaskClient, desk: MemoryDesk, clock: Any, name: str, size: int, sentence: str
) -> None:
    page = text_of(send(visitor, clock, files=[chosen(name, b"x" * size)]))
    assert sentence in page
    assert desk.inquiries == []


def test_visitor_is_told_to_choose_good_files_again_after_an_error(visitor: FlaskClient, clock: Any) -> None:
    page = text_of(send(visitor, clock, subject="", files=[chosen("a.txt", b"x")]))
    assert "the files were not kept. Please choose them again" in page


def test_fields_that_the_form_does_not_have_are_ignored(visitor: FlaskClient, desk: MemoryDesk, clock: Any) -> None:
    send(visitor, clock, language="xx", key="mine", status="resolved", service_id="2", consent_version="none")
    inquiry = desk.inquiries[0][1]
    assert (inquiry.language, inquiry.key == "mine", inquiry.consent_version == "none") == ("en", False, False)


def test_line_breaks_never_reach_subject_name_and_address(visitor: FlaskClient, desk: MemoryDesk, clock: Any) -> None:
    send(visitor, clock, subject="Hi\r\nBcc: all@shop.example", name="A\u2028B\0", email=" visitor@shop.example\n")
    inquiry = desk.inquiries[0][1]
    assert (inquiry.subject, inquiry.name, inquiry.email) == (
        "Hi Bcc: all@shop.example", "A B", "visitor@shop.example",
    )  # fmt: skip


# Forgeries and machines


@pytest.mark.parametrize("token", ["invented", "", None])
def test_form_without_our_mark_is_refused_and_keeps_its_text(
    visitor: FlaskClient, desk: MemoryDesk, clock: Any, token: str | None
) -> None:
    visitor.get(FORM)
    response = visitor.post(FORM, data={**GOOD, **({} if token is None else {"form_token": token})})
    assert response.status_code == 403
    assert "we made the form anew" in text_of(response)
    assert 'value="Where is it?"' in text_of(response)
    assert desk.inquiries == []
    assert send(visitor, clock, token=token_in(response)).status_code == 303


def test_mark_of_one_browser_does_not_work_in_another(desk: MemoryDesk, clock: Any) -> None:
    app = application(desk)
    token = token_in(app.test_client().get(FORM))
    victim = app.test_client()
    victim.get(FORM)
    assert send(victim, clock, token=token).status_code == 403
    assert desk.inquiries == []


def test_browser_without_cookies_is_told_to_allow_them(desk: MemoryDesk, clock: Any) -> None:
    response = send(application(desk).test_client(use_cookies=False), clock)
    assert response.status_code == 403
    assert "Allow cookies for this site" in text_of(response)


def test_form_that_was_open_too_long_can_be_sent_again(visitor: FlaskClient, desk: MemoryDesk, clock: Any) -> None:
    response = send(visitor, clock, wait=LONGEST_SECONDS + 1)
    assert response.status_code == 400
    assert "This form was open for a long time" in text_of(response)
    assert send(visitor, clock, token=token_in(response)).status_code == 303


def test_form_sent_faster_than_a_person_can_is_asked_to_send_again(
    visitor: FlaskClient, desk: MemoryDesk, clock: Any
) -> None:
    response = send(visitor, clock, wait=0)
    assert "That was very quick" in text_of(response)
    assert desk.inquiries == []
    assert send(visitor, clock, token=token_in(response)).status_code == 303


def test_filled_trap_is_told_and_emptied(visitor: FlaskClient, desk: MemoryDesk, clock: Any) -> None:
    response = send(visitor, clock, website="http://spam.example")
    assert "A field that you cannot see was filled" in text_of(response)
    assert "spam.example" not in text_of(response)
    assert desk.inquiries == []


# When the desk refuses


@pytest.mark.parametrize(
    ("refusal", "status", "sentence"),
    [
        (
            Invalid("This address is blocked.", path=("customer", "email")),
            422,
            '<a href="#email">This address is blocked.</a>',
        ),
        (Invalid("The desk is closed."), 422, "<li>The desk is closed.</li>"),
        (Conflict("It has changed."), 409, "<li>It has changed.</li>"),
        (LimitExceeded("Too many."), 429, "Too many inquiries came in a short time"),
        (Unavailable("The database is away."), 503, "We could not receive the inquiry just now"),
        (RuntimeError("password=hunter2"), 503, "We could not receive the inquiry just now"),
    ],
)
def test_refusal_shows_the_form_with_its_text(
    visitor: FlaskClient, desk: MemoryDesk, clock: Any, refusal: Exception, status: int, sentence: str
) -> None:
    desk.refusal = refusal
    response = send(visitor, clock)
    assert response.status_code == status
    assert sentence in text_of(response)
    assert 'value="Where is it?"' in text_of(response)
    assert "hunter2" not in text_of(response)


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


def test_receipt_of_another_service_shows_nothing(visitor: FlaskClient, clock: Any) -> None:
    location = send(visitor, clock).headers["Location"]
    assert visitor.get(location.replace("/acme/", "/sunny/")).status_code == 404


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
