"""What a condition owes: a value of its kind for each ticket, aligned, quickly, and the same every time.

::

    class TestWeekend(ConditionContract):
        condition = Weekend
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from helpdesk.sdk.condition import Condition, FieldKind
from helpdesk.sdk.testing import samples
from helpdesk.sdk.testing.contract import CodeContract, within
from helpdesk.sdk.testing.kit import Kit
from helpdesk.sdk.testing.rules import ensure, rule

VALUES_SECONDS = 2.0
TYPES: dict[FieldKind, type] = {
    FieldKind.TEXT: str,
    FieldKind.KEYWORD: str,
    FieldKind.NUMBER: int,
    FieldKind.TIME: datetime,
    FieldKind.BOOLEAN: bool,
    FieldKind.REFERENCE: int,
}


class ConditionContract(CodeContract):
    """The rules of one condition."""

    kind = "condition"
    condition: ClassVar[type[Condition]]

    @rule("CO-ALIGNED", fix="Return a list with one value for each ticket, in their order; None where there is none.")
    def test_values_are_aligned_with_the_tickets(self, kit: Kit) -> None:
        """Each ticket gets one value, alone or among others."""
        made, tickets = self._made(kit), samples.tickets(kit.now())
        together = self._values(made, tickets)
        for batch in ((), tickets[:1], tickets, (*tickets[::-1], *tickets)):
            values = self._values(made, batch)
            ensure(len(values) == len(batch), f"For {len(batch)} tickets it returned {len(values)} values.")
        for ticket, value in zip(tickets, together, strict=True):
            (alone,) = self._values(made, (ticket,))
            ensure(alone == value, f"A ticket has {value!r:.80} among others, and {alone!r:.80} alone.")

    @rule("CO-KIND", fix="Return values of the condition's kind, and of its choices where it names some.")
    def test_values_are_of_the_kind(self, kit: Kit) -> None:
        """Each value is of the kind that the condition declares."""
        made = self._made(kit)
        for value in self._values(made, samples.tickets(kit.now())):
            ensure(value is None or _is_of(made.kind, value), f"{value!r:.80} is no value of the kind {made.kind}.")
            is_known = value is None or not made.choices or value in made.choices
            ensure(is_known, f"{value!r:.80} is none of its choices: {', '.join(made.choices)}.")

    @rule("CO-QUICK", fix="Work the values out from the facts at hand, all tickets at once.")
    def test_values_come_quickly(self, kit: Kit) -> None:
        """A hundred tickets take less than two seconds."""
        made = self._made(kit)
        tickets = [*samples.tickets(kit.now())] * 20
        within(VALUES_SECONDS, lambda: made.values(tickets))

    @rule("CO-PURE", fix="Let the value follow from the facts and the time alone, and call nothing outside.")
    def test_values_follow_from_the_facts(self, kit: Kit) -> None:
        """The same tickets have the same values, and nothing outside is called."""
        made, tickets = self._made(kit), samples.tickets(kit.now())
        first, second = self._values(made, tickets), self._values(made, tickets)
        ensure(first == second, f"The same tickets had {first!r:.200}, then {second!r:.200}.")
        ensure(not kit.strays(), f"values connected to {', '.join(kit.strays())}.")

    @rule("CO-DESK", fix="Return values that the condition language can compare; see the kinds of fields.")
    def test_desk_finds_tickets_by_it(self, kit: Kit) -> None:
        """Asked by the desk, a condition on the plugin's field holds for the tickets that have the value."""
        self._require_found(kit)

    @rule("CO-BESIDE", fix="Share no global state, names or signals with other plugins.")
    def test_works_beside_all_others(self, kit: Kit) -> None:
        """The condition works beside every installed plugin, and beside ones that raise everywhere."""
        kit.crowd()
        self._require_found(kit)

    def _require_found(self, kit: Kit) -> None:
        made = self._made(kit)
        kit.hold(kit.now())  # a value may follow from the time
        tickets = [kit.ticket(), kit.live(), kit.ticket("Three short words", email="jun@shop.example")]
        values = self._values(made, tickets)
        field, ids = f"plugin.{self.called()}", [one.id for one in tickets]
        for value in values:
            is_empty = value is None or value == ""
            asked = {"op": "isEmpty"} if is_empty else {"op": "is", "value": _written(value)}
            found = kit.meets({"field": field, **asked}, ids)
            wanted = [one is None or one == "" if is_empty else one == value for one in values]
            is_right = all(found[at] for at, has in enumerate(wanted) if has)
            is_right = is_right and (found == wanted or made.kind is FieldKind.TEXT)  # texts are compared loosely
            ensure(is_right, f"Of tickets with {values!r:.200} those with {value!r:.80} are found as {found}.")
        failures = kit.failures(self.kind, self.called())
        ensure(not failures, f"On the desk it failed in {'; '.join(failures)}")

    def _made(self, kit: Kit) -> Condition:
        self.install(kit)
        return self.condition()

    def _values(self, made: Condition, tickets: Sequence[Any]) -> list[Any]:
        return list(made.values(tickets))


def _written(value: Any) -> Any:
    """Return the value as conditions are written, in JSON."""
    return value.isoformat() if isinstance(value, datetime) else value


def _is_of(kind: FieldKind, value: Any) -> bool:
    if kind is FieldKind.TIME:
        return isinstance(value, datetime) and value.tzinfo is not None
    return isinstance(value, TYPES[kind]) and (kind is FieldKind.BOOLEAN or not isinstance(value, bool))
