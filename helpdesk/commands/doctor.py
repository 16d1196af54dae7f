"""``helpdesk doctor``: says what is well with a desk, what is not, and what to do about it. Changes nothing."""

from dataclasses import asdict

import click
from click.exceptions import Exit

from helpdesk.commands.asking import Asked, verb
from helpdesk.commands.checks import Check, Health, checks
from helpdesk.commands.failures import FINDINGS

COLORS = {Health.OK: "green", Health.WARN: "yellow", Health.FAIL: "red"}


@verb("doctor")
def doctor(asked: Asked) -> None:
    """Check settings, database, keys, plugins, channels and queues; 1 when something fails."""
    found = checks(asked.quiet_settings())
    has_failed = any(check.health is Health.FAIL for check in found)
    text = "\n".join(_line(check) for check in found)
    asked.answer({"is_well": not has_failed, "checks": [asdict(check) for check in found]}, text)
    if has_failed:
        raise Exit(FINDINGS)


def _line(check: Check) -> str:
    word = click.style(f"{check.health:4}", fg=COLORS[check.health])
    fix = f" {check.fix}" if check.fix else ""
    return f"{word}  {check.name}: {check.message}{fix}"
