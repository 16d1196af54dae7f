"""Runs a contract without pytest and says which rules were broken."""

from unittest import SkipTest

from helpdesk.kit.opening import opened
from helpdesk.sdk.testing.contract import Contract
from helpdesk.sdk.testing.rules import Finding, Rule, rules_of


def broken_rules(contract: type[Contract]) -> dict[str, str]:
    """Return the reasons of the findings by code, in order; each rule has a desk of its own."""
    found = [finding for one in rules_of(contract) if (finding := finding_of(contract, one)) is not None]
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
