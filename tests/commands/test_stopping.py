"""Waiting for a signal."""

import signal
import threading

from helpdesk.commands.stopping import stopping


def test_signal_that_the_system_hands_to_another_thread_ends_the_wait() -> None:
    def take() -> None:
        signal.pthread_kill(threading.get_ident(), signal.SIGTERM)

    giver = threading.Timer(0.3, take)
    with stopping() as stop:
        giver.start()
        stop.wait()
    giver.join()
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
