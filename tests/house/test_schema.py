"""The schema is a contract in the repository: the file is what runs, keeps its promises, and explains all it names."""

import os
import subprocess
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLSchema, build_schema, find_breaking_changes

from helpdesk.graphql.plugin_joining import plugin_sdl
from helpdesk.graphql.schema import build, sdl
from helpdesk.plugins.kinds import GROUPS, Kind
from tests.house.tree import ROOT
from tests.servers.processes import find_program

FILE = "schema/schema.graphql"


class NoEarlier(Exception):
    """There is no earlier schema to compare with; the words say why."""


def git(*words: str, folder: Path) -> str:
    """Return what git says in the folder, whoever owns it. Raises NoEarlier with git's own words where it refuses."""
    program = find_program("git", package="git")
    ours = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}  # of a hook, say
    command = [program, "-c", "safe.directory=*", *words]
    done = subprocess.run(command, cwd=folder, env=ours, capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        raise NoEarlier(f"git has no earlier schema: {done.stderr.strip()}")
    return done.stdout


def earlier_than(present: str, *, folder: Path) -> str:
    """Return the schema as it was last committed in other words. Raises NoEarlier where git remembers none.

    The newest commit alone would not do: where everything is committed, as in CI, it is the file itself.
    """
    if not (folder / ".git").exists():
        raise NoEarlier("This is no git clone, so there is no earlier schema to compare with.")
    commits = git("log", "-2", "--diff-filter=AM", "--format=%H", "--", FILE, folder=folder).split()
    texts = (git("show", f"{commit}:./{FILE}", folder=folder) for commit in commits)
    earlier = next((text for text in texts if text != present), None)
    if earlier is None:
        raise NoEarlier(f"git remembers no other version of {FILE}; in a shallow clone: git fetch --unshallow")
    return earlier


def breaks(before: str, after: str) -> list[str]:
    """Return what a client of the schema before would miss, in words."""
    return [change.description for change in find_breaking_changes(build_schema(before), build_schema(after))]


def explained(schema: GraphQLSchema) -> Iterator[tuple[str, str | None]]:
    """Yield everything that can be named in the schema, with its description."""
    for name, kind in schema.type_map.items():
        if name.startswith("__"):
            continue
        yield name, kind.description
        members: dict[str, Any] = {**getattr(kind, "fields", {}), **getattr(kind, "values", {})}
        for member, what in members.items():
            yield f"{name}.{member}", what.description
            for argument, how in getattr(what, "args", {}).items():
                yield f"{name}.{member}({argument})", how.description


def unexplained(schema: GraphQLSchema) -> set[str]:
    """Return what has no description."""
    return {name for name, words in explained(schema) if not (words or "").strip()}


def test_committed_file_is_the_schema() -> None:
    assert (ROOT / FILE).read_text() == sdl(build()), "Run `helpdesk schema export` and look at what it changes."


def test_what_the_example_adds_is_the_file_beside_it() -> None:
    (example,) = entry_points(group=GROUPS[Kind.PLUGIN], name="example")
    printed = plugin_sdl(build(), "example", example.load())
    words = "Run `helpdesk schema export --plugin example --output plugins/example/schema.graphql`."
    assert (ROOT / "plugins/example/schema.graphql").read_text("utf-8") == printed, words


def test_nothing_that_was_promised_is_taken_away() -> None:
    present = (ROOT / FILE).read_text()
    try:
        earlier = earlier_than(present, folder=ROOT)
    except NoEarlier as reason:
        pytest.skip(str(reason))
    assert breaks(earlier, present) == []


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone whose schema was committed as ``first`` and then as ``second``."""
    git("init", "--quiet", folder=tmp_path)
    for text in ("first", "second"):
        commit(text, folder=tmp_path)
    return tmp_path


def commit(text: str, *, folder: Path) -> None:
    """Commit the schema with the text."""
    (folder / FILE).parent.mkdir(exist_ok=True)
    (folder / FILE).write_text(text)
    git("add", FILE, folder=folder)
    author = ("-c", "user.name=Sample", "-c", "user.email=sample@desk.example", "-c", "commit.gpgsign=false")
    git(*author, "commit", "--quiet", "--no-verify", "--message", text, folder=folder)


@pytest.mark.parametrize(("present", "earlier"), [("second", "first"), ("changed", "second")])
def test_schema_is_held_to_the_last_version_that_differs(clone: Path, present: str, earlier: str) -> None:
    assert earlier_than(present, folder=clone) == earlier


@pytest.mark.parametrize(
    ("is_repository", "texts", "reason"),
    [(False, [], "no git clone"), (True, [], "does not have any commits"), (True, ["only"], "--unshallow")],
)
def test_a_missing_history_is_told(tmp_path: Path, is_repository: bool, texts: list[str], reason: str) -> None:
    if is_repository:
        git("init", "--quiet", folder=tmp_path)
    for text in texts:
        commit(text, folder=tmp_path)
    with pytest.raises(NoEarlier, match=reason):
        earlier_than("only", folder=tmp_path)


def test_everything_has_a_description() -> None:
    assert unexplained(build()._schema) == set()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("type Query { a: Int b: Int }", "type Query { a: Int }"),
        ("type Query { a: Int! }", "type Query { a: Int }"),
        ("type Query { a(b: Int): Int }", "type Query { a(b: Int!): Int }"),
        ("type Query { a: E } enum E { X Y }", "type Query { a: E } enum E { X }"),
    ],
)
def test_a_taken_promise_is_noticed(before: str, after: str) -> None:
    assert len(breaks(before, after)) == 1
    assert breaks(before, before) == []


def test_a_missing_description_is_noticed() -> None:
    schema = build_schema(
        '"Q" type Query { a(b: Int): E "c" c(i: I): Int } enum E { X "y" Y } input I { "d" d: Int e: Int }'
    )
    assert unexplained(schema) - {"Int", "String", "Boolean"} == {
        "Query.a", "Query.a(b)", "Query.c(i)", "E", "E.X", "I", "I.e",
    }  # fmt: skip
