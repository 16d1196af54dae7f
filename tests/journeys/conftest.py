"""A whole desk of separate processes, and the mailboxes of the people in a journey."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.factories.calls import Calls
from tests.factories.processes import Site, eventually
from tests.journeys.letters import Letter
from tests.servers.dovecot import DovecotServer
from tests.servers.smtp import SmtpServer

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Journey:
    """A desk that runs, a partner who calls it, and the mailboxes of the desk and of one customer."""

    site: Site
    calls: Calls
    dovecot: DovecotServer
    smtp: SmtpServer
    support: str
    customer: str

    def open_account(self) -> None:
        """Make the desk's mail account by GraphQL, with TLS to the mailbox, and see that it works."""
        settings: dict[str, Any] = {
            "address": self.support,
            "sender_name": "데모 고객센터",
            "imap_host": "localhost",
            "imap_port": self.dovecot.tls_port,
            "imap_password": self.dovecot.password,
            "ca_file": str(self.dovecot.certificate.certificate),
            "smtp_host": self.smtp.host,
            "smtp_port": self.smtp.port,
            "smtp_security": "none",
        }
        account = self.calls.do("ChannelAccountCreate", driver="email", name="Support", settings=settings)["account"]
        assert account["isPrimary"]
        assert "imap_password" not in account["settings"]
        assert self.calls.do("ChannelAccountTest", id=account["id"])["isOk"]

    def mail_to_customer(self, count: int) -> Letter:
        """Return the newest mail in the customer's mailbox once there are so many."""

        def arrived() -> list[bytes]:
            found = self.dovecot.messages(self.customer)
            return found if len(found) >= count else []

        return Letter.read(eventually(arrived, seconds=20, what="A mail for the customer")[-1])


@pytest.fixture(params=["sqlite", "postgres and redis"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    """A place for a desk: everything in a folder, or on PostgreSQL and Redis."""
    if request.param == "sqlite":
        made = Site(tmp_path / "desk")
    else:
        redis = request.getfixturevalue("redis_server")
        redis.flush()
        database_url = request.getfixturevalue("postgres_server").create_database()
        made = Site(tmp_path / "desk", database_url=database_url, redis_url=redis.url)
    yield made
    made.close()


@pytest.fixture
def journey(site: Site, dovecot: DovecotServer, smtp_server: SmtpServer) -> Iterator[Journey]:
    """A running desk, web and worker apart, whose mail goes into real mailboxes."""
    number = next(_numbers)
    smtp_server.deliver_to(dovecot)
    key = site.make()
    site.web(workers=2 if site.environment["HELPDESK_DATABASE_URL"] else 1)
    site.worker()
    with Calls(site.url, key) as calls:
        support, customer = dovecot.new_user(), f"minji{number}@shop.example"
        yield Journey(site, calls, dovecot, smtp_server, support, customer)
