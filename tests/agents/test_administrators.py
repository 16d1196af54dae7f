"""An organization is looked after by members who are named for it, and never by nobody."""

import threading

import pytest

from helpdesk.agents import administrators, operations, queries
from helpdesk.kernel import db, events
from helpdesk.kernel.errors import Conflict, Forbidden, HelpdeskError, NotFound
from helpdesk.kernel.paging import Window
from helpdesk.signals import flush, organization_changed
from tests.factories.desk import PASSWORD, Desk, above, appoint, make_desk


def those(desk: Desk) -> list[str]:
    """Return the addresses of those who look after the organization."""
    return [row.email for row in queries.organization_administrators(desk.organization_id)]


def test_members_are_named_and_sent_away_and_it_is_told(desk: Desk) -> None:
    told: list[tuple[int, str]] = []
    organization_changed.connect(lambda event: told.append((event.organization_id, event.change)))
    boss = above(desk, appoint(desk, "boss@demo.example"))
    agent = queries.agents_of_service(desk.service_id)[1]
    administrators.appoint(boss, agent.member_id)
    administrators.appoint(boss, agent.member_id)
    assert those(desk) == ["agent@demo.example", "boss@demo.example"]
    administrators.dismiss(boss, agent.member_id)
    administrators.dismiss(boss, agent.member_id)
    assert those(desk) == ["boss@demo.example"]
    assert flush()
    changes = ["administrator_added", "administrator_added", "administrator_removed"]
    assert told == [(desk.organization_id, change) for change in changes]
    (page,) = events.history_of("organization", [desk.organization_id], Window(last=1))
    assert (page.rows[0].actor_name, page.rows[0].changes) == ("boss", {"administrator": ["agent@demo.example", None]})


def test_the_last_one_is_neither_removed_nor_deactivated(desk: Desk) -> None:
    last = appoint(desk, "boss@demo.example")
    other = appoint(desk, "other@demo.example")
    operations.deactivate_member(other)
    for change in (lambda: administrators.dismiss(above(desk, last), last), lambda: operations.deactivate_member(last)):
        with pytest.raises(Conflict, match="add another one first") as refused:
            change()
        assert refused.value.code == "LAST_ADMINISTRATOR"
    assert those(desk) == ["boss@demo.example"]


def test_two_who_remove_each_other_at_once_leave_one(desk: Desk) -> None:
    members = [appoint(desk, f"{name}@demo.example") for name in ("one", "two")]
    start, refused = threading.Barrier(2), []

    def remove(mine: int, other: int) -> None:
        with db.connection():
            start.wait()
            try:
                administrators.dismiss(above(desk, mine), other)
            except HelpdeskError as error:
                refused.append(error.code)

    threads = [threading.Thread(target=remove, args=pair) for pair in (members, members[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(those(desk)), refused) == (1, ["LAST_ADMINISTRATOR"])


def test_members_of_another_organization_are_like_those_that_there_are_not(desk: Desk) -> None:
    boss = above(desk, appoint(desk, "boss@demo.example"))
    stranger = appoint(make_desk(desk.settings, slug="second"), "boss@second.example")
    for member_id in (stranger, 10_000):
        for change in (administrators.appoint, administrators.dismiss):
            with pytest.raises(NotFound, match="no such member") as refused:
                change(boss, member_id)
            assert refused.value.path == ("id",)


def test_administrators_of_a_service_do_not_reach_above_it(desk: Desk) -> None:
    member_id = operations.add_member(desk.organization_id, email="a@b.example", name="a", password=PASSWORD)
    for actor in (desk.administrator, desk.partner, desk.agent):
        with pytest.raises(Forbidden):
            administrators.appoint(actor, member_id)
    assert those(desk) == []


def test_a_deactivated_member_is_not_named(desk: Desk) -> None:
    boss = above(desk, appoint(desk, "boss@demo.example"))
    member_id = operations.add_member(desk.organization_id, email="a@b.example", name="a", password=PASSWORD)
    operations.deactivate_member(member_id)
    with pytest.raises(Conflict) as refused:
        administrators.appoint(boss, member_id)
    assert refused.value.code == "MEMBER_DEACTIVATED"
