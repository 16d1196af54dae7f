"""Echo, a channel for tests: what it is sent it keeps, and what comes in is JSON. Every fault can be ordered."""

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, ClassVar

from pydantic import SecretStr

from helpdesk.sdk.channel import (
    Channel,
    ChannelSettings,
    DeliveryReport,
    File,
    Identity,
    Inbound,
    InboundRequest,
    Nature,
    Outbound,
    RecipientVerdict,
    SenderProof,
    Sent,
    Unverified,
    Verdict,
)


class EchoSettings(ChannelSettings):
    """What an Echo account needs."""

    url: str = "https://echo.example"
    token: SecretStr = SecretStr("s3cret")


class Echo(Channel):
    """Keeps what it sends in ``sent``; asks ``on_send`` first, which may raise or answer instead."""

    title: ClassVar = {"en": "Echo", "ko": "에코"}
    Settings: ClassVar = EchoSettings
    sent: ClassVar[list[Outbound]] = []
    on_send: ClassVar[Callable[[Outbound], Sent | None] | None] = None

    @classmethod
    def reset(cls) -> None:
        """Forget what was sent and which faults were ordered."""
        cls.sent.clear()
        cls.on_send = None

    def verify(self, request: InboundRequest) -> None:
        if request.headers.get("x-echo-token", "s3cret") != self.settings.token.get_secret_value():
            raise Unverified("wrong token")

    def receive(self, request: InboundRequest) -> Iterable[Inbound | DeliveryReport]:
        data = json.loads(request.body)
        if data.get("garbage"):
            return ["garbage"]  # type: ignore[list-item]  # the fault that a test orders
        if "report" in data:
            is_permanent = data.get("is_permanent", False)
            verdict = RecipientVerdict(data["to"], Verdict(data["report"]), data.get("reason", ""), is_permanent)
            return [DeliveryReport(data["id"], (verdict,), self._message(data) if "message_id" in data else None)]
        return [self._message(data)]

    def _message(self, data: dict[str, Any]) -> Inbound:
        files = tuple(File(name, "text/plain", text.encode()) for name, text in data.get("files", {}).items())
        return Inbound(
            external_id=data.get("message_id", data["id"]),
            sender=Identity(data.get("kind", "email"), data["from"], data.get("name", "")),
            subject=data.get("subject", ""),
            text=data.get("text", ""),
            html=data.get("html"),
            files=files,
            answers=tuple(data.get("answers", ())),
            reply_token=data.get("reply_token"),
            ticket_number=data.get("ticket_number"),
            nature=Nature(data.get("nature", "person")),
            quoted_from=data.get("quoted_from"),
            html_quoted_from=data.get("html_quoted_from"),
            sent_at=datetime.fromisoformat(data["sent_at"]) if "sent_at" in data else None,
            proof=SenderProof(data.get("proof", "none")),
            proof_details=data.get("proof_details", ""),
            suspicion=data.get("suspicion", ""),
            fingerprint=data.get("fingerprint", ""),
            undeliverable=data.get("undeliverable", ""),
            forwarded_from=Identity("email", data["forwarded_from"]) if "forwarded_from" in data else None,
        )

    def identify(self, message: Outbound) -> str | None:
        return f"<{message.key}@echo.example>"

    def send(self, message: Outbound) -> Sent:
        answer = type(self).on_send(message) if type(self).on_send else None  # type: ignore[misc]
        self.sent.append(message)
        return answer or Sent()
