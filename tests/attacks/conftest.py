"""Attacks go against the whole desk, as strangers, partners and agents reach it."""

import pytest

from tests.attacks.loops import Side, side
from tests.attacks.outgoing import AUTHSERV, SUPPORT
from tests.factories.client import Caller, administrator, agent, app, chosen, desk, partner, statements, stranger
from tests.factories.desk import Desk
from tests.factories.mails import own_mails
from tests.servers.smtp import SmtpServer

__all__ = ["administrator", "agent", "app", "chosen", "desk", "own_mails", "partner", "statements", "stranger"]


@pytest.fixture
def ours(stranger: Caller, desk: Desk, smtp_server: SmtpServer) -> Side:
    """The desk's service with a mail account."""
    return side(stranger, desk, smtp_server, slug="demo", address=SUPPORT, authserv_id=AUTHSERV)
