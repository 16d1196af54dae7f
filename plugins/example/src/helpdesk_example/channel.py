"""A channel: JSON in, proven by a token in a header; JSON out, with the token as a bearer."""

import hmac
from collections.abc import Iterable
from typing import ClassVar

from pydantic import BaseModel, Field, HttpUrl, SecretStr, ValidationError

from helpdesk.sdk.channel import (
    Channel,
    ChannelSettings,
    Identity,
    Inbound,
    InboundRequest,
    Outbound,
    Refused,
    Retry,
    Sent,
    Unverified,
)


class ExampleSettings(ChannelSettings):
    """What an account needs to know."""

    url: HttpUrl = Field(description="Address that answers are posted to.")
    token: SecretStr = Field(description="Proves who calls, both ways.")


class _Said(BaseModel):
    id: str = Field(min_length=1)
    sender: str = Field(alias="from", min_length=1, max_length=200)
    name: str = ""
    text: str


class Example(Channel):
    """Takes ``{"id", "from", "name", "text"}`` and posts ``{"id", "to", "text"}``."""

    title: ClassVar = {"en": "Example", "ko": "예시"}
    identity_kind = "user_key"
    Settings = ExampleSettings
    settings: ExampleSettings

    def verify(self, request: InboundRequest) -> None:
        """Believe who knows the token."""
        token = self.settings.token.get_secret_value().encode()
        if not hmac.compare_digest(request.headers.get("x-token", "").encode("utf-8", "replace"), token):
            raise Unverified("The token in X-Token is not the account's.")

    def receive(self, request: InboundRequest) -> Iterable[Inbound]:
        """Read one message."""
        try:
            said = _Said.model_validate_json(request.body)
        except ValidationError as error:
            problem = error.errors(include_url=False, include_input=False)[0]
            raise Refused(f"This is no message: {problem['loc']}: {problem['msg']}.") from None
        return [Inbound(said.id, Identity(self.identity_kind, said.sender, said.name), said.text)]

    def send(self, message: Outbound) -> Sent:
        """Post one message."""
        answer = self.http.request(
            "POST",
            str(self.settings.url),
            headers={"authorization": f"Bearer {self.settings.token.get_secret_value()}"},
            json={"id": message.key, "to": [one.value for one in message.recipients], "text": message.text},
        )
        if answer.status == 429 or answer.status >= 500:
            raise Retry(f"The provider answered {answer.status}.")
        if answer.status >= 300:
            raise Refused(f"The provider answered {answer.status}.")
        return Sent()
