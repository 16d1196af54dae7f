"""Runs a contract without pytest and says which rules were broken."""

from unittest import SkipTest

from helpdesk.kit.opening import opened
from helpdesk.sdk.testing.contract import Contract
from helpdesk.sdk.testing.rules import Finding, Rule, rules_of

DEAR = ("-QUICK", "-DESK", "-BESIDE", "CH-HUGE", "PL-SCHEMA", "PL-LIVES", "PL-SECRET-LOG", "PL-SLOTS")
"""How the codes of rules end that take a while, or say again what others say: they are tried with their own faults."""
ALONE = ("-QUICK", "-BESIDE")
"""Whose faults are slow by nature, or reach past the SDK: other rules are not tried with them."""


def broken_rules(contract: type[Contract], code: str = "") -> dict[str, str]:
    """Return the reasons of the findings by code, in order; each rule has a desk of its own.

    With a code, the rules are those that a fault of this code is tried with.
    """
    rules = [one for one in rules_of(contract) if one.code == code or not (code and _is_left_out(one.code, code))]
    found = [finding for one in rules if (finding := finding_of(contract, one)) is not None]
    for finding in found:
        assert finding.reason[-1] in ".!?”", finding.reason
        assert finding.fix
    return {finding.code: finding.reason for finding in found}


def _is_left_out(rule: str, code: str) -> bool:
    return rule.endswith(DEAR) or code.endswith(ALONE)


def finding_of(contract: type[Contract], rule: Rule) -> Finding | None:
    """Return what one rule finds."""
    with opened() as desk:
        try:
            getattr(contract(), rule.method)(desk)
        except Finding as finding:
            return finding
        except SkipTest:
            return None
    return None
