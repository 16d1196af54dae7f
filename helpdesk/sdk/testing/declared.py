"""What a whole plugin owes by its class and its files: hooks that the desk knows, rights that there are, tables of its
own, texts in every language, and the GraphQL that it adds, written down beside it.
"""

import difflib
import inspect
import re
import sys
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar
from unittest import SkipTest

from helpdesk.kernel.events import Event
from helpdesk.sdk.graphql import CORE_TYPES
from helpdesk.sdk.plugin import LEAST_PERIOD_SECONDS, Hook, HookKind, Plugin, hooks_of
from helpdesk.sdk.slots import SLOTS
from helpdesk.sdk.tables import Table
from helpdesk.sdk.testing.contract import CodeContract
from helpdesk.sdk.testing.kit import Kit
from helpdesk.sdk.testing.rules import Broken, ensure, rule
from helpdesk.sdk.web import METHODS

_PATH = re.compile(r"[\w./<>:-]*")
_PLACE = re.compile(r"\{(\w+)\}")
_GRAPHQL = (HookKind.QUERY, HookKind.MUTATION, HookKind.FIELD)
_GIVEN: Mapping[HookKind, int] = {
    HookKind.RECEIVER: 2, HookKind.SUBSCRIBER: 2, HookKind.JOB: 2, HookKind.PERIODIC: 1, HookKind.PAGE: 2,
    HookKind.WEBHOOK: 2, HookKind.SLOT: 2,
}  # fmt: skip
"""How many arguments each kind of hook is given; those of GraphQL have arguments of their own."""


