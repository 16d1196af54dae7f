"""A desk in a storm: seen from outside alone, by GraphQL, hooks, pages and mail, as its people see it."""

import itertools
import json
import signal
from typing import Any

import httpx2

from tests.factories.calls import Calls
from tests.factories.processes import Site, eventually
from tests.servers.dovecot import DovecotServer
from tests.servers.smtp import SmtpServer

SECONDS = 30.0
HEALTH_SECONDS = 20.0
PLUGINS = "query Storm { plugins { kind name state reason problems { hook reason } figures { hook errors overruns } } }"


class Storm:
    """One running desk."""

    def __init__(self, site: Site, key: str, smtp: SmtpServer, dovecot: DovecotServer, *, user: str) -> None:
        self.site, self.smtp, self.dovecot, self.user = site, smtp, dovecot, user
        self.calls = Calls(site.url, key)
        self.http = httpx2.Client(timeout=SECONDS, headers={"Authorization": f"Bearer {key}"})
        self._numbers = itertools.count(1)
        self.steady_hook = ""

    def start(self) -> None:
        """Run the desk: web and worker in one process."""
        self._program = self.site.run()

    def restart(self) -> None:
        """Stop the desk in order, and run it anew."""
        self._program.send(signal.SIGTERM)
        assert self._program.wait() == 0
        self.start()

    @property
    def group_id(self) -> str:
        """The id of the group that tickets are assigned in."""
        (group,) = self.query("{ agentGroups { id } }")["data"]["agentGroups"]
        return str(group["id"])

    def settle(self) -> None:
        """Make the accounts by which the desk is proven to work."""
        settings = {
            "address": self.user, "smtp_host": self.smtp.host, "smtp_port": self.smtp.port, "smtp_security": "none",
            "imap_host": self.dovecot.host, "imap_port": self.dovecot.port, "imap_security": "none",
            "imap_username": self.user, "imap_password": self.dovecot.password,
        }  # fmt: skip
        self.account("email", settings)
        self.steady_hook = self.account("steady", {})

    def close(self) -> None:
        """End the conversations."""
        self.calls.__exit__(None, None, None)
        self.http.close()

    def account(self, driver: str, settings: dict[str, Any]) -> str:
        """Make a channel account and return its hook."""
        made = self.calls.do("ChannelAccountCreate", driver=driver, name=driver, settings=settings)
        return str(made["account"]["hookUrl"])

    def query(self, text: str, **variables: Any) -> dict[str, Any]:
        """Ask by GraphQL, and return the whole answer, errors too; it is never a 500."""
        answer = self.http.post(f"{self.site.url}/demo/graphql", json={"query": text, "variables": variables})
        assert answer.status_code < 500, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def plugins(self, name: str) -> dict[str, dict[str, Any]]:
        """Return the plugins of a name by kind."""
        found = self.query(PLUGINS)["data"]["plugins"]
        return {plugin["kind"]: plugin for plugin in found if plugin["name"] == name}

    def switch(self, name: str, kind: str, *, is_on: bool) -> dict[str, Any]:
        """Switch a plugin on or off, and return how it stands."""
        verb = "pluginEnable" if is_on else "pluginDisable"
        told = "plugin { kind name state reason } errors { message }"
        text = f"mutation ($input: PluginSwitchInput!) {{ {verb}(input: $input) {{ {told} }} }}"
        payload = self.query(text, input={"kind": kind, "name": name, "isForAllServices": True})["data"][verb]
        assert payload["errors"] == [], payload
        found: dict[str, Any] = payload["plugin"]
        return found

    def ready(self) -> dict[str, Any]:
        """Return what /readyz says."""
        found: dict[str, Any] = httpx2.get(f"{self.site.url}/readyz", timeout=SECONDS).json()
        return found

    def page(self, path: str, *, body: bytes | None = None) -> int:
        """Ask for a page, or post to it, and return the status, which is never a bare 500."""
        url = f"{self.site.url}/demo/{path}"
        answer = self.http.get(url) if body is None else self.http.post(url, content=body)
        assert answer.status_code != 500, answer.text
        return answer.status_code

    def assert_everything_else_works(self) -> None:
        """Prove that mail is answered, and that the plugins that work do."""
        self._assert_mail_is_answered()
        self._assert_steady_works()

    def _assert_mail_is_answered(self) -> None:
        number = next(self._numbers)
        sender, subject = f"customer{number}@shop.example", f"Inquiry {number}"
        head = [f"From: {sender}", f"To: {self.user}", f"Subject: {subject}", f"Message-ID: <{number}@shop.example>"]
        self.dovecot.append(self.user, "\r\n".join([*head, "", "도와주세요."]).encode())
        ticket = eventually(lambda: self._ticket(subject), seconds=SECONDS, what=f"A ticket of {subject}")
        self.calls.do("TicketReply", ticketId=ticket["id"], body="It is on its way.")
        eventually(
            lambda: any(one.recipients == (sender,) for one in self.smtp.received),
            seconds=SECONDS, what=f"The answer to {sender}",
        )  # fmt: skip

    def _assert_steady_works(self) -> None:
        number = next(self._numbers)
        text = f"Steady {number}"
        body = json.dumps({"id": str(number), "from": f"steady{number}@shop.example", "text": text})
        assert self.http.post(self.steady_hook, content=body.encode()).status_code == 200
        eventually(lambda: self._tags(text) == ["received", "subscribed"], seconds=SECONDS, what=f"The tags of {text}")
        assert self.http.get(f"{self.site.url}/demo/p/steady/hello").text == "hello"
        assert self.query("{ steadyPing }")["data"] == {"steadyPing": "pong"}

    def _ticket(self, subject: str) -> dict[str, Any] | None:
        nodes = self.query(
            "query ($where: TicketWhere) { tickets(where: $where, first: 1) { nodes { id subject tags } } }",
            where={"field": "subject", "op": "IS", "value": subject},
        )["data"]["tickets"]["nodes"]
        return nodes[0] if nodes else None

    def _tags(self, subject: str) -> list[str]:
        found = self._ticket(subject)
        return sorted(found["tags"]) if found else []


def assert_whole_again(storm: Storm, name: str, kinds: list[str]) -> None:
    """Switch the plugin off, and see that the desk is whole, without a restart."""
    for kind in kinds:
        assert storm.switch(name, kind, is_on=False)["state"] == "DISABLED"
    eventually(lambda: storm.ready()["status"] == "ok", seconds=HEALTH_SECONDS, what=f"Health without {name}")
