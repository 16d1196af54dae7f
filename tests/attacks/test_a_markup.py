"""A: hostile HTML, by mail and by an agent's hand, shows itself and does nothing. Source: SECURITY A1, A5, A6.

``markup.txt`` holds one attack a line, of every class that is known: scripts, handlers, schemes and their spellings,
styles that fetch or cover, forms, refreshes and pings, SVG and MathML, tags of templates, names that clobber, markup
that is left open to swallow what follows, and markup that a sanitiser and a browser may read differently.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from helpdesk.channels import inbox
from helpdesk.kernel.html import sanitise
from tests.attacks.loops import LARGEST, Side, mail
from tests.attacks.outgoing import CUSTOMER, SUPPORT
from tests.attacks.test_a_content import Page as Source
from tests.factories.client import Caller, ticket
from tests.servers.processes import find_program

ON_SQLITE = pytest.mark.parametrize("database_settings", ["sqlite"], indirect=True)
"""The database has no part in it."""

ATTACKS = (Path(__file__).parent / "markup.txt").read_text().splitlines()
MESSAGES = "query ($after: String) { tickets(first: 100, after: $after) { nodes { messages(first: 2) { nodes"
MESSAGES += (
    " { bodyHtml(remoteImages: true) shown: bodyHtml hasRemoteImages } } } pageInfo { hasNextPage endCursor } } }"
)
FOUND = """() => {
  const bad = [];
  for (const e of document.body.querySelectorAll('*')) {
    if (/^(script|iframe|object|embed|base|meta|link|style|form|input|button|svg|math|template)$/i.test(e.tagName))
      bad.push(e.outerHTML.slice(0, 200));
    for (const a of e.attributes)
      if (/^on|^(srcset|formaction|action|ping|id|name|class|background)$/i.test(a.name)
          || (/^(href|src|cite|xlink:href)$/i.test(a.name) && !/^(https?|mailto|tel|cid):/i.test(a.value)))
        bad.push(e.outerHTML.slice(0, 200));
    const look = getComputedStyle(e);
    if (look.position !== 'static' || look.zIndex !== 'auto' || look.backgroundImage !== 'none'
        || look.transform !== 'none' || look.float !== 'none')
      bad.push(e.outerHTML.slice(0, 200));
  }
  return bad;
}"""


def bodies(caller: Caller, field: str) -> list[str]:
    """Return the HTML of every message."""
    found, after, more = [], None, True
    while more:
        page = caller.post(MESSAGES, {"after": after}).get_json()["data"]["tickets"]
        found += [one[field] for node in page["nodes"] for one in node["messages"]["nodes"] if one[field]]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    return found


@ON_SQLITE
def test_hostile_html_in_a_mail_is_taken_apart(ours: Side, partner: Caller) -> None:
    for number, attack in enumerate(ATTACKS):
        raw = mail(
            sender=CUSTOMER, to=SUPPORT, subject=f"No. {number}", Message_ID=f"<{number}@x.y>",
            Content_Type="text/html; charset=utf-8", text=f"<p>Hello</p>{attack}",
        )  # fmt: skip
        inbox.store(ours.account_id, ours.desk.service_id, raw, largest=LARGEST)
    ours.desk.run_jobs()
    found = bodies(partner, "bodyHtml")
    assert len(found) == len(ATTACKS)
    for body in found:
        assert Source(body).dangers == []
        assert sanitise(body) == body.replace(' src=""', "")  # of a picture that came with no file
    assert not any(' src="http' in body for body in bodies(partner, "shown"))


@ON_SQLITE
def test_hostile_html_of_an_agent_is_taken_apart(agent: Caller) -> None:
    made = ticket(agent)
    for attack in ATTACKS:
        given = {"ticketId": made["id"], "body": f"<p>Hello</p>{attack}", "bodyFormat": "HTML"}
        body = agent.done("TicketReply", **given)["message"]["bodyHtml"]
        assert Source(body).dangers == []
        assert sanitise(body) == body.replace(' src=""', "")  # of a picture that came with no file


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """Give a page of a browser without any policy: what is shown in it stands alone."""
    program = find_program("chromium", package="chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser.new_page()
        browser.close()


@pytest.mark.browser
@pytest.mark.parametrize("joined", ["", "\n"], ids=["one by one", "all together"])
def test_browser_runs_and_fetches_nothing_of_it(page: Page, joined: str) -> None:
    asked: list[str] = []
    page.on("dialog", lambda dialog: asked.append(dialog.message) or dialog.dismiss())
    page.on("request", lambda request: request.url.startswith("cid:") or asked.append(request.url))
    for html in [joined.join(ATTACKS)] if joined else ATTACKS:
        shown = sanitise(html)
        without_images = shown.replace(' src="http', ' title="http')
        page.set_content(f"<!doctype html><title>x</title><body>{without_images}</body>")
        assert page.evaluate(FOUND) == [], html
        page.evaluate("document.body.querySelectorAll('*').forEach(e => e.focus && e.focus())")
    assert asked == []
