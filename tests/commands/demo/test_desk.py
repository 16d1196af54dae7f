"""The demo's desk: whole or not there, and never in somebody's own desk."""

import pytest

from helpdesk import starting
from helpdesk.access import queries as access
from helpdesk.commands.demo import stories
from helpdesk.commands.demo.desk import AGENTS, GROUPS, open_desk
from helpdesk.kernel import db, settings
from helpdesk.organization import queries
from tests.commands.conftest import Shell


@pytest.fixture
def started(shell: Shell) -> None:
    """A process on an empty, migrated desk."""
    starting.start(settings.load(log_level="ERROR"))


def test_desk_of_somebody_is_left_alone(shell: Shell) -> None:
    shell.text("init", "--yes", "--service", "shop", "--admin-email", "a@b.example")
    assert "holds a desk of its own (shop)" in shell.refused("demo", "--port", "0")
    with shell.opened() as service_id:
        assert access.keys_of_service(service_id) == []


def test_half_a_story_leaves_no_half_of_a_desk(started: None) -> None:
    broken = [*stories.stories()[:2], stories.Story("ko", "x", "x", "x", agent="nobody")]
    with db.connection():
        with pytest.raises(KeyError):
            open_desk(broken, smtp_port=25)
        assert queries.services() == []


def test_each_run_leaves_one_key_alive(started: None) -> None:
    with db.connection():
        desks = [open_desk(stories.stories()[:2], smtp_port=25) for _run in range(3)]
        alive = [row for row in access.keys_of_service(desks[0].service_id) if row.revoked_at is None]
    assert len({desk.key for desk in desks}) == 3
    assert [desks[-1].key.endswith(row.hint) for row in alive] == [True]


def test_every_story_is_told_by_people_that_there_are() -> None:
    told = stories.stories()
    names, groups = {name for _, name in AGENTS}, set(GROUPS)
    assert {story.agent for story in told} - {None} <= names
    assert {story.group for story in told} - {None} <= groups
    assert all(story.email or story.phone for story in told)
    assert all(step in {"reply", "note", "again"} for story in told for step, _ in story.steps)
