"""What plugins keep about a customer: fetched and erased over the API."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from helpdesk.hosting import instances
from helpdesk.plugins import registry
from helpdesk.plugins.kinds import Kind
from helpdesk.sdk.facts import CustomerFacts
from helpdesk.sdk.host import Host
from tests.factories.client import Caller, ticket
from tests.hosting.plugins import Hands

kept: dict[str, list[str]] = {}


class Keeper(Hands):
    """Keeps the pages that somebody saw."""

    keeps_personal_data = True

    def export(self, host: Host, customer: CustomerFacts) -> Mapping[str, Any]:
        return {"pages": kept.get(customer.email or "", [])}

    def erase(self, host: Host, customer: CustomerFacts) -> None:
        kept.pop(customer.email or "", None)


class Broken(Keeper):
    """Gives nothing out, and forgets nothing."""

    def export(self, host: Host, customer: CustomerFacts) -> Mapping[str, Any]:
        raise RuntimeError("the disk is gone")

    def erase(self, host: Host, customer: CustomerFacts) -> None:
        raise RuntimeError("the disk is gone")


@pytest.fixture
def hong(partner: Caller) -> Iterator[str]:
    """A customer of whom a plugin keeps something, by the id."""
    kept.update({"hong@customer.example": ["/prices"]})
    registry.register(Kind.PLUGIN, "keeper", Keeper)
    customer_id: str = ticket(partner)["customer"]["id"]
    yield customer_id
    for name in ("keeper", "broken"):
        instances.forget(name)
    kept.clear()


def test_administrator_fetches_and_erases(administrator: Caller, hong: str) -> None:
    told = administrator.ask("CustomerPluginData", number=1)["customer"]["pluginData"]
    assert told == {"keeper": {"data": {"pages": ["/prices"]}}}
    assert administrator.done("CustomerErasePluginData", customerId=hong)["plugins"] == ["keeper"]
    told = administrator.ask("CustomerPluginData", number=1)["customer"]["pluginData"]
    assert told == {"keeper": {"data": {"pages": []}}}


def test_failing_plugin_is_named_and_the_others_do_their_duty(administrator: Caller, hong: str) -> None:
    registry.register(Kind.PLUGIN, "broken", Broken)
    told = administrator.ask("CustomerPluginData", number=1)["customer"]["pluginData"]
    assert told["keeper"] == {"data": {"pages": ["/prices"]}}
    assert "the disk is gone" in told["broken"]["error"]
    payload = administrator.change("CustomerErasePluginData", customerId=hong)
    assert payload["plugins"] == ["keeper"]
    (error,) = payload["errors"]
    assert (error["code"], error["message"].partition(":")[0]) == ("PLUGIN_FAILED", "broken")
    assert kept == {}


def test_agents_may_do_neither(agent: Caller, hong: str) -> None:
    assert agent.failed("CustomerPluginData", number=1) == "FORBIDDEN"
    assert agent.change("CustomerErasePluginData", customerId=hong)["errors"][0]["code"] == "FORBIDDEN"
    assert kept
