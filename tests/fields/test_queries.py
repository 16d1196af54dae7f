"""Field types are asked through the guard: what they answer is a value of their kind, or it is nothing."""

import threading
from collections.abc import Iterator
from itertools import count
from typing import Any, ClassVar

import pytest

from helpdesk.fields import queries
from helpdesk.kernel.condition_syntax import FieldKind
from helpdesk.kernel.errors import Invalid, Unavailable
from helpdesk.plugins import registry
from helpdesk.plugins.guard import PluginFailed
from helpdesk.plugins.kinds import Kind
from helpdesk.sdk.field_type import FieldType, NotAValue, Widget
from tests.factories.core_plugins import core

SERVICE = 1


@pytest.fixture(autouse=True)
def types() -> Iterator[None]:
    """The core's own types."""
    with core(Kind.FIELD_TYPE):
        yield


def answering(name: str, answer: Any, kind: FieldKind = FieldKind.TEXT, widget: Any = None) -> None:
    """Register a type that answers the same, or raises it, whatever is typed."""

    class Odd(FieldType):
        title: ClassVar = {"en": "Odd"}

        def parse(self, given: Any, *, language: str) -> Any:
            if isinstance(answer, BaseException):
                raise answer
            return answer() if callable(answer) else answer

        def widget(self, *, language: str) -> Widget:
            return Widget() if widget is None else widget

    Odd.kind = kind
    registry.register(Kind.FIELD_TYPE, name, Odd)


def value(name: str, given: Any = "x", language: str = "en", **settings: Any) -> Any:
    """Return what is to be stored."""
    return queries.check_value(name, settings, given, language=language, service_id=SERVICE)


def test_core_brings_its_types_by_entry_points() -> None:
    assert [one.code for one in queries.types(SERVICE)] == [
        "checkbox", "consent", "date", "datetime", "dropdown", "email", "multi_select", "number", "phone", "text",
        "textarea",
    ]  # fmt: skip


def test_value_is_checked_in_the_language_of_whoever_types() -> None:
    assert value("phone", "010-1234-5678") == "+821012345678"
    with pytest.raises(Invalid, match="전화번호로") as caught:
        value("phone", "x", "ko")
    assert (caught.value.code, caught.value.path) == ("NOT_A_VALUE", ("value",))


def test_wrong_setting_is_refused_with_its_path() -> None:
    with pytest.raises(Invalid) as caught:
        value("dropdown", options=[{"value": "a"}, {"value": ""}])
    assert (caught.value.code, caught.value.path) == ("BAD_SETTINGS", ("settings", "options", "1", "value"))


def test_type_that_is_not_in_use_says_which_are() -> None:
    with pytest.raises(Unavailable, match="checkbox, consent") as caught:
        value("colour")
    assert caught.value.code == "PLUGIN_NOT_ENABLED"


def test_form_builder_sees_value_words_and_widget() -> None:
    checked = queries.check("text", {"max_length": 3}, "안녕", language="ko", service_id=SERVICE)
    assert (checked.value, checked.text, checked.message) == ("안녕", "안녕", "")
    refused = queries.check("text", {"max_length": 3}, "안녕하세요", language="ko", service_id=SERVICE)
    assert (refused.value, refused.message) == (None, "3자 이하로 입력해 주세요.")
    assert refused.widget.attributes["maxlength"] == "3"


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        (FieldKind.TEXT, None),
        (FieldKind.TEXT, ""),
        (FieldKind.TEXT, b"x"),
        (FieldKind.TEXT, ["x"]),
        (FieldKind.TEXT, "x" * 1_000_000),
        (FieldKind.TEXT, "a\0"),
        (FieldKind.TEXT, "\ud800"),
        (FieldKind.KEYWORD, []),
        (FieldKind.KEYWORD, ["a", "a"]),
        (FieldKind.KEYWORD, [1]),
        (FieldKind.KEYWORD, [str(number) for number in range(1_000_000)]),
        (FieldKind.NUMBER, True),
        (FieldKind.NUMBER, 1.5),
        (FieldKind.NUMBER, 2**64),
        (FieldKind.TIME, "2026-01-31"),
        (FieldKind.TIME, 5),
        (FieldKind.BOOLEAN, 1),
        (FieldKind.REFERENCE, "1"),
        (FieldKind.TEXT, KeyError("x")),
        (FieldKind.TEXT, SystemExit(3)),
        (FieldKind.TEXT, RecursionError()),
    ],
)
def test_answer_that_is_no_value_of_the_kind_is_the_plugin_s_fault(
    kind: FieldKind, answer: Any, request: pytest.FixtureRequest
) -> None:
    answering(request.node.name, answer, kind)
    with pytest.raises(PluginFailed) as caught:
        value(request.node.name)
    assert caught.value.code == "PLUGIN_FAILED"


@pytest.mark.parametrize(
    ("kind", "answer", "kept"),
    [
        (FieldKind.KEYWORD, ["a", "b"], ["a", "b"]),
        (FieldKind.NUMBER, -1, -1),
        (FieldKind.BOOLEAN, False, False),
        (FieldKind.TIME, "2026-01-31T09:00:00+09:00", "2026-01-31T00:00:00+00:00"),
    ],
)
def test_answer_of_the_kind_is_kept(kind: FieldKind, answer: Any, kept: Any, request: pytest.FixtureRequest) -> None:
    answering(request.node.name, answer, kind)
    assert value(request.node.name) == kept


def test_endless_words_of_a_refusal_are_cut() -> None:
    answering("talkative", NotAValue("no " * 1_000_000))
    with pytest.raises(Invalid) as caught:
        value("talkative")
    assert len(caught.value.message) <= queries.LONGEST_MESSAGE


def test_type_that_sleeps_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    is_over = threading.Event()
    answering("sleepy", is_over.wait)
    monkeypatch.setattr(queries, "SECONDS", 0.2)
    with pytest.raises(PluginFailed) as caught:
        value("sleepy")
    is_over.set()
    assert caught.value.code == "PLUGIN_OVERRAN"


@pytest.mark.parametrize(
    "widget",
    [
        "input",
        Widget("script"),
        Widget(attributes={"onclick": "alert(1)"}),
        Widget(attributes={"style": "position: fixed"}),
        Widget(attributes={"type": "image"}),
        Widget(attributes={"title": 1}),  # type: ignore[dict-item]  # the fault
        Widget(options=(("a",),)),  # type: ignore[arg-type]  # the fault
        Widget(options=count()),  # type: ignore[arg-type]  # the fault
        Widget(options=tuple((str(number), "x") for number in range(100_000))),
    ],
)
def test_widget_that_a_form_must_not_show_is_the_plugin_s_fault(widget: Any, request: pytest.FixtureRequest) -> None:
    answering(request.node.name, "x", widget=widget)
    with pytest.raises(PluginFailed):
        queries.widget(request.node.name, {}, language="en", service_id=SERVICE)


def test_type_that_raises_when_it_is_made_is_contained() -> None:

    class Odd(FieldType):
        title: ClassVar = {"en": "Odd"}

        def parse(self, given: Any, *, language: str) -> Any:
            return given

    class Raising(Odd):
        def __init__(self, settings: Any) -> None:
            raise MemoryError

    registry.register(Kind.FIELD_TYPE, "raising", Raising)
    with pytest.raises(PluginFailed):
        value("raising")
