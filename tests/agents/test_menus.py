"""A menu is closed to some agents, administrators too, and open to all others."""

import pytest

from helpdesk.access.rules import MENUS
from helpdesk.agents import menus
from helpdesk.agents.rules import Menu
from helpdesk.kernel import events
from helpdesk.kernel.errors import Forbidden, NotFound
from helpdesk.kernel.paging import Window
from tests.factories.desk import Desk, acting
from tests.factories.statements import counted


def names(desk: Desk, menu: Menu) -> list[str]:
    """Return to whom the menu is closed."""
    return [row.name for row in menus.restricted(desk.administrator)[menu]]


def test_menu_is_closed_to_those_who_are_named_and_opened_again(desk: Desk) -> None:
    agent_id, boss_id = desk.agent.id, desk.administrator.id
    assert agent_id is not None
    assert boss_id is not None
    assert menus.restrict(desk.administrator, Menu.CUSTOMER_INFORMATION, [boss_id, agent_id]) == [boss_id, agent_id]
    assert menus.restrict(desk.administrator, Menu.CUSTOMER_INFORMATION, [agent_id]) == []
    assert menus.restrict(desk.administrator, Menu.SERVICE_MANAGEMENT, [agent_id]) == [agent_id]
    assert [names(desk, menu) for menu in Menu] == [[], ["agent"], ["agent"]]
    assert acting(agent_id).rights.isdisjoint(MENUS[Menu.CUSTOMER_INFORMATION] | MENUS[Menu.SERVICE_MANAGEMENT])
    assert acting(boss_id).rights == desk.administrator.rights
    menus.restrict(desk.administrator, Menu.CUSTOMER_INFORMATION, [])
    menus.restrict(desk.administrator, Menu.SERVICE_MANAGEMENT, [])
    assert acting(agent_id).rights == desk.agent.rights


def test_closing_is_told_of_each_agent_whom_it_changes(desk: Desk) -> None:
    for _ in range(2):
        menus.restrict(desk.administrator, Menu.SERVICE_MANAGEMENT, [desk.agent.id or 0])
    (page,) = events.history_of("agent", [desk.agent.id or 0], Window(first=10))
    assert [line.changes for line in page.rows] == [{"restricted_menus": [[], ["SERVICE_MANAGEMENT"]]}]


def test_menus_are_nothing_of_an_agent_s_and_strangers_cannot_be_named(desk: Desk) -> None:
    with pytest.raises(Forbidden):
        menus.restrict(desk.agent, Menu.SERVICE_MANAGEMENT, [])
    with pytest.raises(Forbidden):
        menus.restricted(desk.agent)
    with pytest.raises(NotFound) as refused:
        menus.restrict(desk.administrator, Menu.SERVICE_MANAGEMENT, [desk.agent.id or 0, 10_000])
    assert refused.value.path == ("agent_ids",)
    assert names(desk, Menu.SERVICE_MANAGEMENT) == []


def test_who_is_restricted_is_told_in_one_statement(desk: Desk) -> None:
    menus.restrict(desk.administrator, Menu.SERVICE_MANAGEMENT, [desk.agent.id or 0])
    with counted() as statements:
        names(desk, Menu.SERVICE_MANAGEMENT)
    assert len(statements) == 1
