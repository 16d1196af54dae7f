"""The schema is a contract in the repository: the file is what runs, keeps its promises, and explains all it names."""

import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import GraphQLSchema, build_schema, find_breaking_changes

from helpdesk.graphql.schema import build, sdl
from tests.house.tree import ROOT

FILE = "schema/schema.graphql"


def git(*words: str) -> str:
    """Return what git says, reading only."""
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def committed() -> str | None:
    """Return the schema as it was last committed; None where there is no such commit, or no repository at all."""
    if not (ROOT / ".git").exists() or not git("ls-tree", "--name-only", "HEAD", "--", FILE):
        return None
    return git("show", f"HEAD:{FILE}")


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


def test_nothing_that_was_promised_is_taken_away() -> None:
    present = (ROOT / FILE).read_text()
    assert breaks(committed() or present, present) == []


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
