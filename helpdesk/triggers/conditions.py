"""Which tickets meet a condition, where plugins answer part of it: in Python, over facts.

The fields are the core's own and one ``plugin.<name>`` for each condition in use. A plugin is asked once
for all tickets, and only if the condition names it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from helpdesk.kernel import conditions
from helpdesk.kernel.condition_syntax import CHANGES, LARGEST_NUMBER, LONGEST_TEXT
from helpdesk.kernel.conditions import AllOf, AnyOf, Comparison, Condition, Field, FieldKind, Not
from helpdesk.kernel.errors import Invalid
from helpdesk.plugins import guard, instances, registry
from helpdesk.plugins.guard import Ref, WrongAnswer, expect, listed
from helpdesk.plugins.kinds import Kind
from helpdesk.sdk.facts import TicketFacts
from helpdesk.tickets import queries
from helpdesk.tickets.facts import ticket_facts
from helpdesk.tickets.plugin_fields import PREFIX, plugin_fields

SECONDS = 2.0

TITLES: Mapping[str, Mapping[str, str]] = {
    "number": {"en": "Number", "ko": "문의 번호"},
    "subject": {"en": "Subject", "ko": "제목"},
    "status": {"en": "Status", "ko": "상태"},
    "priority": {"en": "Priority", "ko": "우선순위"},
    "externalRef": {"en": "Your own reference", "ko": "외부 참조 번호"},
    "channel": {"en": "Channel", "ko": "인입 채널"},
    "language": {"en": "Language", "ko": "언어"},
    "customer": {"en": "Customer", "ko": "고객"},
    "assignee": {"en": "Assignee", "ko": "담당자"},
    "group": {"en": "Agent group", "ko": "담당 그룹"},
    "createdAt": {"en": "Made at", "ko": "접수 일시"},
    "updatedAt": {"en": "Changed at", "ko": "수정 일시"},
}
"""What people call the core's own fields."""


@dataclass(frozen=True, slots=True)
class NamedField:
    """A field of the condition language, with what people call it by language."""

    name: str
    field: Field
    plugin: type | None = None

    def title(self, language: str | None) -> str:
        """Return the title in the language, else in English."""
        if self.plugin is not None:
            return instances.title_of(self.plugin, language)
        titles = TITLES[self.name]
        return titles.get(language or "en") or titles["en"]


def fields(service_id: int) -> list[NamedField]:
    """Return every field that conditions may name in the service: the core's own first, then those of plugins."""
    plugins = registry.named(Kind.CONDITION, service_id=service_id)
    own = [NamedField(name, field) for name, field in queries.FIELDS.items()]
    more = plugin_fields(service_id).items()
    return own + [NamedField(name, field, plugins[name.removeprefix(PREFIX)]) for name, field in more]


def meets(service_id: int, ticket_ids: Sequence[int], condition: Any, *, path: str = "condition") -> list[bool]:
    """Return for each ticket whether it meets the condition; one of another service, or that is gone, never does.

    Three statements at most and one call of each plugin that is named, however many tickets. Raises Invalid,
    and PluginFailed when a plugin does not answer.
    """
    known = queries.FIELDS | plugin_fields(service_id)
    parsed = conditions.parse(condition, known, path=(path,))
    if _asks_for_changes(parsed):
        raise Invalid("A ticket as it stands has not just changed; ask for the value itself.", path=(path,))
    found = queries.tickets_by_ids(ticket_ids)
    rows = [row for row in {row.id: row for row in found if row}.values() if row.service_id == service_id]
    facts = {row.id: _own_facts(row) for row in rows}
    mentioned = sorted(name for name in _names(parsed) if name.startswith(PREFIX))
    tickets = ticket_facts(rows) if mentioned else []
    for name in mentioned if tickets else ():
        values = _asked(service_id, name.removeprefix(PREFIX), tickets, known[name])
        for ticket, value in zip(tickets, values, strict=True):
            facts[ticket.id][name] = value
    holds = conditions.predicate(parsed, known)
    return [ticket_id in facts and holds(facts[ticket_id], None) for ticket_id in ticket_ids]


def _own_facts(row: Any) -> dict[str, Any]:
    return {
        "number": row.number,
        "subject": row.subject,
        "status": str(row.status),
        "priority": str(row.priority),
        "externalRef": row.external_ref,
        "channel": row.channel,
        "language": row.language,
        "customer": row.customer_id,
        "assignee": row.assignee_id,
        "group": row.group_id,
        "createdAt": row.created_at,
        "updatedAt": row.updated_at,
    }


def _asked(service_id: int, name: str, tickets: Sequence[TicketFacts], field: Field) -> list[Any]:
    """Return what the plugin answers for the tickets, each value of the field's kind or none."""
    condition = instances.instance(Kind.CONDITION, name, service_id=service_id)

    def ask() -> list[Any]:
        values = listed(condition.values(tuple(tickets)), object, most=len(tickets))
        if len(values) != len(tickets):
            raise WrongAnswer(f"it answered {len(values)} values for {len(tickets)} tickets")
        return [None if value is None else _checked(value, field) for value in values]

    return guard.call(Ref(Kind.CONDITION, name), "values", ask, seconds=SECONDS)


def _checked(value: Any, field: Field) -> Any:
    """Return the value. Raises WrongAnswer unless it is one of the field's kind."""
    kind = field.kind
    if kind in (FieldKind.TEXT, FieldKind.KEYWORD):
        if len(expect(value, str)) > LONGEST_TEXT:
            raise WrongAnswer(f"it answered a text of more than {LONGEST_TEXT} characters")
        if kind is FieldKind.KEYWORD and field.choices is not None and value not in field.choices:
            raise WrongAnswer(f"it answered {value[:40]!r}, which is none of its choices")
        return value
    if kind is FieldKind.BOOLEAN:
        return expect(value, bool)
    if kind is FieldKind.TIME:
        if expect(value, datetime).tzinfo is None:
            raise WrongAnswer("it answered a time without a zone")
        return value
    if isinstance(value, bool) or not -LARGEST_NUMBER - 1 <= expect(value, int) <= LARGEST_NUMBER:
        raise WrongAnswer("it answered what is no whole number of 64 bits")
    return value


def _comparisons(condition: Condition) -> Iterator[Comparison]:
    match condition:
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from _comparisons(part)
        case Not(part):
            yield from _comparisons(part)
        case Comparison():
            yield condition


def _names(condition: Condition) -> set[str]:
    return {comparison.field for comparison in _comparisons(condition)}


def _asks_for_changes(condition: Condition) -> bool:
    return any(comparison.operator in CHANGES for comparison in _comparisons(condition))
