"""A desk that is going to be hurt: its place, its people, its mail account, and this process inside it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from helpdesk.channels import accounts
from helpdesk.kernel.settings import Settings
from tests.factories.client import open_to_partners
from tests.factories.desk import Desk, make_desk
from tests.factories.processes import Site
from tests.servers.dovecot import DovecotServer
from tests.servers.smtp import SmtpServer

SUPPORT = "support@desk.example"


@dataclass(frozen=True)
class Victim:
    """One desk, seen from inside (``desk``, ``settings``) and from outside (``site``, ``smtp``, ``key``)."""

    site: Site
    settings: Settings
    desk: Desk
    smtp: SmtpServer
    key: str
    account_id: int

    def listen_to(self, dovecot: DovecotServer, user: str) -> None:
        """Let the mail account fetch from a real mailbox."""
        fetching = {
            "imap_host": dovecot.host,
            "imap_port": dovecot.port,
            "imap_security": "none",
            "imap_username": user,
            "imap_password": dovecot.password,
        }
        accounts.update(self.desk.administrator, self.account_id, settings=fetching)


MakeVictim = Callable[..., Victim]


@pytest.fixture
def victim_on(request: pytest.FixtureRequest, tmp_path: Path, smtp_server: SmtpServer) -> Iterator[MakeVictim]:
    """A maker of desks: ``victim_on("sqlite")`` or ``victim_on("postgres")``, with ``redis=True`` or settings."""
    with ExitStack() as ending:

        def make(database: str, *, redis: bool = False, **extra: str) -> Victim:
            urls = {}
            if database == "postgres":
                urls["database_url"] = request.getfixturevalue("postgres_server").create_database()
            if redis:
                urls["redis_url"] = request.getfixturevalue("redis_server").url
            site = Site(tmp_path / "desk", **urls, **extra)
            settings = ending.enter_context(site.joined())
            ending.callback(site.close)
            return _settle(site, settings, smtp_server)

        yield make


def _settle(site: Site, settings: Settings, smtp: SmtpServer) -> Victim:
    """Make the people, a key for this machine, and the mail account."""
    desk = make_desk(settings)
    key = open_to_partners(desk)
    sending = {"address": SUPPORT, "smtp_host": smtp.host, "smtp_port": smtp.port, "smtp_security": "none"}
    account_id = accounts.create(desk.administrator, driver="email", name="Support", settings=sending)
    return Victim(site, settings, desk, smtp, key, account_id)
