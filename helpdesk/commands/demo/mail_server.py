"""The demo's mail server: what is sent to the desk becomes inbox rows, everything else goes into Maildirs.

It speaks SMTP on the loopback address alone, in a thread with a loop of its own. aiosmtpd's Controller
lost: it cannot name the port that the system chose, and leaves open connections behind when it stops.
A mail is acknowledged once it is safe, like any other that comes in.
"""

import asyncio
import logging
import socket
import threading
from collections.abc import Callable
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from helpdesk.kernel.errors import HelpdeskError, Invalid, LimitExceeded

log = logging.getLogger(__name__)

STOP_SECONDS = 10.0
ACCEPTED = "250 2.0.0 OK"

Deliver = Callable[[str, bytes], None]
"""Puts a mail where it belongs for one recipient. Raises Invalid and LimitExceeded for good, anything else for now."""


class _Conversation(SMTP):
    """Takes lines of any length: a mail whose lines end by line feeds alone, as curl sends a file, is one line."""

    line_length_limit = 2**26


class MailServer:
    """A mail server on a bound socket."""

    def __init__(self, bound: socket.socket, deliver: Deliver, *, largest: int) -> None:
        self._socket, self._deliver, self._largest = bound, deliver, largest
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="mail", daemon=True)

    @property
    def port(self) -> int:
        """Return the port that it listens on."""
        return int(self._socket.getsockname()[1])

    def start(self) -> None:
        """Take mail from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Break what is open and take no more."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(STOP_SECONDS)

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        listener = self._loop.run_until_complete(self._loop.create_server(self._conversation, sock=self._socket))
        self._loop.run_forever()
        listener.close()
        self._loop.run_until_complete(self._finish())
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    @staticmethod
    async def _finish() -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _conversation(self) -> SMTP:
        return _Conversation(
            self, data_size_limit=self._largest, enable_SMTPUTF8=True, hostname="mail.demo.example", loop=self._loop
        )

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  # its name
        """Deliver one mail to all its recipients; called by aiosmtpd."""
        raw: Any = envelope.original_content or b""
        try:
            for recipient in envelope.rcpt_tos:
                await asyncio.to_thread(self._deliver, recipient, raw)
        except (Invalid, LimitExceeded) as error:
            return f"554 5.6.0 {error.message}"
        except HelpdeskError as error:
            return f"451 4.3.0 {error.message}"
        except Exception:
            log.exception("the demo could not deliver a mail")
            return "451 4.3.0 The desk cannot keep this mail now; try again later."
        return ACCEPTED
