"""``helpdesk init``: from nothing to a desk that somebody can log in to."""

import os
import pty
import select
import stat
from pathlib import Path

import pytest

from helpdesk.access import sessions
from helpdesk.agents import queries as agents
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
        above = agents.organization_administrators(service.organization_id)
        assert [row.email for row in above] == [told["admin"]["email"]]
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
    assert not shell.data.exists(), "A half-made desk was left."
    assert shell.init()["is_new"] is True


def test_every_wrong_option_is_named_at_once(shell: Shell) -> None:
    options = ("--service", "Demo", "--time-zone", "Seoul", "--languages", "klingon", "--name", " ")
    told = shell.refused("init", "--yes", *options, "--admin-email", "nobody", "--admin-password", "short")
    named = ("--service: ", "--name: ", "--languages: ", "--time-zone: ", "--admin-email: ", "--admin-password: ")
    assert [name for name in named if name not in told] == []


def test_init_yes_alone_makes_a_desk_and_says_that_its_address_is_a_placeholder(shell: Shell) -> None:
    said = shell.text("init", "--yes")
    assert "Administrator: admin@desk.example, password " in said
    assert "admin@desk.example is a placeholder" in said
    assert "mail account" in said.splitlines()[-1]
    password = said.partition("password ")[2].partition(" ")[0]
    with shell.opened() as service_id:
        assert sessions.log_in(service_id, "admin@desk.example", password, address="127.0.0.1").token


def test_given_address_is_called_no_placeholder(shell: Shell) -> None:
    assert "placeholder" not in shell.text("init", "--yes", "--admin-email", "boss@shop.example")


def test_others_on_the_machine_cannot_read_what_init_makes(shell: Shell) -> None:
    shell.init()
    assert stat.S_IMODE(shell.data.stat().st_mode) == 0o700


def test_folder_that_was_there_keeps_its_mode(shell: Shell) -> None:
    shell.data.mkdir()
    shell.data.chmod(0o750)
    shell.init()
    assert stat.S_IMODE(shell.data.stat().st_mode) == 0o750


def test_init_asks_on_a_terminal_and_hides_the_password(tmp_path: Path) -> None:
    answers = ["shop", "", "en", "UTC", "boss@demo.example", "rain on the harbour", "rain on the harbour"]
    said = type_into([HELPDESK, "init", "--data", str(tmp_path / "desk")], answers)
    assert "The desk is made: service shop" in said
    assert "The name that people see [Helpdesk]" in said
    assert "rain on" not in said


def test_wrong_answers_are_told_and_asked_for_again(tmp_path: Path) -> None:
    places = ["My Shop", "shop", "", "klingon", "en", "Seoul", "UTC"]
    people = ["nobody", "boss@demo.example", "short", "short", "rain on the harbour", "rain on the harbour"]
    said = type_into([HELPDESK, "init", "--data", str(tmp_path / "desk")], places + people)
    assert "The desk is made: service shop" in said
    words = ["small letters", "no language we know", "IANA", "no email address", "at least 10 characters"]
    assert [word for word in words if word not in said] == []
    assert said.count("The administrator's mail address: ") == 2, "Only what was wrong is asked for again."


def test_given_option_that_is_wrong_is_told_before_anything_is_asked(tmp_path: Path) -> None:
    command = [HELPDESK, "init", "--time-zone", "Seoul", "--data", str(tmp_path / "desk")]
    assert "--time-zone: This is no time zone" in type_into(command, [], code=2)
    assert not (tmp_path / "desk").exists()


def type_into(command: list[str], answers: list[str], *, code: int = 0) -> str:
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
    assert os.waitstatus_to_exitcode(status) == code, said
    return said


def read(terminal: int, *, ending: str = "") -> str:
    """Return what comes next, up to a question or to the end; fail when nothing comes."""
    said = ""
    while not (ending and said.endswith(ending) and not said.splitlines()[-1].startswith("Error")):
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
