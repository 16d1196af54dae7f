"""Owns how the mail servers are reached: encrypted and verified, in bounded time, with errors in words."""

import imaplib
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, cast

from imap_tools import BaseMailBox
from imap_tools.errors import ImapToolsError, MailboxLoginError

from helpdesk.sdk.channel import AccountRefused, Refused, Retry
from helpdesk_email.cleaning import single_line
from helpdesk_email.clients import Client, Mailbox
from helpdesk_email.settings import EmailSettings, Security
from helpdesk_email.tokens import Tokens, first_words, last_words

IMAP_SECONDS = 45.0
SMTP_SECONDS = 60.0
MESSAGE_SECONDS = 600.0  # all steps of handing over one mail
FAREWELL_SECONDS = 5.0
LOG_IN_FIRST = 530  # RFC 4954
AGAIN_SECONDS = 0.5

_NO_USER = "Correct the user name or the password; some providers ask for a separate password for mail programs."


def tls_context(settings: EmailSettings) -> ssl.SSLContext:
    """Return a context that verifies the server's certificate and name."""
    try:
        return ssl.create_default_context(cafile=None if settings.ca_file is None else str(settings.ca_file))
    except OSError as error:
        raise AccountRefused(
            f"The file of certificates {settings.ca_file} can't be read ({error}); correct ca_file."
        ) from error


@contextmanager
def imap_connection(settings: EmailSettings, tokens: Tokens) -> Iterator[BaseMailBox]:
    """Log in to the IMAP server, and out at the end.

    Raises AccountRefused for what the account's settings, or whoever runs the server, must mend, else Retry.
    """
    token = tokens.get() if settings.reads_by_token else ""
    try:
        mailbox = _entered(settings, token)
    except AccountRefused:
        if not token:
            raise
        mailbox = _entered(settings, tokens.get(other_than=token))  # a token may be taken back before its time
    try:
        yield mailbox
    finally:
        _leave(mailbox)


def _entered(settings: EmailSettings, token: str) -> BaseMailBox:
    """Return the mailbox, logged in to."""
    with _told("IMAP", settings.imap_host, settings.imap_port):
        mailbox = _open_mailbox(settings)
    try:
        with talking(mailbox, settings, seconds=IMAP_SECONDS):
            _log_in(mailbox, settings, token)
    except BaseException:
        _leave(mailbox)
        raise
    return mailbox


def _leave(mailbox: BaseMailBox) -> None:
    """Log out: the work is done or has failed already, and a server that doesn't say good-bye changes neither."""
    with suppress(OSError, imaplib.IMAP4.error, ImapToolsError):
        mailbox.client.sock.settimeout(FAREWELL_SECONDS)
        mailbox.logout()
    with suppress(OSError):
        mailbox.client.shutdown()


def _open_mailbox(settings: EmailSettings) -> BaseMailBox:
    context = None if settings.imap_security is Security.NONE else tls_context(settings)
    seen: list[socket.socket] = []
    with _deadline(lambda: seen[-1] if seen else None, seconds=IMAP_SECONDS):
        return Mailbox(Client(settings, context, reach=seen.append, seconds=IMAP_SECONDS))


def _log_in(mailbox: BaseMailBox, settings: EmailSettings, token: str) -> None:
    username = settings.imap_username or settings.address
    password = settings.imap_password.get_secret_value()
    log_in = mailbox.login if f"{username}{password}".isascii() else mailbox.login_utf8
    try:
        if token:
            words = _words_to_say(settings, token, username, settings.imap_host, settings.imap_port)
            mailbox.client.authenticate(settings.oauth_mechanism, lambda _challenge: next(words).encode())
        else:
            log_in(username, password, initial_folder=None)
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as error:
        raise MailboxLoginError(("NO", [single_line(str(error), limit=300)]), "OK") from error
    # What a server can do it often says only to those it knows; imaplib keeps the first answer.
    _, answer = mailbox.client.capability()
    mailbox.client.capabilities = tuple(answer[-1].decode("ascii", "replace").upper().split())


