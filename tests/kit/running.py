"""Runs a contract without pytest and says which rules were broken."""

from unittest import SkipTest

from helpdesk.kit.opening import opened
from helpdesk.sdk.testing.contract import Contract
from helpdesk.sdk.testing.rules import Finding, Rule, rules_of

DEAR = frozenset(
    {
        "AC-QUICK", "CO-QUICK", "AS-QUICK", "AC-BESIDE", "CO-BESIDE", "FT-BESIDE", "AS-BESIDE", "ST-BESIDE",
        "PL-SCHEMA", "PL-LIVES", "PL-SLOTS", "PL-BESIDE",
    }
)  # fmt: skip
"""Rules that take a while: they are tried with the faults that they are made for, and with what is good."""


def broken_rules(contract: type[Contract], code: str = "") -> dict[str, str]:
    """Return the reasons of the findings by code, in order; each rule has a desk of its own.

    With a code, dear rules are left out, but for the one of the code.
    """
    rules = [one for one in rules_of(contract) if not code or one.code == code or one.code not in DEAR]
    if code.endswith("-QUICK"):  # the fault is slow by nature
        rules = [one for one in rules if one.code == code]
    found = [finding for one in rules if (finding := finding_of(contract, one)) is not None]
    for finding in found:
        assert finding.reason[-1] in ".!?”", finding.reason
        assert finding.fix
    return {finding.code: finding.reason for finding in found}


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
