"""What every kind of plugin owes: the rules that all contracts share."""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, TypeVar
from unittest import SkipTest

import orjson
from pydantic import BaseModel

from helpdesk.kernel.versions import APIS
from helpdesk.sdk.testing import importing, sources
from helpdesk.sdk.testing.kit import Kit
from helpdesk.sdk.testing.rules import Broken, ensure, rule

MOST_IMPORT_SECONDS = 2.0
LANGUAGES = ("ko", "en")
"""The languages of a test's desk."""

Answer = TypeVar("Answer")

_SECRET_NAME = re.compile(r"password|passphrase|secret|token|(api|private|access)_?key|credential", re.IGNORECASE)


class Contract:
    """The rules of one plugin. An author's test class inherits the contract of its kind and names the plugin."""

    kind: ClassVar[str]
    """The kind; the attribute of the same name holds the plugin."""

    name: ClassVar[str] = ""
    """The name of its entry point; that of the class unless told."""

    def value(self) -> Any:
        """Return the plugin under test. Raises Broken when the contract names none."""
        found = getattr(type(self), self.kind, None)
        if found is None:
            raise Broken(f"The contract names no {self.kind}; write {self.kind} = … in the test class.")
        return found

    def called(self) -> str:
        """Return the name to install the plugin by."""
        return self.name or self.value().__name__.lower()

    def install(self, kit: Kit) -> None:
        """Install the plugin; one that the desk refuses is told of by one rule, and skips those that need it."""
        try:
            self._put_in(kit)
        except Broken as error:
            raise SkipTest(f"{error} See SDK-ACCEPTED.") from None

    @rule("SDK-ACCEPTED", fix="Make the class as the page of the SDK for its kind says.")
    def test_desk_accepts_it(self, kit: Kit) -> None:
        """The desk can load the plugin, and does not quarantine it."""
        self._put_in(kit)

    def _put_in(self, kit: Kit) -> None:
        kit.install(self.kind, self.called(), self.value())


