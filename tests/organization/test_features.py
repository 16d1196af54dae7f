"""A feature is on until it is switched off, and whoever asks is told."""

import pytest

from helpdesk.kernel import events
from helpdesk.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from helpdesk.kernel.paging import Window
from helpdesk.organization import features
from helpdesk.organization.features import FEATURES
from tests.factories.desk import Desk, above, make_desk


def test_every_feature_has_a_sentence_and_is_on_at_first(desk: Desk) -> None:
    assert all(text.endswith(".") and text[0].isupper() for text in FEATURES.values())
    assert [code for code in FEATURES if not features.has_feature(desk.service_id, code)] == []


def test_a_feature_that_is_off_is_refused_until_it_is_on_again(desk: Desk) -> None:
    features.set_feature(above(desk), desk.service_id, "chat", False)
    features.set_feature(above(desk), desk.service_id, "chat", False)
    with pytest.raises(Conflict, match="chat") as refused:
        features.require_feature(desk.service_id, "chat")
    assert refused.value.code == "FEATURE_OFF"
    features.require_feature(desk.service_id, "helpdoc")
    features.set_feature(above(desk), desk.service_id, "chat", True)
    features.require_feature(desk.service_id, "chat")
    (page,) = events.history_of("service", [desk.service_id], Window(first=5))
    assert [entry.changes for entry in page.rows] == [
        {"features_off": [[], ["chat"]]},
        {"features_off": [["chat"], []]},
    ]


def test_tickets_are_always_on_and_unknown_features_are_told(desk: Desk) -> None:
    with pytest.raises(Conflict) as always:
        features.set_feature(above(desk), desk.service_id, "ticket", False)
    assert always.value.code == "FEATURE_ALWAYS_ON"
    for ask in (features.has_feature, features.require_feature):
        with pytest.raises(Invalid, match="endusermanagement") as unknown:
            ask(desk.service_id, "chess")
        assert (unknown.value.code, unknown.value.path) == ("UNKNOWN_FEATURE", ("feature",))


def test_services_of_another_organization_are_like_those_that_there_are_not(desk: Desk) -> None:
    other = make_desk(desk.settings, slug="other")
    for service_id in (other.service_id, 999):
        with pytest.raises(NotFound) as refused:
            features.set_feature(above(desk), service_id, "chat", False)
        assert refused.value.path == ("id",)
    assert features.has_feature(other.service_id, "chat")


def test_an_administrator_of_the_service_switches_none(desk: Desk) -> None:
    with pytest.raises(Forbidden):
        features.set_feature(desk.administrator, desk.service_id, "chat", False)
