"""A good channel keeps the whole contract; a broken one breaks the one rule that is made for its fault."""

import pytest

from helpdesk.sdk.channel import Channel
from helpdesk.sdk.testing.rules import rules_of
from tests.kit.broken_channels import BROKEN, Garbled
from tests.kit.echo_contract import EchoContract
from tests.kit.running import broken_rules

OF_THE_SOURCE = {"SDK-SAMPLE", "SDK-IMPORTS", "SDK-IMPORT-TIME", "SDK-IMPORT-EFFECTS"}
CASES = [(code, channel) for code, channels in BROKEN.items() for channel in channels]


class TestGoodEcho(EchoContract):
    """Every rule of the contract, as an author's pytest runs it."""


@pytest.mark.parametrize(("code", "channel"), CASES, ids=lambda value: getattr(value, "__name__", value))
def test_fault_breaks_its_rule_and_no_other(code: str, channel: type[Channel]) -> None:
    contract = type("Broken", (EchoContract,), {"channel": channel})
    found = broken_rules(contract, code)
    found.pop("SDK-IMPORTS", None)  # the module of the broken ones holds one that reaches past the SDK
    if code in ("SDK-API", "SDK-TITLE"):  # the desk refuses such a class, and every rule that needs it is skipped
        found.pop("SDK-ACCEPTED")
    assert list(found) == [code], found


def test_every_rule_has_a_channel_that_breaks_it() -> None:
    assert {rule.code for rule in rules_of(EchoContract)} == set(BROKEN) | OF_THE_SOURCE


def test_answer_that_is_no_message_is_named() -> None:
    found = broken_rules(type("Broken", (EchoContract,), {"channel": Garbled}))
    assert "str" in found["CH-RECEIVE"]
