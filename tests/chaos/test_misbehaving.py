"""Whatever a plugin does, the desk starts, works, says who it was, and is whole again once it is switched off."""

import json
import time
from typing import Any

import pytest

from helpdesk.plugins.kinds import Kind
from tests.chaos.behaving import BEHAVIOURS
from tests.chaos.distributions import REFUSED, WORKING
from tests.chaos.storm import HEALTH_SECONDS, Storm, assert_whole_again
from tests.factories.processes import eventually

TURNS = 6
ANSWERS = {"hello", "answer", "change", "run", "values", "widget", "choose"}
"""The hooks that must answer something: to answer nothing is a fault of theirs."""


@pytest.mark.dovecot
@pytest.mark.parametrize("name", BEHAVIOURS)
def test_plugin_that_misbehaves_in_every_hook_costs_only_itself(storm: Storm, name: str) -> None:
    kinds = [str(kind) for kind in WORKING[name].names]
    try:
        for kind in kinds:
            assert storm.switch(name, kind, is_on=True)["state"] == "ENABLED"
        hook = storm.account(name, {})
        for _turn in range(1 if name == "sleeps" else TURNS):  # one overrun says enough
            cause_everything(storm, name, hook)
        missing = expected(name)
        for _look in range(40):
            if not (missing := expected(name) - failing(storm, name)):
                break
            time.sleep(0.2)
        assert not missing, f"Nothing is said of {missing}, but of {failing(storm, name)}."
        for kind in answering(name):
            eventually(lambda kind=kind: is_degraded(storm, name, kind), seconds=40, what=f"The news of the {kind}")
        eventually(lambda: storm.ready()["status"] == "degraded", seconds=HEALTH_SECONDS, what="The news of it")
        storm.assert_everything_else_works()
        told = "\n".join(storm.ready()["problems"])
        assert f"plugin {name}: " in told, told
        for kind in answering(name):
            plugin = storm.plugins(name)[kind]
            assert plugin["state"] == "DEGRADED", plugin
            assert plugin["problems"], plugin
            assert all(problem["hook"] in plugin["reason"] for problem in plugin["problems"]), plugin
    finally:
        assert_whole_again(storm, name, kinds)


@pytest.mark.dovecot
def test_plugin_that_writes_to_a_table_of_the_core_changes_nothing(storm: Storm) -> None:
    assert storm.switch("writes", "plugin", is_on=True)["state"] == "ENABLED"
    try:
        for _time in range(6):
            storm.assert_everything_else_works()
        eventually(lambda: storm.ready()["status"] == "degraded", seconds=HEALTH_SECONDS, what="The news of it")
        (problem,) = storm.plugins("writes")["plugin"]["problems"]
        assert problem["hook"] == "received"
        assert "Trespass" in problem["reason"]
        found = storm.query('{ tickets(where: {field: "subject", op: IS, value: "stolen"}) { totalCount } }')
        assert found["data"]["tickets"]["totalCount"] == 0
    finally:
        assert_whole_again(storm, "writes", ["plugin"])


@pytest.mark.dovecot
def test_plugin_that_leaks_threads_and_files_is_stopped_after_five_failures(storm: Storm) -> None:
    assert storm.switch("leaks", "plugin", is_on=True)["state"] == "ENABLED"
    try:
        for _time in range(8):
            assert storm.page("p/leaks/hello") == 503
        eventually(
            lambda: storm.plugins("leaks")["plugin"]["state"] == "DEGRADED",
            seconds=HEALTH_SECONDS,
            what="The news of it",
        )
        storm.assert_everything_else_works()
        assert "hello: RuntimeError: leaked" in storm.plugins("leaks")["plugin"]["reason"]
    finally:
        assert_whole_again(storm, "leaks", ["plugin"])