class CodeContract(Contract):
    """The rules of a plugin that is a class, as all but themes are."""

    settings: ClassVar[Mapping[str, Any]] = {}
    """Settings that the plugin takes. Secrets among them are looked for in logs, so let them be peculiar."""

    @rule("SDK-API", fix="Set api to the version of the SDK page that the plugin is written for, such as api = 1.")
    def test_api_is_spoken(self, kit: Kit) -> None:
        """The plugin is written for a version of the SDK that the desk speaks."""
        api = getattr(self.value(), "api", None)
        ensure(api in APIS, f"It is written for API {api!r}; spoken is {', '.join(map(str, APIS))}.")

    @rule("SDK-TITLE", fix='Give the class a title by language: title = {"en": "Echo", "ko": "에코"}.')
    def test_title_is_in_english_at_least(self, kit: Kit) -> None:
        """People can read in English what the plugin is."""
        title = getattr(self.value(), "title", None)
        ensure(isinstance(title, Mapping), f"The title is {title!r}, not a mapping from language to text.")
        texts = dict(title) if isinstance(title, Mapping) else {}
        ensure(str(texts.get("en", "")).strip(), "The title has no English text.")
        ensure(all(isinstance(text, str) and text.strip() for text in texts.values()), "A text of the title is empty.")

    @rule("SDK-SETTINGS", fix="Make each setting a plain pydantic field: name: str = Field(description='…').")
    def test_settings_make_a_form(self, kit: Kit) -> None:
        """The settings have a JSON Schema, and each field says what it is for."""
        for settings in self._settings_classes():
            schema = orjson.loads(orjson.dumps(settings.model_json_schema()))
            bare = [name for name, field in _fields(schema) if not field.get("description")]
            ensure(not bare, f"{settings.__name__} has fields without a description: {', '.join(bare)}.")

    @rule("SDK-SECRETS", fix="Declare what must not be read again as SecretStr: the desk encrypts and hides it.")
    def test_secrets_are_declared_as_such(self, kit: Kit) -> None:
        """A setting that is named like a secret is one for the form, too."""
        for settings in self._settings_classes():
            plain = [name for name, field in _fields(settings.model_json_schema()) if _is_bare_secret(name, field)]
            ensure(not plain, f"{settings.__name__} keeps in clear: {', '.join(plain)}.")

    @rule("SDK-SAMPLE", fix="Correct settings in the test class, or the defaults of the Settings class.")
    def test_settings_of_the_contract_are_valid(self, kit: Kit) -> None:
        """The plugin takes the settings that it is tested with."""
        classes = self._settings_classes()
        if not classes:
            raise SkipTest("This kind has no settings.")
        told = (self.settings_for(kit), getattr(self, "service_settings", {}))
        for settings, values in zip(classes, told, strict=False):  # a whole plugin alone has both
            settings.model_validate(dict(values))

    @rule("SDK-IMPORTS", fix="Import helpdesk.sdk alone; ask for what is missing there instead of reaching past it.")
    def test_nothing_of_the_desk_but_the_sdk_is_imported(self, kit: Kit) -> None:
        """The source imports helpdesk.sdk and nothing else of the desk."""
        files = self.files()
        ensure(files, "Its source files are not found.")
        found = [f"{file.name} {stranger}" for file in files for stranger in sources.strangers(file)]
        ensure(not found, f"It imports {'; '.join(found)}.")

    @rule("SDK-IMPORT-TIME", fix="Import slow libraries where they are used, and do no work while the module loads.")
    def test_import_is_quick(self, kit: Kit) -> None:
        """Importing the plugin takes less than two seconds, so that every command of the desk stays quick."""
        found = importing.measured(self.module(), most_seconds=MOST_IMPORT_SECONDS)
        ensure(not found.fault, f"Importing {self.module()} fails: {found.fault}.")
        ensure(found.seconds < MOST_IMPORT_SECONDS, f"Importing {self.module()} took {found.seconds:.1f} seconds.")

    @rule("SDK-IMPORT-EFFECTS", fix="Do it where the desk calls the plugin, never while the module is imported.")
    def test_import_does_nothing_else(self, kit: Kit) -> None:
        """Importing the plugin starts no thread, opens no socket, writes no file and takes over nothing."""
        found = importing.measured(self.module(), most_seconds=MOST_IMPORT_SECONDS)
        ensure(not found.effects, f"Importing {self.module()} {', '.join(found.effects)}.")

    def settings_for(self, kit: Kit) -> Mapping[str, Any]:
        """Return the settings; override it where they depend on what ``arrange`` has started."""
        return self.settings

    def module(self) -> str:
        """Return the module that brings the plugin."""
        return str(self.value().__module__)

    def files(self) -> list[Path]:
        """Return the plugin's source files."""
        return sources.files_of(self.module())

    def made(self, kit: Kit) -> Any:
        """Return an instance of the plugin with the contract's settings."""
        return self.value()(self.value().Settings.model_validate(dict(self.settings_for(kit))))

    def _settings_classes(self) -> list[type[BaseModel]]:
        names = ("Settings", "ServiceSettings")
        return [found for name in names if (found := getattr(self.value(), name, None)) is not None]


def _fields(schema: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each field of a JSON Schema, those of its parts too, by name."""
    for part in (schema, *schema.get("$defs", {}).values()):
        yield from part.get("properties", {}).items()


def _is_bare_secret(name: str, field: Mapping[str, Any]) -> bool:
    shapes = [field, *field.get("anyOf", ())]
    is_text = any(shape.get("type") == "string" for shape in shapes)
    is_hidden = any(shape.get("format") == "password" for shape in shapes)
    return bool(_SECRET_NAME.search(name)) and is_text and not is_hidden


def secrets_of(settings: Any) -> list[tuple[str, str]]:
    """Return the secrets of settings that are long enough to be told apart from other text, by name."""
    values = [(name, getattr(settings, name)) for name in type(settings).model_fields]
    opened = [(name, value.get_secret_value()) for name, value in values if hasattr(value, "get_secret_value")]
    return [(name, secret) for name, secret in opened if isinstance(secret, str) and len(secret) >= 4]


def within(seconds: float, function: Callable[[], Answer]) -> Answer:
    """Return what the function answers. Raises Broken when it took longer, or two tries did."""
    for _try in range(2):
        began = time.monotonic()
        answer = function()
        took = time.monotonic() - began
        if took < seconds:
            return answer
    raise Broken(f"It took {took:.1f} seconds; the desk waits for {seconds:g}.")
