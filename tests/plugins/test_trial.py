"""Trying a plugin in a process of its own: whatever the import does, the verdict comes, and in time."""

import pytest

from helpdesk.kernel.settings import Settings
from helpdesk.plugins import loading, trial, trials
from helpdesk.plugins.kinds import Kind
from helpdesk.plugins.loading import Candidate
from helpdesk.plugins.models import PluginTrial
from tests.plugins.conftest import GOOD, Site


def candidate(name: str = "odd") -> Candidate:
    """Return the entry point as it is found."""
    return next(one for one in loading.find() if (one.kind, one.name) == (Kind.CHANNEL, name))


def test_good_plugin_has_no_fault(site: Site) -> None:
    site.install("odd", "print('hello')\n" + GOOD)
    assert trial.try_out(candidate()) == ""


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("import os\nos._exit(0)", "its import ended the process with status 0"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "its import ended the process by signal 9"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("def f(): f()\nf()", "RecursionError: maximum recursion depth exceeded"),
        ("raise ValueError('줄\\n바꿈')", "ValueError: 줄 바꿈"),
        ("Good = 3", "a channel's entry point must name a subclass of helpdesk.sdk.channel.Channel"),
    ],
)
def test_fault_is_told_whatever_the_import_does(site: Site, code: str, fault: str) -> None:
    site.install("odd", code)
    assert trial.try_out(candidate()) == fault


def test_import_that_does_not_end_is_ended(site: Site) -> None:
    site.install("odd", "import time\ntime.sleep(60)")
    assert trial.try_out(candidate(), seconds=1.0) == "its import does not end within 1 seconds"


def test_threads_that_the_import_starts_do_not_hold_the_verdict_up(site: Site) -> None:
    site.install("odd", "import threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()\n" + GOOD)
    assert trial.try_out(candidate(), seconds=5.0) == ""


def test_secrets_of_the_desk_are_not_in_the_environment_of_a_trial(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELPDESK_KEYS", "the keyring")
    site.install("odd", "import os\nassert not any(name.startswith('HELPDESK_') for name in os.environ)\n" + GOOD)
    assert trial.try_out(candidate()) == ""


def test_good_verdict_is_remembered_until_the_files_change(database: Settings, site: Site) -> None:
    site.install("odd", GOOD)
    assert trials.fault_of(candidate()) == ""
    remembered = PluginTrial.get().fingerprint
    assert trials.fault_of(candidate()) == ""
    assert PluginTrial.get().fingerprint == remembered
    site.install("odd", "raise RuntimeError('new release')")
    assert trials.fault_of(candidate()) == "RuntimeError: new release"
    site.install("odd", GOOD + "# mended\n")
    assert trials.fault_of(candidate()) == ""
    assert PluginTrial.get().fingerprint != remembered


def test_bad_verdict_is_not_remembered(database: Settings, site: Site) -> None:
    site.install("odd", "raise RuntimeError('no')")
    assert trials.fault_of(candidate()) == "RuntimeError: no"
    assert PluginTrial.select().count() == 0
