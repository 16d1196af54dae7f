"""Owns an SMTP server for tests that keeps every message and answers as it is told.

The protocol is aiosmtpd's own; its Controller lost, because it leaves open connections behind when it
stops, and here a leftover is an error.
"""

import asyncio
import base64
import re
import threading
import weakref
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any, Self

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.servers.certificates import Certificate
from tests.servers.dovecot import DovecotServer
from tests.servers.ports import free_port
from tests.servers.tokens import TokenServer

ACCEPTED = "250 2.0.0 OK"


class Stage(StrEnum):
    """Where in the conversation a scripted answer is given. ``KEPT`` is after the message was kept."""

    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    KEPT = "kept"


class Ending(Enum):
    """What the server does instead of answering: break the connection, or stay silent."""

    CLOSE = "close"
    HANG = "hang"


@dataclass(slots=True)
class Script:
    """One scripted answer; ``left`` is how often it is still given, None for always."""

    stage: Stage
    answer: str | Ending
    recipient: str | None
    left: int | None

    def fits(self, stage: Stage, recipients: list[str]) -> bool:
        """Return whether this answers now."""
        return stage is self.stage and self.left != 0 and (self.recipient is None or self.recipient in recipients)


@dataclass(frozen=True, slots=True)
class Received:
    """One message as it was taken; ``user`` is who logged in."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes
    user: str | None
    is_encrypted: bool


class SmtpServer:
    """A mail server on a loopback port.

    With ``users`` (name to password) or ``tokens`` a login is required, by password or by token; with a certificate
    STARTTLS is offered, or the whole connection is encrypted where ``is_implicit_tls``.
    """

    host = "127.0.0.1"

    def __init__(
        self,
        *,
        users: Mapping[str, str] | None = None,
        tokens: TokenServer | None = None,
        certificate: Certificate | None = None,
        is_implicit_tls: bool = False,
        max_bytes: int = 33_554_432,
    ) -> None:
        self.port = free_port()
        self._users = {} if users is None and tokens is not None else users
        self._tokens = tokens
        context = certificate.server_context() if certificate else None
        self._tls = context if is_implicit_tls else None
        self._starttls = None if is_implicit_tls else context
        self._max_bytes = max_bytes
        self._changed = threading.Condition()
        self._received: list[Received] = []
        self._scripts: list[Script] = []
        self._mailboxes: DovecotServer | None = None
        self._protocols: weakref.WeakSet[Any] = weakref.WeakSet()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def answer(
        self, reply: str | Ending, *, stage: Stage = Stage.RCPT, recipient: str | None = None, times: int | None = None
    ) -> None:
        """Answer ``reply``, such as ``"451 4.3.0 Later"``, at a stage: to one recipient or all, so often or always.

        What was scripted first wins. A refusal at DATA keeps nothing; one at KEPT comes too late,
        as when the answer is lost on its way.
        """
        with self._changed:
            self._scripts.append(Script(stage, reply, recipient, times))

    def clear(self) -> None:
        """Forget the messages and the scripted answers."""
        with self._changed:
            self._received.clear()
            self._scripts.clear()

    def deliver_to(self, mailboxes: DovecotServer) -> None:
        """Put every message from now on into the INBOX of each recipient, whose address is the user's name."""
        self._mailboxes = mailboxes

    @property
    def received(self) -> list[Received]:
        """Return the messages so far, oldest first."""
        with self._changed:
            return list(self._received)

    def wait_for(self, count: int, *, seconds: float = 10.0) -> list[Received]:
        """Return the messages once there are at least ``count``; fail when they do not come in time."""
        with self._changed:
            came = self._changed.wait_for(lambda: len(self._received) >= count, seconds)
            assert came, f"{len(self._received)} of {count} messages came within {seconds:g} seconds."
            return list(self._received)

    def start(self) -> None:
        """Listen, and return once connections are taken."""
        assert self._thread is None, "The server runs already; stop it first."
        self._loop = asyncio.new_event_loop()
        listener = self._loop.run_until_complete(
            self._loop.create_server(self._conversation, self.host, self.port, ssl=self._tls)
        )
        self._thread = threading.Thread(target=self._serve, args=(self._loop, listener), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Break every connection and listen no longer; what was received stays. Does nothing when stopped."""
        if self._thread is None or self._loop is None:
            return
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._thread = None

    def _serve(self, loop: asyncio.AbstractEventLoop, listener: asyncio.Server) -> None:
        loop.run_forever()
        listener.close()
        for protocol in list(self._protocols):
            _break(protocol)
        loop.run_until_complete(self._finish())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()

    @staticmethod
    async def _finish() -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _conversation(self) -> SMTP:
        assert self._loop is not None
        protocol = SMTP(
            self,
            data_size_limit=self._max_bytes,
            enable_SMTPUTF8=True,
            hostname="mail.example",
            tls_context=self._starttls,
            auth_require_tls=False,  # it would not notice implicit TLS
            authenticator=self._authenticate if self._users is not None else None,
            loop=self._loop,
        )
        self._protocols.add(protocol)
        return protocol

    def _authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, login: LoginPassword
    ) -> AuthResult:
        known = (self._users or {}).get(login.login.decode(errors="replace"))
        is_right = known is not None and login.password == known.encode()
        return AuthResult(success=is_right, handled=False, auth_data=login)

    async def auth_XOAUTH2(self, server: SMTP, words: list[str]) -> AuthResult:
        """Take a log-in by token in Google's words; called by aiosmtpd, which knows the method by its name."""
        return await self._by_token(server, words, user_in=r"user=([^\x01]*)\x01")

    async def auth_OAUTHBEARER(self, server: SMTP, words: list[str]) -> AuthResult:
        """Take a log-in by token in the words of RFC 7628."""
        return await self._by_token(server, words, user_in=r"n,a=([^,]*),\x01")

    async def _by_token(self, server: SMTP, words: list[str], *, user_in: str) -> AuthResult:
        """Compare what is said first; to a wrong token say why, and wait for the assent, before refusing."""
        said = base64.b64decode(words[1]).decode() if len(words) > 1 else ""
        user, token = re.match(user_in, said), re.search(r"\x01auth=Bearer ([^\x01]+)\x01\x01$", said)
        is_right = bool(
            self._tokens and user and token and user[1] == self._tokens.user and self._tokens.is_good(token[1])
        )
        if not is_right or user is None:
            await server.challenge_auth(b'{"status":"400"}', encode_to_b64=True)
            return AuthResult(success=False, handled=False)
        return AuthResult(success=True, auth_data=LoginPassword(user[1].encode(), b""))

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take or refuse a sender; called by aiosmtpd."""
        if self._users is not None and not session.authenticated:
            return "530 5.7.0 Authentication required"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return await self._scripted(server, Stage.MAIL, recipients=[]) or ACCEPTED

    async def handle_RCPT(
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take or refuse one recipient; called by aiosmtpd."""
        refusal = await self._scripted(server, Stage.RCPT, recipients=[address])
        if refusal is None:
            envelope.rcpt_tos.append(address)
            envelope.rcpt_options.extend(options)
        return refusal or ACCEPTED

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Take or refuse the message; called by aiosmtpd."""
        refusal = await self._scripted(server, Stage.DATA, recipients=envelope.rcpt_tos)
        if refusal is not None:
            return refusal
        await self._keep(session, envelope)
        return await self._scripted(server, Stage.KEPT, recipients=envelope.rcpt_tos) or ACCEPTED

    async def _keep(self, session: Session, envelope: Envelope) -> None:
        raw = envelope.original_content or b""
        if self._mailboxes is not None:
            for recipient in envelope.rcpt_tos:
                await asyncio.to_thread(self._mailboxes.append, recipient, raw)
        user = session.auth_data.login.decode() if session.auth_data else None
        is_encrypted = session.ssl is not None or self._tls is not None
        message = Received(envelope.mail_from or "", tuple(envelope.rcpt_tos), raw, user, is_encrypted)
        with self._changed:
            self._received.append(message)
            self._changed.notify_all()

    async def _scripted(self, server: SMTP, stage: Stage, *, recipients: list[str]) -> str | None:
        answer = self._next_answer(stage, recipients)
        if not isinstance(answer, Ending):
            return answer
        if answer is Ending.CLOSE:
            _break(server)
        await asyncio.Event().wait()  # until the connection ends, which cancels this
        return None

    def _next_answer(self, stage: Stage, recipients: list[str]) -> str | Ending | None:
        with self._changed:
            script = next((script for script in self._scripts if script.fits(stage, recipients)), None)
            if script is None:
                return None
            if script.left is not None:
                script.left -= 1
            return script.answer


def _break(conversation: SMTP) -> None:
    if isinstance(conversation.transport, asyncio.WriteTransport):
        with suppress(AttributeError):  # Python before 3.11.5, of an encrypted connection that has ended by itself
            conversation.transport.abort()
