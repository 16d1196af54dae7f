"""Writes the reference for plugin authors, as Markdown, from the code that it is about.

Whatever is public on the SDK's pages is in it, with its docstring; ``undocumented`` names what has none.
Pages written by hand lost: they would tell of yesterday's code.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache

from helpdesk.access.rules import RIGHTS
from helpdesk.channels import codes as channels
from helpdesk.fields import codes as fields
from helpdesk.graphql import plugin_codes as graphql
from helpdesk.helpcenter import codes as helpcenter
from helpdesk.hosting import codes as hosting
from helpdesk.kernel import dispatching
from helpdesk.kit import pages
from helpdesk.kit.codes import CHECKS
from helpdesk.kit.pages import Class, Member, Page
from helpdesk.organization import codes as organization
from helpdesk.plugins import codes as plugins
from helpdesk.plugins import guard
from helpdesk.plugins.kinds import GROUPS, PARENTS, Kind
from helpdesk.triggers import codes as triggers

KINDS = ("channel", "action", "condition", "field_type", "assigner", "storage", "theme", "plugin")
HANDS = ("host", "events", "slots", "web", "graphql", "tables")
SHARED = ("facts", "settings", "http", "html", "errors")
LONGEST_VALUE = 60
CODES = (
    ("Plugins of every kind", plugins.CODES),
    ("Whole plugins, and what the `Host` denies", hosting.CODES),
    ("Channels", channels.CODES),
    ("Actions", triggers.CODES),
    ("Field types", fields.CODES),
    ("Themes, and what a service has", {**helpcenter.CODES, **organization.CODES}),
    ("GraphQL of plugins", graphql.CODES),
)


@cache
def sdk() -> tuple[Page, ...]:
    """Return the SDK's pages: those of the kinds, what a whole plugin has beside, and what they share."""
    return tuple(pages.read(pages.SDK / f"{name}.py") for name in (*KINDS, *HANDS, *SHARED))


@cache
def contracts() -> tuple[Page, ...]:
    """Return the pages of the kit for tests that bring the desk of a test, and the rules of each kind."""
    found = [pages.read(path) for path in sorted((pages.SDK / "testing").glob("*.py"))]
    return tuple(page for page in found if page.name.endswith(".kit") or _printed(page))


def undocumented() -> list[str]:
    """Return what is public on the SDK's pages and says nothing about itself; a field of a signal too."""
    found = [f"{page.name}{name}" for page in sdk() for name in _silent(page)]
    for page in contracts():
        printed = [(item.name, member) for item in _printed(page) for member in item.members if member.is_function]
        found += [f"{page.name}.{name}.{member.name}" for name, member in printed if not member.text]
    return found


def _silent(page: Page) -> Iterator[str]:
    if not page.text:
        yield ""
    yield from (f".{one.name}" for one in page.members if not one.text and (one.is_function or one.name.isupper()))
    for item in page.classes:
        if not item.text:
            yield f".{item.name}"
        is_told = _is_told_of_signal if "Event" in item.parents else _is_told
        yield from (f".{item.name}.{member.name}" for member in item.members if not is_told(item, member))


def _is_told(item: Class, member: Member) -> bool:
    return bool(member.text) or (item.is_plain and not member.is_function)


def _is_told_of_signal(item: Class, member: Member) -> bool:
    """An id says whose it is, and the name of a signal what it is."""
    return member.name == "name" or member.name.endswith("_id") or f"``{member.name}``" in item.text


def markdown() -> str:
    """Return the whole reference."""
    parts = [
        "# Writing plugins\n\nEverything that `helpdesk.sdk` offers, from its own words.",
        _kinds(),
        *map(_page, sdk()),
        _rights(),
        _trouble(),
        _codes(),
        _checks(),
        *map(_contract_page, contracts()),
    ]
    return "\n\n".join(parts) + "\n"


def _kinds() -> str:
    rows = [(f"`{kind}`", f"`{GROUPS[kind]}`", _leads_to(kind)) for kind in Kind]
    return "## Kinds\n\n" + _table(("Kind", "Entry-point group", "The entry point leads to"), rows)


def _leads_to(kind: Kind) -> str:
    parent = PARENTS.get(kind)
    return f"a subclass of `{parent.__module__}.{parent.__qualname__}`" if parent else "the folder, a `pathlib.Path`"


def _rights() -> str:
    rows = ((f"`{right}`", text) for right, text in RIGHTS.items())
    return "## Rights\n\nWhat `rights` of a whole plugin may name.\n\n" + _table(("Right", "What it allows"), rows)


