"""What the README says is so: its commands run, its examples parse, its queries fit the schema."""

import ast
import json
import tomllib
from contextlib import ExitStack
from pathlib import Path

import pytest
from graphql import build_schema, parse, validate

from tests.house.programs import Running, run, working_copy
from tests.house.readme import Block, blocks, sessions
from tests.house.tree import ROOT, short

TEST_COMMAND = "python3 -m venv .venv && .venv/bin/pip install -r requirements.txt && .venv/bin/pytest"
README = (ROOT / "README.md").read_text()
READMES = sorted([ROOT / "README.md", *ROOT.glob("plugins/*/README.md"), *ROOT.glob("themes/*/README.md")])
INSTALL_SECONDS = 600
SHELL = ("bash", "-euo", "pipefail", "-c")


def of(language: str) -> list[tuple[Path, Block]]:
    """Return the blocks of a language in all READMEs."""
    found = [(file, block) for file in READMES for block in blocks(file.read_text())]
    return [(file, block) for file, block in found if block.language == language]


def test_readme_commands_run_in_order_in_a_fresh_clone(tmp_path: Path) -> None:
    copy = working_copy(tmp_path)
    proven = [block for block in blocks(README) if block.language == "sh" and block.how.startswith("run")]
    assert proven, "No command of the README is run; mark its blocks (tests/house/readme.py says how)."
    with ExitStack() as held:
        beside = [server for session in sessions(proven) if (server := prove(session, copy, held)) is not None]
        assert [server.interrupt() for server in beside] == [0] * len(beside), "What served did not end well."


def prove(session: list[Block], folder: Path, held: ExitStack) -> Running | None:
    """Run one session as its marks say; return the server that goes on beside the others, if it is one."""
    first = session[0]
    if first.how == "run":
        said = run([*SHELL, "\n".join(block.script for block in session)], folder=folder, seconds=INSTALL_SECONDS)
        assert [block.line for block in session if block.detail not in said] == [], said
        return None
    server = held.enter_context(Running([*SHELL, first.script], folder=folder))
    server.line_with(first.detail, seconds=INSTALL_SECONDS)
    if first.how == "run beside":
        return server
    assert server.interrupt() == 0, f"README line {first.line}: the program did not end well on Ctrl-C."
    return None


def test_every_shell_block_says_how_it_is_proven() -> None:
    unmarked = [block.line for block in blocks(README) if block.language == "sh" and not block.how]
    vague = [
        block.line
        for block in blocks(README)
        if block.how in ("run until", "run beside", "not run") and not block.detail
    ]
    assert (unmarked, vague) == ([], [])


def test_every_block_names_its_language() -> None:
    found = [(file, block) for file in READMES for block in blocks(file.read_text())]
    assert [(short(file), block.line) for file, block in found if not block.language] == []


def test_readme_and_continuous_integration_run_the_same_tests() -> None:
    assert TEST_COMMAND in [line.strip() for line in README.splitlines()]
    assert TEST_COMMAND in (ROOT / ".ci/run").read_text().splitlines()


def test_examples_can_be_read_by_their_languages() -> None:
    for _, block in of("python"):
        ast.parse(block.text)
    for _, block in of("toml"):
        tomllib.loads(block.text)
    for _, block in of("json"):
        json.loads(block.text)


def test_queries_fit_the_committed_schema() -> None:
    schema = build_schema((ROOT / "schema/schema.graphql").read_text())
    errors = {(short(file), block.line): validate(schema, parse(block.text)) for file, block in of("graphql")}
    assert {place: found for place, found in errors.items() if found} == {}


def test_marks_are_read() -> None:
    text = "<!-- run until: ready | add: --port 0 -->\n```sh\nserve\n```\n<!-- not run: long -->\n```sh\ntest\n```\n"
    assert list(blocks(text)) == [
        Block(2, "sh", "serve", "run until", "ready", "--port 0"),
        Block(6, "sh", "test", "not run", "long"),
    ]
    assert next(blocks(text)).script == "serve --port 0"
    with pytest.raises(ValueError, match="line 1 is not closed"):
        list(blocks("```sh\nls\n"))


def test_blocks_that_run_to_their_end_share_a_shell_until_something_serves() -> None:
    marks = ["run", "run: ready", "run beside: up", "run", "run until: up", "run until: up"]
    text = "".join(f"<!-- {mark} -->\n```sh\n{place}\n```\n" for place, mark in enumerate(marks))
    assert [[block.text for block in session] for session in sessions(blocks(text))] == [
        ["0", "1"], ["2"], ["3"], ["4"], ["5"],
    ]  # fmt: skip
