"""The desk's own field types for what is chosen: a tick, an option, several options, a consent."""

from typing import Any, ClassVar, Self

from pydantic import Field, field_validator, model_validator

from helpdesk.fields.words import refusal, say
from helpdesk.kernel.condition_syntax import FieldKind
from helpdesk.sdk.field_type import FieldSettings, FieldType, Widget
from helpdesk.sdk.settings import PluginSettings

MOST_OPTIONS = 200
TICKS = {"on": True, "true": True, "1": True, "yes": True, "": False, "off": False, "false": False, "0": False}
"""What browsers and partners write for a tick."""


class Option(PluginSettings):
    """One thing that may be chosen."""

    value: str = Field(min_length=1, max_length=100, description="What is stored; it stays when labels change.")
    labels: dict[str, str] = Field(default_factory=dict, description="What people see, by language.")

    def label(self, language: str) -> str:
        """Return what people of the language see: the value itself where nobody has said anything else."""
        return self.labels.get(language) or self.labels.get("en") or self.value


class OptionSettings(FieldSettings):
    """What a choice needs to know."""

    options: list[Option] = Field(min_length=1, max_length=MOST_OPTIONS, description="What there is to choose from.")

    @field_validator("options")
    @classmethod
    def _different(cls, options: list[Option]) -> list[Option]:
        if len({option.value for option in options}) != len(options):
            raise ValueError("two options have the same value")
        return options


class MultiSelectSettings(OptionSettings):
    """What a choice of several needs to know."""

    least: int = Field(1, ge=1, le=MOST_OPTIONS, description="How many must be chosen.")
    most: int = Field(MOST_OPTIONS, ge=1, le=MOST_OPTIONS, description="How many may be chosen.")

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if not self.least <= min(self.most, len(self.options)):
            raise ValueError("least is more than can be chosen")
        return self


class ConsentSettings(FieldSettings):
    """What a consent needs to know."""

    texts: dict[str, str] = Field(default_factory=dict, description="What is agreed to, by language.")


class Checkbox(FieldType):
    """A tick: yes or no."""

    title: ClassVar = {"en": "Checkbox", "ko": "체크박스"}
    kind: ClassVar = FieldKind.BOOLEAN

    def parse(self, given: Any, *, language: str) -> bool:
        return _ticked(given, language)

    def format(self, value: Any, *, language: str) -> str:
        return say("yes" if value else "no", language)

    def widget(self, *, language: str) -> Widget:
        return Widget(attributes={"type": "checkbox", "value": "true"})


class Consent(FieldType):
    """An agreement, which is given or not given at all."""

    title: ClassVar = {"en": "Consent", "ko": "동의"}
    kind: ClassVar = FieldKind.BOOLEAN
    Settings: ClassVar = ConsentSettings

    def parse(self, given: Any, *, language: str) -> bool:
        if not _ticked(given, language):
            raise refusal("no_consent", language)
        return True

    def format(self, value: Any, *, language: str) -> str:
        return say("agreed" if value else "no", language)

    def widget(self, *, language: str) -> Widget:
        texts = self.settings.texts
        label = texts.get(language) or texts.get("en") or ""
        attributes = {"type": "checkbox", "value": "true", "required": "required"}
        return Widget(attributes=attributes | ({"aria-label": label} if label else {}))


class Dropdown(FieldType):
    """One of several options."""

    title: ClassVar = {"en": "Dropdown", "ko": "드롭다운"}
    kind: ClassVar = FieldKind.KEYWORD
    Settings: ClassVar = OptionSettings

    def parse(self, given: Any, *, language: str) -> str:
        if given is None or given == "":
            raise refusal("needed", language)
        return _chosen(given, self.settings.options, language)

    def format(self, value: Any, *, language: str) -> str:
        return _label(value, self.settings.options, language)

    def widget(self, *, language: str) -> Widget:
        return Widget("select", options=_pairs(self.settings.options, language))


class MultiSelect(FieldType):
    """Several of several options, kept in the order of the options."""

    title: ClassVar = {"en": "Multiple choice", "ko": "복수 선택"}
    kind: ClassVar = FieldKind.KEYWORD
    Settings: ClassVar = MultiSelectSettings

    def parse(self, given: Any, *, language: str) -> list[str]:
        if given is None or given in ("", []):
            raise refusal("needed", language)
        wanted = given if isinstance(given, list) else [given]
        chosen = {_chosen(one, self.settings.options, language) for one in wanted}
        if len(chosen) < self.settings.least:
            raise refusal("too_few", language, least=self.settings.least)
        if len(chosen) > self.settings.most:
            raise refusal("too_many", language, most=self.settings.most)
        return [option.value for option in self.settings.options if option.value in chosen]

    def format(self, value: Any, *, language: str) -> str:
        return ", ".join(_label(one, self.settings.options, language) for one in value)

    def widget(self, *, language: str) -> Widget:
        return Widget("select", {"multiple": "multiple"}, _pairs(self.settings.options, language))


def _ticked(given: Any, language: str) -> bool:
    if isinstance(given, bool) or given is None:
        return bool(given)
    found = TICKS.get(given.strip().lower()) if isinstance(given, str) else None
    if found is None:
        raise refusal("no_tick", language)
    return found


def _chosen(given: Any, options: list[Option], language: str) -> str:
    for option in options:
        if option.value == given:
            return option.value
    raise refusal("no_choice", language, options=", ".join(option.label(language) for option in options[:20]))


def _label(value: Any, options: list[Option], language: str) -> str:
    """Return what people see for a stored value, one whose option is gone included."""
    return next((option.label(language) for option in options if option.value == value), str(value))


def _pairs(options: list[Option], language: str) -> tuple[tuple[str, str], ...]:
    return tuple((option.value, option.label(language)) for option in options)