@pytest.mark.dovecot
@pytest.mark.parametrize("name", ["exiting", "crashing"])
def test_isolated_channel_that_ends_its_process_costs_only_that_process(storm: Storm, name: str) -> None:
    storm.site.command("plugin", "isolate", name)
    assert storm.switch(name, "channel", is_on=True)["state"] == "ENABLED"
    try:
        hook = storm.account(name, {})
        for number in range(6):
            status = storm.http.post(hook, content=json.dumps({"number": number}).encode()).status_code
            assert status in {200, 503}, "It is taken, or to be sent again."
        eventually(lambda: storm.plugins(name)["channel"]["state"] == "DEGRADED", seconds=60, what="The news of it")
        plugin = storm.plugins(name)["channel"]
        assert "receive" in {problem["hook"] for problem in plugin["problems"]}
        assert WORKING[name].said in plugin["reason"], plugin
        storm.assert_everything_else_works()
    finally:
        assert_whole_again(storm, name, ["channel"])


@pytest.mark.dovecot
def test_desk_starts_beside_all_of_them_at_once(storm: Storm) -> None:
    switched = [(plug.known_as or name, str(kind)) for name, plug in REFUSED.items() for kind in plug.names]
    switched += [("raises", str(kind)) for kind in WORKING["raises"].names]
    switched = [pair for pair in switched if pair[0] != "slow"]  # it has cost ten seconds already
    for name, kind in switched:
        storm.switch(name, kind, is_on=True)
    storm.restart()
    try:
        assert storm.ready()["status"] == "degraded"
        storm.assert_everything_else_works()
    finally:
        for name, kind in switched:
            storm.switch(name, kind, is_on=False)
    eventually(lambda: storm.ready()["status"] == "ok", seconds=HEALTH_SECONDS, what="Health without them")
    storm.assert_everything_else_works()


def answering(name: str) -> list[str]:
    """Return the kinds whose hooks must be noticed: an assigner that answers nothing leaves a ticket waiting."""
    return [str(kind) for kind in WORKING[name].names if name != "nothing" or kind is not Kind.ASSIGNER]


def is_degraded(storm: Storm, name: str, kind: str) -> bool:
    """Return whether the plugin is said to be in use and failing."""
    return bool(storm.plugins(name)[kind]["state"] == "DEGRADED")


def failing(storm: Storm, name: str) -> set[str]:
    """Return the hooks of which something is said to be wrong."""
    return {problem["hook"] for plugin in storm.plugins(name).values() for problem in plugin["problems"]}


def expected(name: str) -> set[str]:
    """Return the hooks that must have been noticed."""
    everything = ANSWERS | {"received", "hook.verify", "bottom"}
    if name == "nothing":
        return ANSWERS - {"choose"}  # who leaves a ticket waiting answers nothing, too
    if name in {"wrong", "million"}:
        return ANSWERS | {"bottom"}
    return everything


def cause_everything(storm: Storm, name: str, hook: str) -> None:
    """Do whatever calls a hook of the plugins; the channel's account is asked by the worker too, whether it listens."""
    assert storm.http.post(hook, content=b"{}").status_code != 500
    ticket_id = _ticket_id(storm)
    storm.page(f"p/{name}/hello")
    storm.page(f"p/{name}/hook", body=b"{}")
    storm.page("hc/ko")
    storm.query(f"{{ {name}Answer }}")
    storm.query(f"mutation {{ {name}Change }}")
    storm.query(f"{{ tickets(first: 5) {{ nodes {{ {name}Score }} }} }}")
    storm.query("query ($type: String!) { fieldValueCheck(type: $type, value: 1) { isValid } }", type=name)
    storm.calls.ask("TicketRunAction", input={"ticketId": ticket_id, "action": name})
    storm.calls.ask("TicketAssign", input={"ticketId": ticket_id, "groupId": storm.group_id, "assigner": name})
    text = "query ($where: TicketWhere!) { tickets(first: 1) { nodes { meets(condition: $where) } } }"
    storm.query(text, where={"field": f"plugin.{name}", "op": "IS", "value": 1})


def _ticket_id(storm: Storm) -> str:
    customer: dict[str, Any] = {"email": "storm@shop.example"}
    made = storm.calls.do("TicketCreate", subject="Storm", body="It rains.", customer=customer)
    return str(made["ticket"]["id"])
