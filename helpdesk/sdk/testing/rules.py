"""A rule of a contract: a method with a stable code that says, when it fails, what is wrong and how to mend it."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from unittest import SkipTest

from helpdesk.sdk.testing.kit import Kit

Owner = TypeVar("Owner")
Check = Callable[[Owner, Kit], None]


class Finding(AssertionError):
    """A rule is broken: its stable code, the reason, and how to mend it, in sentences."""

    def __init__(self, code: str, reason: str, fix: str) -> None:
        whole = reason if reason.endswith((".", "!", "?", "”")) else f"{reason}."
        super().__init__(f"{code}: {whole} {fix}".rstrip())
        self.code = code
        self.reason = whole
        self.fix = fix


class Broken(AssertionError):
    """What a rule raises, with the reason as a sentence; the decorator adds the code and the fix."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its code, the method that checks it, what it asks for, and the usual way to mend a breach."""

    code: str
    method: str
    summary: str
    fix: str


def rule(code: str, *, fix: str) -> Callable[[Check[Owner]], Check[Owner]]:
    """Make a method a rule. Whatever it raises, ``SkipTest`` aside, becomes a ``Finding`` of the code."""

    def decorate(method: Check[Owner]) -> Check[Owner]:
        @functools.wraps(method)
        def checked(self: Owner, kit: Kit) -> None:
            try:
                method(self, kit)
            except (Finding, SkipTest):
                raise
            except Broken as error:
                raise Finding(code, str(error), fix) from None
            except (Exception, SystemExit) as error:  # the plugin's own code runs in here
                raise Finding(code, f"It raised {type(error).__name__}: {error}", fix) from error

        summary = (method.__doc__ or "").strip().partition("\n")[0]
        checked.__rule__ = Rule(code, method.__name__, summary, fix)  # type: ignore[attr-defined]
        return checked

    return decorate


def rules_of(contract: type) -> list[Rule]:
    """Return the rules of a contract class, those of its parents first, in the order of their writing."""
    found: dict[str, Rule] = {}
    for parent in reversed(contract.__mro__):
        for name, value in vars(parent).items():
            if name.startswith("test_"):
                mine = getattr(value, "__rule__", None)
                found[name] = mine if isinstance(mine, Rule) else Rule("OWN-TEST", name, _said_by(value), "")
    return list(found.values())


def ensure(is_kept: object, reason: str) -> None:
    """Raise Broken with the reason unless it is kept."""
    if not is_kept:
        raise Broken(reason)


def _said_by(value: Any) -> str:
    return (getattr(value, "__doc__", None) or "").strip().partition("\n")[0]
