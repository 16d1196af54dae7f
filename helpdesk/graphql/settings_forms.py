"""Settings of plugins as clients see them: a JSON schema for a form, and global ids where the plugin has row ids.

A setting that names something of the desk says so in its schema: ``Field(json_schema_extra={"reference": "Agent"})``.
Outside it is then the global id of an Agent; inside it is the number of its row.
"""

from collections.abc import Mapping
from typing import Annotated, Any

import strawberry
from strawberry.scalars import JSON

from helpdesk.graphql import ids
from helpdesk.kernel.errors import Invalid
from helpdesk.plugins import registry, settings
from helpdesk.plugins.guard import Ref
from helpdesk.plugins.kinds import Kind

REFERENCE = "reference"

Language = Annotated[
    str | None, strawberry.argument(description="The language, such as ko; English when it is left out or not there.")
]
SettingsInput = Annotated[
    JSON | None, strawberry.argument(description="Its settings, as `settingsSchema` has them; none when left out.")
]


def schema_of(kind: Kind, name: str, plugin: Any) -> Any:
    """Return the JSON schema of the plugin's settings; None when the plugin cannot say it."""
    schema = _schema_of(kind, name, plugin)
    if schema is None:
        return None
    properties = schema.get("properties", {})
    outside = {key: _outside(one) for key, one in properties.items()}
    return schema | {"properties": outside} if outside else schema


def settings_of(given: Any, kind: Kind, name: str, *, service_id: int, path: str = "settings") -> dict[str, Any]:
    """Return the settings that a client sent, global ids turned into row ids. Raises Invalid for what is no object."""
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise Invalid("Settings are a JSON object.", code="BAD_SETTINGS", path=(path,))
    plugin = registry.get(kind, name, service_id=service_id)
    properties = (_schema_of(kind, name, plugin) or {}).get("properties", {}) if plugin else {}
    return {key: _inside(value, properties.get(key), (path, key)) for key, value in given.items()}


def _schema_of(kind: Kind, name: str, plugin: Any) -> dict[str, Any] | None:
    return settings.schema_of(Ref(kind, name), plugin.Settings)


def _outside(described: Any) -> Any:
    if not (isinstance(described, Mapping) and REFERENCE in described):
        return described
    kept = {key: value for key, value in described.items() if key in {"title", "description", REFERENCE, "default"}}
    return kept | {"type": "string"}


def _inside(value: Any, described: Any, path: tuple[str, ...]) -> Any:
    if not (isinstance(described, Mapping) and REFERENCE in described) or value is None:
        return value
    found = ids.decode(value) if isinstance(value, str) else None
    if found is None or found[0] != described[REFERENCE]:
        raise Invalid(f"This is the id of a {described[REFERENCE]}.", code="BAD_SETTINGS", path=path)
    return found[1]
