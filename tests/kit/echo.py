"""A good echo channel, as its author would write it: signed JSON in, JSON out."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterable
from typing import ClassVar

from pydantic import Field, SecretStr

from helpdesk.sdk.channel import (
    Channel,
    ChannelSettings,
    File,
    Identity,
    Inbound,
    InboundRequest,
    Outbound,
    Refused,
    Retry,
    Sent,
    Unverified,
    WindowClosed,
)


class EchoSettings(ChannelSettings):
    """What an account needs."""

    url: str = Field(description="Where messages are sent to.")
    token: SecretStr = Field(description="The secret that signs what comes in.")


class Echo(Channel):
    """JSON in, JSON out."""

    title: ClassVar = {"en": "Echo", "ko": "에코"}
    identity_kind = "user_key"
    Settings: ClassVar = EchoSettings

    def verify(self, request: InboundRequest) -> None:
        wanted = hmac.digest(self.settings.token.get_secret_value().encode(), request.body, hashlib.sha256).hex()
        if not hmac.compare_digest(request.headers.get("x-echo-signature", "").encode(), wanted.encode()):
            raise Unverified("The signature does not fit.")

    def receive(self, request: InboundRequest) -> Iterable[Inbound]:
        try:
            data = json.loads(request.body)
            sender = Identity("user_key", str(data["from"]), str(data.get("name", "")))
            files = [File(one["name"], one["type"], base64.b64decode(one["data"])) for one in data.get("files", [])]
            return [Inbound(str(data["id"]), sender, str(data["text"]), files=tuple(files))]
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise Refused(f"This is no message: {error}.") from error

    def send(self, message: Outbound) -> Sent:
        files = [
            {"name": one.filename, "type": one.content_type, "data": base64.b64encode(one.data).decode()}
            for one in message.files
        ]
        body = {"key": message.key, "to": message.recipients[0].value, "text": message.text, "files": files}
        answer = self.http.request("POST", self.settings.url, json=body)
        if answer.status >= 500 or answer.status == 429:
            raise Retry(f"Echo answers {answer.status}.")
        if answer.status == 403:
            raise WindowClosed("Echo has closed the conversation.")
        if answer.status >= 300:
            raise Refused(f"Echo refuses the message ({answer.status}).")
        return Sent()
