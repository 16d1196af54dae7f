"""Owns the access tokens of an account: asked for, kept until shortly before their end, and said to a mail server.

The refresh token is read from the desk's vault at every use, since another worker may have got a new one, and a
new one is kept there before anything else is done. An OAuth library lost: each calls by an HTTP client of its own,
past the desk's guard, and what is left of it is one form.
"""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from helpdesk.sdk.channel import AccountRefused, Channel, HttpResponse, Retry
from helpdesk_email.cleaning import single_line
from helpdesk_email.settings import EmailSettings, Grant, Mechanism

REFRESH_TOKEN = "oauth_refresh_token"  # noqa: S105  # the name of a setting
EARLY_SECONDS = 60.0
USUAL_SECONDS = 3600.0  # of a token whose server does not say how long it holds (RFC 6749, 5.1)
MAX_BYTES = 65_536
MOST_LOOKS, LOOK_SECONDS = 10, 0.2
_FOR_NOW = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    until: float


class Tokens:
    """The access tokens of one account; asked by many threads at once."""

    def __init__(self, channel: Channel, settings: EmailSettings) -> None:
        self._channel, self._settings = channel, settings
        self._lock = threading.Lock()
        self._token: _Token | None = None

    def get(self, *, other_than: str = "") -> str:
        """Return a token that holds for a minute at least, and is another one than a server has refused.

        Raises AccountRefused when the token server grants none, and Retry.
        """
        with self._lock:
            token = self._token
            if token is None or token.text == other_than or time.monotonic() > token.until:
                token = self._token = self._granted()
            return token.text

    def _granted(self) -> _Token:
        if self._settings.oauth_grant is Grant.CLIENT_CREDENTIALS:
            return self._token_of(self._ask({"grant_type": "client_credentials"}))
        used = self._channel.vault.read(REFRESH_TOKEN)
        answer = self._ask({"grant_type": "refresh_token", "refresh_token": used})
        if _error_of(answer) == "invalid_grant" and (newer := self._newer_than(used)):
            used = newer
            answer = self._ask({"grant_type": "refresh_token", "refresh_token": used})
        token = self._token_of(answer)
        changed = answer.json().get("refresh_token")
        if isinstance(changed, str) and changed and changed != used:
            self._channel.vault.replace(REFRESH_TOKEN, used, changed)
        return token

    def _newer_than(self, used: str) -> str:
        """Return the refresh token that another worker is just about to keep, or nothing if none comes soon."""
        for _ in range(MOST_LOOKS):
            kept = self._channel.vault.read(REFRESH_TOKEN)
            if kept != used:
                return kept
            time.sleep(LOOK_SECONDS)
        return ""

    def _ask(self, grant: Mapping[str, str]) -> HttpResponse:
        settings = self._settings
        secret = settings.oauth_client_secret.get_secret_value()
        form = {**grant, "client_id": settings.oauth_client_id}
        form |= {"client_secret": secret} if secret else {}
        form |= {"scope": settings.oauth_scope} if settings.oauth_scope else {}
        headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
        content = urlencode(form).encode()
        url = settings.oauth_url
        return self._channel.http.request("POST", url, headers=headers, content=content, max_bytes=MAX_BYTES)

    def _token_of(self, answer: HttpResponse) -> _Token:
        """Return the token of an answer. Raises what it says instead."""
        where = f"The token server {self._settings.oauth_url}"
        if answer.status >= 500 or answer.status in _FOR_NOW:
            raise Retry(f"{where} gives no token now (status {answer.status}).", after_seconds=_wish(answer))
        if answer.status != 200:
            raise _refusal(where, answer)
        told = _object(answer)
        text, seconds = told.get("access_token"), told.get("expires_in")
        if not isinstance(text, str) or not (text.isascii() and text.isprintable() and text):
            raise Retry(f"{where} answers without a token.")
        holds = float(seconds) if isinstance(seconds, int | float | str) and str(seconds).isdigit() else USUAL_SECONDS
        return _Token(text, time.monotonic() + holds - EARLY_SECONDS)


def _refusal(where: str, answer: HttpResponse) -> AccountRefused:
    told = _object(answer)
    error = single_line(str(told.get("error") or f"status {answer.status}"), limit=100)
    details = single_line(str(told.get("error_description") or ""), limit=300)
    said = f"{error}: {details}" if details else error
    if error == "invalid_grant":
        return AccountRefused(
            f"{where} takes the account's permission no more ({said}). Reconnect the account: let its owner grant"
            " access anew, and set the new oauth_refresh_token.",
            must_reconnect=True,
        )
    return AccountRefused(f"{where} grants no token ({said}). Correct the settings that begin with oauth_.")


def _error_of(answer: HttpResponse) -> str:
    return str(_object(answer).get("error", "")) if answer.status in (400, 401) else ""


def _object(answer: HttpResponse) -> Mapping[str, Any]:
    try:
        told = answer.json()
    except Retry:
        return {}
    return told if isinstance(told, dict) else {}


def _wish(answer: HttpResponse) -> float | None:
    wish = answer.headers.get("retry-after", "")
    return float(wish) if wish.isascii() and wish.isdigit() else None


def first_words(mechanism: Mechanism, *, user: str, token: str, host: str, port: int) -> str:
    """Return what a mail program says first, by the mechanism, to log in with a token."""
    if mechanism is Mechanism.XOAUTH2:
        return f"user={user}\x01auth=Bearer {token}\x01\x01"
    name = user.replace("=", "=3D").replace(",", "=2C")
    return f"n,a={name},\x01host={host}\x01port={port}\x01auth=Bearer {token}\x01\x01"


def last_words(mechanism: Mechanism) -> str:
    """Return what a mail program says to a server that has told why it refuses, so that it may end the log-in."""
    return "" if mechanism is Mechanism.XOAUTH2 else "\x01"
