"""Every command can be read about in the README and asked for its own help."""

import re
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from helpdesk.cli import main
from tests.house.tree import ROOT


def commands(group: click.Command, *, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yield every command below a group with the words that call it; groups themselves are left out."""
    if not isinstance(group, click.Group):
        yield words, group
        return
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, f"{name} is listed and cannot be found."
        if not command.hidden:
            yield from commands(command, words=(*words, name))


ALL = dict(commands(main, words=("helpdesk",)))


def test_there_are_commands() -> None:
    assert ALL


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_command_is_in_the_readme(words: tuple[str, ...]) -> None:
    phrase = r"\s+".join(re.escape(word) for word in words)
    assert re.search(rf"(?<![\w-]){phrase}(?![\w-])", (ROOT / "README.md").read_text()), " ".join(words)


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_command_explains_itself(words: tuple[str, ...]) -> None:
    answer = CliRunner().invoke(main, [*words[1:], "--help"])
    assert answer.exit_code == 0, answer.output
    assert ALL[words].help, f"{' '.join(words)} has no help text."
