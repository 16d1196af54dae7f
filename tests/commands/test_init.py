"""``helpdesk init``: from nothing to a desk that somebody can log in to."""

import os
import pty
import select
from pathlib import Path

import pytest

from helpdesk.access import sessions
from helpdesk.organization import queries as organization
from tests.commands.conftest import Shell
from tests.factories.processes import HELPDESK

READ_SECONDS = 20.0


def test_init_makes_a_desk_whose_administrator_can_log_in(shell: Shell) -> None:
    told = shell.init("--languages", "en, ja", "--time-zone", "Asia/Tokyo", "--name", "Tea House")
    assert (told["is_new"], told["services"], told["data"]) == (True, ["demo"], str(shell.data))
    with shell.opened() as service_id:
        service = organization.services()[0]
        assert (service.languages, service.names["ja"], service.time_zone) == (["en", "ja"], "Tea House", "Asia/Tokyo")
    assert sessions.log_in(service_id, "admin@demo.example", told["admin"]["password"], address="127.0.0.1").token


def test_given_password_is_taken_and_not_repeated(shell: Shell) -> None:
    told = shell.run("init", "--yes", "--admin-email", "a@b.example", "--admin-password", "rain on the harbour")
    assert told.exit_code == 0
    assert "rain on" not in told.output
    with shell.opened() as service_id:
        assert sessions.log_in(service_id, "a@b.example", "rain on the harbour", address="127.0.0.1").token


def test_init_again_changes_nothing_and_says_what_there_is(made: Shell) -> None:
    assert made.text("init", "--yes") == "The desk is up to date. It has: demo.\n"
    assert made.json("init", "--service", "demo") == {"is_new": False, "services": ["demo"], "data": str(made.data)}
    assert "init makes only the first" in made.refused("init", "--service", "second")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "--admin-email"),
        (("--admin-email", "nobody"), "no email address"),
        (("--admin-email", "a@b.example", "--admin-password", "short"), "at least 10 characters"),
        (("--admin-email", "a@b.example", "--service", "Demo"), "small letters"),
        (("--admin-email", "a@b.example", "--languages", "klingon"), "no language we know"),
        (("--admin-email", "a@b.example", "--languages", ","), "at least one language"),
        (("--admin-email", "a@b.example", "--time-zone", "Seoul"), "IANA"),
    ],
)
def test_wrong_input_is_explained_and_makes_nothing(shell: Shell, options: tuple[str, ...], words: str) -> None:
    assert words in shell.refused("init", "--yes", *options)
    assert shell.init()["is_new"] is True


def test_init_asks_on_a_terminal_and_hides_the_password(tmp_path: Path) -> None:
    answers = ["shop", "", "en", "UTC", "boss@demo.example", "rain on the harbour", "rain on the harbour"]
    said = type_into([HELPDESK, "init", "--data", str(tmp_path / "desk")], answers)
    assert "The desk is made: service shop" in said
    assert "The name that people see [Helpdesk]" in said
    assert "rain on" not in said


def type_into(command: list[str], answers: list[str]) -> str:
    """Run a command on a terminal, answer its questions one by one, and return all that was seen there."""
    child, terminal = pty.fork()
    if child == 0:
        os.execv(command[0], command)
    said = ""
    for answer in answers:
        said += read(terminal, ending=": ")
        os.write(terminal, f"{answer}\n".encode())
    said += read(terminal)
    status = os.waitpid(child, 0)[1]
    os.close(terminal)
    assert status == 0, said
    return said


def read(terminal: int, *, ending: str = "") -> str:
    """Return what comes next, up to a question or to the end; fail when nothing comes."""
    said = ""
    while not (ending and said.endswith(ending)):
        assert select.select([terminal], [], [], READ_SECONDS)[0], f"Nothing came after:\n{said}"
        try:
            said += os.read(terminal, 1).decode(errors="replace")
        except OSError:  # so says Linux when the last program has left the terminal
            return said
    return said


@pytest.mark.postgres
def test_postgres_without_a_desk_is_told_apart_from_one_with_it(empty_postgres: Shell) -> None:
    assert "Run helpdesk init first" in empty_postgres.refused("user", "add", "--email", "a@b.example")
    assert empty_postgres.init()["services"] == ["demo"]
    assert empty_postgres.json("user", "add", "--email", "a@b.example")["role"] == "agent"
    assert empty_postgres.json("init")["is_new"] is False