class DeclaredPlugin(CodeContract):
    """The rules of a whole plugin's class and its files."""

    kind = "plugin"
    plugin: ClassVar[type[Plugin]]

    schema_file: ClassVar[str] = "schema.graphql"
    """What keeps the GraphQL that the plugin adds, in the folder of its pyproject.toml."""

    def erased(self) -> bool:
        """Return whether the plugin says that it forgets and shows what it keeps of customers."""
        own = self.value()
        return own.erase is not Plugin.erase and own.export is not Plugin.export

    @rule("PL-HOOKS", fix="Decorate the method as the pages of the SDK say; they name what each decorator takes.")
    def test_hooks_are_known_to_the_desk(self, kit: Kit) -> None:
        """Each hook names an event, a slot, a path or a type that there is."""
        for hook in hooks_of(self.value()):
            if fault := _FAULTS.get(hook.kind, _nothing)(hook):
                raise Broken(f"The {hook.kind} {hook.name} {fault}.")

    @rule("PL-ARGUMENTS", fix="Give the method the parameters that the decorator's docstring names.")
    def test_hooks_take_what_they_are_given(self, kit: Kit) -> None:
        """Each hook can be called with what the desk hands it."""
        for hook in hooks_of(self.value()):
            if hook.kind in _GIVEN:
                method = getattr(self.value(), hook.name)
                given = [object()] * (1 + _GIVEN[hook.kind])
                try:
                    inspect.signature(method).bind(*given)
                except TypeError as error:
                    raise Broken(f"The {hook.kind} {hook.name} cannot be called as it will be: {error}.") from None

    @rule("PL-RIGHTS", fix="Name rights as the desk does, such as ticket.read, and no more than the plugin needs.")
    def test_rights_are_known_to_the_desk(self, kit: Kit) -> None:
        """Each right that the plugin or its GraphQL fields ask for is one of the desk's."""
        asked = {*self.value().rights, *(hook.facts["right"] for hook in self._of(*_GRAPHQL))}
        unknown = sorted(asked - set(kit.rights()))
        ensure(not unknown, f"The desk has no right {', '.join(unknown)}.")

    @rule("PL-TABLE-NAMES", fix="Give each table class Meta: table_name = 'p_<plugin>_…'.")
    def test_tables_are_named_after_the_plugin(self, kit: Kit) -> None:
        """Each table is of the SDK's Table and carries the plugin's name."""
        for table in self.value().tables:
            ensure(issubclass(table, Table), f"{table.__name__} is no subclass of helpdesk.sdk.tables.Table.")
            name = table._meta.table_name
            ensure(name.startswith(self._prefix()), f"{table.__name__} is called {name}, not {self._prefix()}….")

    @rule("PL-TABLE-KEYS", fix="Keep the ids of the desk's things as plain numbers.")
    def test_tables_hold_no_row_of_the_desk_back(self, kit: Kit) -> None:
        """No table has a foreign key onto a table that is not the plugin's own."""
        for table in self.value().tables:
            for field, target in table._meta.refs.items():
                is_own = target._meta.table_name.startswith(self._prefix())
                ensure(is_own, f"{table.__name__}.{field.name} is a foreign key onto {target._meta.table_name}.")

    @rule("PL-MIGRATIONS", fix="Write a numbered migration for each change, whose down undoes what its up does.")
    def test_migrations_go_up_and_down_and_up_again(self, kit: Kit) -> None:
        """The migrations make exactly the tables of the plugin, take them back, and make them again."""
        own = {table._meta.table_name for table in self.value().tables}
        if not own and self.value().migrations is None:
            raise SkipTest("This plugin has no tables.")
        ensure(isinstance(self.value().migrations, Path), "There are tables and no folder of migrations.")
        before = set(kit.tables())
        for made in (own, set(), own):
            kit.migrate(self.called(), self.value(), is_down=not made)
            found = set(kit.tables()) - before
            history = {name for name in found if name.startswith("migration_")}
            ensure(found - history == made, f"They left {_listed(found - history)} instead of {_listed(made)}.")
        for table in self.value().tables:
            columns = {column.column_name for column in table._meta.sorted_fields}
            found = set(kit.columns(table._meta.table_name))
            ensure(found == columns, f"{table.__name__} has {_listed(columns)}; the migrations make {_listed(found)}.")

    @rule("PL-TEMPLATES", fix="Set templates to the folder of the slots' templates.")
    def test_slots_have_their_templates(self, kit: Kit) -> None:
        """A plugin with slots has a folder of templates."""
        if not self._of(HookKind.SLOT):
            raise SkipTest("This plugin fills no slots.")
        folder = self.value().templates
        ensure(isinstance(folder, Path) and any(folder.rglob("*.html")), f"{folder} holds no templates.")

    @rule("PL-TEXTS", fix="Write each text in every language, with the same {places}.")
    def test_texts_are_the_same_in_all_languages(self, kit: Kit) -> None:
        """A text that is there in one language is there in all, and says the same of the same values."""
        if self.value().locales is None:
            raise SkipTest("This plugin has no texts.")
        files = sorted(Path(self.value().locales).glob("*.toml"))
        ensure(any(file.stem == "en" for file in files), "There is no en.toml.")
        texts = {file.stem: dict(_flat(tomllib.loads(file.read_text("utf-8")))) for file in files}
        for language, own in texts.items():
            for key, text in texts["en"].items():
                ensure(key in own, f"{language}.toml has no text {key}.")
                same = set(_PLACE.findall(text)) == set(_PLACE.findall(own[key]))
                ensure(same, f"The text {key} names other places in {language} than in en.")
            more = sorted(own.keys() - texts["en"].keys())
            ensure(not more, f"en.toml has no text {', '.join(more)}.")

    @rule("PL-PERSONAL", fix="Write erase and export, and set keeps_personal_data = True.")
    def test_personal_data_can_be_shown_and_forgotten(self, kit: Kit) -> None:
        """A plugin that keeps personal data can show it to the customer, and forget it."""
        keeps = self.value().keeps_personal_data
        if not keeps and not self.erased():
            raise SkipTest("This plugin keeps no personal data (keeps_personal_data).")
        ensure(keeps, "It erases or exports, and does not say that it keeps personal data.")
        ensure(self.erased(), "It keeps personal data, and lacks erase or export.")

    @rule("PL-SCHEMA", fix="Run helpdesk plugin check PATH --write-schema, look at what it changes, and commit it.")
    def test_graphql_is_written_down_beside_it(self, kit: Kit) -> None:
        """What the plugin adds to the API stands in the file beside it, so that nobody changes it unawares."""
        added, file = self.added(kit), self.schema_path()
        kept = file.read_text("utf-8") if file.is_file() else ""
        if not added and not kept:
            raise SkipTest("This plugin adds nothing to the API.")
        ensure(kept, f"It adds to the API, and there is no {file.name} beside its pyproject.toml.")
        ensure(added == kept, f"{file.name} is not what the plugin adds: {_first_difference(kept, added)}.")

    def added(self, kit: Kit) -> str:
        """Return what the plugin adds to the API, in the schema definition language. Raises what is wrong with it."""
        return kit.sdl(self.called(), self.value())

    def schema_path(self) -> Path:
        """Return the file that keeps it: ``schema_file`` beside the nearest pyproject.toml over this test."""
        here = Path(getattr(sys.modules[type(self).__module__], "__file__", None) or "").resolve()
        folders = [folder for folder in here.parents if (folder / "pyproject.toml").is_file()]
        return (folders[0] if folders else here.parent) / self.schema_file

    def _prefix(self) -> str:
        return f"p_{self.called()}_"

    def _of(self, *kinds: HookKind) -> list[Hook]:
        return [hook for hook in hooks_of(self.value()) if hook.kind in kinds]


