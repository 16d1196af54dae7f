"""``helpdesk schema``: what is exported is whole, and what breaks clients is named."""

from pathlib import Path

import pytest
from graphql import GraphQLObjectType, build_schema, print_schema

from tests.commands.conftest import Shell


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
