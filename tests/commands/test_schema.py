"""``helpdesk schema``: what is exported is whole, and what breaks clients is named."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from graphql import GraphQLObjectType, build_schema, print_schema

from tests.commands.conftest import Shell
from tests.faults.distributions import install

GREETER = """
from helpdesk.sdk.graphql import query
from helpdesk.sdk.plugin import Plugin

class Greeter(Plugin):
    title = {"en": "Greeter"}

    @query(right="service.read", description="A greeting.")
    def hello(self, host) -> str:
        return "Hello"
"""
Place = Callable[[str, str], None]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """A function that installs a whole plugin of a name and a source."""
    folder = tmp_path / "plugins"
    monkeypatch.syspath_prepend(folder)
    before = set(sys.modules)
    yield lambda name, source: install(folder, name, source, names="Greeter", group="helpdesk.plugins")
    for name in set(sys.modules) - before:
        sys.modules.pop(name)


def test_exported_schema_is_one_that_graphql_reads(shell: Shell) -> None:
    assert "ticketCreate" in build_schema(shell.text("schema", "export")).mutation_type.fields  # type: ignore[union-attr]


def test_schema_goes_to_a_file_as_it_goes_to_stdout(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "schema.graphql"
    assert shell.json("schema", "export", "--output", str(file))["file"] == str(file)
    assert file.read_text() == shell.text("schema", "export")
    assert shell.json("schema", "check", str(file)) == {"breaking": [], "is_same": True}


def test_removed_field_is_a_finding(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "schema.graphql"
    file.write_text(shell.text("schema", "export").replace("type Query {", "type Query {\n  weather: String\n"))
    done = shell.run("schema", "check", str(file))
    assert (done.exit_code, done.stdout) == (1, "Field Query.weather was removed.\n")


def test_new_field_breaks_nothing_and_the_file_is_told_to_be_old(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "schema.graphql"
    old = build_schema(shell.text("schema", "export"))
    assert isinstance(old.type_map["Ticket"], GraphQLObjectType)
    del old.type_map["Ticket"].fields["language"]
    file.write_text(print_schema(old))
    assert f"helpdesk schema export --output {file}" in shell.text("schema", "check", str(file))


@pytest.mark.parametrize("text", ["type Query {", "type Query { a: Nowhere }", "scalar A scalar A"])
def test_what_is_no_schema_is_refused(shell: Shell, tmp_path: Path, text: str) -> None:
    file = tmp_path / "broken.graphql"
    file.write_text(text)
    assert "no GraphQL schema" in shell.refused("schema", "check", str(file))


def test_missing_file_and_binary_file_are_named(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    assert "There is no file" in shell.refused("schema", "check", str(tmp_path / "none"))
    assert "no text in UTF-8" in shell.refused("schema", "check", str(tmp_path / "binary"))


def test_what_an_installed_plugin_adds_is_printed_by_itself(shell: Shell, place: Place) -> None:
    place("greeter", GREETER)
    text = shell.text("schema", "export", "--plugin", "greeter")
    described = '"""A greeting. Needs the right `service.read`."""'
    assert text == f"extend type Query {{\n  {described}\n  greeterHello: String\n}}\n"
    assert "greeter" not in shell.text("schema", "export")


@pytest.mark.parametrize(
    ("name", "source", "words"),
    [
        ("broken", "raise SystemExit(3)", "SystemExit: 3"),
        ("wrong", "Greeter = 7", "must name a subclass"),
        ("odd", GREETER.replace("-> str", "-> bytes"), "the result of hello is annotated with bytes"),
    ],
)
def test_plugin_that_does_not_build_is_refused(shell: Shell, place: Place, name: str, source: str, words: str) -> None:
    place(name, source)
    assert words in shell.refused("schema", "export", "--plugin", name)


def test_plugin_that_is_not_installed_is_refused(shell: Shell) -> None:
    assert "There is no installed plugin “nobody”" in shell.refused("schema", "export", "--plugin", "nobody")
