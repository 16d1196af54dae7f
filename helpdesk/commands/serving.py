"""Runs the web of a desk in this process, and ends it in order.

waitress serves: pure Python, one process, bounded threads. It is told to leave proxy headers alone,
since access believes them by its own rule, and its limit on bodies lies above ours, which explain
themselves. Its own signal handling is not used: the port is bound before the desk is opened, so that
a taken one is told at once and links can name a port that the system chose.
"""

import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import waitress
from flask import Flask
from waitress import wasyncore

from helpdesk.kernel import clock
from helpdesk.kernel.errors import Conflict, Invalid
from helpdesk.kernel.settings import Settings
from helpdesk.web.helpcenter_inquiry import LARGEST_BODY

REQUEST_SECONDS = 20.0
QUIET_SECONDS = 2.0
LOOK_SECONDS = 0.05
WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104  # recognised, not chosen


def bind(host: str, port: int, *, option: str = "--port") -> socket.socket:
    """Take the port (0: any free one) that the option names.

    Raises Conflict when another program has it, Invalid for no address of ours.
    """
    try:
        family, kind, _protocol, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, kind)
    except (OSError, OverflowError) as error:
        raise Invalid(f"{host}:{port} is no address to listen on: {error}.", path=("host",)) from error
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(1)  # with the address reused, two may bind a port, but only one listens
    except OSError as error:
        bound.close()
        raise Conflict(
            f"Port {port} of {host} cannot be used: {error.strerror}. Choose another by {option} (0 takes a free one).",
            code="PORT_TAKEN",
        ) from error
    return bound


def address_of(bound: socket.socket, host: str) -> str:
    """Return the URL at which a browser on this machine reaches the socket."""
    name = WILDCARDS.get(host, host)
    return f"http://{f'[{name}]' if ':' in name else name}:{bound.getsockname()[1]}"


class WebServer:
    """waitress on a bound socket, in a thread of its own."""

    def __init__(self, app: Flask, bound: socket.socket, settings: Settings) -> None:
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # which warns of every second request at once
        self._server: Any = waitress.create_server(
            app,
            sockets=[bound],
            threads=settings.web_threads,
            ident=None,
            clear_untrusted_proxy_headers=False,
            max_request_body_size=2 * max(settings.max_body_bytes, settings.max_file_bytes, LARGEST_BODY),
        )
        self._thread = threading.Thread(target=self._server.run, name="web", daemon=True)

    def start(self) -> None:
        """Serve from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Take no more connections, answer those that were taken, then return. A second call does nothing."""
        if not self._thread.is_alive():
            return
        ends_at = clock.monotonic() + REQUEST_SECONDS
        self._in_loop(lambda: wasyncore.dispatcher.close(self._server))
        self._answer_all(ends_at)
        self._server.task_dispatcher.shutdown(timeout=max(0.0, ends_at - clock.monotonic()))
        self._in_loop(self._close)
        self._thread.join(REQUEST_SECONDS)

    def _close(self) -> None:
        """Close what is left, with which the loop ends."""
        for channel in list(self._server.active_channels.values()):
            channel.handle_close()  # close_all would leave the files of large answers open
        wasyncore.close_all(self._server._map)

    def _in_loop(self, call: Any) -> None:
        """Make a call in the loop's own thread, which owns the connections."""
        self._server.trigger.pull_trigger(call)

    def _answer_all(self, ends_at: float) -> None:
        """Wait for the connections that have something coming, requests that wait for a thread among them."""
        is_over = threading.Event()

        def look() -> None:
            channels = list(self._server.active_channels.values())
            for channel in channels:
                channel.will_close |= not _is_busy(channel)
            if not channels:
                is_over.set()

        while clock.monotonic() < ends_at:
            self._in_loop(look)
            if is_over.wait(LOOK_SECONDS):
                return


def _is_busy(channel: Any) -> bool:
    """Return whether a connection has something coming: a request in work, half a request, an answer on its way.

    One that was just taken has its first request coming. Whoever does nothing for a while is not waited for.
    """
    if channel.requests:
        return True
    is_moving = time.time() - channel.last_activity < QUIET_SECONDS
    is_new = channel.last_activity == channel.creation_time
    return is_moving and bool(is_new or channel.request is not None or channel.total_outbufs_len)


@contextmanager
def serving(app: Flask, bound: socket.socket, settings: Settings) -> Iterator[None]:
    """Answer requests while the block runs."""
    server = WebServer(app, bound, settings)
    server.start()
    try:
        yield
    finally:
        server.stop()
