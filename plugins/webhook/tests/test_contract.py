"""The webhook channel keeps the contract of every channel."""

import base64
import json
from collections.abc import Sequence
from typing import ClassVar

from helpdesk_webhook.channel import Webhook
from helpdesk_webhook.signing import signed
from pydantic import SecretStr

from helpdesk.sdk.channel import File, Identity, InboundRequest
from helpdesk.sdk.testing.channel import Carried, ChannelContract
from helpdesk.sdk.testing.kit import HttpCall

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class TestWebhook(ChannelContract):
    """A sender and a receiver that know the secret."""

    channel = Webhook
    settings: ClassVar = {"url": "https://shop.example/desk", "secret": SECRET}
    is_verified = True
    signs_body = True

    def request(self, body: bytes, *, webhook_id: str = "msg_1") -> InboundRequest:
        """Sign a body."""
        return InboundRequest(body, signed(body, webhook_id, SecretStr(SECRET)))

    def inbound(self, text: str, *, external_id: str, sender: Identity, files: Sequence[File] = ()) -> InboundRequest:
        """Bring a message."""
        person = {"kind": sender.kind, "value": sender.value, "name": sender.name}
        carried = [
            {"filename": one.filename, "content_type": one.content_type, "data": base64.b64encode(one.data).decode()}
            for one in files
        ]
        return self.request(
            json.dumps({"from": person, "text": text, "files": carried}).encode(), webhook_id=external_id
        )

    def carried(self, call: HttpCall) -> Carried | None:
        """Read a message; a ping brings none."""
        message = call.json()
        if message["type"] != "message":
            return None
        files = [File(one["filename"], one["content_type"], base64.b64decode(one["data"])) for one in message["files"]]
        return Carried(message["text"], tuple(files))
