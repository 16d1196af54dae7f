"""Groups keep the order in which their agents were added, and nobody is left without one."""

import threading

import pytest

from helpdesk.agents import groups, operations, queries, staffing
from helpdesk.agents.rules import Role
from helpdesk.kernel import db, events
from helpdesk.kernel.errors import Conflict, Forbidden, HelpdeskError, NotFound
from helpdesk.kernel.paging import Window
from helpdesk.signals import agent_group_changed, flush
from tests.factories.desk import Desk, hire, make_desk
from tests.factories.statements import counted


def people(desk: Desk, *names: str) -> list[int]:
    """Hire agents of these names and return their ids."""
    actors = [hire(desk.organization_id, desk.service_id, f"{name}@demo.example", Role.AGENT) for name in names]
    return [actor.id for actor in actors if actor.id is not None]


def test_group_begins_with_nobody_or_with_agents_in_their_order(desk: Desk) -> None:
    told: list[str] = []
    agent_group_changed.connect(lambda event: told.append(event.change))
    a, b, c = people(desk, "a", "b", "c")
    empty = groups.create(desk.administrator, " 비어 있음 ")
    full = groups.create(desk.administrator, "환불", agent_ids=[c, a, c, b])
    assert [group.name for group in queries.groups_of_service(desk.service_id)] == ["비어 있음", "환불"]
    assert queries.agent_ids_of_group(empty) == []
    assert queries.agent_ids_of_group(full) == [c, a, b]
    assert flush()
    assert told == ["created", "created"]


def test_who_stays_keeps_the_place_and_who_is_new_comes_last(desk: Desk) -> None:
    a, b, c, d = people(desk, "a", "b", "c", "d")
    groups.create(desk.administrator, "everybody", agent_ids=[a, b, c, d])
    group_id = groups.create(desk.administrator, "some", agent_ids=[a, b, c])
    groups.update(desk.administrator, group_id, name="others", agent_ids=[d, c, a])
    assert queries.agent_ids_of_group(group_id) == [a, c, d]
    groups.update(desk.administrator, group_id, agent_ids=[a, c, d])
    (page,) = events.history_of("agent_group", [group_id], Window(first=10))
    assert [line.changes for line in page.rows][1:] == [{"name": ["some", "others"], "agents": [[a, b, c], [a, c, d]]}]


def test_last_group_of_an_agent_is_not_taken_away_and_the_refusal_names_them(desk: Desk) -> None:
    a, b = people(desk, "a", "b")
    group_id = groups.create(desk.administrator, "only", agent_ids=[a, b])
    groups.create(desk.administrator, "other", agent_ids=[b])
    for change in (
        lambda: groups.update(desk.administrator, group_id, agent_ids=[]),
        lambda: groups.delete(desk.administrator, group_id),
    ):
        with pytest.raises(Conflict, match="and a would be in none") as refused:
            change()
        assert refused.value.code == "LAST_GROUP"
    groups.update(desk.administrator, group_id, agent_ids=[a])
    assert queries.agent_ids_of_group(group_id) == [a]


def test_two_who_take_an_agent_out_of_two_groups_at_once_leave_one(desk: Desk) -> None:
    (a,) = people(desk, "a")
    both = [groups.create(desk.administrator, name, agent_ids=[a]) for name in ("one", "two")]
    start, refused = threading.Barrier(2), []

    def take_out(group_id: int) -> None:
        with db.connection():
            start.wait()
            try:
                groups.update(desk.administrator, group_id, agent_ids=[])
            except HelpdeskError as error:
                refused.append(error.code)

    threads = [threading.Thread(target=take_out, args=(group_id,)) for group_id in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == ["LAST_GROUP"]
    assert sum(len(queries.agent_ids_of_group(group_id)) for group_id in both) == 1


def test_deleted_group_leaves_its_people_to_the_one_that_is_named(desk: Desk) -> None:
    a, b = people(desk, "a", "b")
    group_id = groups.create(desk.administrator, "old", agent_ids=[a, b])
    other = groups.create(desk.administrator, "new", agent_ids=[b])
    third = groups.create(desk.administrator, "third", agent_ids=[])
    groups.delete(desk.administrator, group_id, move_to=third)
    assert queries.groups_by_ids([group_id]) == [None]
    assert (queries.agent_ids_of_group(third), queries.agent_ids_of_group(other)) == ([a], [b])


def test_names_are_each_taken_once_and_another_service_s_groups_are_not_there(desk: Desk) -> None:
    group_id = groups.create(desk.administrator, "환불")
    other = groups.create(desk.administrator, "배송")
    for change in (
        lambda: groups.create(desk.administrator, "환불"),
        lambda: groups.update(desk.administrator, other, name=" 환불 "),
    ):
        with pytest.raises(Conflict, match="choose another name") as refused:
            change()
        assert (refused.value.code, refused.value.path) == ("GROUP_EXISTS", ("name",))
    foreign = make_desk(desk.settings, slug="second")
    with pytest.raises(NotFound):
        groups.update(foreign.administrator, group_id, name="mine")
    with pytest.raises(NotFound):
        groups.update(desk.administrator, group_id, agent_ids=[foreign.agent.id or 0])
    with pytest.raises(Forbidden):
        groups.create(desk.agent, "mine")


def test_people_of_groups_and_groups_of_people_take_two_statements_however_many(desk: Desk) -> None:
    some = people(desk, *"abcdef")
    group_ids = [groups.create(desk.administrator, f"group {number}", agent_ids=some) for number in range(5)]
    for count in (1, 5):
        with counted() as statements:
            found = queries.agents_of_groups(group_ids[:count])
        assert ([[row.id for row in rows] for rows in found], len(statements)) == ([some] * count, 2)
        with counted() as statements:
            joined = queries.groups_of_agents(some[:count])
        assert ([[row.id for row in rows] for rows in joined], len(statements)) == ([group_ids] * count, 2)


def test_who_was_removed_cannot_be_put_into_a_group(desk: Desk) -> None:
    (a,) = people(desk, "a")
    group_id = operations.create_group(desk.service_id, "g")
    staffing.remove(desk.administrator, a)
    with pytest.raises(NotFound):
        operations.add_to_group(group_id, a)
    with pytest.raises(NotFound):
        groups.update(desk.administrator, group_id, agent_ids=[a])
