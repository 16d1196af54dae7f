"""What ``helpdesk plugin new`` writes passes its own tests, types and lint, for every kind, as written."""

import ast
import json
import os
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from click.testing import CliRunner

from helpdesk.cli import main
from helpdesk.kernel.errors import Invalid
from helpdesk.kit import writing
from helpdesk.plugins.kinds import GROUPS, Kind, problem

LONGEST_CODE = 30
LONGEST_NAME = "abcdefghijklmnopqrstuvwxyz012345"
each_kind = pytest.mark.parametrize("kind", Kind)


def run(*words: str, folder: Path, **environment: str) -> str:
    """Run a module of Python in a folder, which succeeds, and return what it says."""
    command = [sys.executable, "-m", *words]
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def new(*words: str) -> tuple[int, str]:
    """Run the command, and return its exit code and what it says."""
    answer = CliRunner().invoke(main, ["plugin", "new", *words])
    return answer.exit_code, answer.output


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a new distribution of every kind."""
    made = tmp_path_factory.mktemp("new")
    for kind in Kind:
        writing.write(f"trial-{kind}", kind, folder=made / kind)
    return made


def test_unit_tests_of_a_new_channel_pass_by_its_own_settings(folder: Path) -> None:
    assert " passed" in run(
        "pytest", "--ignore=tests/test_contract.py", "-p", "no:cacheprovider", folder=folder / "channel"
    )


@pytest.mark.parametrize("chosen", ["trial", "contract"])
def test_tests_of_every_kind_pass_as_written(folder: Path, chosen: str) -> None:
    files = [str(file.relative_to(folder)) for file in sorted(folder.glob(f"*/tests/test_{chosen}*.py"))]
    assert len(files) == len(Kind)
    paths = " ".join(f"{kind}/src" for kind in Kind)
    options = ("--import-mode=importlib", "-o", f"pythonpath={paths}", "-p", "no:cacheprovider", "--rootdir=.")
    assert " passed" in run("pytest", *options, *files, folder=folder)


def test_types_hold_as_written(folder: Path) -> None:
    sources = [f"{kind}/{part}" for kind in Kind for part in ("src", "tests")]
    paths = os.pathsep.join(str(folder / kind / "src") for kind in Kind)
    words = ("mypy", "--strict", "--explicit-package-bases", "--config-file=")
    run(*words, *sources, folder=folder, MYPYPATH=paths)


@pytest.mark.parametrize("name", ["ab", "trial_two", LONGEST_NAME])
def test_lint_has_nothing_to_say_whatever_the_name(tmp_path: Path, name: str) -> None:
    for kind in Kind:
        writing.write(name, kind, folder=tmp_path / kind)
    run("ruff", "check", "--no-cache", ".", folder=tmp_path)
    run("ruff", "format", "--check", "--no-cache", ".", folder=tmp_path)


@each_kind
def test_entry_point_leads_to_a_plugin_of_the_kind(folder: Path, kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(folder / kind / "src"))
    text = (folder / kind / "pyproject.toml").read_text("utf-8")
    (line,) = [line for line in text.splitlines() if line.startswith(f"trial_{kind} = ")]
    value = json.loads(line.partition(" = ")[2])
    assert f'entry-points."{GROUPS[kind]}"' in text
    assert problem(kind, EntryPoint(f"trial_{kind}", value, GROUPS[kind]).load()) == ""


@each_kind
def test_author_is_told_where_to_edit_and_what_to_do(folder: Path, kind: Kind) -> None:
    (source,) = (folder / kind / "src").glob(f"*/{kind}.py")
    assert "EDIT" in source.read_text("utf-8")
    readme = (folder / kind / "README.md").read_text("utf-8")
    assert [line for line in readme.splitlines() if line.startswith("## ")] == [
        "## Install",
        "## Enable",
        "## Configure",
        "## Test",
    ]
    assert "$" not in readme
    assert {"py.typed", "__init__.py"} <= {file.name for file in source.parent.iterdir()}


def code_lines(source: str) -> int:
    """Return how many lines hold code: not blank, no comment, no docstring, no import."""
    tree = ast.parse(source)
    idle: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            idle |= set(range(node.lineno, (node.end_lineno or 0) + 1))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            idle |= set(range(node.lineno, (node.end_lineno or 0) + 1))
    lines = enumerate(source.splitlines(), 1)
    return sum(at not in idle and line.strip() != "" and not line.strip().startswith("#") for at, line in lines)


def test_new_channel_is_thirty_lines_at_most(folder: Path) -> None:
    assert code_lines('"""Doc."""\nimport a\n\n# why\nx = 1\n') == 1
    (source,) = (folder / "channel/src").glob("*/channel.py")
    assert 20 < code_lines(source.read_text("utf-8")) <= LONGEST_CODE


def test_command_writes_and_tells_in_json(tmp_path: Path) -> None:
    place = tmp_path / "deep" / "echo"
    code, said = new("my-echo", "--kind", "channel", "--folder", str(place), "--json")
    told = json.loads(said)
    assert (code, told["distribution"], told["name"], told["kind"]) == (0, "helpdesk-my-echo", "my_echo", "channel")
    assert told["edit"] == str(place / "src/helpdesk_my_echo/channel.py")
    assert sorted(told["files"]) == sorted(str(file.relative_to(place)) for file in place.rglob("*") if file.is_file())


def test_folder_is_named_after_the_distribution(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert new("helpdesk-bell", "--kind", "action")[0] == 0
    assert [file.name for file in tmp_path.iterdir()] == ["helpdesk-bell"]
    assert 'bell = "helpdesk_bell.action:BellAction"' in (tmp_path / "helpdesk-bell/pyproject.toml").read_text("utf-8")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "no name"),
        ("E", "no name"),
        ("Echo", "no name"),
        ("a", "no name"),
        ("1echo", "no name"),
        ("-echo", "no name"),
        ("echo-", "no name"),
        ("e--o", "no name"),
        ("echo.py", "no name"),
        ("../echo", "no name"),
        ("에코", "no name"),
        ("echo\n", "no name"),
        ("e" * 33, "no name"),
        ("helpdesk-", "no name"),
        ("class", "word of Python"),
        ("match", "word of Python"),
        ("json", "module of Python"),
    ],
)
def test_name_that_would_not_work_is_refused_in_a_sentence(name: str, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        writing.checked(name.removeprefix(writing.PREFIX))


def test_refusal_names_what_to_do_and_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for words in (("Echo", "--kind", "channel"), ("default", "--kind", "theme"), ("echo", "--kind", "nonsense")):
        code, said = new(*words)
        assert code == 2
        assert "Error: " in said
    assert list(tmp_path.iterdir()) == []


def test_folder_that_exists_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/notes.txt").write_text("kept")
    code, said = new("echo", "--kind", "channel", "--folder", str(tmp_path / "mine"))
    assert (code, "exists" in said) == (2, True)
    assert [file.name for file in tmp_path.rglob("*")] == ["mine", "notes.txt"]


def test_failure_half_way_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "templates"
    (broken / "common").mkdir(parents=True)
    (broken / "channel").mkdir()
    (broken / "channel/configure.md").write_text("")
    (broken / "common/a.template").write_text("$name")
    (broken / "common/b.template").write_text("$unknown")
    monkeypatch.setattr(writing, "TEMPLATES", broken)
    with pytest.raises(KeyError):
        writing.write("echo", Kind.CHANNEL, folder=tmp_path / "out/echo")
    assert list((tmp_path / "out").iterdir()) == []
