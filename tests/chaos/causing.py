"""Causes every hook of the plugins of one behaviour, as partners, customers and the clock do it."""

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.chaos.behaving import LATER
from tests.chaos.storm import Storm
from tests.factories.processes import eventually

SECONDS = 40.0
POLL_SECONDS = 0.1
AT_ONCE = 16
FIELD = (
    "query ($type: String!, $settings: JSON) {"
    " fieldValueCheck(type: $type, settings: $settings, value: 1) { isValid } }"
)
MEETS = "query ($where: TicketWhere!) { tickets(first: 1) { nodes { meets(condition: $where) } } }"

Failing = set[tuple[str, str, str]]
"""Kind, name and hook of what is said to fail."""


def failing(storm: Storm) -> Failing:
    """Return the hooks of which something is said to be wrong."""
    return {
        (kind, name, problem["hook"])
        for (kind, name), plugin in storm.every_plugin().items()
        for problem in plugin["problems"]
    }


def wait_for_news(storm: Storm, wanted: Failing) -> None:
    """Wait until all of it is said to fail; fail with what is missing."""
    deadline = time.monotonic() + SECONDS
    while missing := wanted - failing(storm):
        assert time.monotonic() < deadline, f"Nothing is said of {sorted(missing)}."
        time.sleep(POLL_SECONDS)


