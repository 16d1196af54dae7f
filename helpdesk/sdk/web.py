"""Pages and webhooks of a whole plugin, under ``/{service}/p/<plugin>/``.

A ``page`` answers at once. A ``webhook`` is for providers that must not wait, and whose calls must not
be lost: the bytes are verified and stored, answered with 200, and understood by a worker, at least once.
The plugin is handed raw bytes, before anybody has read them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from helpdesk.sdk.errors import Unverified
from helpdesk.sdk.plugin import HookKind, Method, mark

__all__ = ["METHODS", "Unverified", "WebAnswer", "WebRequest", "page", "webhook"]

METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""What a page may answer; a page that answers GET answers HEAD by itself."""


@dataclass(frozen=True, slots=True)
class WebRequest:
    """A request as it came. Header names are lower case; ``path`` is what follows the plugin's own address.

    ``address`` is the caller's, as far as proxies are trusted.
    """

    method: str
    path: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    address: str = ""
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class WebAnswer:
    """An answer. A text is sent as UTF-8. The desk adds the headers that keep browsers safe; no script runs."""

    body: str | bytes = ""
    status: int = 200
    content_type: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


def page(path: str, *, methods: tuple[str, ...] = ("GET",)) -> Callable[[Method], Method]:
    """Answer requests at ``/{service}/p/<plugin>/<path>`` by ``method(host, request) -> WebAnswer``, in 10 seconds.

    Anybody may ask: a page that is not for everybody checks who asks.
    """
    return mark(HookKind.PAGE, path=path, methods=methods)


def webhook(path: str, *, verify: Callable[[Any, Any, WebRequest], None]) -> Callable[[Method], Method]:
    """Take POST requests at the path: ``verify(plugin, host, request)`` at once, ``method(host, request)`` later.

    ``verify`` raises Unverified unless the provider sent this, and has five seconds; the method has two minutes, runs
    in a worker, maybe twice, and raises Retry to be called again later, or Refused to give up.
    """
    return mark(HookKind.WEBHOOK, path=path, verify=verify)
