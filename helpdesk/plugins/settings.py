"""What plugins are told: values become one of their settings classes, forms are described, secrets sealed at rest.

The class is plugin code, and its validators may do anything, so it is called through the guard; reading,
writing and describing settings are hooks of their own, so that one that works hides no other that fails.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, TypeVar

from pydantic import BaseModel, SecretStr, ValidationError

from helpdesk.kernel.crypto import keyring
from helpdesk.kernel.errors import Invalid, Unavailable
from helpdesk.plugins import guard
from helpdesk.plugins.guard import Ref, WrongAnswer
from helpdesk.sdk.settings import PluginSettings

SECONDS = 5.0
SCHEMAS_KEPT = 500
SHORTEST_SECRET = 4  # a shorter one would blot out ordinary words

_schemas: dict[type[PluginSettings], dict[str, Any]] = {}

Class = TypeVar("Class", bound=PluginSettings)


def validated(
    ref: Ref, kind: type[Class], values: Mapping[str, Any], *, path: tuple[str, ...] = ("settings",)
) -> Class:
    """Return the settings that the values make. Raises Invalid with the path of the wrong one, and PluginFailed."""
    made = guard.call(ref, "settings", partial(_made, kind, dict(values)), seconds=SECONDS, secrets=texts_of(values))
    if isinstance(made, ValidationError):
        first = made.errors(include_url=False, include_input=False, include_context=False)[0]
        where = tuple(str(part) for part in first["loc"])
        raise Invalid(f"{'.'.join(where) or 'settings'}: {first['msg']}.", path=(*path, *where))
    return made


def _made(kind: type[Class], values: dict[str, Any]) -> Class | ValidationError:
    try:
        made = kind.model_validate(values)
    except ValidationError as error:
        return error
    guard.expect(made, kind)
    return made


def schema_of(ref: Ref, kind: type[PluginSettings], *, hook: str = "settings.schema") -> dict[str, Any] | None:
    """Return the settings of the class as JSON Schema, for forms; None of a class that cannot say it.

    Made once for each class: a plugin that is installed anew brings another one.
    """
    known = _schemas.get(kind)
    if known is not None:
        return known
    schema: dict[str, Any]
    try:
        schema = guard.call(ref, hook, lambda: guard.expect(kind.model_json_schema(), dict), seconds=SECONDS)
    except Unavailable:
        return None
    if len(_schemas) >= SCHEMAS_KEPT:
        _schemas.clear()
    _schemas[kind] = schema
    return schema


def split(ref: Ref, settings: PluginSettings, *, context: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the plain values as JSON, and the secrets sealed for the context and their names. Raises PluginFailed."""
    plain, secrets = guard.call(
        ref, "settings.dump", partial(_parts, settings), seconds=SECONDS, secrets=secrets_of(settings)
    )
    return plain, sealed(secrets, context=context)


def sealed(secrets: Mapping[str, str], *, context: str) -> dict[str, str]:
    """Return secrets as they may be stored, for the context and their names."""
    return {name: keyring().seal(text.encode(), context=f"{context}:{name}") for name, text in secrets.items()}


def _parts(settings: PluginSettings) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the plain values and the secrets in the clear; a secret inside another value could not be sealed.

    A secret that is the default, such as an empty one, was not told.
    """
    fields = type(settings).model_fields
    values = {name: getattr(settings, name) for name in fields}
    secrets = {name: value for name, value in values.items() if isinstance(value, SecretStr)}
    if len(list(_secrets(settings))) > len(secrets):
        raise WrongAnswer("a secret stands inside another setting; it must be a field of the settings class itself")
    plain = guard.expect(settings.model_dump(mode="json", exclude_none=True, exclude=set(secrets)), dict)
    told = {name: value.get_secret_value() for name, value in secrets.items() if value != fields[name].default}
    return plain, told


def opened(tokens: Mapping[str, str], *, context: str) -> dict[str, str]:
    """Return the secrets of ``split`` in the clear. Raises UnreadableSecret."""
    return {name: keyring().open(token, context=f"{context}:{name}").decode() for name, token in tokens.items()}


def secrets_of(settings: Any) -> list[str]:
    """Return the secrets in the settings, nested ones too, that are long enough to be told apart from other text."""
    return [secret for secret in _secrets(settings) if len(secret) >= SHORTEST_SECRET]


def texts_of(value: Any) -> list[str]:
    """Return every text of given settings: which of them are secrets is known only once they are valid."""
    if isinstance(value, str):
        return [value] if len(value) >= SHORTEST_SECRET else []
    if isinstance(value, Mapping):
        return [text for one in value.values() for text in texts_of(one)]
    if isinstance(value, list | tuple):
        return [text for one in value for text in texts_of(one)]
    return []


def _secrets(value: Any) -> Iterator[str]:
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _secrets(getattr(value, name))
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _secrets(one)
    elif isinstance(value, list | tuple | set | frozenset):
        for one in value:
            yield from _secrets(one)
