"""F: every link is built from the configured address, whatever host a request names. Source: SECURITY F12."""

import re

import pytest

from helpdesk.kernel.settings import Settings
from tests.attacks.outgoing import answered, mail_account, upload
from tests.factories.client import Caller, ticket
from tests.factories.desk import Desk
from tests.servers.smtp import SmtpServer

BASE = "https://desk.example/support"
EVIL = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "gopher"}


@pytest.fixture
def chosen(database_settings: Settings) -> Settings:
    """A desk that people reach by another name than this machine's."""
    return database_settings.model_copy(update={"base_url": BASE})


def test_links_of_graphql_begin_with_the_base_url(administrator: Caller) -> None:
    caller = administrator.but(headers=EVIL)
    place = caller.done("UploadCreate", filename="a.txt", size=1)["upload"]["url"]
    number = ticket(caller, attachments=[upload(caller, "b.txt")])["number"]
    (message,) = caller.ask("Ticket", number=number)["ticket"]["messages"]["nodes"]
    account = caller.done("ChannelAccountCreate", driver="echo", name="Echo", settings={})["account"]
    for link in (place, message["attachments"][0]["url"], account["hookUrl"]):
        assert link.startswith(f"{BASE}/demo/")


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/demo",
        "/demo/hc",
        "/demo/hc/",
        "/demo//hc",
        "/demo/hc/ko",
        "/demo/hc/ko/",
        "/demo/hc/ko/inquiry",
        "/demo/hc/ko/inquiry/",
        "/demo/hc/nothing",
        "/nobody/hc",
        "/demo/graphql",
        "/demo/graphql/",
        "/demo//graphql",
        "//other.example/graphql",
        "/demo/graphql/schema.graphql",
        "/healthz/",
        "//healthz",
        "/demo//files/x/y",
        "/%2e%2e//other.example",
    ],
)
@pytest.mark.parametrize("accept", ["text/html", "*/*"])
def test_no_page_and_no_redirect_names_the_host_of_the_request(stranger: Caller, path: str, accept: str) -> None:
    answer = stranger.but(headers=EVIL | {"Accept": accept}).send("GET", "/", environ={"PATH_INFO": path})
    assert "evil.example" not in answer.headers.get("Location", "")
    assert "evil.example" not in re.sub(re.escape(path), "", answer.text)
    assert answer.status_code < 500


def test_absolute_links_of_the_help_center_begin_with_the_base_url(stranger: Caller) -> None:
    page = stranger.but(headers=EVIL).send("GET", "/demo/hc/ko/").text
    links = re.findall(r'(?:href|src|action)="(\w+://[^"]+)"', page)
    assert links
    assert [link for link in links if not link.startswith(f"{BASE}/")] == []


def test_mail_names_no_host_of_a_request(desk: Desk, administrator: Caller, smtp_server: SmtpServer) -> None:
    mail_account(administrator, smtp_server)
    caller = administrator.but(headers=EVIL)
    received, mail = answered(desk, caller, smtp_server, subject="문의", name="홍길동", files=[])
    assert b"evil" not in received.raw
    assert mail["Message-ID"].endswith("@desk.example>")
