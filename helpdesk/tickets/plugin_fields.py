"""The fields that plugins add to conditions over tickets: ``plugin.<name>``, each without a column."""

from helpdesk.kernel.condition_syntax import Field, FieldKind
from helpdesk.plugins import registry
from helpdesk.plugins.kinds import Kind

PREFIX = "plugin."


def plugin_fields(service_id: int) -> dict[str, Field]:
    """Return the fields of the conditions in use in the service, by their names."""
    found = registry.named(Kind.CONDITION, service_id=service_id)
    return {
        f"{PREFIX}{name}": Field(
            FieldKind(condition.kind), choices=tuple(map(str, condition.choices)) or None
        )
        for name, condition in sorted(found.items())
    }  # fmt: skip
