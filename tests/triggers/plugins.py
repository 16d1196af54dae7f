"""Actions and conditions that do as a test tells them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from pydantic import SecretStr

from helpdesk.kernel.condition_syntax import FieldKind
from helpdesk.plugins import registry
from helpdesk.plugins.kinds import Kind
from helpdesk.sdk.action import Action, ActionSettings
from helpdesk.sdk.condition import Condition
from helpdesk.sdk.facts import TicketFacts


class ToldSettings(ActionSettings):
    """A secret and a word."""

    token: SecretStr = SecretStr("")
    word: str = ""


def acting(
    name: str,
    run: Callable[[TicketFacts], Any],
    perform: Callable[[Any, Mapping[str, Any]], None] = lambda _action, _data: None,
) -> str:
    """Register an action that does as it is told, and return its name."""

    class Told(Action):
        title: ClassVar = {"en": "Told", "ko": "시킨 대로"}
        Settings: ClassVar = ToldSettings

        def run(self, ticket: TicketFacts) -> Any:
            return run(ticket)

        def perform(self, data: Mapping[str, Any]) -> None:
            perform(self, data)

    registry.register(Kind.ACTION, name, Told)
    return name


def asking(
    name: str,
    values: Callable[[Sequence[TicketFacts]], Any],
    kind: FieldKind = FieldKind.NUMBER,
    choices: tuple[str, ...] = (),
) -> str:
    """Register a condition that answers as it is told, and return the name of its field."""

    class Told(Condition):
        title: ClassVar = {"en": "Told", "ko": "시킨 대로"}

        def values(self, tickets: Sequence[TicketFacts]) -> Any:
            return values(tickets)

    Told.kind = kind
    Told.choices = choices
    registry.register(Kind.CONDITION, name, Told)
    return f"plugin.{name}"