class Causes:
    """What is done to a desk, so many times each, for every hook of a behaviour to be called."""

    def __init__(self, storm: Storm, name: str, *, times: int) -> None:
        self.storm, self.name, self.times = storm, name, times
        made = storm.calls.do(
            "TicketCreate", subject="Storm", body="It rains.", customer={"email": "storm@shop.example"}
        )
        self.ticket_id = str(made["ticket"]["id"])
        self.customer = made["ticket"]["customer"]
        self.group_id = storm.group_id
        self.accounts = [storm.account(name, {}) for _time in range(times)]
        self.inlets = [storm.account(name + LATER, {}) for _time in range(times)]

    def cause_everything(self) -> None:
        """Do all of it, much of it at once, and return when everything was answered, or was stored for the worker."""
        stories = [
            *self._often(self._pages, self._ask, self._change, self._score, self._assign, self._meet),
            *self._often(self._check, self._export, self._erase, self._create, self._try_account),
            self._actions, self._fields, self._write_and_spoil, self._fill_inlet,
        ]  # fmt: skip
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for done in [pool.submit(story) for story in stories]:
                done.result()

    def _often(self, *stories: Callable[[], object]) -> list[Callable[[], None]]:
        """Return the stories told again and again: each after itself, and beside the others."""

        def repeated(story: Callable[[], object]) -> Callable[[], None]:
            def tell() -> None:
                for _time in range(self.times):
                    story()

            return tell

        return [repeated(story) for story in stories]

    def _create(self) -> None:
        self.storm.calls.do("TicketCreate", subject="Storm", body="It rains.", customer={"email": "storm@shop.example"})

    def _pages(self) -> None:
        pages = [("hello", None), ("hook", b"{}")]
        with ThreadPoolExecutor(len(pages) + 2) as pool:
            asked = [pool.submit(self.storm.page, f"p/{self.name}/{path}", body=body) for path, body in pages]
            asked.append(pool.submit(self.storm.page, "hc/ko"))
            asked.append(pool.submit(self.storm.page, f"p/{self.name}{LATER}/leave"))
            assert self.storm.page(f"p/{self.name}{LATER}/taken", body=b"{}") == 200
            assert [one.result() for one in asked][2:] == [200, 200]
        assert asked[0].result() in {200, 503}

    def _ask(self) -> None:
        self._assert_told(self.storm.query(f"{{ {self.name}Answer }}"))

    def _change(self) -> None:
        self._assert_told(self.storm.query(f"mutation {{ {self.name}Change }}"))

    def _score(self) -> None:
        answer = self.storm.query(f"{{ tickets(first: 5) {{ nodes {{ number {self.name}Score }} }} }}")
        self._assert_told(answer)
        assert all(node["number"] for node in answer["data"]["tickets"]["nodes"]), "The other fields are answered."

    @staticmethod
    def _assert_told(answer: dict[str, Any]) -> None:
        codes = {error["extensions"]["code"] for error in answer["errors"]}
        assert codes <= {"PLUGIN_FAILED", "PLUGIN_OVERRAN", "PLUGIN_RESTING"}, answer

    def _actions(self) -> None:
        """Have work left for later, and only then fail over deciding: a success would end the failures."""
        use = {"ticketId": self.ticket_id, "action": self.name}
        for _time in range(self.times):
            self.storm.calls.do("TicketRunAction", **use, settings={"is_later": True})
        for _time in range(self.times):
            assert self.storm.calls.ask("TicketRunAction", input=use)["ticketRunAction"]["errors"] != []

    def _assign(self) -> None:
        given = {"ticketId": self.ticket_id, "groupId": self.group_id, "assigner": self.name}
        self.storm.calls.ask("TicketAssign", input=given)

    def _meet(self) -> None:
        self.storm.query(MEETS, where={"field": f"plugin.{self.name}", "op": "IS", "value": 1})

    def _check(self) -> None:
        assert self.storm.calls.do("PluginCheck", name=self.name)["isOk"] is self._answers

    def _export(self) -> None:
        told = self.storm.calls.ask("CustomerPluginData", number=self.customer["number"])["customer"]["pluginData"]
        assert set(told[self.name]) == {"error"}, told

    def _erase(self) -> None:
        given = {"customerId": self.customer["id"]}
        done = self.storm.calls.ask("CustomerErasePluginData", input=given)["customerErasePluginData"]
        assert (self.name in done["plugins"], done["errors"] == []) == (self._answers, self._answers), done

    @property
    def _answers(self) -> bool:
        """Whether a hook comes to its end, whatever it answers."""
        return self.name in {"nothing", "wrong", "million"}

    def _fields(self) -> None:
        """Have values shown, parsed and entered, in this order: each time the later ones are asked too, and do well."""
        for fails in ("format", "parse", "widget"):
            for _time in range(self.times):
                self.storm.query(FIELD, type=self.name, settings={"fails": fails})

    def _try_account(self) -> None:
        assert self.storm.calls.do("ChannelAccountTest", id=self.accounts[0]["id"])["isOk"] is self._answers

    def _write_and_spoil(self) -> None:
        """Have tickets come by the channel, their answers sent and named, and what comes after them refused."""
        texts = [f"{self.name} {number}" for number in range(2 * self.times)]
        assert self.storm.post(self.accounts[0], json.dumps(texts).encode()) == 200
        for _time in range(self.times):
            self.storm.post(self.accounts[0], b"bad")
        tickets = eventually(lambda: self._all_of(len(texts)), seconds=SECONDS, what="Tickets of the channel")
        for ticket in tickets[: self.times]:
            self._reply(ticket, "Send it.")
        eventually(lambda: self._named() >= self.times, seconds=SECONDS, what="The names of what is sent")
        for ticket in tickets[self.times :]:
            self._reply(ticket, "Please identify it.")

    def _named(self) -> int:
        """Return how many answers have a name by which they are known outside."""
        found = self.storm.calls.ask("Deliveries", first=50)["deliveries"]["nodes"]
        return sum(1 for one in found if one["account"]["name"] == self.name and one["externalId"])

    def _all_of(self, count: int) -> list[dict[str, Any]]:
        found = self.storm.tickets("channel", self.name)
        return found if len(found) >= count else []

    def _reply(self, ticket: dict[str, Any], body: str) -> None:
        self.storm.calls.do("TicketReply", ticketId=ticket["id"], body=body)

    def _fill_inlet(self) -> None:
        for number in range(self.times):
            assert self.storm.post(self.inlets[0], json.dumps([number]).encode()) == 200
