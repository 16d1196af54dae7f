"""The core eats its own food: what it brings of each kind keeps the contract that authors are held to.

Each contract runs on one desk, but for those of what keeps something: a storage and a whole plugin. Of the desk the
core may import whatever it likes, so the rules about imports are not for it.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from importlib.metadata import entry_points
from typing import Any
from unittest import SkipTest

import pytest

from helpdesk.fields import chosen, measured, written
from helpdesk.kit.opening import opened
from helpdesk.plugins.kinds import GROUPS, Kind
from helpdesk.plugins.local_storage import Local
from helpdesk.queues import assigners
from helpdesk.sdk.testing.action import ActionContract
from helpdesk.sdk.testing.assigner import AssignerContract
from helpdesk.sdk.testing.condition import ConditionContract
from helpdesk.sdk.testing.contract import CodeContract
from helpdesk.sdk.testing.field_type import FieldTypeContract
from helpdesk.sdk.testing.kit import Kit
from helpdesk.sdk.testing.plugin import PluginContract
from helpdesk.sdk.testing.rules import Finding, rules_of
from helpdesk.sdk.testing.storage import StorageContract
from helpdesk.triggers import plain_actions, plain_conditions
from helpdesk.triggers.completion import Completion

OPTIONS = {"options": [{"value": "red", "labels": {"en": "Red", "ko": "빨강"}}, {"value": "blue"}]}
NOT_FOR_THE_CORE = {"SDK-IMPORTS", "SDK-IMPORT-TIME", "SDK-IMPORT-EFFECTS"}
BY_CHANCE = {"AS-STATELESS"}
"""What does not hold of an assigner that chooses by chance."""


def contract(parent: type[CodeContract], plugin: type, **facts: Any) -> type[CodeContract]:
    """Return the contract of one plugin."""
    return type(plugin.__name__, (parent,), {parent.kind: plugin, **facts})


class AssignContract(ActionContract):
    """Gives a ticket to somebody who is there."""

    action = plain_actions.AssignAction

    def settings_for(self, kit: Kit) -> Mapping[str, Any]:
        return {"agent_id": kit.agents()[0].id}


class LocalContract(StorageContract):
    """Keeps contents in the test's own folder."""

    storage = Local

    def settings_for(self, kit: Kit) -> Mapping[str, Any]:
        return {"folder": str(kit.folder / "files")}


CONTRACTS: Mapping[tuple[Kind, str], type[CodeContract]] = {
    (Kind.ACTION, "set_status"): contract(
        ActionContract, plain_actions.SetStatusAction, settings={"status": "RESOLVED"}
    ),
    (Kind.ACTION, "assign"): AssignContract,
    (Kind.ACTION, "reply"): contract(ActionContract, plain_actions.ReplyAction, settings={"text": "처리했습니다."}),
    (Kind.ACTION, "add_note"): contract(ActionContract, plain_actions.AddNoteAction, settings={"text": "확인함"}),
    (Kind.ACTION, "add_tags"): contract(ActionContract, plain_actions.AddTagsAction, settings={"tags": ["VIP"]}),
    (Kind.CONDITION, "age_hours"): contract(ConditionContract, plain_conditions.AgeHours),
    (Kind.CONDITION, "is_returning"): contract(ConditionContract, plain_conditions.IsReturning),
    (Kind.ASSIGNER, "round_robin"): contract(AssignerContract, assigners.RoundRobin),
    (Kind.ASSIGNER, "fewest_open"): contract(AssignerContract, assigners.FewestOpen, settings={"most": 100}),
    (Kind.ASSIGNER, "random"): contract(AssignerContract, assigners.Random),
    (Kind.STORAGE, "local"): LocalContract,
    (Kind.PLUGIN, "completion"): contract(PluginContract, Completion, service_settings={"after_hours": 24}),
    (Kind.FIELD_TYPE, "text"): contract(FieldTypeContract, written.Text, good=("한 줄", "a" * 255), bad=("", "a\nb")),
    (Kind.FIELD_TYPE, "textarea"): contract(
        FieldTypeContract, written.TextArea, good=("두\n줄",), bad=("", "a" * 5001)
    ),
    (Kind.FIELD_TYPE, "email"): contract(
        FieldTypeContract,
        written.Email,
        good=("hong@example.com", "Hong@EXAMPLE.com"),
        bad=("", "hong", "@example.com"),
    ),
    (Kind.FIELD_TYPE, "phone"): contract(
        FieldTypeContract, written.Phone, good=("010-1234-5678", "+1 650-253-0000"), bad=("", "119", "전화")
    ),
    (Kind.FIELD_TYPE, "number"): contract(
        FieldTypeContract, measured.Number, good=(0, "12", "-1,200"), bad=("", "1.5", "열둘", True)
    ),
    (Kind.FIELD_TYPE, "date"): contract(
        FieldTypeContract, measured.Date, good=("2026-01-31",), bad=("", "2026-02-30", "어제", 7)
    ),
    (Kind.FIELD_TYPE, "datetime"): contract(
        FieldTypeContract, measured.DateTime, good=("2026-01-31T09:00", "2026-01-31T09:00:00Z"), bad=("", "2026-01-31")
    ),
    (Kind.FIELD_TYPE, "checkbox"): contract(
        FieldTypeContract, chosen.Checkbox, good=(True, "on", False, ""), bad=("maybe", 7, [])
    ),
    (Kind.FIELD_TYPE, "consent"): contract(FieldTypeContract, chosen.Consent, good=(True, "on"), bad=(False, "", "no")),
    (Kind.FIELD_TYPE, "dropdown"): contract(
        FieldTypeContract, chosen.Dropdown, settings=OPTIONS, good=("red", "blue"), bad=("", "green", ["red"])
    ),
    (Kind.FIELD_TYPE, "multi_select"): contract(
        FieldTypeContract, chosen.MultiSelect, settings=OPTIONS, good=(["blue", "red"], "red"), bad=([], ["green"])
    ),
}


def findings(made: type[CodeContract]) -> dict[str, str]:
    """Return what the rules find, on one desk; on desks of their own for what keeps something."""
    found = {}
    with ExitStack() as stack:
        desk = stack.enter_context(opened())
        for rule in (one for one in rules_of(made) if one.code not in NOT_FOR_THE_CORE):
            if made.kind in {Kind.STORAGE, Kind.PLUGIN}:
                stack.close()
                desk = stack.enter_context(opened())
            try:
                getattr(made(), rule.method)(desk)
            except Finding as finding:
                found[finding.code] = finding.reason
            except SkipTest:
                continue
    return found


def test_every_plugin_of_the_core_has_its_contract() -> None:
    kinds = {kind for kind, _name in CONTRACTS}
    installed = {
        (kind, one.name)
        for kind in kinds
        for one in entry_points(group=GROUPS[kind])
        if one.dist is not None and one.dist.name == "helpdesk"
    }
    assert set(CONTRACTS) == installed


@pytest.mark.parametrize(("kind", "name"), CONTRACTS, ids=str)
def test_core_keeps_the_contract(kind: Kind, name: str) -> None:
    found = findings(CONTRACTS[kind, name])
    excused = BY_CHANCE if name == "random" else set()
    assert {code: reason for code, reason in found.items() if code not in excused} == {}
