"""A desk in a storm: seen from outside alone, by GraphQL, hooks, pages and mail, as its people see it."""

import itertools
import json
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.chaos import switching
from tests.factories import plain
from tests.factories.calls import Calls
from tests.factories.processes import Site, eventually
from tests.servers.dovecot import DovecotServer
from tests.servers.smtp import SmtpServer

SECONDS = 30.0
HEALTH_SECONDS = 20.0
PLUGINS = "query Storm { plugins { kind name state reason problems { hook reason } figures { hook errors overruns } } }"
TICKETS = "query ($where: TicketWhere) { tickets(where: $where, first: 50) { nodes { id subject tags } } }"

Account = dict[str, Any]


class Storm:
    """One running desk."""

    def __init__(
        self, site: Site, key: str, smtp: SmtpServer, dovecot: DovecotServer, *, user: str, python: Path
    ) -> None:
        self.site, self.smtp, self.dovecot, self.user, self._python = site, smtp, dovecot, user, python
        self.calls = Calls(site.url, key)
        self.http = plain.Client(timeout=SECONDS, headers={"Authorization": f"Bearer {key}"})
        self._numbers = itertools.count(1)
        self.steady_hook = ""

    def start(self) -> None:
        """Run the desk: web and worker in one process."""
        self._program = self.site.run()

    @property
    def said(self) -> str:
        """Return everything that the desk has said."""
        return self._program.said

    def restart(self) -> None:
        """Stop the desk in order, and run it anew."""
        self._program.send(signal.SIGTERM)
        assert self._program.wait() == 0
        self.start()

    @property
    def group_id(self) -> str:
        """The id of the group that tickets are assigned in."""
        groups = self.query("{ agentGroups { id name } }")["data"]["agentGroups"]
        return next(str(group["id"]) for group in groups if group["name"] == "Storm")

    def settle(self) -> None:
        """Switch the plugins on, and make the accounts, by which the desk is proven to work."""
        settings = {
            "address": self.user, "smtp_host": self.smtp.host, "smtp_port": self.smtp.port, "smtp_security": "none",
            "imap_host": self.dovecot.host, "imap_port": self.dovecot.port, "imap_security": "none",
            "imap_username": self.user, "imap_password": self.dovecot.password,
        }  # fmt: skip
        self.account("email", settings)
        for kind in ("channel", "plugin"):
            assert self.switch("steady", kind, is_on=True)["state"] == "ENABLED"
        self.steady_hook = self.account("steady", {})["hookUrl"]

    def close(self) -> None:
        """End the conversations."""
        self.calls.__exit__(None, None, None)
        self.http.close()

    def account(self, driver: str, settings: dict[str, Any]) -> Account:
        """Make a channel account and return it."""
        made: Account = self.calls.do("ChannelAccountCreate", driver=driver, name=driver, settings=settings)["account"]
        return made

    def drop_accounts(self, *drivers: str) -> None:
        """Delete every account of the drivers."""
        for account in self.calls.ask("ChannelAccounts")["channelAccounts"]:
            if account["driver"] in drivers:
                self.calls.do("ChannelAccountDelete", id=account["id"])

    def query(self, text: str, **variables: Any) -> dict[str, Any]:
        """Ask by GraphQL, and return the whole answer, errors too; it is never a 500."""
        answer = self.http.post(f"{self.site.url}/demo/graphql", json={"query": text, "variables": variables})
        assert answer.status_code < 500, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def plugins(self, name: str) -> dict[str, dict[str, Any]]:
        """Return the plugins of a name by kind."""
        return {kind: plugin for (kind, known_as), plugin in self.every_plugin().items() if known_as == name}

    def every_plugin(self) -> dict[tuple[str, str], dict[str, Any]]:
        """Return every plugin by kind and name."""
        return {(plugin["kind"], plugin["name"]): plugin for plugin in self.query(PLUGINS)["data"]["plugins"]}

    def switch(self, name: str, kind: str, *, is_on: bool) -> dict[str, Any]:
        """Switch a plugin on or off, and return how it stands."""
        verb = "pluginEnable" if is_on else "pluginDisable"
        told = "plugin { kind name state reason } errors { message }"
        text = f"mutation ($input: PluginSwitchInput!) {{ {verb}(input: $input) {{ {told} }} }}"
        payload = self.query(text, input={"kind": kind, "name": name, "isForAllServices": True})["data"][verb]
        assert payload["errors"] == [], payload
        found: dict[str, Any] = payload["plugin"]
        return found

    def switch_all(self, plugins: Sequence[tuple[str, str]], *, is_on: bool) -> None:
        """Switch many plugins (kind and name) in one change."""
        switching.switch_all(self._python, self.site, plugins, is_on=is_on)

    def ready(self) -> dict[str, Any]:
        """Return what /readyz says."""
        found: dict[str, Any] = plain.get(f"{self.site.url}/readyz", timeout=SECONDS).json()
        return found

    def page(self, path: str, *, body: bytes | None = None) -> int:
        """Ask for a page, or post to it, and return the status, which is never a bare 500."""
        url = f"{self.site.url}/demo/{path}"
        answer = self.http.get(url) if body is None else self.http.post(url, content=body)
        assert answer.status_code != 500, answer.text
        return answer.status_code

    def post(self, account: Account, body: bytes) -> int:
        """Post to an account's hook and return the status: taken, refused, or to be sent again."""
        status = self.http.post(account["hookUrl"], content=body).status_code
        assert status in {200, 401, 503}, status
        return status

    def tickets(self, field: str, value: str) -> list[dict[str, Any]]:
        """Return the newest tickets of which the field has the value."""
        nodes = self.query(TICKETS, where={"field": field, "op": "IS", "value": value})["data"]["tickets"]["nodes"]
        found: list[dict[str, Any]] = nodes
        return found

    def assert_everything_else_works(self) -> None:
        """Prove that mail is answered, and that the plugins that work do."""
        self._assert_mail_is_answered()
        self._assert_steady_works()

    def mail(self, subject: str) -> str:
        """Put a customer's mail into the mailbox, and return the sender."""
        number = next(self._numbers)
        sender = f"customer{number}@shop.example"
        head = [f"From: {sender}", f"To: {self.user}", f"Subject: {subject}", f"Message-ID: <{number}@shop.example>"]
        self.dovecot.append(self.user, "\r\n".join([*head, "", "도와주세요."]).encode())
        return sender

    def write_to_steady(self, text: str) -> int:
        """Call the hook of the channel that works with a message, and return the status."""
        number = next(self._numbers)
        body = json.dumps({"id": str(number), "from": f"steady{number}@shop.example", "text": text})
        return self.http.post(self.steady_hook, content=body.encode()).status_code

    def assert_answers_go_out(self) -> None:
        """Prove that a ticket can be made by the API, and is answered by mail."""
        sender = f"customer{next(self._numbers)}@shop.example"
        made = self.calls.do("TicketCreate", subject="By the API", body="Where is it?", customer={"email": sender})
        self._answer(made["ticket"]["id"], sender)

    def _assert_mail_is_answered(self) -> None:
        subject = f"Inquiry {next(self._numbers)}"
        sender = self.mail(subject)
        ticket = eventually(lambda: self.tickets("subject", subject), seconds=SECONDS, what=f"A ticket of {subject}")
        self._answer(ticket[0]["id"], sender)

    def _answer(self, ticket_id: str, recipient: str) -> None:
        self.calls.do("TicketReply", ticketId=ticket_id, body="It is on its way.")
        eventually(
            lambda: any(one.recipients == (recipient,) for one in self.smtp.received),
            seconds=SECONDS, what=f"The answer to {recipient}",
        )  # fmt: skip

    def _assert_steady_works(self) -> None:
        text = f"Steady {next(self._numbers)}"
        assert self.write_to_steady(text) == 200
        eventually(lambda: self._tags(text) == ["received", "subscribed"], seconds=SECONDS, what=f"The tags of {text}")
        assert self.http.get(f"{self.site.url}/demo/p/steady/hello").text == "hello"
        assert self.query("{ steadyPing }")["data"] == {"steadyPing": "pong"}

    def _tags(self, subject: str) -> list[str]:
        found = self.tickets("subject", subject)
        return sorted(found[0]["tags"]) if found else []


def assert_whole_again(storm: Storm, plugins: Sequence[tuple[str, str]]) -> None:
    """Switch the plugins (kind and name) off, and see that the desk is whole, without a restart."""
    for kind, name in plugins:
        assert storm.switch(name, kind, is_on=False)["state"] == "DISABLED"
    names = sorted({name for _, name in plugins})
    eventually(lambda: storm.ready()["status"] == "ok", seconds=HEALTH_SECONDS, what=f"Health without {names}")