def _words_to_say(settings: EmailSettings, token: str, user: str, host: str, port: int) -> Iterator[str]:
    """Give what is said to a server that is logged in to by token: the token, then assent to being refused."""
    yield first_words(settings.oauth_mechanism, user=user, token=token, host=host, port=port)
    while True:
        yield last_words(settings.oauth_mechanism)


@contextmanager
def talking(mailbox: BaseMailBox, settings: EmailSettings, *, seconds: float) -> Iterator[None]:
    """Bound a few commands in time, and put what fails in words. Only IMAP commands belong inside."""
    with _told("IMAP", settings.imap_host, settings.imap_port), _deadline(lambda: mailbox.client.sock, seconds=seconds):
        yield


@contextmanager
def _deadline(connection: Callable[[], socket.socket | None], *, seconds: float) -> Iterator[None]:
    """Break the connection when the work inside takes longer: time-outs of single reads never end on a drip."""
    is_done, is_over = threading.Event(), threading.Event()

    def watch() -> None:
        wait = seconds
        while not is_done.wait(wait):
            is_over.set()
            _break(connection())
            wait = AGAIN_SECONDS  # there may be no socket yet, or TLS be taking it over

    threading.Thread(target=watch, name="deadline", daemon=True).start()
    try:
        yield
    except (OSError, imaplib.IMAP4.error) as error:
        if is_over.is_set():
            raise TimeoutError(f"no end after {seconds:g} seconds") from error
        raise
    finally:
        is_done.set()


def _break(connection: socket.socket | None) -> None:
    """End what another thread waits for; TLS's own shutdown would pull its state from under that thread."""
    with suppress(OSError):
        if connection is not None:
            socket.socket.shutdown(connection, socket.SHUT_RDWR)


@contextmanager
def smtp_connection(settings: EmailSettings, tokens: Tokens) -> Iterator[smtplib.SMTP]:
    """Connect and log in to the SMTP server.

    Raises AccountRefused for what the account's settings, or whoever runs the server, must mend, else Retry.

    Everything inside together may take ``MESSAGE_SECONDS``, and Retry is raised then.
    """
    if not settings.smtp_host:
        raise Refused("This account has no SMTP server, so it can't send; set smtp_host.")
    with _told("SMTP", settings.smtp_host, settings.smtp_port):
        token = tokens.get() if settings.sends_by_token else ""
        server = _make_smtp(settings)
        try:
            with _deadline(lambda: server.sock, seconds=MESSAGE_SECONDS):
                try:
                    _open_smtp(server, settings, token)
                except smtplib.SMTPAuthenticationError as error:
                    if not token or error.smtp_code < 500:
                        raise
                    server.close()  # a token may be taken back before its time; a new one is refused for good
                    _open_smtp(server, settings, tokens.get(other_than=token))
                yield server
        finally:
            _close_smtp(server)


def _make_smtp(settings: EmailSettings) -> smtplib.SMTP:
    """Return what is not connected yet, so that the deadline has it in hand from the first byte."""
    if settings.smtp_security is Security.TLS:
        context = tls_context(settings)
        server: Any = smtplib.SMTP_SSL(local_hostname=settings.domain, timeout=SMTP_SECONDS, context=context)
    else:
        server = smtplib.SMTP(local_hostname=settings.domain, timeout=SMTP_SECONDS)
    server._host = settings.smtp_host  # the name that TLS verifies; smtplib takes it only where it connects at once
    return cast("smtplib.SMTP", server)


def _open_smtp(server: smtplib.SMTP, settings: EmailSettings, token: str) -> None:
    """Connect and log in. What is refused for good before any mail is spoken of is refused to the account."""
    try:
        _greet(server, settings, token)
    except smtplib.SMTPAuthenticationError:
        raise
    except smtplib.SMTPResponseException as error:
        if not 500 <= error.smtp_code < 600 or error.smtp_code == LOG_IN_FIRST:
            raise
        raise account_refused(settings, error) from error