def _nothing(_hook: Hook) -> str:
    return ""


def _events(hook: Hook) -> str:
    events = hook.facts["events"]
    if not events:
        return "names no event"
    wrong = [event for event in events if not (inspect.isclass(event) and issubclass(event, Event))]
    return f"names {wrong[0]!r}, which is no event of helpdesk.sdk.events" if wrong else ""


def _period(hook: Hook) -> str:
    seconds = hook.facts["every_seconds"]
    is_fit = isinstance(seconds, int | float) and seconds >= LEAST_PERIOD_SECONDS
    return "" if is_fit else f"wants to be called every {seconds} seconds; at least {LEAST_PERIOD_SECONDS} are between"


def _slot(hook: Hook) -> str:
    name = hook.facts["slot"]
    return "" if name in SLOTS else f"fills the slot {name!r}; there are {', '.join(SLOTS)}"


def _path(hook: Hook) -> str:
    path = hook.facts["path"]
    if not isinstance(path, str) or not _PATH.fullmatch(path) or path.startswith("/"):
        return f"lies at {path!r}; a path is written without a slash before it, as in “visits/today”"
    unknown = sorted(set(hook.facts.get("methods", ())) - METHODS)
    return f"answers {', '.join(unknown)}, which is no method of HTTP" if unknown else ""


def _core_type(hook: Hook) -> str:
    on = hook.facts["on"]
    return "" if on in CORE_TYPES else f"is a field on {on!r}; fields may be added to {', '.join(CORE_TYPES)}"


_FAULTS: Mapping[HookKind, Callable[[Hook], str]] = {
    HookKind.RECEIVER: _events, HookKind.SUBSCRIBER: _events, HookKind.PERIODIC: _period, HookKind.SLOT: _slot,
    HookKind.PAGE: _path, HookKind.WEBHOOK: _path, HookKind.FIELD: _core_type,
}  # fmt: skip


def _first_difference(kept: str, added: str) -> str:
    changed = [line for line in difflib.ndiff(kept.splitlines(), added.splitlines()) if line[:2] in ("- ", "+ ")]
    where = "the plugin has" if changed and changed[0][0] == "+" else "the file has"
    return f"{where} “{changed[0][2:].strip()}”" if changed else "the ends of lines differ"


def _flat(table: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for key, value in table.items():
        found += _flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else [(f"{prefix}{key}", str(value))]
    return found


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "nothing"
