"""Makes a desk that sends real mail to a test's SMTP server, and reads what arrived as a mail program does."""

from email import message_from_bytes, policy
from email.message import EmailMessage

from tests.factories.client import Caller, ticket
from tests.factories.desk import Desk
from tests.servers.smtp import Received, SmtpServer

SUPPORT = "support@desk.example"
AUTHSERV = "mx.desk.example"
CUSTOMER = "hong@customer.example"


def mail_account(caller: Caller, server: SmtpServer, **settings: str) -> None:
    """Set up the service's mail account, sending by the server."""
    plain = {"address": SUPPORT, "smtp_host": server.host, "smtp_port": server.port, "smtp_security": "none"}
    caller.done("ChannelAccountCreate", driver="email", name="Mail", settings=plain | settings)


def answered(
    desk: Desk, caller: Caller, server: SmtpServer, *, subject: str, name: str, files: list[str]
) -> tuple[Received, EmailMessage]:
    """Answer a new ticket with files of those ids and return the mail that goes out."""
    made = ticket(caller, subject=subject, customer={"email": CUSTOMER, "name": name})
    caller.done("TicketReply", ticketId=made["id"], body=f"Dear {name}", attachments=files)
    desk.run_jobs()
    (received,) = server.wait_for(1)
    mail = message_from_bytes(received.raw, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    return received, mail


def upload(caller: Caller, filename: str) -> str:
    """Send a small file and return the id to attach it by."""
    made = caller.done("UploadCreate", filename=filename, size=1)["upload"]
    path = made["url"].partition("://")[2].partition("/")[2]
    path = path[path.index("demo/uploads/") :]
    assert caller.send("PUT", f"/{path}", data=b"x").status_code == 204
    found: str = made["id"]
    return found
