"""Follows, in every process, what is done to plugins in any: within two seconds, by one small query a second.

A thread that looks was chosen over a message to each process: processes come and go, and a message to
one that just starts is lost.
"""

import logging
import os
import threading

from helpdesk.kernel.db import connection
from helpdesk.plugins import figures, registry

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0


class _Watch:
    """The watching thread of this process, if there is one."""

    def __init__(self) -> None:
        self.pid = 0
        self.stopping = threading.Event()
        self.thread: threading.Thread | None = None
        self.lock = threading.Lock()


_watch = _Watch()


def ensure() -> None:
    """Watch in this process unless it does so already; a fork of one that watches begins anew."""
    if _watch.pid == os.getpid():
        return
    with _watch.lock:
        if _watch.pid == os.getpid():
            return
        _watch.pid, _watch.stopping = os.getpid(), threading.Event()
        _watch.thread = threading.Thread(target=_run, args=(_watch.stopping,), name="plugins", daemon=True)
        _watch.thread.start()


def stop() -> None:
    """Stop watching, and write down what was counted so far."""
    with _watch.lock:
        thread, _watch.thread, _watch.pid = _watch.thread, None, 0
        _watch.stopping.set()
    if thread is not None:
        thread.join()
        look()


def look() -> None:
    """Follow what has changed, and write down what was counted. Logs a failure: the next look may go well."""
    try:
        with connection():
            registry.refresh()
            figures.write()
    except Exception:
        log.exception("could not look after the plugins")


def _run(stopping: threading.Event) -> None:
    while not stopping.wait(LOOK_SECONDS):
        look()
