"""Field types as whoever builds forms sees them."""

from typing import Any

import pytest

from tests.factories.client import Caller

SWAP = {"options": [{"value": "swap", "labels": {"ko": "교환", "en": "Swap"}}]}


def check(caller: Caller, **given: Any) -> Any:
    """Return what a field would make of what was typed."""
    return caller.ask("FieldValueCheck", **given)["fieldValueCheck"]


def test_types_are_told_with_titles_kinds_and_forms(agent: Caller) -> None:
    found = {one["code"]: one for one in agent.ask("FieldTypes", language="ko")["fieldTypes"]}
    assert list(found) == sorted(found)
    assert (found["dropdown"]["title"], found["dropdown"]["kind"]) == ("드롭다운", "KEYWORD")
    assert "IN" in found["dropdown"]["operators"]
    assert found["text"]["settingsSchema"]["properties"]["max_length"]["description"] == "The most characters."
    described = [
        (code, name)
        for code, one in found.items()
        for name, setting in one["settingsSchema"].get("properties", {}).items()
        if not setting.get("description")
    ]
    assert described == []


def test_value_is_checked_for_whoever_builds_a_form(agent: Caller) -> None:
    checked = check(agent, type="dropdown", settings=SWAP, value="swap", language="ko")
    assert (checked["isValid"], checked["value"], checked["text"], checked["message"]) == (True, "swap", "교환", "")
    assert checked["widget"] == {
        "element": "select", "attributes": {}, "options": [{"value": "swap", "label": "교환"}],
    }  # fmt: skip
    refused = check(agent, type="number", settings={"maximum": 5}, value="6")
    assert (refused["isValid"], refused["value"], refused["message"]) == (False, None, "This must be 5 or less.")
    assert check(agent, type="checkbox", value=None)["value"] is False


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"type": "colour"}, "PLUGIN_NOT_ENABLED"),
        ({"type": "dropdown", "settings": {}}, "BAD_SETTINGS"),
        ({"type": "dropdown", "settings": [1]}, "BAD_SETTINGS"),
        ({"type": "text", "settings": {"colour": 1}}, "BAD_SETTINGS"),
    ],
)
def test_what_cannot_be_checked_says_why(agent: Caller, given: dict[str, Any], code: str) -> None:
    assert agent.failed("FieldValueCheck", **given) == code


def test_strangers_learn_nothing(stranger: Caller) -> None:
    assert stranger.failed("FieldTypes") == stranger.failed("FieldValueCheck", type="text") == "UNAUTHENTICATED"
