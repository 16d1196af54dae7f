"""The small kinds: a good plugin of each keeps its contract, and each fault breaks the rule that is made for it."""

import pytest

from helpdesk.sdk.testing.contract import CodeContract
from helpdesk.sdk.testing.rules import rules_of
from tests.kit.jealous import JEALOUS
from tests.kit.kinds import ALSO, BROKEN, CONTRACTS
from tests.kit.running import broken_rules

CASES = [
    (contract, code, plugin)
    for every in (BROKEN, JEALOUS)
    for contract, faults in every.items()
    for code, plugin in faults.items()
]


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.__name__)
def test_good_plugin_keeps_its_contract(contract: type[CodeContract]) -> None:
    assert broken_rules(contract) == {}


@pytest.mark.parametrize(("contract", "code", "plugin"), CASES, ids=lambda value: getattr(value, "__name__", value))
def test_fault_breaks_its_rule(contract: type[CodeContract], code: str, plugin: type) -> None:
    found = broken_rules(type("Broken", (contract,), {contract.kind: plugin}), code)
    assert code in found, found
    assert set(found) <= {code} | ALSO.get(code, set()), found


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.__name__)
def test_every_rule_of_a_kind_has_a_plugin_that_breaks_it(contract: type[CodeContract]) -> None:
    own = {one.code for one in rules_of(contract) if not one.code.startswith("SDK-")}
    assert own == set(BROKEN[contract]) | set(JEALOUS[contract])
