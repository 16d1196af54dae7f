"""Waiting for a signal."""

import os
import signal
import subprocess
import sys
import threading

from helpdesk.commands.stopping import stopping
from tests.house.tree import ROOT


def test_signal_that_the_system_hands_to_another_thread_ends_the_wait() -> None:
    def take() -> None:
        signal.pthread_kill(threading.get_ident(), signal.SIGTERM)

    giver = threading.Timer(0.3, take)
    with stopping() as stop:
        giver.start()
        stop.wait()
    giver.join()
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_reason_to_end_ends_the_wait_and_a_signal_after_it_is_noted() -> None:
    reasons = iter(["", "", "full"])
    with stopping() as stop:
        assert stop.wait(lambda: next(reasons)) == "full"
        assert not stop.is_wished
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.is_wished
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL, "The second signal is hard."


def test_signal_counts_more_than_a_reason() -> None:
    with stopping() as stop:
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.wait(lambda: "full") == ""


PASSING_ON = """
import os, signal, sys
from helpdesk.commands.stopping import stopping

with stopping() as stop:
    if "second" in sys.argv:
        print("waits", stop.wait(lambda: "in vain") or "for the signal", flush=True)
    else:
        stop.wait(lambda: "full")
        assert stop.pass_on()
        os.kill(os.getpid(), signal.SIGTERM)
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:], "second"])
"""


def test_signal_that_comes_while_a_program_becomes_its_successor_reaches_that() -> None:
    done = subprocess.run([sys.executable, "-c", PASSING_ON], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "waits for the signal\n"), done.stderr


def test_nothing_is_passed_on_after_a_wish_to_end() -> None:
    with stopping() as stop:
        assert stop.wait(lambda: "full")
        os.kill(os.getpid(), signal.SIGTERM)
        try:
            assert not stop.pass_on()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM})