def _trouble() -> str:
    """Return what becomes of a plugin that fails; each hook's own deadline stands with the hook."""
    rows = (
        ("Failures in a row until a hook rests", str(dispatching.FAILURES_IN_A_ROW)),
        (
            "Seconds that it rests, the first time and at most",
            f"{dispatching.FIRST_REST_SECONDS:g}, {dispatching.LONGEST_REST_SECONDS:g}",
        ),
        ("Calls left behind, past their deadline, until it is not called", str(guard.MOST_LEFT_BEHIND)),
    )
    return f"## A plugin that fails\n\n{_prose(guard.PluginFailed.__doc__ or '')}\n\n" + _table(("Limit", ""), rows)


def _codes() -> str:
    """Return every code that an author or an administrator may meet, in the words of the room that says it."""
    intro = "An error has a code, which stays, beside its sentence: in `errors` of GraphQL and in answers of commands."
    tables = [
        f"### {title}\n\n" + _table(("Code", "What it means, and what to do"), _coded(codes)) for title, codes in CODES
    ]
    return "\n\n".join(["## Error codes", intro, *tables])


def _coded(codes: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    return ((f"`{code}`", text) for code, text in codes.items())


def _checks() -> str:
    rows = ((f"`{code}`", check.summary, check.fix) for code, check in CHECKS.items())
    intro = "What `helpdesk plugin check` judges of a folder, before the rules of the contracts."
    return f"## Checks\n\n{intro}\n\n" + _table(("Rule", "What it asks for", "How to mend it"), rows)


def _page(page: Page) -> str:
    return "\n\n".join([f"## `{page.name}`", _prose(page.text), *map(_class, page.classes), *_listed(page.members)])


def _contract_page(page: Page) -> str:
    return "\n\n".join([f"## `{page.name}`", _prose(page.text), *map(_class, _printed(page))])


def _printed(page: Page) -> Sequence[Class]:
    return page.classes if page.name.endswith(".kit") else [item for item in page.classes if _is_contract(item)]


def _is_contract(item: Class) -> bool:
    return item.name.endswith("Outside") or any(member.code for member in item.members)


def _class(item: Class) -> str:
    parents = [parent for parent in item.parents if parent not in ("ABC", "Protocol")]
    title = f"### `{item.name}`" + (f", a `{', '.join(parents)}`" if parents else "")
    checks = [(f"`{one.code}`", _line(one.text), one.fix) for one in item.members if one.code]
    rest = tuple(one for one in item.members if not one.code)
    table = [_table(("Rule", "What it asks for", "How to mend it"), checks)] if checks else []
    return "\n\n".join([title, _prose(item.text), *_listed(rest), *table])


def _listed(members: Iterable[Member]) -> Iterator[str]:
    """Yield a list of members; a mapping from words to texts gets a table of its own."""
    plain = []
    for member in members:
        words = _texts(member.value)
        if words:
            rows = ((f"`{key}`", value) for key, value in words.items())
            yield f"`{member.name}`: {_line(member.text)}\n\n" + _table(("Name", ""), rows)
        else:
            plain.append(_item(member))
    if plain:
        yield "\n".join(plain)


def _item(member: Member) -> str:
    written = member.written
    if not member.is_function and len(written) > LONGEST_VALUE:
        written = written.partition(" = ")[0]
    text = _prose(member.text).replace("\n", "\n  ")
    return f"- `{written.removeprefix('def ')}`" + (f"  \n  {text}" if text else "")


def _texts(value: ast.expr | None) -> Mapping[str, str]:
    if not isinstance(value, ast.Dict) or not value.keys:
        return {}
    found = ast.literal_eval(value)
    return found if all(isinstance(one, str) for one in found.values()) else {}


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _line(text: str) -> str:
    return " ".join(_prose(text).split())


def _prose(text: str) -> str:
    """Return a docstring as Markdown: names in single backticks, indented paragraphs as code."""
    parts: list[str] = []
    for paragraph in re.split(r"\n\s*\n", text):
        code = re.sub("^ {4}", "", paragraph, flags=re.MULTILINE)
        if not paragraph.startswith("    "):
            words = f"{paragraph[:-2]}:" if paragraph.endswith("::") else paragraph
            parts += [re.sub(r"``(.+?)``", r"`\1`", words, flags=re.DOTALL)] if words != ":" else []
        elif parts and parts[-1].endswith("\n```"):
            parts[-1] = parts[-1].removesuffix("```") + f"\n{code}\n```"
        else:
            parts.append(f"```python\n{code}\n```")
    return "\n\n".join(parts)
