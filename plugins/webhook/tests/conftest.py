"""Owns what the tests of the webhook channel share: an account, and an outside that answers as it is told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from helpdesk_webhook.channel import Webhook, WebhookSettings

from helpdesk.sdk.channel import HttpResponse

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # that of the specification's vectors


@dataclass
class Outside:
    """A receiver: keeps what it is called with, and answers with a status."""

    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    calls: list[tuple[str, str, Mapping[str, str], bytes]] = field(default_factory=list)

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        json: Any = None,
        max_bytes: int = 0,
    ) -> HttpResponse:
        """Take a call."""
        self.calls.append((method, url, headers or {}, content or b""))
        return HttpResponse(self.status, self.headers, b"")


@pytest.fixture
def outside() -> Outside:
    """Give a receiver that takes everything."""
    return Outside()


@pytest.fixture
def webhook(outside: Outside) -> Webhook:
    """Give the channel of an account."""
    made = Webhook(WebhookSettings(url="https://shop.example/desk", secret=SECRET))
    made.http = outside
    return made
