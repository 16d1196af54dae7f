"""A browser that opens the GraphQL address gets an explorer that works, from our own origin, under a strict policy."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import ConsoleMessage, Page, Request, expect, sync_playwright

import hatch_build
from helpdesk.web import graphiql
from tests.servers.processes import find_program
from tests.web.small_desk import KEY, make_app, serve

ROOT = Path(__file__).parents[2]
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"}
FLAGS = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@pytest.fixture
def built() -> None:
    """GraphiQL's files, fetched unless they are there."""
    if not all((graphiql.BUILT / name).is_file() for name in graphiql.NEEDED):
        find_program("npm", package="npm")
        hatch_build.fetch(ROOT)


@pytest.fixture
def page() -> Iterator[Page]:
    """A page of a real Chromium."""
    program = find_program("chromium", package="chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        yield browser.new_page()
        browser.close()


def watch(page: Page, origin: str) -> list[str]:
    """Return a list that fills with whatever goes wrong: errors, policy violations, requests to other hosts."""
    troubles: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            troubles.append(message.text)

    def see(request: Request) -> None:
        if not request.url.startswith((origin, "data:", "blob:")):
            troubles.append(request.url)

    page.on("console", hear)
    page.on("request", see)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    return troubles


def write_query(page: Page, query: str) -> None:
    """Replace what stands in the editor."""
    page.click(".graphiql-query-editor .CodeMirror")
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(query)


@pytest.mark.browser
@pytest.mark.npm
@pytest.mark.usefixtures("built")
def test_explorer_runs_a_query_under_its_strict_policy(page: Page) -> None:
    with serve(make_app()) as origin:
        troubles = watch(page, origin)
        page.goto(f"{origin}/acme/graphql")
        write_query(page, "{ticket {customer {name}}}")
        page.keyboard.press("Control+Enter")
        expect(page.locator(".result-window")).to_contain_text('"name": "Kim"')
        expect(page.locator("#cost")).to_have_text("Cost 2 of 5000")
        page.click('[aria-label="Open settings dialog"]')
        expect(page.get_by_role("dialog")).to_contain_text("Theme")
        page.close()
    assert troubles == []


@pytest.mark.browser
@pytest.mark.npm
@pytest.mark.usefixtures("built")
def test_key_opens_the_schema_and_stays_in_its_tab(page: Page) -> None:
    with serve(make_app()) as origin:
        page.goto(f"{origin}/acme/graphql")
        expect(page.locator(".result-window")).to_contain_text("INTROSPECTION_DISABLED")
        page.get_by_label("API key or token").fill(KEY)
        page.keyboard.press("Tab")
        page.click('[aria-label="Show Documentation Explorer"]')
        expect(page.locator(".graphiql-doc-explorer")).to_contain_text("Query")
        stored = page.evaluate("[Object.values(localStorage), Object.values(sessionStorage)].map(String)")
        page.close()
    assert KEY not in stored[0]
    assert KEY in stored[1]


@pytest.mark.usefixtures("built")
def test_policy_allows_no_inline_script_no_eval_and_no_other_host() -> None:
    response = make_app().test_client().get("/acme/graphql", headers=BROWSER)
    policy = response.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'; script-src 'self';" in policy
    assert "http" not in policy
    assert "<script>" not in response.text


@pytest.mark.usefixtures("built")
def test_every_file_of_the_page_is_served() -> None:
    client = make_app().test_client()
    built = [f"/static/graphiql/{name}" for name in graphiql.NEEDED]
    ours = [f"/static/explorer/{file.name}" for file in graphiql.OURS.iterdir()]
    for address in built + ours:
        with client.get(address) as response:
            assert response.status_code == 200
    assert client.get("/static/graphiql/../../graphql.py").status_code == 404


def test_missing_files_are_told_with_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graphiql, "BUILT", tmp_path)
    response = make_app().test_client().get("/acme/graphql", headers=BROWSER)
    assert "were not built" in response.text
    assert "python hatch_build.py" in response.text
    assert 'href="/acme/graphql/schema.graphql"' in response.text
    assert "<script" not in response.text


def test_explorer_can_be_turned_off() -> None:
    client = make_app(is_graphiql_on=False).test_client()
    response = client.get("/acme/graphql", headers=BROWSER)
    assert (response.status_code, response.mimetype) == (404, "text/plain")
    assert client.get("/static/explorer/explorer.js").status_code == 404


@pytest.mark.parametrize(
    ("accept", "query"),
    [
        ("*/*", ""),
        ("application/json", ""),
        ("text/html;q=0.5, application/json", ""),
        ("text/html, */*", "?query={add}"),
    ],
)
def test_clients_that_are_no_browser_get_json(accept: str, query: str) -> None:
    response = make_app().test_client().get(f"/acme/graphql{query}", headers={"Accept": accept})
    assert response.is_json
