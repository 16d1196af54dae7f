"""Runs the web of a desk in several processes: gunicorn, with the desk's own worker and configuration.

gunicorn's threads (gthread) answer: its greenlets lost, whose slowest answers took twice as long (SPEED 1).
It is a dependency of the core, not an extra: pure Python, needs nothing that the core has not, and a verb that
stands in the help is there on every installation.

The libraries are imported before the fork, so that processes share their memory and begin in a moment; the
application is made after it (no ``preload``), since neither threads nor connections survive a fork. What a process
has leaked is given back by the same limits as elsewhere (recycling.py); a number of requests after which each
process begins anew, leaking or not, lost. No file and no variable of gunicorn's is read: settings are the desk's.
"""

import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.errors import HaltServer
from gunicorn.glogging import Logger
from gunicorn.workers.gthread import ThreadWorker

from helpdesk import app
from helpdesk.commands.failures import FAILED, sentence
from helpdesk.commands.recycling import LOOK_SECONDS, REST_SECONDS
from helpdesk.commands.serving import REQUEST_SECONDS
from helpdesk.kernel import clock, logs, resources
from helpdesk.kernel.settings import Settings
from helpdesk.plugins import watching

STUCK_SECONDS = 60
KEPT_SECONDS = 65  # a little longer than proxies keep a connection, so that they are the ones to close it
SHARED_MEMORY = "/dev/shm"  # noqa: S108  # of the heartbeats, which a slow disk would hold up
BOOT_REST_SECONDS = 1.0
BACKLOG = 1024  # connections that wait while all threads answer, or while a process begins

log = logging.getLogger(__name__)


class Processes(BaseApplication):
    """The web processes of one desk on a listening socket, which is theirs from now on."""

    def __init__(
        self, chosen: Settings, bound: socket.socket, *, workers: int, threads: int, on_ready: Callable[[], None]
    ) -> None:
        self.chosen = chosen
        bound.listen(BACKLOG)  # gunicorn leaves one that listens already as it is
        self._given = {"workers": workers, "threads": threads, "bind": f"fd://{bound.detach()}"}
        self._on_ready = on_ready
        super().__init__()

    def load_config(self) -> None:
        """Set what differs from gunicorn's defaults."""
        wanted: Mapping[str, object] = self._given | {
            "worker_class": Worker,
            "logger_class": Log,
            "loglevel": self.chosen.log_level,
            "timeout": STUCK_SECONDS,
            "graceful_timeout": int(REQUEST_SECONDS),
            "keepalive": KEPT_SECONDS,
            "worker_tmp_dir": SHARED_MEMORY if Path(SHARED_MEMORY).is_dir() else None,
            "control_socket_disable": True,
            "secure_scheme_headers": {},  # access believes proxies by its own rule
            "forwarder_headers": "",
            "when_ready": lambda _arbiter: self._on_ready(),
            "worker_exit": lambda _arbiter, _worker: watching.stop(),  # writes down what was counted
        }
        for name, value in wanted.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Make the application, in the process that serves it."""
        made = app.create_app(self.chosen)
        logs.report_crashes()
        return made

    def run(self) -> None:
        """Serve until a signal; SIGTERM and Ctrl-C alike let requests end. Ends the process: 0, or 2 for no start.

        Every process that is forked leaves by this way too.
        """
        master = os.getpid()
        try:
            Master(self).run()
        except SystemExit as end:
            is_unable = end.code in (Arbiter.WORKER_BOOT_ERROR, Arbiter.APP_LOAD_ERROR)
            sys.exit(FAILED if is_unable and os.getpid() == master else end.code)


class Master(Arbiter):
    """The process that looks after the others."""

    handle_int = Arbiter.handle_term
    _ends = False

    def halt(self, *given: Any, **named: Any) -> None:
        """End with all processes."""
        self._ends = True
        super().halt(*given, **named)

    def reap_workers(self) -> None:
        """Take note of processes that have ended; the second that could not start must not break off the end."""
        try:
            super().reap_workers()
        except HaltServer:
            if not self._ends:
                raise


class Worker(ThreadWorker):
    """One web process."""

    alive: bool

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._looks_at = clock.monotonic() + (0.0 if self._is_of_the_first else REST_SECONDS)

    @property
    def _is_of_the_first(self) -> bool:
        return bool(self.age <= self.cfg.workers)

    def init_signals(self) -> None:
        """Leave Ctrl-C, which a terminal sends to all processes, to the master."""
        super().init_signals()
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def load_wsgi(self) -> None:
        """Make the application. When that fails with nothing served yet, all ends; later on it is tried again."""
        try:
            super().load_wsgi()
        except Exception as error:
            log.critical("a web process cannot start: %s", sentence(error), exc_info=log.isEnabledFor(logging.DEBUG))
            if self._is_of_the_first:
                sys.exit(Arbiter.APP_LOAD_ERROR)
            time.sleep(BOOT_REST_SECONDS)
            sys.exit(1)

    def set_accept_enabled(self, enabled: bool) -> None:
        """Take connections, or not. Once it ends the port is closed: who connects is to go elsewhere, not to wait."""
        super().set_accept_enabled(enabled)
        if not enabled and not self.alive:
            for listener in self.sockets:
                listener.close()

    def notify(self) -> None:
        """Show that the process lives, and end it in order when it holds too much; another takes its place."""
        super().notify()
        now = clock.monotonic()
        if not self.alive or now < self._looks_at:
            return
        self._looks_at = now + LOOK_SECONDS
        if too_much := resources.excess(self.app.chosen):
            log.warning("%s; what runs is finished, then another takes its place", too_much)
            self.alive = False


class Log(Logger):
    """What gunicorn says, in the desk's log: its own handlers would write it unmasked."""

    def setup(self, cfg: Any) -> None:
        """Hand everything on."""
        self.cfg = cfg
        self._access_log_enabled = False
        self.error_log.propagate = True
        self.error_log.setLevel(logging.NOTSET)


def usual_workers() -> int:
    """Return how many processes suit this machine: one for each core that the desk may use, two at least."""
    return max(2, len(os.sched_getaffinity(0)))
