"""Organizations and services are made whole, or not at all with a reason."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from helpdesk.kernel import events
from helpdesk.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from helpdesk.kernel.paging import Window
from helpdesk.kernel.settings import Settings
from helpdesk.organization import operations, queries
from helpdesk.organization.rules import EditorType
from helpdesk.plugins import registry
from helpdesk.plugins.kinds import Kind
from helpdesk.signals import flush, service_changed
from tests.factories.desk import Desk


def make_service(organization_id: int, **changes: Any) -> int:
    """Make a service like most."""
    values: dict[str, Any] = {
        "slug": "shop",
        "names": {"ko": "상점", "en": "Shop"},
        "languages": ["ko", "en"],
        "default_language": "ko",
        "time_zone": "Asia/Seoul",
        "editor_type": EditorType.TEXT,
    }
    return operations.create_service(organization_id, **{**values, **changes})


def test_a_service_is_found_by_its_slug_as_it_was_made(database: Settings) -> None:
    organization_id = operations.create_organization(" Demo\tcompany ")
    service_id = make_service(organization_id)
    row = queries.service_by_slug("shop")
    assert row is not None
    assert (row.id, row.organization_id, row.names["ko"]) == (service_id, organization_id, "상점")
    assert (row.languages, row.default_language) == (["ko", "en"], "ko")
    assert (row.time_zone, row.editor_type) == ("Asia/Seoul", EditorType.TEXT)


def test_a_slug_is_given_once_in_the_whole_desk(database: Settings) -> None:
    make_service(operations.create_organization("First"))
    with pytest.raises(Conflict, match="shop") as refused:
        make_service(operations.create_organization("Second"))
    assert (refused.value.code, refused.value.path) == ("SLUG_TAKEN", ("slug",))
    assert len(queries.services()) == 1


def test_a_service_of_no_organization_is_refused(database: Settings) -> None:
    with pytest.raises(NotFound, match="organization"):
        make_service(41)


@pytest.mark.parametrize("changes", [{"slug": "Shop"}, {"languages": ["ko"]}, {"time_zone": "Seoul"}, {"names": {}}])
def test_bad_input_makes_nothing(database: Settings, changes: dict[str, Any]) -> None:
    organization_id = operations.create_organization("Demo")
    with pytest.raises(Invalid):
        make_service(organization_id, **changes)
    assert queries.services() == []


def test_an_organization_needs_a_name(database: Settings) -> None:
    with pytest.raises(Invalid, match="name"):
        operations.create_organization(" \u202e\n")


def test_chosen_theme_is_kept_and_told_once(desk: Desk, tmp_path: Path) -> None:
    registry.register(Kind.THEME, "dawn", tmp_path)
    told: list[int] = []
    service_changed.connect(lambda event: told.append(event.service_id))
    operations.update_service(desk.administrator, theme="dawn")
    operations.update_service(desk.administrator, theme="dawn")
    assert flush()
    service = queries.service_by_id(desk.service_id)
    assert service is not None
    assert (service.theme, told) == ("dawn", [desk.service_id])


def test_theme_must_be_installed_and_chosen_by_an_administrator(desk: Desk) -> None:
    with pytest.raises(Invalid, match="installed are"):
        operations.update_service(desk.administrator, theme="moon")
    with pytest.raises(Forbidden):
        operations.update_service(desk.agent, theme="default")


def test_who_may_not_change_the_service_is_refused_though_nothing_be_changed(desk: Desk) -> None:
    operations.update_service(desk.administrator)
    with pytest.raises(Forbidden):
        operations.update_service(desk.agent)


def service_of(desk: Desk) -> queries.ServiceRow:
    """Return the desk's service as it is now."""
    found = queries.service_by_id(desk.service_id)
    assert found is not None
    return found


def test_a_removed_language_keeps_its_name_until_it_is_added_again(desk: Desk) -> None:
    change = partial(operations.update_service, desk.administrator)
    change(languages=["en", "ko", "ja"], names={"ja": "デモ"}, default_language="en")
    change(languages=["ko"], default_language="ko")
    assert service_of(desk).languages == ["ko"]
    with pytest.raises(Invalid) as refused:
        change(names={"ja": "店"})
    assert refused.value.path == ("names", "ja")
    change(languages=["ja", "ko"])
    assert (service_of(desk).names["ja"], service_of(desk).languages) == ("デモ", ["ja", "ko"])


def test_what_is_left_out_of_a_change_stays_and_the_history_tells_the_rest(desk: Desk) -> None:
    before = service_of(desk)
    operations.update_service(desk.administrator, time_zone="Europe/Berlin", editor_type=EditorType.TEXT)
    after = service_of(desk)
    assert (after.time_zone, after.editor_type) == ("Europe/Berlin", EditorType.TEXT)
    assert (after.slug, after.names, after.theme) == (before.slug, before.names, before.theme)
    (page,) = events.history_of("service", [desk.service_id], Window(first=5))
    (entry,) = page.rows
    assert (entry.name, entry.actor_name) == ("service.changed", "admin")
    assert entry.changes == {"time_zone": ["Asia/Seoul", "Europe/Berlin"], "editor_type": ["HTML", "TEXT"]}


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"languages": ["en"]}, "BAD_LANGUAGE", ("default_language",)),
        ({"languages": []}, "BAD_LANGUAGE", ("languages",)),
        ({"languages": ["ko", "en", "ja"]}, "INVALID", ("names", "ja")),
        ({"names": {"ko": " "}}, "INVALID", ("names", "ko")),
        ({"default_language": "fr"}, "BAD_LANGUAGE", ("default_language",)),
        ({"time_zone": "Seoul"}, "BAD_TIME_ZONE", ("time_zone",)),
    ],
)
def test_a_change_that_cannot_be_changes_nothing(
    desk: Desk, changes: dict[str, Any], code: str, path: tuple[str, ...]
) -> None:
    before = service_of(desk)
    with pytest.raises(Invalid) as refused:
        operations.update_service(desk.administrator, **{"names": {"en": "New"}, **changes})
    assert (refused.value.code, refused.value.path) == (code, path)
    assert service_of(desk) == before
