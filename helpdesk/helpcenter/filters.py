"""Owns the filters of templates, and how large what they build may be. Refuses those that make much of little.

Left out on purpose: format, center, indent, replace, batch, slice, round, tojson, xmlattr, map, attr.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from jinja2 import Undefined
from jinja2.exceptions import SecurityError
from markupsafe import Markup, escape

from helpdesk.helpcenter.budget import current

LARGEST_TEXT = 256 * 1024
LARGEST_CONTAINER = 10_000


def checked_text(value: Any) -> str:
    """Return a text or number as text, charged by its size."""
    if isinstance(value, Undefined):
        return str(value)  # raises, naming what is missing
    if not isinstance(value, str | int | float):
        raise SecurityError("This filter takes texts and numbers only.")
    text = value if isinstance(value, str) else str(value)
    current().spend(steps_for(text))
    return text


def steps_for(value: Any) -> int:
    """Return what it costs to look at a value from its beginning to its end."""
    return 1 + len(value) // 2_000 if isinstance(value, str | list | tuple | dict) else 1


def charge_join(parts: Iterable[Any], *, between: int = 0, most: int = LARGEST_TEXT) -> None:
    """Charge the joining of texts and numbers before it is done."""
    size = sum(len(checked_text(part)) + between for part in parts)
    if size > most:
        raise SecurityError(f"A text that a template makes or hands over stays below {most} characters.")
    current().spend(characters=size)


def checked_container(container: Any) -> Any:
    """Return the container if it is small, all that it holds counted at every place where it stands.

    Counting shared parts once would let ``[a, a]``, repeated forty times, take for ever to compare or to print.
    """
    size = _size(container, LARGEST_CONTAINER)
    if size > LARGEST_CONTAINER:
        raise SecurityError(f"A list in a template holds at most {LARGEST_CONTAINER} things.")
    current().spend(1 + size // 10)
    return container


def _size(value: Any, most: int) -> int:
    """Count what a value holds, and stop soon after ``most``."""
    if isinstance(value, str):
        return 1 + len(value) // 64
    if not isinstance(value, list | tuple | dict):
        return 1
    size = 1
    for part in [*value.keys(), *value.values()] if isinstance(value, dict) else value:
        size += _size(part, most - size)
        if size > most:
            break
    return size


def _safe(value: Any) -> Markup:
    if not isinstance(value, Markup):
        raise SecurityError("“safe” takes sanitised HTML only; leave it out and the text is shown as it is.")
    return value


def _join(values: Any, between: str = "") -> str:
    parts = list(values)
    charge_join(parts, between=len(checked_text(between)))
    return escape(between).join(parts)


def _length(value: Any) -> int:
    if isinstance(value, Undefined):
        return len(str(value))  # raises, naming what is missing
    return len(value)


def _default(value: Any, other: Any = "", if_empty: bool = False) -> Any:
    if isinstance(value, Undefined) or (if_empty and not value):
        return other
    return value


def _first(values: Any) -> Any:
    return next(iter(values), "")


def _last(values: Any) -> Any:
    return values[-1] if values else ""


def _truncate(value: Any, length: int = 255, end: str = "…") -> str:
    text = checked_text(value)
    return text if len(text) <= length else text[: max(length - len(end), 0)].rstrip() + end


def _textual(method: Callable[[str], str]) -> Callable[[Any], str]:
    def apply(value: Any) -> str:
        return method(checked_text(value))

    return apply


def _escape(value: Any) -> Markup:
    return escape(checked_text(value))


ALLOWED: Mapping[str, Callable[..., Any]] = {
    "escape": _escape,
    "e": _escape,
    "safe": _safe,
    "join": _join,
    "length": _length,
    "count": _length,
    "default": _default,
    "d": _default,
    "first": _first,
    "last": _last,
    "truncate": _truncate,
    "string": checked_text,
    "upper": _textual(lambda text: text.upper()),
    "lower": _textual(lambda text: text.lower()),
    "title": _textual(lambda text: text.title()),
    "capitalize": _textual(lambda text: text.capitalize()),
    "trim": _textual(lambda text: text.strip()),
}
