"""What the author of a whole plugin writes: one class whose decorated methods are its hooks.

::

    class Greeter(Plugin):
        title = {"en": "Greeter"}
        rights = frozenset({"ticket.note"})

        @receiver(TicketCreated)
        def greet(self, host: Host, event: TicketCreated) -> None:
            host.add_note(event.ticket_id, "Say hello first.")

Each hook is given a ``Host``: the plugin's only hands, one for each service that it is enabled in,
with the rights that the class declares and no others. Hooks run in many threads and processes at
once; each has a deadline, and whatever it raises is contained, counted and shown. A hook that keeps
failing rests for a while.

Besides hooks a plugin may bring ``tables`` with ``migrations``, ``templates`` for its slots,
``locales`` for its texts, types and fields of the GraphQL API (``sdk.graphql``), and pages
(``sdk.web``). One that keeps personal data implements ``erase`` and ``export``, and says so with
``keeps_personal_data``.

Name the class in the entry-point group ``helpdesk.plugins``.
"""

from abc import ABC
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from helpdesk.kernel.events import Event
from helpdesk.sdk.errors import Denied, Refused, Retry
from helpdesk.sdk.facts import CustomerFacts
from helpdesk.sdk.host import Host
from helpdesk.sdk.settings import PluginSettings
from helpdesk.sdk.tables import Table

__all__ = [
    "LEAST_PERIOD_SECONDS",
    "Denied",
    "Hook",
    "HookKind",
    "Host",
    "Plugin",
    "PluginSettings",
    "Refused",
    "Retry",
    "hooks_of",
    "job",
    "mark",
    "periodic",
    "receiver",
    "subscriber",
]

Method = TypeVar("Method", bound=Callable[..., Any])

LEAST_PERIOD_SECONDS = 10
"""A periodic hook is called no more often; one that wants to be is not used."""


class HookKind(StrEnum):
    """What a decorated method is."""

    RECEIVER = "receiver"
    SUBSCRIBER = "subscriber"
    JOB = "job"
    PERIODIC = "periodic"
    PAGE = "page"
    WEBHOOK = "webhook"
    SLOT = "slot"
    QUERY = "query"
    MUTATION = "mutation"
    FIELD = "field"


@dataclass(frozen=True, slots=True)
class Hook:
    """A decorated method: ``name`` is the method's own, ``facts`` are what its decorator was told."""

    kind: HookKind
    name: str
    facts: Mapping[str, Any]


class Plugin(ABC):
    """Everything that one plugin brings. It is made once for each process, with its installation's settings."""

    api: ClassVar[int] = 1
    """The version of these pages that the plugin was written for; the core keeps the newest and the one before."""

    title: ClassVar[Mapping[str, str]]
    """The name that people see, by language; ``en`` is required."""

    rights: ClassVar[frozenset[str]] = frozenset()
    """What its ``Host`` may do, such as ``ticket.read``; whoever enables the plugin is shown them."""

    Settings: ClassVar[type[PluginSettings]] = PluginSettings
    """What the whole installation tells the plugin; here as ``self.settings``."""

    ServiceSettings: ClassVar[type[PluginSettings]] = PluginSettings
    """What each service tells it; ``host.service_settings``."""

    tables: ClassVar[tuple[type[Table], ...]] = ()
    """Its tables, each named ``p_<plugin>_…``."""

    migrations: ClassVar[Path | None] = None
    """The folder of its numbered migrations, each with ``up`` and ``down``."""

    templates: ClassVar[Path | None] = None
    """The folder of the templates that its slots name."""

    locales: ClassVar[Path | None] = None
    """The folder of its texts: one ``<language>.toml`` each, for ``host.translate``."""

    keeps_personal_data: ClassVar[bool] = False
    """True when it stores what belongs to a customer; then ``erase`` and ``export`` are its duty."""

    def __init__(self, settings: Any) -> None:
        self.settings = settings

    def check(self, host: Host) -> None:
        """Try the settings; raise with a sentence that says what is wrong."""

    def erase(self, host: Host, customer: CustomerFacts) -> None:
        """Forget everything about the customer; calling it again is fine."""

    def export(self, host: Host, customer: CustomerFacts) -> Mapping[str, Any]:
        """Return everything that the plugin keeps about the customer, as JSON values."""
        return {}


def mark(kind: HookKind, **facts: Any) -> Callable[[Method], Method]:
    """Return a decorator that makes a method a hook; the decorators of these pages are made of it."""

    def decorate(method: Method) -> Method:
        method.__hook__ = Hook(kind, method.__name__, facts)  # type: ignore[attr-defined]
        return method

    return decorate


def hooks_of(plugin: type[Plugin]) -> list[Hook]:
    """Return the hooks of a plugin class, inherited ones too, in the order of their writing, parents first."""
    found = {}
    for parent in reversed(plugin.__mro__):
        for name, value in vars(parent).items():
            hook = getattr(value, "__hook__", None)
            if isinstance(hook, Hook):
                found[name] = hook
    return list(found.values())


def receiver(*events: type[Event]) -> Callable[[Method], Method]:
    """Call ``method(host, event)`` in this process, right after the commit of each such change.

    Best effort: at once, in order, with five seconds at most. What must not be missed is a ``subscriber``.
    """
    return mark(HookKind.RECEIVER, events=events)


def subscriber(*events: type[Event]) -> Callable[[Method], Method]:
    """Call ``method(host, event)`` in a worker for each such event, in order and at least once, whatever happens.

    It has two minutes. One that raises is given the same event again, later each time, and none after it until then.
    """
    return mark(HookKind.SUBSCRIBER, events=events)


def job(method: Method) -> Method:
    """Let ``host.enqueue("<method>", data)`` have a worker call ``method(host, data)``, at least once.

    It has two minutes. Raises Retry to be called again later, and Refused to give up.
    """
    return mark(HookKind.JOB)(method)


def periodic(*, every_seconds: int) -> Callable[[Method], Method]:
    """Call ``method(host)`` in one worker about so often, at least 10 seconds apart, for each service.

    It has two minutes. It may come late, or twice after a crash: let the outcome be the same.
    """
    return mark(HookKind.PERIODIC, every_seconds=every_seconds)
