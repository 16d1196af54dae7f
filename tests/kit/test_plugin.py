"""A good whole plugin keeps what can be said of its class and its files; each fault breaks the rule made for it."""

import pytest

from helpdesk.sdk.plugin import Plugin
from helpdesk.sdk.testing.rules import rules_of
from tests.kit.running import broken_rules
from tests.kit.whole import ALSO, BROKEN, CASES, VisitsContract


def test_good_plugin_keeps_its_contract() -> None:
    assert broken_rules(VisitsContract) == {}


@pytest.mark.parametrize(("code", "plugin"), CASES, ids=lambda value: getattr(value, "__name__", value))
def test_fault_breaks_its_rule(code: str, plugin: type[Plugin]) -> None:
    found = broken_rules(type("Broken", (VisitsContract,), {"plugin": plugin}), code)
    found.pop("SDK-ACCEPTED", None)  # the desk would not use some of them at all
    assert code in found, found
    assert set(found) <= {code} | ALSO.get(code, set()), found


def test_settings_of_a_service_that_the_plugin_refuses_are_found() -> None:
    found = broken_rules(type("Broken", (VisitsContract,), {"service_settings": {"colour": "red"}}), "SDK-SAMPLE")
    assert set(found) == {"SDK-SAMPLE", "SDK-ACCEPTED"}


def test_every_rule_of_whole_plugins_has_one_that_breaks_it() -> None:
    assert {one.code for one in rules_of(VisitsContract) if one.code.startswith("PL-")} == set(BROKEN)
