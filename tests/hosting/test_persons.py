"""What plugins keep about a customer."""

from collections.abc import Mapping
from typing import Any

import pytest

from helpdesk.hosting import persons
from helpdesk.hosting.persons import Answered
from helpdesk.kernel.errors import Forbidden, NotFound
from helpdesk.sdk.facts import CustomerFacts
from helpdesk.sdk.host import Host
from tests.factories import tickets
from tests.factories.desk import Desk, make_desk
from tests.hosting.plugins import Hands, install

erased: list[str] = []


class Keeper(Hands):
    """Keeps a name."""

    keeps_personal_data = True

    def export(self, host: Host, customer: CustomerFacts) -> Mapping[str, Any]:
        return {"name": customer.name, "service": host.service.slug}

    def erase(self, host: Host, customer: CustomerFacts) -> None:
        erased.append(customer.name)


class Broken(Keeper):
    """Keeps what it cannot give out."""

    def export(self, host: Host, customer: CustomerFacts) -> Mapping[str, Any]:
        return {"thing": object()}

    def erase(self, host: Host, customer: CustomerFacts) -> None:
        raise RuntimeError("the disk is gone")


@pytest.fixture
def mina(desk: Desk) -> int:
    """A customer, and plugins that keep something about her, and one that does not."""
    erased.clear()
    install(Keeper, "keeper")
    install(Broken, "broken")
    install(Hands)
    customer_id = tickets.ticket(tickets.make(desk)).customer_id
    assert customer_id is not None
    return customer_id


def test_each_plugin_gives_out_what_it_keeps_and_failures_are_named(desk: Desk, mina: int) -> None:
    told = persons.export(desk.administrator, mina)
    assert told["keeper"] == Answered({"name": "Mina", "service": "demo"})
    assert "no JSON" in told["broken"].failure
    assert set(told) == {"keeper", "broken"}


def test_each_plugin_forgets_whatever_becomes_of_the_others(desk: Desk, mina: int) -> None:
    told = persons.erase(desk.administrator, mina)
    assert erased == ["Mina"]
    assert told["keeper"] == Answered()
    assert "the disk is gone" in told["broken"].failure


def test_rights_are_for_administrators(desk: Desk, mina: int) -> None:
    for ask in (persons.export, persons.erase):
        with pytest.raises(Forbidden):
            ask(desk.agent, mina)
    assert erased == []


def test_customer_of_another_service_is_not_found(desk: Desk, mina: int) -> None:
    other = make_desk(desk.settings, slug="other")
    with pytest.raises(NotFound):
        persons.export(other.administrator, mina)
