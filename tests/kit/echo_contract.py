"""How the author of the echo channel tells the contract of the outside."""

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence

from helpdesk.sdk.channel import File, Identity, InboundRequest
from helpdesk.sdk.testing.channel import Carried, ChannelContract
from helpdesk.sdk.testing.kit import HttpCall
from tests.kit.echo import Echo

TOKEN = "a peculiar secret 9f31"


class EchoContract(ChannelContract):
    """The contract of the good echo; broken ones take its place in ``channel``."""

    channel = Echo
    name = "echo"
    settings = {"url": "https://echo.example/send", "token": TOKEN}  # noqa: RUF012  # a mapping that nobody changes
    has_window = True
    is_verified = True
    signs_body = True

    def request(self, body: bytes) -> InboundRequest:
        return InboundRequest(body, {"x-echo-signature": hmac.digest(TOKEN.encode(), body, hashlib.sha256).hex()})

    def inbound(self, text: str, *, external_id: str, sender: Identity, files: Sequence[File] = ()) -> InboundRequest:
        sent = [
            {"name": one.filename, "type": one.content_type, "data": base64.b64encode(one.data).decode()}
            for one in files
        ]
        body = {"id": external_id, "from": sender.value, "name": sender.name, "text": text, "files": sent}
        return self.request(json.dumps(body).encode())

    def carried(self, call: HttpCall) -> Carried | None:
        data = call.json()
        files = [File(one["name"], one["type"], base64.b64decode(one["data"])) for one in data["files"]]
        return Carried(data["text"], tuple(files))
