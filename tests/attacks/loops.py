"""Two help desks that write to each other by real mail, and machines that answer whatever comes in."""

from dataclasses import dataclass, field
from typing import Any

from helpdesk.channels import inbox
from helpdesk.channels.queries import accounts_of_service
from helpdesk.kernel import actors
from helpdesk.kernel.paging import Window
from helpdesk.tickets import operations, queries
from helpdesk.tickets.rules import Body, MessageKind
from tests.factories.client import Caller, log_in
from tests.factories.desk import Desk, make_desk
from tests.servers.smtp import SmtpServer

LARGEST = 1_000_000


@dataclass
class Side:
    """One service with a mail account, and a machine that answers every message of a customer's, naively."""

    desk: Desk
    address: str
    account_id: int
    answered: set[int] = field(default_factory=set)

    def take(self, raw: bytes) -> None:
        """Let a mail come in."""
        inbox.store(self.account_id, self.desk.service_id, raw, largest=LARGEST)
        self.desk.run_jobs()

    def inquiries(self) -> list[Any]:
        """Return all that came in, oldest ticket first."""
        rows = queries.load(queries.TicketRow, queries.matching(self.desk.service_id))
        pages = queries.messages_of_tickets(sorted(row.id for row in rows), Window(first=100))
        return [row for page in pages for row in page.rows if row.kind is MessageKind.INQUIRY]

    def answer_all(self, text: str = "접수되었습니다. We have got your message.") -> None:
        """Answer every message that has not been answered yet, as a trigger on each new message does."""
        for row in self.inquiries():
            if row.id not in self.answered:
                self.answered.add(row.id)
                operations.reply(actors.system(self.desk.service_id), row.ticket_id, Body(text))
        self.desk.run_jobs()


def side(caller: Caller, desk: Desk, server: SmtpServer, *, slug: str, address: str, authserv_id: str = "") -> Side:
    """Make a service with a mail account at the address, or give the desk's own service one."""
    made = desk if slug == caller.slug else make_desk(desk.settings, slug=slug)
    administrator = log_in(caller.but(slug=slug), "admin@demo.example")
    settings = {"address": address, "smtp_host": server.host, "smtp_port": server.port, "smtp_security": "none"}
    settings["authserv_id"] = authserv_id
    administrator.done("ChannelAccountCreate", driver="email", name="Mail", settings=settings)
    (account,) = accounts_of_service(made.service_id)
    return Side(made, address, account.id)


def mail(*, sender: str, to: str, subject: str = "Hello", text: str = "Hello", **headers: str) -> bytes:
    """Return a mail as a person writes it; headers are named with underscores."""
    given = {"From": sender, "To": to, "Subject": subject}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    return "".join(f"{name}: {value}\r\n" for name, value in given.items()).encode() + b"\r\n" + text.encode() + b"\r\n"
