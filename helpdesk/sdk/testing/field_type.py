"""What a field type owes: it reads what is right, refuses in words what is wrong, and shows what it stored.

::

    class TestBusinessNumber(FieldTypeContract):
        field_type = BusinessNumber
        good = ("123-45-67891", "1234567891")
        bad = ("123", "abc")
"""

import re
from collections.abc import Sequence
from typing import Any, ClassVar

import orjson

from helpdesk.sdk.field_type import FieldKind, FieldType, NotAValue, Widget
from helpdesk.sdk.testing.contract import LANGUAGES, CodeContract, within
from helpdesk.sdk.testing.kit import Kit
from helpdesk.sdk.testing.rules import Broken, ensure, rule

SECONDS = 2.0
ELEMENTS = ("input", "textarea", "select")
GARBAGE: Sequence[Any] = (
    "", " ", None, 0, -1, 2**70, 1.5, float("nan"), True, [], ["x"], {}, {"x": 1}, "x" * 100_000, "\x00", "\ud800",
    "１２３", "한라봉 🍊", "<script>", "1" * 5_000,
)  # fmt: skip
_HANGUL = re.compile("[가-힣]")


class FieldTypeContract(CodeContract):
    """The rules of one field type."""

    kind = "field_type"
    field_type: ClassVar[type[FieldType]]

    good: ClassVar[Sequence[Any]] = ()
    """Some of what people may type or send."""

    bad: ClassVar[Sequence[Any]] = ()
    """Some of what is no value."""

    @rule("FT-GOOD", fix="Return a JSON value of the type's kind from parse, never an empty one.")
    def test_what_is_right_is_read(self, kit: Kit) -> None:
        """What is right becomes a value that can be stored."""
        made = self._made(kit)
        ensure(self.good, "The contract names nothing that is right; write good = (…) in the test class.")
        for given in self.good:
            for language in LANGUAGES:
                self._require_value(made, given, made.parse(given, language=language))

    @rule("FT-BAD", fix="Raise NotAValue with a sentence that says what is wrong and how it is written.")
    def test_what_is_wrong_is_refused_in_words(self, kit: Kit) -> None:
        """What is wrong is refused, with a text for whoever typed it."""
        made = self._made(kit)
        ensure(self.bad, "The contract names nothing that is wrong; write bad = (…) in the test class.")
        for given in self.bad:
            for language in LANGUAGES:
                ensure(self._refusal(made, given, language).strip(), f"{given!r:.80} is refused without a word.")

    @rule("FT-LANGUAGE", fix="Say it in the language that parse is told.")
    def test_refusal_speaks_the_language(self, kit: Kit) -> None:
        """Who reads Korean is told in Korean."""
        made = self._made(kit)
        for given in self.bad:
            text = self._refusal(made, given, "ko")
            ensure(_HANGUL.search(text), f"In Korean, {given!r:.80} is refused with {text!r:.80}.")

    @rule("FT-GARBAGE", fix="Raise NotAValue for whatever cannot be read: anybody may send anything.")
    def test_garbage_is_refused_too(self, kit: Kit) -> None:
        """Anything at all is read or refused, and nothing else happens."""
        made = self._made(kit)
        for given in GARBAGE:
            try:
                value = within(SECONDS, lambda given=given: made.parse(given, language="en"))  # type: ignore[misc]
            except NotAValue:
                continue
            except Broken:
                raise
            except Exception as error:
                raise Broken(f"parse({given!r:.60}) raised {type(error).__name__}: {error}.") from error
            self._require_value(made, given, value)

    @rule("FT-STABLE", fix="Let parse take what it has returned, and return the same: forms send values back.")
    def test_stored_value_is_read_as_itself(self, kit: Kit) -> None:
        """A stored value that is sent again stays what it is."""
        made = self._made(kit)
        for given in self.good:
            value = made.parse(given, language="en")
            again = made.parse(value, language="en")
            ensure(again == value, f"The stored {value!r:.80} becomes {again!r:.80} when it is sent again.")

    @rule("FT-FORMAT", fix="Return a text from format for every value that parse returns.")
    def test_stored_value_is_shown(self, kit: Kit) -> None:
        """A stored value has a text in each language."""
        made = self._made(kit)
        for given in self.good:
            value = made.parse(given, language="en")
            for language in LANGUAGES:
                text = made.format(value, language=language)
                ensure(isinstance(text, str) and text.strip(), f"{value!r:.80} is shown as {text!r:.80}.")

    @rule("FT-WIDGET", fix="Return a Widget: an input, a textarea, or a select with its options.")
    def test_widget_can_be_shown(self, kit: Kit) -> None:
        """A form can show the field."""
        made = self._made(kit)
        for language in LANGUAGES:
            widget = made.widget(language=language)
            ensure(isinstance(widget, Widget), f"widget returned a {type(widget).__name__}.")
            ensure(widget.element in ELEMENTS, f"A form has no element {widget.element!r}.")
            ensure(widget.element != "select" or widget.options, "The select has no options.")
            unsafe = [name for name in widget.attributes if name.lower().startswith("on") or name.lower() == "style"]
            ensure(not unsafe, f"The attributes {', '.join(unsafe)} would run code in the page.")

    @rule(
        "FT-DESK", fix="Return values, texts and widgets as the page of the SDK says: the desk believes nothing else."
    )
    def test_desk_takes_its_answers(self, kit: Kit) -> None:
        """Asked by the desk, it reads what is right, refuses what is wrong, and has a widget that forms may show."""
        self._require_taken(kit)

    @rule("FT-BESIDE", fix="Share no global state, names or signals with other plugins.")
    def test_works_beside_all_others(self, kit: Kit) -> None:
        """The field type works beside every installed plugin, and beside ones that raise everywhere."""
        kit.crowd()
        self._require_taken(kit)

    def _require_taken(self, kit: Kit) -> None:
        made, settings = self._made(kit), self.settings_for(kit)
        for language in LANGUAGES:
            for given in self.good:
                found = kit.fill_in(self.called(), given, settings, language=language)
                ensure(not found.message, f"{given!r:.80} is refused: {found.message}")
                ensure(found.text, f"{given!r:.80} is shown as nothing.")
                same = found.value == made.parse(given, language=language)
                ensure(same or made.kind is FieldKind.TIME, f"{given!r:.80} is stored as {found.value!r:.80}.")
            for given in self.bad:
                found = kit.fill_in(self.called(), given, settings, language=language)
                ensure(found.message, f"{given!r:.80} is taken, as {found.value!r:.80}.")

    def _made(self, kit: Kit) -> Any:
        self.install(kit)
        return self.made(kit)

    def _refusal(self, made: Any, given: Any, language: str) -> str:
        try:
            value = made.parse(given, language=language)
        except NotAValue as error:
            return str(error)
        raise Broken(f"{given!r:.80} is read as {value!r:.80}.")

    def _require_value(self, made: Any, given: Any, value: Any) -> None:
        ensure(value is not None and value not in ("", [], {}), f"{given!r:.80} is read as an empty value.")
        try:
            stored = orjson.loads(orjson.dumps(value))
        except TypeError as error:
            raise Broken(f"{given!r:.80} is read as {value!r:.80}, which is no JSON value ({error}).") from error
        ensure(stored == value, f"{value!r:.80} would come back from the database as {stored!r:.80}.")
        ensure(_is_of(made.kind, value), f"{given!r:.80} is read as {value!r:.80}, which is no {made.kind}.")


def _is_of(kind: FieldKind, value: Any) -> bool:
    """Return whether a stored value is of the kind; several values of one are a list of such."""
    if isinstance(value, list):
        return all(_is_of(kind, one) for one in value)
    if kind in (FieldKind.NUMBER, FieldKind.REFERENCE):
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, bool if kind is FieldKind.BOOLEAN else str)
