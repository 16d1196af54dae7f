"""A: hostile text in names, subjects and file names stays text wherever it is shown. Source: SECURITY A2."""

from html.parser import HTMLParser

import pytest

from helpdesk.agents import operations as agents
from helpdesk.agents.rules import Role
from helpdesk.organization import operations as organization
from tests.attacks.outgoing import CUSTOMER, SUPPORT, answered, mail_account, upload
from tests.factories.client import Caller, log_in, ticket
from tests.factories.desk import PASSWORD, Desk
from tests.servers.smtp import SmtpServer

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</textarea></title><svg onload=alert(1)>",
    "javascript:alert(1)",
    "{{7*7}}{% raise %}${7*7}#{agent.password}",
    "[x](javascript:alert(1)) http://evil.example/?<b>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
]


class Page(HTMLParser):
    """Collects what a browser would run, and what it shows in fields."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.dangers: list[str] = []
        self.values: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Note dangerous elements and attributes."""
        names = [name for name, _ in attributes]
        urls = [value or "" for name, value in attributes if name in {"href", "src", "action", "formaction"}]
        if tag in {"script", "iframe", "object", "embed", "base"} or any(name.startswith("on") for name in names):
            self.dangers.append(tag)
        self.dangers += [url for url in urls if url.strip().lower().startswith(("javascript:", "data:"))]
        self.values += [value or "" for name, value in attributes if name == "value"]


@pytest.mark.parametrize("payload", HOSTILE)
def test_graphql_gives_hostile_text_back_as_the_text_it_is(partner: Caller, payload: str) -> None:
    made = ticket(partner, subject=payload, customer={"name": payload}, attachments=[upload(partner, payload)])
    answer = partner.answer("Ticket", number=made["number"])
    assert (answer.mimetype, answer.headers["X-Content-Type-Options"]) == ("application/json", "nosniff")
    found = answer.get_json()["data"]["ticket"]
    (message,) = found["messages"]["nodes"]
    assert (found["subject"], message["bodyHtml"]) == (payload, None)
    assert (message["attachments"][0]["filename"]) == payload.rpartition("/")[2].lstrip(". ")
    assert "<" not in message["attachments"][0]["url"]


@pytest.mark.parametrize("payload", HOSTILE)
def test_help_center_shows_hostile_text_as_text(desk: Desk, stranger: Caller, payload: str) -> None:
    organization.create_service(
        desk.organization_id, slug="hostile", names={"en": payload}, languages=["en"], default_language="en",
        time_zone="UTC",
    )  # fmt: skip
    form = {"name": payload, "email": payload, "subject": payload, "content": payload, "form_token": payload}
    pages = [
        stranger.send("GET", "/hostile/hc/en/"),
        stranger.send("GET", "/hostile/hc/en/inquiry"),
        stranger.send("POST", "/hostile/hc/en/inquiry", data=form),
        stranger.send("GET", "/hostile/hc/en/inquiry/done", query_string={"receipt": payload}),
        stranger.send("GET", f"/hostile/hc/{payload.replace('/', '')}"),
    ]
    for page in pages:
        assert page.mimetype == "text/html"
        assert Page(page.text).dangers == []
        assert "49" not in Page(page.text).values
        policy = page.headers["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert "base-uri 'none'" in policy
    assert payload in Page(pages[2].text).values  # what was typed is not lost, either


@pytest.mark.parametrize("payload", HOSTILE)
def test_mail_carries_hostile_text_as_a_name_a_subject_and_a_file_name(
    desk: Desk, administrator: Caller, stranger: Caller, smtp_server: SmtpServer, payload: str
) -> None:
    mail_account(administrator, smtp_server)
    member = agents.add_member(desk.organization_id, email="evil@demo.example", name=payload, password=PASSWORD)
    agents.add_agent(desk.service_id, member, role=Role.AGENT)
    agent = log_in(stranger, "evil@demo.example")
    received, mail = answered(desk, agent, smtp_server, subject=payload, name=payload, files=[upload(agent, payload)])
    assert received.recipients == (CUSTOMER,)
    (sender,), (recipient,) = mail["From"].addresses, mail["To"].addresses
    assert (sender.addr_spec, recipient.addr_spec, recipient.display_name) == (SUPPORT, CUSTOMER, payload)
    assert payload in mail["Subject"]
    html = mail.get_body(("html",))
    assert html is None or Page(html.get_content()).dangers == []
    assert [part.get_content_disposition() for part in mail.iter_attachments()] == ["attachment"]
