"""Owns the Channel that the desk loads; each verb is a file of its own."""

from collections.abc import Iterable
from typing import ClassVar

from helpdesk.sdk.channel import Channel, DeliveryReport, Inbound, InboundRequest, Inlet, Outbound, Refused, Retry, Sent
from helpdesk_email import mailbox
from helpdesk_email.connections import smtp_connection
from helpdesk_email.reading import read
from helpdesk_email.settings import EmailSettings
from helpdesk_email.submission import submit
from helpdesk_email.tokens import Tokens
from helpdesk_email.writing import message_id_of


class Email(Channel):
    """Mail of one address: fetched by IMAP or handed in as raw bytes, sent by SMTP."""

    title: ClassVar = {"en": "Email", "ko": "이메일"}
    identity_kind = "email"
    Settings = EmailSettings
    listens = True
    reads_apart = True
    settings: EmailSettings

    def __init__(self, settings: EmailSettings) -> None:
        super().__init__(settings)
        self._tokens = Tokens(self, settings)

    def receive(self, request: InboundRequest) -> Iterable[Inbound | DeliveryReport]:
        """Read one mail. Raises Unreadable (a Refused) for one that is built to break its reader."""
        return [read(request, self.settings)]

    def send(self, message: Outbound) -> Sent:
        """Hand the mail to the SMTP server; ``verdicts`` name the recipients that it refused."""
        return submit(message, self.settings, self._tokens)

    def identify(self, message: Outbound) -> str:
        """Return the Message-ID, without brackets: the stored one, or the one made from the message's key."""
        return message_id_of(message, self.settings)

    def is_enabled_for_listening(self) -> bool:
        """Return whether an IMAP server is set."""
        return bool(self.settings.imap_host)

    def listen(self, inlet: Inlet) -> None:
        """Fetch from IMAP until the inlet says stop."""
        mailbox.listen(self.settings, self._tokens, inlet)

    def check(self) -> None:
        """Log in to the servers that are set; raise Refused with one sentence for each thing that is wrong."""
        has_server = self.settings.imap_host or self.settings.smtp_host
        problems = [] if has_server else ["It fetches nothing and sends nothing; set imap_host, smtp_host or both."]
        for is_set, attempt in (
            (self.settings.imap_host, self._check_imap),
            (self.settings.smtp_host, self._check_smtp),
        ):
            try:
                if is_set:
                    attempt()
            except (Refused, Retry) as error:
                problems.append(str(error))
        if problems:
            raise Refused(" ".join(problems))

    def _check_imap(self) -> None:
        mailbox.check_folders(self.settings, self._tokens)

    def _check_smtp(self) -> None:
        with smtp_connection(self.settings, self._tokens) as server:
            server.noop()
