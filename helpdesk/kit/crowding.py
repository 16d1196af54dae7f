"""Fills a desk with neighbours: whatever is installed here, and plugins that raise everywhere."""

import functools
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from helpdesk.channels import accounts
from helpdesk.hosting import life
from helpdesk.kernel import events, jobs
from helpdesk.kernel.actors import Actor
from helpdesk.kernel.errors import HelpdeskError
from helpdesk.kit.trouble import NAME
from helpdesk.plugins import loading, registry
from helpdesk.plugins.kinds import Kind

Installed = tuple[Kind, str, Any]


class Nowhere:
    """Where a channel that listens on purpose in vain puts what it finds: nobody wants it."""

    cursor: Mapping[str, Any] = {}  # a mapping that nobody changes

    def store(self, key: str, raw: bytes, *, cursor: Mapping[str, Any]) -> bool:  # noqa: ARG002
        """Keep nothing."""
        return False

    def reached(self, cursor: Mapping[str, Any]) -> None:
        """Keep nothing."""

    def alive(self) -> bool:
        """Have the channel return."""
        return False


@functools.cache
def _installed_here() -> tuple[Installed, ...]:
    """Return what is installed and can be imported; looked for once in a process, since that reads all there is."""
    candidates = [one for one in loading.find() if not one.fault]
    found: list[Installed] = []
    for kind in Kind:
        imported = loading.import_all(kind, {one.name for one in candidates if one.kind is kind})
        found += [(kind, name, one.value) for name, one in imported.items() if not one.fault]
    return tuple(found)


def bring_in(others: Sequence[Installed]) -> None:
    """Install whatever is installed here, and the others over it."""
    for kind, name, value in (*_installed_here(), *others):
        registry.register(kind, name, value)
    life.apply()
    jobs.drain(events.LINE)


def listen(administrator: Actor, account_id: int) -> None:
    """Have an account tested and listened for, which fails."""
    accounts.test(administrator, account_id)
    with suppress(HelpdeskError):
        accounts.driver_by_id(account_id).listen(Nowhere())


def is_trouble(driver: str) -> bool:
    """Return whether a channel is one of those that raise everywhere."""
    return driver.startswith(NAME)
