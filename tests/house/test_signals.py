"""Every signal says when it fires, who sends it and what each field is; one room sends it; a test knows it."""

import ast
import re
import types
from dataclasses import fields
from typing import Any, get_args, get_type_hints

import pytest

from helpdesk import signals
from helpdesk.kernel.events import Event
from tests.house import tree

PLAIN = (int, str, bool, float, types.NoneType)
PAYLOADS: dict[str, type[Event]] = {name: signal.payload for name, signal in signals.ALL.items()}
each_signal = pytest.mark.parametrize("name", PAYLOADS)


def recorders(payload: str) -> set[str]:
    """Return the rooms, or files of the core, that make the payload."""
    found = set()
    for file in tree.core_files():
        made = (node.func for node in ast.walk(tree.parse(file)) if isinstance(node, ast.Call))
        if payload in {getattr(function, "id", getattr(function, "attr", None)) for function in made}:
            found.add(file.relative_to(tree.CORE).parts[0])
    return found


def is_plain(kind: Any) -> bool:
    """Return whether a type is made of ids and plain values alone."""
    return kind in PLAIN or (bool(get_args(kind)) and all(is_plain(part) for part in get_args(kind) if part is not ...))


def test_every_payload_is_a_signal() -> None:
    declared = {kind for kind in vars(signals).values() if isinstance(kind, type) and issubclass(kind, Event)} - {Event}
    assert declared
    assert declared == set(PAYLOADS.values())


@each_signal
def test_signal_is_named_after_its_payload(name: str) -> None:
    words = re.findall("[A-Z][a-z0-9]*", PAYLOADS[name].__name__)
    assert name.replace(".", "_") == "_".join(words).lower()
    assert getattr(signals, name.replace(".", "_")) is signals.ALL[name]


@each_signal
def test_signal_explains_every_field(name: str) -> None:
    payload = PAYLOADS[name]
    own = {field.name for field in fields(payload) if not field.name.endswith("_id")}  # an id says whose it is
    text = payload.__doc__ or ""
    assert {field for field in own if f"``{field}``" not in text} == set()


@each_signal
def test_signal_carries_plain_values(name: str) -> None:
    hints = get_type_hints(PAYLOADS[name])
    assert {field.name for field in fields(PAYLOADS[name]) if not is_plain(hints[field.name])} == set()


@each_signal
def test_signal_is_sent_by_the_one_room_that_it_names(name: str) -> None:
    told = re.findall(r"Sent by (\w+)\.", PAYLOADS[name].__doc__ or "")
    assert len(told) == 1, "Say once, in the docstring: “Sent by <room>.”"
    assert recorders(PAYLOADS[name].__name__) == set(told)


@each_signal
def test_signal_has_a_test(name: str) -> None:
    spellings = {re.escape(name), name.replace(".", "_"), PAYLOADS[name].__name__}
    mention = re.compile(rf"\b({'|'.join(sorted(spellings))})\b")
    tests = (file for file in tree.test_files() if file.parent.name != "house" and file.name.startswith("test_"))
    assert any(mention.search(file.read_text()) for file in tests), f"No test mentions {name}."
