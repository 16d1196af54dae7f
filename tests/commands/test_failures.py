"""Every command that fails says why in one sentence, and where only when that is asked for."""

import errno

import click
import peewee
import pytest

from helpdesk.commands.failures import sentence
from helpdesk.kernel import db
from helpdesk.kernel.errors import Invalid
from tests.commands.conftest import Shell

ON_A_DESK = [
    ("run", "--port", "0"),
    ("worker",),
    ("user", "add", "--email", "a@b.example"),
    ("key", "create"),
    ("mail", "ingest", "mail.eml"),
]


@pytest.mark.parametrize("command", ON_A_DESK, ids=" ".join)
def test_command_without_a_desk_says_how_to_make_one_and_makes_none(shell: Shell, command: tuple[str, ...]) -> None:
    assert "Run helpdesk init first" in shell.refused(*command)
    assert not shell.data.exists()


@pytest.mark.parametrize("command", [("doctor",), ("init", "--yes"), *ON_A_DESK], ids=" ".join)
def test_misspelt_setting_is_refused_by_every_command(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.setenv("HELPDESK_LOG_LEVL", "INFO")
    assert shell.refused(*command).endswith("Did you mean HELPDESK_LOG_LEVEL?")


def test_broken_database_is_a_sentence_and_debug_shows_the_place(made: Shell) -> None:
    db.database.close_all()
    (made.data / "desk.db").write_bytes(b"no database at all" * 100)
    assert "file is not a database" in made.refused("user", "add", "--email", "a@b.example")
    done = made.run("user", "add", "--email", "a@b.example", "--debug")
    assert (done.exit_code, "Traceback" in done.stderr) == (2, True)


def test_data_option_wins_over_the_environment(made: Shell) -> None:
    other = made.data.with_name("other")
    assert str(other) in made.refused("user", "add", "--email", "a@b.example", "--data", str(other))


def test_wrong_usage_ends_with_two(shell: Shell) -> None:
    assert [shell.run(*words).exit_code for words in (["nosuch"], ["user", "add"], ["run", "--port", "x"])] == [2, 2, 2]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (Invalid("Write it so."), "Write it so."),
        (KeyboardInterrupt(), "Interrupted; what was done before is kept."),
        (click.Abort(), "Interrupted; what was done before is kept."),
        (PermissionError(errno.EACCES, "Permission denied", "/root/x"), "/root/x: Permission denied."),
        (peewee.OperationalError("disk I/O error\nmore"), "The database refuses: disk I/O error. "),
        (ZeroDivisionError("division by zero"), "(ZeroDivisionError: division by zero). Run it with --debug"),
        (RuntimeError(), "(RuntimeError: RuntimeError)"),
    ],
)
def test_every_sort_of_error_has_its_sentence(error: BaseException, words: str) -> None:
    assert words in sentence(error)
