"""The help center in a real browser: small screens, the strict policy, and all of it without scripts."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
import time_machine
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from werkzeug.serving import make_server

from helpdesk.helpcenter.slots import Filling
from helpdesk.helpcenter.tokens import SHORTEST_SECONDS
from helpdesk.helpcenter.views import ServiceView
from helpdesk.sdk.slots import SlotPage
from tests.helpcenter.desks import MemoryDesk, application
from tests.hosting.signs import FOLDER
from tests.servers.processes import find_program

pytestmark = pytest.mark.browser

ARGUMENTS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
DUPLICATES = "[...document.querySelectorAll('[id]')].map(e => e.id).filter((id, i, all) => all.indexOf(id) !== i)"
SMALL_TARGETS = """[...document.querySelectorAll('a[href], button, input:not([type=hidden]), summary')]
  .filter(e => !e.closest('.trap, .skip-link') && e.offsetParent && e.getBoundingClientRect().height < 24)
  .map(e => e.outerHTML)"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = find_program("chromium", package="chromium")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture
def desk() -> MemoryDesk:
    return MemoryDesk()


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Serve the application while the block runs; gives its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def address(desk: MemoryDesk) -> Iterator[str]:
    with served(application(desk)) as found:
        yield found


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel("2026-05-01T00:00:00Z", tick=True) as traveller:
        yield traveller


def visit(browser: Browser, address: str, **options: Any) -> tuple[BrowserContext, Page, list[str]]:
    """Open a page, and gather what the console says: refusals of the policy and failed files among it."""
    context = browser.new_context(base_url=address, **options)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return context, page, complaints


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["ko/", "en/", "ko/inquiry", "en/inquiry"])
def test_page_fits_a_small_screen_and_breaks_no_policy(browser: Browser, address: str, path: str, scheme: Any) -> None:
    context, page, complaints = visit(
        browser, address, viewport={"width": 320, "height": 700}, color_scheme=scheme, java_script_enabled=True
    )
    page.goto(f"/acme/hc/{path}", wait_until="networkidle")
    assert page.evaluate(OVERFLOW) == 0
    assert page.evaluate(DUPLICATES) == []
    assert page.evaluate(SMALL_TARGETS) == []
    assert page.evaluate("getComputedStyle(document.body).fontFamily").startswith('"Pretendard')
    assert complaints == []
    context.close()


def test_form_is_sent_without_scripts(browser: Browser, address: str, desk: MemoryDesk, clock: Any) -> None:
    context, page, complaints = visit(browser, address, java_script_enabled=False, locale="ko-KR")
    page.goto("/acme/hc")
    page.get_by_role("link", name="문의하기").click()
    page.get_by_label("이메일").fill("visitor@shop.example")
    page.get_by_label("제목").fill("배송이 늦어요")
    page.get_by_label("문의 내용").fill("언제 도착하나요?")
    page.get_by_label("첨부 파일").set_input_files(
        {"name": "영수증.pdf", "mimeType": "application/pdf", "buffer": b"%PDF"}
    )
    page.get_by_label("동의합니다").check()
    clock.shift(SHORTEST_SECONDS)
    page.get_by_role("button", name="문의 보내기").click()
    assert page.get_by_role("heading", level=1).inner_text() == "문의가 접수되었습니다"
    assert "1001" in page.locator(".receipt__number").inner_text()
    assert [(sent.subject, sent.files[0].filename) for _, sent in desk.inquiries] == [("배송이 늦어요", "영수증.pdf")]
    assert complaints == []
    context.close()


def test_summary_of_errors_has_the_focus_and_leads_to_the_fields(browser: Browser, address: str) -> None:
    context, page, _ = visit(browser, address, viewport={"width": 320, "height": 700})
    page.goto("/acme/hc/en/inquiry")
    page.get_by_role("button", name="Send inquiry").click()
    assert page.title() == "Error: Contact us – Acme Store"
    assert page.evaluate("document.activeElement.className") == "error-summary"
    assert page.evaluate(OVERFLOW) == 0
    page.get_by_role("link", name="Enter a subject.").click()
    page.keyboard.type("Typed")
    assert page.get_by_label("Subject").input_value() == "Typed"
    assert page.get_by_label("Subject").get_attribute("aria-describedby") == "subject-error"
    context.close()


def test_first_tab_leads_past_the_header(browser: Browser, address: str) -> None:
    context, page, _ = visit(browser, address)
    page.goto("/acme/hc/en/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")
    context.close()


def test_page_stays_within_its_budget_of_bytes_and_requests(browser: Browser, address: str) -> None:
    context, page, _ = visit(browser, address)
    sizes: dict[str, int] = {}
    page.on("response", lambda answer: sizes.__setitem__(answer.url, len(answer.body())))
    page.goto("/acme/hc/en/", wait_until="networkidle")
    sheet = next(size for url, size in sizes.items() if url.endswith("theme.css"))
    assert len(sizes) <= 8
    assert sheet < 20 * 1024
    assert sum(sizes.values()) < 35 * 1024
    context.close()


def fill(service: ServiceView, name: str, page: SlotPage) -> Sequence[Filling]:
    """Hang a sign in every slot."""
    values = {"hello": f"<script>{name}</script>", "service": service.slug, "page": page.kind, "items": [1, 2]}
    return [Filling("signs", "sign", FOLDER, "head.html" if name == "head" else "sign.html", {"name": "Kim", **values})]


@pytest.mark.parametrize(("path", "count"), [("ko/", 7), ("en/inquiry", 6)])
def test_page_with_a_sign_in_every_slot_fits_and_shows_all_of_them(
    browser: Browser, desk: MemoryDesk, path: str, count: int
) -> None:
    with served(application(desk, fill=fill)) as address:
        context, page, complaints = visit(browser, address, viewport={"width": 320, "height": 700})
        page.goto(f"/acme/hc/{path}", wait_until="networkidle")
        signs = page.locator("[data-hd-slot] p")
        assert signs.count() == count
        for place in range(count):
            signs.nth(place).click(timeout=2000)  # which nothing else may cover
        assert page.evaluate(OVERFLOW) == 0
        assert page.evaluate("document.head.querySelector('meta[name=author]').content") == "Kim"
        assert page.evaluate("[...document.querySelectorAll('[data-hd-slot]')].every(e => e.querySelector('aside'))")
        assert complaints == []
        context.close()
