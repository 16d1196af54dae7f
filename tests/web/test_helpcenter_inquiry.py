"""What visitors see who write to the desk. Source: UX 4; SECURITY A2, B9, C6, R6; SPEC TKT-93."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from flask import Response, request
from flask.testing import FlaskClient

from helpdesk.helpcenter.rules import LARGEST_FILE
from helpdesk.helpcenter.tokens import LONGEST_SECONDS, SHORTEST_SECONDS
from helpdesk.kernel.errors import Conflict, Invalid, LimitExceeded, Unavailable
from tests.helpcenter.desks import ACME, MemoryDesk, application
from tests.helpcenter.visiting import FORM, GOOD, chosen, send, text_of, token_in


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


def test_files_of_a_form_without_our_mark_are_not_read(desk: MemoryDesk, clock: Any) -> None:
    read: list[int] = []
    app = application(desk)

    @app.after_request
    def look(response: Response) -> Response:
        read.extend(file.stream.tell() for file in request.files.getlist("files"))
        return response

    send(app.test_client(), clock, token="invented", files=[chosen("a.txt", b"x" * 9)])
    send(app.test_client(), clock, files=[chosen("a.txt", b"x" * 9)])
    assert read == [0, 9]


@pytest.mark.parametrize("token", ["", "invented"])
def test_marks_without_end_keep_nobody_waiting(visitor: FlaskClient, clock: Any, token: str) -> None:
    began = time.process_time()
    marks = "\u0301\u0327" * 30_000
    response = send(visitor, clock, token=token, content=marks, subject=marks, name=marks, email=marks)
    assert response.status_code == (403 if token else 422)
    assert time.process_time() - began < 4  # sorted as one run each, they take half a minute


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
    assert response.headers.get("Retry-After") == ("60" if status == 429 else None)
    assert sentence in text_of(response)
    assert 'value="Where is it?"' in text_of(response)
    assert "hunter2" not in text_of(response)


def test_receipt_of_another_service_shows_nothing(visitor: FlaskClient, clock: Any) -> None:
    location = send(visitor, clock).headers["Location"]
    assert visitor.get(location.replace("/acme/", "/sunny/")).status_code == 404