def account_refused(settings: EmailSettings, error: smtplib.SMTPResponseException) -> AccountRefused:
    """Return that the server takes no mail at all from this account: its messages wait until that is mended."""
    return AccountRefused(
        f"The SMTP server {settings.smtp_host}:{settings.smtp_port} takes no mail from this account: {_words(error)}"
        " Ask whoever runs that server, or correct the account's settings."
    )


def _greet(server: smtplib.SMTP, settings: EmailSettings, token: str) -> None:
    server.ehlo_resp = server.helo_resp = None  # of a connection before this one
    code, greeting = server.connect(settings.smtp_host, settings.smtp_port)
    if code != 220:
        raise smtplib.SMTPConnectError(code, greeting)
    if settings.smtp_security is Security.STARTTLS:
        server.starttls(context=tls_context(settings))
    server.ehlo_or_helo_if_needed()
    if token:
        user = settings.smtp_username or settings.address
        words = _words_to_say(settings, token, user, settings.smtp_host, settings.smtp_port)
        server.auth(settings.oauth_mechanism.upper(), lambda _challenge=None: next(words))
    elif settings.smtp_username:
        server.login(settings.smtp_username, settings.smtp_password.get_secret_value())


def _close_smtp(server: smtplib.SMTP) -> None:
    """Say good-bye; what the server took it keeps, whether it answers or not."""
    with suppress(OSError), _deadline(lambda: server.sock, seconds=FAREWELL_SECONDS):
        if server.sock is not None:
            server.sock.settimeout(FAREWELL_SECONDS)
            server.quit()
    server.close()


@contextmanager
def _told(protocol: str, host: str, port: int) -> Iterator[None]:
    """Turn what libraries raise into Retry or Refused with a sentence."""
    where = f"The {protocol} server {host}:{port}"
    try:
        yield
    except (MailboxLoginError, smtplib.SMTPAuthenticationError) as error:
        raise _login_error(where, error) from error
    except smtplib.SMTPNotSupportedError as error:
        raise AccountRefused(
            f"{where} can't do what the settings ask for: {_words(error)} Change the security or the login."
        ) from error
    except smtplib.SMTPResponseException as error:
        if error.smtp_code == LOG_IN_FIRST:
            raise _login_error(where, error) from error
        raise (Refused if 500 <= error.smtp_code < 600 else Retry)(f"{where} refuses: {_words(error)}") from error
    except ssl.SSLCertVerificationError as error:
        raise Retry(
            f"{where} shows a certificate that can't be trusted: {error.verify_message}. "
            "Correct the host name, or name the authority's file in ca_file."
        ) from error
    except ssl.SSLError as error:
        raise Retry(
            f"{where} doesn't speak TLS as expected: {error.reason}. Check the port and the security."
        ) from error
    except UnicodeError as error:
        raise AccountRefused(
            f"{where} takes only ASCII as host name, user name and password; correct the settings."
        ) from error
    except TimeoutError as error:
        raise Retry(f"{where} doesn't answer in time ({error}).") from error
    except (OSError, smtplib.SMTPException, imaplib.IMAP4.error, ImapToolsError) as error:
        raise Retry(f"{where} failed: {_words(error)}") from error


def _login_error(where: str, error: Exception) -> Retry:
    if isinstance(error, smtplib.SMTPAuthenticationError) and error.smtp_code < 500:
        return Retry(f"{where} takes no login now: {_words(error)}")
    return AccountRefused(f"{where} doesn't accept this login: {_words(error)} {_NO_USER}")


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return reply_text(error.smtp_code, error.smtp_error)
    text = single_line(str(error), limit=300) or type(error).__name__
    return text if text.endswith(".") else f"{text}."


def reply_text(code: int, text: bytes | str) -> str:
    """Return an SMTP reply on one line."""
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return single_line(f"{code} {words}", limit=400)
