"""Owns a token server for tests: the token endpoint of an OAuth provider, and the introspection that Dovecot asks.

It grants access tokens for a refresh token or for the program's own secret, changes the refresh token when told to,
and refuses when told to. Its protocol is RFC 6749 (5.1, 5.2, 6) and RFC 7662.
"""

import json
import secrets
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs

from tests.servers.ports import free_port

CLIENT = "desk-client"
CLIENT_SECRET = "client-secret"  # of a test
FIRST_REFRESH_TOKEN = "refresh-1"  # of a test


class TokenServer:
    """A provider whose tokens are good for one user each; ``asked`` holds every form that its token endpoint got."""

    host = "127.0.0.1"

    def __init__(self, user: str, *, port: int | None = None) -> None:
        self.user = user
        self.port = port or free_port()
        self.refresh_token = FIRST_REFRESH_TOKEN
        self.rotates = False
        self.holds_seconds = 3600
        self.refusal: tuple[int, Mapping[str, str]] | None = None
        self.asked: list[dict[str, str]] = []
        self._good: set[str] = set()
        self._server = ThreadingHTTPServer((self.host, self.port), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        """Return the address of the token endpoint."""
        return f"http://{self.host}:{self.port}/token"

    def settings(self, **changes: str) -> dict[str, str]:
        """Return what a mail account must be told to get tokens here."""
        plain = {
            "oauth_grant": "refresh_token",
            "oauth_url": self.url,
            "oauth_client_id": CLIENT,
            "oauth_client_secret": CLIENT_SECRET,
            "oauth_refresh_token": FIRST_REFRESH_TOKEN,
        }
        return plain | changes

    def take_back(self) -> None:
        """Let no token be good any more that was granted so far; the permission stays."""
        self._good.clear()

    def is_good(self, token: str) -> bool:
        """Return whether a mail server is to believe the token."""
        return token in self._good

    def answer(self, path: str, form: dict[str, str]) -> tuple[int, Mapping[str, Any]]:
        """Answer a form as the endpoint of the path does."""
        if path.startswith("/introspect"):
            is_good = self.is_good(form.get("token", ""))
            return 200, {"active": is_good, "username": self.user, "scope": "mail"} if is_good else {"active": False}
        self.asked.append(form)
        if self.refusal is not None:
            return self.refusal
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT, CLIENT_SECRET):
            return 401, {"error": "invalid_client"}
        if form.get("grant_type") == "client_credentials":
            return 200, self._granted()
        if form.get("refresh_token") != self.refresh_token:
            return 400, {"error": "invalid_grant", "error_description": "The token was revoked."}
        return 200, self._granted() | self._changed()

    def _granted(self) -> dict[str, Any]:
        token = secrets.token_urlsafe(24)
        self._good.add(token)
        return {"access_token": token, "token_type": "Bearer", "expires_in": self.holds_seconds}

    def _changed(self) -> dict[str, Any]:
        if not self.rotates:
            return {}
        self.refresh_token = f"refresh-{secrets.token_urlsafe(8)}"
        return {"refresh_token": self.refresh_token}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                form = {name: values[0] for name, values in parse_qs(self.rfile.read(length).decode()).items()}
                status, told = provider.answer(self.path, form)
                body = json.dumps(told).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        return Handler
