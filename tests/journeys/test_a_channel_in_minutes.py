"""A stranger writes a channel: from ``plugin new`` to a message in and out of a running desk, by commands alone.

The two methods that are edited speak another JSON than the template's; everything else stays as it was written.
"""

import ast
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.factories import plain
from tests.factories.calls import Calls
from tests.factories.environments import FreshEnvironment
from tests.factories.processes import Site, eventually

RECEIVE = '''    def receive(self, request: InboundRequest) -> Iterable[Inbound]:
        """Read one message of the provider."""
        try:
            data = json.loads(request.body)
        except (ValueError, RecursionError) as error:
            raise Refused(f"The body is not JSON: {error}.") from None
        match data:
            case {"nr": str(known_as), "phone": str(sender), "who": str(name), "says": str(text)}:
                return [Inbound(known_as, Identity(self.identity_kind, sender, name), text)]
        raise Refused("A message has nr, phone, who and says, each a text.")
'''
SEND = '''    def send(self, message: Outbound) -> Sent:
        """Hand the answer to the provider."""
        content = {"ref": message.key, "phones": [one.value for one in message.recipients], "say": message.text}
        headers = {"authorization": f"Bearer {self.settings.token.get_secret_value()}"}
        answer = self.http.request("POST", str(self.settings.url), headers=headers, json=content)
        if answer.status == 429 or answer.status >= 500:
            raise Retry(f"The provider answered {answer.status}.")
        if answer.status >= 300:
            raise Refused(f"The provider answered {answer.status}.")
        return Sent()
'''
MOST_LINES = 30


class Provider(BaseHTTPRequestHandler):
    """What the channel speaks to."""

    def do_POST(self) -> None:
        """Take an answer."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append((self.headers["Authorization"], json.loads(body)))  # type: ignore[attr-defined]
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def provider() -> Iterator[HTTPServer]:
    """A running provider, and what it was sent."""
    with HTTPServer(("127.0.0.1", 0), Provider) as server:
        server.received = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def environment(tmp_path: Path) -> FreshEnvironment:
    """An environment of the desk's own."""
    return FreshEnvironment(tmp_path / "venv")


@pytest.fixture
def site(tmp_path: Path, environment: FreshEnvironment) -> Iterator[Site]:
    """A desk that may call this machine."""
    allowed = {"HELPDESK_OUTGOING_ALLOW": '["127.0.0.0/8"]'}
    made = Site(tmp_path / "desk", helpdesk=str(environment.helpdesk), **allowed)
    yield made
    made.close()


def edit(file: Path) -> None:
    """Replace the two methods, as an author does."""
    text = file.read_text()
    for name, written in (("receive", RECEIVE), ("send", SEND)):
        (method,) = [
            node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef) and node.name == name
        ]
        lines = text.splitlines(keepends=True)
        lines[method.lineno - 1 : method.end_lineno] = [written]
        text = "".join(lines)
    file.write_text(text)


def edit_contract(file: Path) -> None:
    """Tell the contract what the provider's JSON looks like now."""
    text = file.read_text()
    for before, after in (('"id"', '"nr"'), ('"from"', '"phone"'), ('"name"', '"who"'), ('"text"', '"says"')):
        text = text.replace(f"{before}:", f"{after}:")
    file.write_text(text.replace('["text"]', '["say"]').replace('["to"]', '["phones"]'))


def code_lines(file: Path) -> int:
    """Return how many lines hold code: no blank ones, comments, docstrings or imports."""
    tree = ast.parse(file.read_text())
    left_out: set[int] = set()
    for node in ast.walk(tree):
        is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if isinstance(node, ast.Import | ast.ImportFrom) or is_docstring:
            left_out |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))  # type: ignore[attr-defined]
    lines = enumerate(file.read_text().splitlines(), start=1)
    return len([place for place, line in lines if line.strip() and place not in left_out])


def test_a_new_channel_carries_a_message_in_and_out_of_a_running_desk(
    site: Site, environment: FreshEnvironment, provider: HTTPServer, tmp_path: Path
) -> None:
    key = site.make()
    folder = tmp_path / "helpdesk-parrot"
    written = json.loads(
        site.command("plugin", "new", "parrot", "--kind", "channel", "--folder", str(folder), "--json")
    )
    author = Path(written["edit"])
    edit(author)
    edit_contract(folder / "tests" / "test_contract.py")
    checked = json.loads(site.command("plugin", "check", str(folder), "--json"))
    assert (checked["is_ok"], checked["findings"]) == (True, []), checked
    assert code_lines(author) <= MOST_LINES

    site.run()
    environment.install(folder, editable=True)
    site.command("plugin", "enable", "parrot")
    with Calls(site.url, key) as calls:
        hook = eventually(lambda: _account(calls, provider.server_port), seconds=20, what="The channel in the desk")
        body = json.dumps({"nr": "m-1", "phone": "parrot-7", "who": "김민지", "says": "앵무새가 말을 안 해요 🦜"})
        refused = plain.post(hook, content=body.encode(), headers={"x-token": "guess"})
        taken = plain.post(hook, content=body.encode(), headers={"x-token": "a long token"})
        again = plain.post(hook, content=body.encode(), headers={"x-token": "a long token"})
        assert (refused.status_code, taken.status_code, again.status_code) == (401, 200, 200)
        ticket = eventually(lambda: calls.ask("Ticket", number=1)["ticket"], seconds=15, what="The ticket")
        assert (ticket["channel"], ticket["customer"]["name"]) == ("parrot", "김민지")
        assert hmac.compare_digest(ticket["subject"].encode(), "앵무새가 말을 안 해요 🦜".encode())
        calls.do("TicketReply", ticketId=ticket["id"], body="물을 주세요.")
        eventually(lambda: provider.received, seconds=15, what="The answer")  # type: ignore[attr-defined]
        assert calls.ask("Ticket", number=2)["ticket"] is None
    ((authorization, answer),) = provider.received  # type: ignore[attr-defined]
    assert (authorization, answer["phones"], answer["say"]) == ("Bearer a long token", ["parrot-7"], "물을 주세요.")


def _account(calls: Calls, port: int) -> str | None:
    """Return the hook of a new account, once the running desk knows the channel."""
    settings: dict[str, Any] = {"url": f"http://127.0.0.1:{port}/", "token": "a long token"}
    given = {"driver": "parrot", "name": "Parrot", "settings": settings}
    made = calls.ask("ChannelAccountCreate", input=given)["channelAccountCreate"]
    return made["account"]["hookUrl"] if made["account"] else None
