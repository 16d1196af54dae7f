"""The small kinds: a good plugin of each keeps its contract, and each fault breaks the rule that is made for it."""

import pytest

from helpdesk.sdk.testing.contract import CodeContract
from tests.kit.kinds import ALSO, BROKEN, CONTRACTS
from tests.kit.running import broken_rules

CASES = [(contract, code, plugin) for contract, faults in BROKEN.items() for code, plugin in faults.items()]


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.__name__)
def test_good_plugin_keeps_its_contract(contract: type[CodeContract]) -> None:
    assert broken_rules(contract) == {}


@pytest.mark.parametrize(("contract", "code", "plugin"), CASES, ids=lambda value: getattr(value, "__name__", value))
def test_fault_breaks_its_rule(contract: type[CodeContract], code: str, plugin: type) -> None:
    found = broken_rules(type("Broken", (contract,), {contract.kind: plugin}), code)
    assert code in found, found
    assert set(found) <= {code} | ALSO.get(code, set()), found
