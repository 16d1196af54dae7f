"""What plugins answer at their addresses."""

import time
from collections.abc import Mapping
from typing import Any

import pytest

from helpdesk.hosting import pages
from helpdesk.hosting.rules import JobState
from helpdesk.kernel.storage import storage
from helpdesk.sdk.errors import Denied, Unverified
from helpdesk.sdk.host import Host
from helpdesk.sdk.web import WebAnswer, WebRequest, page, webhook
from tests.factories.desk import Desk
from tests.hosting.plugins import Hands, install, make_due, remove, rows, work

seen: list[Any] = []
SECRET = "open-sesame"


class Site(Hands):
    """A plugin with pages and a webhook."""

    @page("")
    def front(self, host: Host, request: WebRequest) -> WebAnswer:
        return WebAnswer(f"front of {host.service.slug}")

    @page("form", methods=("GET", "POST"))
    def form(self, host: Host, request: WebRequest) -> WebAnswer:
        return WebAnswer(f"{request.method} {request.body.decode()} {dict(request.query)}")

    @page("gone")
    def gone(self, host: Host, request: WebRequest) -> WebAnswer:
        raise RuntimeError("secret words")

    @page("denied")
    def denied(self, host: Host, request: WebRequest) -> WebAnswer:
        raise Denied("FORBIDDEN", "secret words")

    def _verify(self, host: Host, request: WebRequest) -> None:
        if request.headers.get("x-token") != SECRET:
            raise Unverified("secret words")

    @webhook("hook", verify=_verify)
    def take(self, host: Host, request: WebRequest) -> None:
        seen.append(request)


@pytest.fixture(autouse=True)
def site(desk: Desk) -> None:
    """The plugin, in the desk."""
    seen.clear()
    install(Site)


def ask(desk: Desk, path: str, method: str = "GET", **given: Any) -> WebAnswer:
    """Return what is answered."""
    return pages.answer(desk.service_id, "hands", WebRequest(method, path, **given), largest=1000)


@pytest.mark.parametrize("path", ["", "/"])
def test_page_answers_at_its_path(desk: Desk, path: str) -> None:
    assert ask(desk, path) == WebAnswer("front of demo")


def test_page_is_given_the_whole_request(desk: Desk) -> None:
    assert ask(desk, "form", "POST", body=b"hi", query={"a": "b"}).body == "POST hi {'a': 'b'}"


def test_head_is_answered_like_get(desk: Desk) -> None:
    assert ask(desk, "", "HEAD").status == 200


def test_where_nothing_is_nothing_is_found(desk: Desk) -> None:
    answer = ask(desk, "nowhere")
    assert (answer.status, answer.body) == (404, "There is nothing at this address.\n")
    remove()
    assert ask(desk, "") == answer


def test_other_methods_are_refused_with_those_there_are(desk: Desk) -> None:
    answer = ask(desk, "form", "DELETE")
    assert (answer.status, answer.headers) == (405, {"Allow": "GET, POST"})
    assert ask(desk, "hook").headers == {"Allow": "POST"}


@pytest.mark.parametrize(("path", "status"), [("gone", 503), ("denied", 403)])
def test_failure_is_answered_without_the_plugins_words(desk: Desk, path: str, status: int) -> None:
    answer = ask(desk, path)
    assert answer.status == status
    assert "secret" not in str(answer.body)


WRONG: list[object] = [
    None,
    "text",
    WebAnswer(body=7),  # type: ignore[arg-type]  # it is wrong
    WebAnswer("x", status=99),
    WebAnswer("x", status=True),
    WebAnswer("x", status="200"),  # type: ignore[arg-type]
    WebAnswer("x", content_type="text/html\r\nX-A: b"),
    WebAnswer("x", headers={"X-A": "b\r\nSet-Cookie: c"}),
    WebAnswer("x", headers={"X A": "b"}),
    WebAnswer("x", headers={"X-A": 1}),  # type: ignore[dict-item]
    WebAnswer("x", headers=[("X-A", "b")]),  # type: ignore[arg-type]
    WebAnswer("x" * (pages.LARGEST_ANSWER_BYTES + 1)),
]


@pytest.mark.parametrize("given", WRONG)
def test_wrong_answer_is_a_failure_of_the_plugin(desk: Desk, given: Any) -> None:
    class Wrong(Hands):
        @page("")
        def front(self, host: Host, request: WebRequest) -> WebAnswer:
            answer: WebAnswer = given
            return answer

    install(Wrong)
    assert ask(desk, "").status == 503


def test_page_that_hangs_is_left_behind(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    class Hanging(Hands):
        @page("")
        def front(self, host: Host, request: WebRequest) -> WebAnswer:
            time.sleep(0.5)
            return WebAnswer("late")

    install(Hanging)
    monkeypatch.setattr(pages, "PAGE_SECONDS", 0.05)
    assert ask(desk, "").status == 503
    time.sleep(0.5)


def call_hook(desk: Desk, headers: Mapping[str, str]) -> WebAnswer:
    """Call the webhook with some bytes."""
    return ask(desk, "hook", "POST", body=b"\x00raw", headers=headers, query={"q": "1"}, address="192.0.2.1")


def test_webhook_is_stored_and_answered_before_it_is_understood(desk: Desk) -> None:
    answer = call_hook(desk, {"x-token": SECRET, "authorization": "Basic abc", "x-kind": "push"})
    assert (answer.status, seen) == (200, [])
    (row,) = rows()
    assert storage().read(row.storage_key) == b"\x00raw"
    assert row.request["headers"] == {"x-token": SECRET, "x-kind": "push"}
    (row,) = work(desk)
    assert row.state is JobState.DONE
    (request,) = seen
    assert (request.body, request.query, request.address, request.method) == (
        b"\x00raw",
        {"q": "1"},
        "192.0.2.1",
        "POST",
    )
    assert request.received_at == row.created_at


def test_unverified_webhook_is_turned_away_and_not_kept(desk: Desk) -> None:
    answer = call_hook(desk, {"x-token": "guess"})
    assert answer.status == 401
    assert "secret" not in str(answer.body)
    assert rows() == []


def test_webhook_that_cannot_be_verified_is_to_come_again(desk: Desk) -> None:
    def broken(_plugin: object, _host: object, _request: object) -> None:
        raise RuntimeError("broken")

    class Broken(Hands):
        @webhook("hook", verify=broken)
        def take(self, host: Host, request: WebRequest) -> None:
            seen.append(request)

    install(Broken)
    assert (call_hook(desk, {}).status, rows()) == (503, [])


def test_failing_webhook_is_tried_again(desk: Desk) -> None:
    class Failing(Site):
        def take(self, host: Host, request: WebRequest) -> None:
            seen.append(request)
            if len(seen) == 1:
                raise RuntimeError("not yet")

        take = webhook("hook", verify=Site._verify)(take)  # type: ignore[assignment]  # declared anew

    install(Failing)
    call_hook(desk, {"x-token": SECRET})
    work(desk)
    make_due()
    (row,) = work(desk)
    assert (row.state, len(seen)) == (JobState.DONE, 2)
