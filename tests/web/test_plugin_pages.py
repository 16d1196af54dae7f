"""Pages and webhooks of plugins, over HTTP."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.hosting import instances
from helpdesk.hosting.models import PluginJob
from helpdesk.plugins import guard, registry
from helpdesk.plugins.kinds import Kind
from helpdesk.sdk.host import Host
from helpdesk.sdk.web import WebAnswer, WebRequest, page, webhook
from helpdesk.web import plugin_pages
from tests.factories.desk import Desk
from tests.hosting.plugins import Hands


class Site(Hands):
    """A plugin with pages and a webhook."""

    @page("")
    def front(self, host: Host, request: WebRequest) -> WebAnswer:
        headers = {"Set-Cookie": "a=b", "ETag": "1", "Content-Security-Policy": "", "X-Other": "x"}
        return WebAnswer("<p>안녕</p>", content_type="text/html; charset=utf-8", headers=headers)

    @page("deep/down", methods=("GET", "POST", "OPTIONS"))
    def deep(self, host: Host, request: WebRequest) -> WebAnswer:
        told = [request.method, request.path, request.address, request.query.get("q"), "cookie" in request.headers]
        return WebAnswer(repr(told), status=418)

    @page("away")
    def away(self, host: Host, request: WebRequest) -> WebAnswer:
        return WebAnswer(status=303, headers={"Location": "/demo/hc"})

    @page("broken")
    def broken(self, host: Host, request: WebRequest) -> WebAnswer:
        raise SystemExit(1)

    @webhook("hook", verify=lambda plugin, host, request: None)
    def take(self, host: Host, request: WebRequest) -> None:
        """Take everything."""


@pytest.fixture
def client(desk: Desk) -> Iterator[FlaskClient]:
    """Only the plugins' pages."""
    registry.register(Kind.PLUGIN, "site", Site)
    app = Flask("pages")
    app.register_blueprint(plugin_pages.blueprint(desk.settings))
    yield app.test_client()
    instances.forget("site")
    registry.load(looks=False)
    guard.reset()


def test_page_is_sent_with_the_desks_own_headers(client: FlaskClient) -> None:
    answer = client.get("/demo/p/site/")
    assert (answer.status_code, answer.text, answer.headers["ETag"]) == (200, "<p>안녕</p>", "1")
    assert answer.headers["Content-Security-Policy"] == plugin_pages.POLICY
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert not {"Set-Cookie", "X-Other"} & set(answer.headers.keys())


def test_policy_lets_no_script_run() -> None:
    assert plugin_pages.POLICY.startswith("default-src 'none';")
    assert "script-src" not in plugin_pages.POLICY
    assert "unsafe" not in plugin_pages.POLICY


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_plugin_is_told_of_the_request_but_not_of_cookies(client: FlaskClient, method: str) -> None:
    answer = client.open("/demo/p/site/deep/down?q=1", method=method, headers={"Cookie": "hd=1"})
    assert (answer.status_code, answer.text) == (418, repr([method, "deep/down", "127.0.0.1", "1", False]))


def test_head_has_no_body(client: FlaskClient) -> None:
    answer = client.head("/demo/p/site/")
    assert (answer.status_code, answer.data) == (200, b"")


def test_plugin_may_lead_elsewhere(client: FlaskClient) -> None:
    answer = client.get("/demo/p/site/away")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/demo/hc")


@pytest.mark.parametrize("path", ["/demo/p/site/nowhere", "/demo/p/other/", "/elsewhere/p/site/"])
def test_nothing_is_found_where_nothing_is(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_slash_at_the_end_may_be_left_out(client: FlaskClient) -> None:
    assert client.get("/demo/p/site").status_code == 200
    assert client.get("/demo/p/site/deep/down/").status_code == 418


def test_failing_page_is_never_a_500(client: FlaskClient) -> None:
    answer = client.get("/demo/p/site/broken")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")


def test_other_methods_are_refused(client: FlaskClient) -> None:
    answer = client.delete("/demo/p/site/deep/down")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, OPTIONS, POST")


def test_webhook_is_kept(client: FlaskClient) -> None:
    answer = client.post("/demo/p/site/hook", data=b"raw")
    assert (answer.status_code, answer.text) == (200, "ok\n")
    assert PluginJob.select().count() == 1


def test_body_that_is_too_large_is_refused(desk: Desk, client: FlaskClient) -> None:
    answer = client.post("/demo/p/site/hook", data=b"x" * (desk.settings.max_body_bytes + 1))
    assert answer.status_code == 413
    assert PluginJob.select().count() == 0
