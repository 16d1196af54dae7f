"""The email channel keeps the contract of channels, with a mail server of the test's own."""

from collections.abc import Mapping, Sequence
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import formataddr
from typing import Any

from helpdesk_email.channel import Email

from helpdesk.sdk.channel import File, Identity, InboundRequest
from helpdesk.sdk.testing.channel import Carried, ChannelContract, Outcome
from helpdesk.sdk.testing.kit import Kit
from tests.servers.smtp import SmtpServer

ANSWERS = {Outcome.LATER: "451 4.3.0 Come again", Outcome.REFUSED: "550 5.1.1 There is no such mailbox"}


class TestEmail(ChannelContract):
    """Mail in as raw bytes, mail out by SMTP."""

    channel = Email
    server: SmtpServer
    taken: tuple[bytes, ...] = ()

    def arrange(self, kit: Kit) -> None:
        self.server = kit.enter(SmtpServer(users={"support": "a peculiar password"}))
        kit.allow(self.server.host, self.server.port)

    def settings_for(self, kit: Kit) -> Mapping[str, Any]:
        plain = {"address": "support@desk.example", "sender_name": "고객센터", "plus_addressing": False}
        server = getattr(self, "server", None)
        if server is None:
            return plain
        login = {"smtp_username": "support", "smtp_password": "a peculiar password"}
        return plain | login | {"smtp_host": server.host, "smtp_port": server.port, "smtp_security": "none"}

    def inbound(self, text: str, *, external_id: str, sender: Identity, files: Sequence[File] = ()) -> InboundRequest:
        mail = EmailMessage(policy=policy.SMTP)
        mail["From"] = formataddr((sender.name, sender.value))
        mail["To"] = "support@desk.example"
        mail["Subject"] = "Contract"
        mail["Message-ID"] = f"<{external_id}@shop.example>"
        mail.set_content(text)
        for file in files:
            kind, _, sort = file.content_type.partition("/")
            mail.add_attachment(file.data, maintype=kind, subtype=sort, filename=file.filename)
        return self.request(mail.as_bytes())

    def provide(self, kit: Kit, outcome: Outcome) -> None:
        self.taken += tuple(message.raw for message in self.server.received)
        self.server.clear()
        if outcome in ANSWERS:
            self.server.answer(ANSWERS[outcome])

    def sent(self, kit: Kit) -> Sequence[Carried]:
        raws = (*self.taken, *(message.raw for message in self.server.received))
        return [_carried(message_from_bytes(raw, policy=policy.default)) for raw in raws]


def _carried(mail: EmailMessage) -> Carried:
    text = mail.get_body(("plain",))
    assert text is not None
    files = [
        File(part.get_filename() or "", part.get_content_type(), part.get_content()) for part in mail.iter_attachments()
    ]
    return Carried(text.get_content(), tuple(files))
