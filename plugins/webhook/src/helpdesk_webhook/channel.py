"""Owns the Channel that the desk loads: one message of JSON in a request, one in an answer, both signed."""

from collections.abc import Iterable
from secrets import token_hex
from typing import ClassVar

from pydantic import Field, HttpUrl

from helpdesk.sdk.channel import Channel, ChannelSettings, Inbound, InboundRequest, Outbound, Refused, Retry, Sent
from helpdesk_webhook.payload import read, written
from helpdesk_webhook.retry_after import wish_of
from helpdesk_webhook.signing import Secret, prove, signed

LATER = frozenset({408, 425, 429})


class WebhookSettings(ChannelSettings):
    """What an account needs to know."""

    url: HttpUrl = Field(description="Address that answers are posted to.")
    secret: Secret = Field(description="Signs both ways: whsec_ and 24 to 64 random bytes in base64.")
    previous_secret: Secret | None = Field(None, description="Secret that is on its way out; still believed.")


class Webhook(Channel):
    """Messages come in and go out as signed JSON."""

    title: ClassVar = {"en": "Webhook", "ko": "웹훅"}
    identity_kind = "user_key"
    Settings = WebhookSettings
    settings: WebhookSettings

    def verify(self, request: InboundRequest) -> None:
        """Believe who knows a secret, and signed within five minutes."""
        prove(request, (self.settings.secret, self.settings.previous_secret))

    def receive(self, request: InboundRequest) -> Iterable[Inbound]:
        """Read the one message of a request; its id makes a replay a duplicate."""
        return [read(request.body, webhook_id=request.headers.get("webhook-id", ""))]

    def identify(self, message: Outbound) -> str:
        """Return the webhook-id: the same at every try."""
        return message.external_id or f"msg_{message.key}"

    def send(self, message: Outbound) -> Sent:
        """Post the message to the receiver."""
        self._post(written(message, self.identify(message)), self.identify(message))
        return Sent(self.identify(message))

    def check(self) -> None:
        """Post a ping, which the receiver answers as it would a message."""
        self._post(b'{"type":"ping"}', f"ping_{token_hex(8)}")

    def _post(self, body: bytes, webhook_id: str) -> None:
        headers = signed(body, webhook_id, self.settings.secret)
        answer = self.http.request("POST", str(self.settings.url), headers=headers, content=body)
        if answer.status in LATER or answer.status >= 500:
            raise Retry(f"The receiver answered {answer.status}.", after_seconds=wish_of(answer))
        if not 200 <= answer.status < 300:
            raise Refused(f"The receiver answered {answer.status}.")
