"""What a field type may answer, decided without calling it: values of its kind, and widgets that are safe to show.

A KEYWORD field may have several values at once; those are a list of texts, and no other kind has lists. A TIME is
stored as ISO 8601 in UTC.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from helpdesk.kernel.condition_syntax import LARGEST_NUMBER, FieldKind
from helpdesk.plugins.guard import WrongAnswer, expect, listed
from helpdesk.sdk.field_type import Widget

LONGEST_VALUE = 20_000
MOST_VALUES = 200
LONGEST_SHOWN = 100_000
MOST_ATTRIBUTES = 30
MOST_OPTIONS = 1000
LONGEST_LABEL = 1000
ELEMENTS = frozenset({"input", "textarea", "select"})
INPUTS = frozenset(
    {"text", "email", "tel", "url", "number", "date", "datetime-local", "time", "month", "week", "checkbox", "range"}
)

_ATTRIBUTE = re.compile(
    r"type|value|placeholder|autocomplete|inputmode|pattern|title|lang|dir|rows|cols|step|min|max|minlength|maxlength"
    r"|multiple|required|spellcheck|(?:aria|data)-[a-z0-9-]{1,40}"
)


def check_answer(value: Any, kind: FieldKind) -> Any:
    """Return the value as it is stored. Raises WrongAnswer unless it is a JSON value of the kind, and not empty."""
    if kind is FieldKind.KEYWORD and isinstance(value, list):
        values = [_text(one) for one in listed(value, str, most=MOST_VALUES)]
        if not values or len(set(values)) != len(values):
            raise WrongAnswer("it answered a list that is empty or names something twice")
        return values
    if kind in (FieldKind.TEXT, FieldKind.KEYWORD):
        return _text(value)
    if kind is FieldKind.BOOLEAN:
        return expect(value, bool)
    return _moment(value) if kind is FieldKind.TIME else _number(value)


def check_widget(widget: Any) -> Widget:
    """Return the widget as plain values. Raises WrongAnswer for one that a form must not show.

    Only attributes that say how something is typed are let through: no scripts, no styles, no addresses.
    """
    expect(widget, Widget)
    if widget.element not in ELEMENTS:
        raise WrongAnswer(f"it answered a widget that is none of {', '.join(sorted(ELEMENTS))}")
    given = dict(expect(widget.attributes, Mapping))
    if len(given) > MOST_ATTRIBUTES:
        raise WrongAnswer(f"it answered more than {MOST_ATTRIBUTES} attributes")
    for name, value in given.items():
        if not _ATTRIBUTE.fullmatch(expect(name, str)):
            raise WrongAnswer(f"it answered the attribute {name[:40]!r}, which a widget may not have")
        expect(value, str)
    if given.get("type", "text") not in INPUTS:
        raise WrongAnswer("it answered a type of input that forms do not have")
    options = tuple(_option(one) for one in listed(widget.options, tuple, list, most=MOST_OPTIONS))
    return Widget(str(widget.element), {name: value[:LONGEST_LABEL] for name, value in given.items()}, options)


def check_shown(text: Any) -> str:
    """Return a stored value as people read it, within bounds. Raises WrongAnswer for what is no text."""
    shown: str = expect(text, str)
    if len(shown) > LONGEST_SHOWN:
        raise WrongAnswer(f"it answered more than {LONGEST_SHOWN} characters")
    return shown


def _option(pair: Any) -> tuple[str, str]:
    if len(pair) != 2:
        raise WrongAnswer("it answered an option that is no pair of value and label")
    return str(expect(pair[0], str))[:LONGEST_LABEL], str(expect(pair[1], str))[:LONGEST_LABEL]


def _text(value: Any) -> str:
    expect(value, str)
    if not 1 <= len(value) <= LONGEST_VALUE:
        raise WrongAnswer(f"it answered a text that has not 1 to {LONGEST_VALUE} characters")
    if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise WrongAnswer("it answered a text that cannot be stored")
    return str(value)


def _number(value: Any) -> int:
    if isinstance(value, bool):
        raise WrongAnswer("it answered a bool, not a whole number")
    if not -LARGEST_NUMBER - 1 <= expect(value, int) <= LARGEST_NUMBER:
        raise WrongAnswer("it answered a number of more than 64 bits")
    return int(value)


def _moment(value: Any) -> str:
    try:
        moment = datetime.fromisoformat(expect(value, str))
        if moment.tzinfo is not None:
            return moment.astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        pass
    raise WrongAnswer("it answered what is no time in ISO 8601 with its zone")
