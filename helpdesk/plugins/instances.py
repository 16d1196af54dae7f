"""Instances of the kinds that are made for one use: their settings read, their forms described.

Settings are validated by the plugin's own class, so that too is a guarded call. An instance is made for
each use and not kept: what one costs is a call, and a kept one would outlive its plugin's next release.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from helpdesk.kernel.errors import Invalid, Unavailable
from helpdesk.kernel.text import one_line
from helpdesk.plugins import guard, registry
from helpdesk.plugins.guard import Ref
from helpdesk.plugins.kinds import Kind
from helpdesk.plugins.settings import texts_of

SECONDS = 2.0
LONGEST_TITLE = 100
SCHEMAS_KEPT = 500

_schemas: dict[type, dict[str, Any]] = {}


def made(kind: Kind, name: str, settings: Mapping[str, Any], *, service_id: int | None, path: str = "settings") -> Any:
    """Return an instance of the plugin that is in use in the service, for one use with the settings.

    Raises Unavailable (PLUGIN_NOT_ENABLED), Invalid with the path of a setting that it refuses, and PluginFailed.
    """
    plugin = registry.require(kind, name, service_id=service_id)

    def make() -> Any:
        try:
            valid = plugin.Settings.model_validate(dict(settings))
        except ValidationError as error:
            raise _refused(error, path) from None
        return plugin(valid)

    return guard.call(Ref(kind, name), "settings", make, seconds=SECONDS, secrets=texts_of(settings))


def instance(kind: Kind, name: str, *, service_id: int | None) -> Any:
    """Return an instance of a kind that has no settings. Raises Unavailable (PLUGIN_NOT_ENABLED) and PluginFailed."""
    plugin = registry.require(kind, name, service_id=service_id)
    return guard.call(Ref(kind, name), "settings", plugin, seconds=SECONDS)


def schema_of(kind: Kind, name: str, plugin: Any) -> dict[str, Any] | None:
    """Return the JSON schema of the plugin's settings, for a form; None when the plugin cannot say it."""
    if plugin not in _schemas:
        if len(_schemas) >= SCHEMAS_KEPT:
            _schemas.clear()
        try:
            _schemas[plugin] = guard.call(
                Ref(kind, name), "settings.schema", lambda: guard.expect(plugin.Settings.model_json_schema(), dict),
                seconds=SECONDS,
            )  # fmt: skip
        except Unavailable:
            return None
    return _schemas[plugin]


def title_of(plugin: Any, language: str | None) -> str:
    """Return the plugin's title in the language, else in English."""
    titles: Mapping[str, str] = plugin.title
    return one_line(str(titles.get(language or "en") or titles["en"]), longest=LONGEST_TITLE)


def _refused(error: ValidationError, path: str) -> Invalid:
    first = error.errors(include_url=False, include_input=False)[0]
    where = [str(part) for part in first["loc"]]
    return Invalid(f"{'.'.join(where) or path}: {first['msg']}.", code="BAD_SETTINGS", path=(path, *where))
