"""``helpdesk plugin check`` on folders as authors have them: a good one, and each way of being wrong."""

import json
import shutil
import textwrap
from pathlib import Path

import pytest
from click.testing import CliRunner

from helpdesk.cli import main
from helpdesk.kit import writing
from helpdesk.kit.checking import check
from helpdesk.plugins.kinds import Kind
from tests.kit.folders import PYPROJECT, write

BROKEN: dict[str, dict[str, tuple[str, str] | None]] = {
    "CHECK-PYPROJECT": {"pyproject": ("[project]", "[project")},
    "CHECK-PROJECT": {"pyproject": ('version = "1.0"', "")},
    "CHECK-ENTRY-POINT": {"pyproject": ("helpdesk.channels", "helpdesk.chanels")},
    "CHECK-NAME": {"pyproject": ("parrot = ", '"Polly the parrot" = ')},
    "CHECK-IMPORTS": {"source": ("import json\n", "import json\n\nfrom helpdesk.kernel import clock\n")},
    "CHECK-README": {"readme": None},
    "CHECK-TYPED": {"typed": None},
    "CHECK-NO-CONTRACT": {"contract": None},
    "CHECK-TESTS": {"contract": ("import json\n", "import jason\n")},
    "CHECK-LOADS": {"source": ("class Parrot", "class Polly")},
    "CH-RETRY": {"source": ("answer.status >= 500", "answer.status == 418")},
}


def new_plugin(place: Path, imported: str, hook: str) -> Path:
    """Write a new whole plugin that has one hook more."""
    folder = writing.write("greeter", Kind.PLUGIN, folder=place / "greeter").folder
    source = folder / "src/helpdesk_greeter/plugin.py"
    text = source.read_text("utf-8").replace("from helpdesk.sdk.plugin", f"{imported}\nfrom helpdesk.sdk.plugin")
    source.write_text(f"{text}\n{textwrap.indent(hook, '    ')}", "utf-8")
    return folder


def findings(folder: Path, **given: float) -> dict[str, str]:
    return {verdict.code: verdict.reason for verdict in check(folder, **given) if verdict.is_finding}


def with_check(line: str) -> str:
    return f"    def check(self):\n        {line}\n\n    def send(self"


def test_good_plugin_passes_and_says_so(tmp_path: Path) -> None:
    answer = CliRunner().invoke(main, ["plugin", "check", str(write(tmp_path)), "--json"])
    assert answer.exit_code == 0, answer.output
    said = json.loads(answer.output)
    assert (said["is_ok"], said["findings"]) == (True, [])
    assert said["passed"] > 30


@pytest.mark.parametrize("code", BROKEN)
def test_each_fault_is_found(tmp_path: Path, code: str) -> None:
    found = findings(write(tmp_path, **BROKEN[code]))
    assert code in found
    assert set(found) <= {code, "CHECK-NO-CONTRACT", "CHECK-TESTS", "SDK-IMPORTS"}, found


def test_finding_says_rule_reason_and_fix_and_ends_with_one(tmp_path: Path) -> None:
    folder = write(tmp_path, pyproject=("helpdesk.channels", "helpdesk.chanels"))
    answer = CliRunner().invoke(main, ["plugin", "check", str(folder)])
    assert answer.exit_code == 1
    assert "CHECK-ENTRY-POINT" in answer.output
    assert "Did you mean helpdesk.channels?" in answer.output
    assert "findings;" in answer.output


def test_folder_without_a_plugin_cannot_be_checked(tmp_path: Path) -> None:
    answer = CliRunner().invoke(main, ["plugin", "check", str(tmp_path)])
    assert answer.exit_code == 2
    assert "pyproject.toml" in answer.output


def test_rule_that_hangs_is_ended_and_the_next_ones_are_checked(tmp_path: Path) -> None:
    folder = write(tmp_path, source=("    def send(self", with_check("import time; time.sleep(99)")))
    found = findings(folder, rule_seconds=3.0)
    assert set(found) == {"CH-CHECK", "CH-NETWORK"}
    assert found["CH-CHECK"] == "It did not end within 3 seconds."


def test_rule_that_ends_the_process_is_a_finding_of_its_own(tmp_path: Path) -> None:
    folder = write(tmp_path, source=("    def send(self", with_check("import os; os._exit(7)")))
    found = findings(folder)
    assert set(found) == {"CH-CHECK", "CH-NETWORK"}
    assert found["CH-CHECK"] == "It ended the process, with code 7."


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("import os\nos._exit(3)\n", "It ended the process, with code 3."),
        ("raise SystemExit('no')\n", "It raised SystemExit: no."),
        ("assert False, 'never'\n", "It raised AssertionError: never."),
    ],
)
def test_plugin_that_does_not_survive_its_import_is_told_of(tmp_path: Path, fault: str, reason: str) -> None:
    found = findings(write(tmp_path, source=("import json\n", f"import json\n{fault}"), contract=None))
    assert found["CHECK-LOADS"] == reason


def test_slow_import_and_its_side_effects_are_found(tmp_path: Path) -> None:
    work = "import json\nimport threading\nimport time\n\ntime.sleep(2.1)\nthreading.Timer(60, print).start()\n"
    found = findings(write(tmp_path, source=("import json\n", work)))
    assert "2.1 seconds" in found["SDK-IMPORT-TIME"]
    assert found["SDK-IMPORT-EFFECTS"] == "Importing helpdesk_parrot starts a thread."


def test_settings_that_the_plugin_refuses_are_found(tmp_path: Path) -> None:
    found = findings(write(tmp_path, contract=("has_files = False", "has_files = False\n    settings = {'x': 1}")))
    assert "SDK-SAMPLE" in found


def test_theme_in_the_groups_is_no_channel(tmp_path: Path) -> None:
    assert "helpdesk.channels" in PYPROJECT
    found = findings(write(tmp_path, pyproject=("helpdesk.channels", "helpdesk.themes"), contract=None))
    assert found["CHECK-LOADS"] == "A theme's entry point must name its folder."


def test_what_a_whole_plugin_adds_to_the_api_is_written_beside_it(tmp_path: Path) -> None:
    hook = (
        '@query(right="ticket.read", description="A word.")\ndef word(self, host: Host) -> str:\n    return "Hello."\n'
    )
    folder = new_plugin(tmp_path, "from helpdesk.sdk.graphql import query", hook)
    verdicts = {verdict.code: verdict for verdict in check(folder, writes_schema=True)}
    assert not [verdict for verdict in verdicts.values() if verdict.is_finding]
    assert not verdicts["PL-SCHEMA"].is_skipped
    assert "  greeterWord: String\n" in (folder / "schema.graphql").read_text("utf-8")


def test_whole_plugin_that_the_desk_would_quarantine_is_found(tmp_path: Path) -> None:
    hook = "@periodic(every_seconds=9)\ndef tick(self, host: Host) -> None: ...\n"
    folder = new_plugin(tmp_path, "from helpdesk.sdk.plugin import periodic", hook)
    shutil.rmtree(folder / "tests")
    assert "at least 10" in findings(folder)["CHECK-LOADS"]
