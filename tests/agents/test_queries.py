"""Agents and groups are read in one statement, aligned with what was asked."""

from typing import Any

import pytest

from helpdesk.agents import operations, queries
from helpdesk.agents.rules import Role
from helpdesk.kernel.db import database

Desk = Any


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch, desk: Desk) -> list[str]:
    """What is sent to the database, as it is sent."""
    sent: list[str] = []
    execute = database.obj.execute_sql

    def note(sql: str, *args: Any, **kwargs: Any) -> Any:
        sent.append(sql)
        return execute(sql, *args, **kwargs)

    monkeypatch.setattr(database.obj, "execute_sql", note)
    return sent


def test_agents_come_aligned_with_their_ids_in_one_statement(desk: Desk, statements: list[str]) -> None:
    rows = queries.agents_by_ids([desk.agent.id, None, 10_000, desk.administrator.id, desk.agent.id])
    assert [row and row.role for row in rows] == [Role.AGENT, None, None, Role.ADMINISTRATOR, Role.AGENT]
    assert len(statements) == 1


def test_no_ids_ask_nothing(desk: Desk, statements: list[str]) -> None:
    assert queries.agents_by_ids([None, None]) == [None, None]
    assert queries.groups_by_ids([]) == []
    assert statements == []


def test_agents_of_a_service_come_in_the_order_of_adding(desk: Desk) -> None:
    assert [row.id for row in queries.agents_of_service(desk.service_id)] == [desk.administrator.id, desk.agent.id]
    assert queries.agents_of_service(desk.service_id + 1) == []


def test_credentials_are_those_of_an_agent_of_this_service(desk: Desk) -> None:
    found = queries.credentials(desk.service_id, "agent@demo.example")
    assert found is not None
    assert (found.agent_id, found.is_active) == (desk.agent.id, True)
    operations.deactivate_member(found.member_id)
    again = queries.credentials(desk.service_id, "agent@demo.example")
    assert again is not None
    assert not again.is_active
    assert queries.credentials(desk.service_id + 1, "agent@demo.example") is None
    assert queries.credentials(desk.service_id, "nobody@demo.example") is None
