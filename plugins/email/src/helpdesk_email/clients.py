"""Owns the IMAP client: the stdlib's, whose socket a deadline can break, from the first byte on.

The stdlib shows a connection only once the server has greeted and TLS is agreed upon, and a server that drips never
ends either. It also makes room for whatever a literal claims to hold, before the first byte of it has come.
"""

import imaplib
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

from imap_tools import BaseMailBox

from helpdesk_email.settings import EmailSettings, Security

LITERAL_SLACK = 1_048_576  # sizes that servers tell are not exact

Reach = Callable[[socket.socket], None]


class _Context:
    """A TLS context that shows the connection before the first byte of TLS."""

    def __init__(self, context: ssl.SSLContext, reach: Reach) -> None:
        self._context, self._reach = context, reach

    def wrap_socket(self, plain: socket.socket, server_hostname: str) -> ssl.SSLSocket:
        """Agree upon TLS."""
        secure = self._context.wrap_socket(plain, server_hostname=server_hostname, do_handshake_on_connect=False)
        self._reach(secure)
        try:
            secure.do_handshake()
        except BaseException:
            secure.close()
            raise
        return secure


class Client(imaplib.IMAP4):
    """A connection to an IMAP server, greeted and encrypted as the settings ask."""

    def __init__(
        self, settings: EmailSettings, context: ssl.SSLContext | None, *, reach: Reach, seconds: float
    ) -> None:
        self._settings, self._reach = settings, reach
        self._context = None if context is None else _Context(context, reach)
        super().__init__(settings.imap_host, settings.imap_port, seconds)
        if settings.imap_security is Security.STARTTLS:
            try:
                self.starttls(cast("ssl.SSLContext", self._context))
            except BaseException:
                with suppress(OSError):  # of a connection that has ended
                    self.shutdown()
                raise

    def read(self, size: int) -> bytes:
        """Read a literal, unless it claims to be larger than any mail that is fetched."""
        if size > self._settings.max_bytes + LITERAL_SLACK:
            raise self.abort(f"the server announces {size} bytes at once")
        return super().read(size)

    def _create_socket(self, timeout: float | None) -> Any:
        plain = super()._create_socket(timeout)  # type: ignore[misc]  # typeshed does not know it
        self._reach(plain)
        if self._context is not None and self._settings.imap_security is Security.TLS:
            return self._context.wrap_socket(plain, self.host)
        return plain


class Mailbox(BaseMailBox):
    """A mailbox on a connection that is there already."""

    def __init__(self, client: Client) -> None:
        self._ready = client
        super().__init__()

    def _get_mailbox_client(self) -> imaplib.IMAP4:
        return self._ready
