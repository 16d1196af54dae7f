"""Owns what the tests of the email channel share: an account, and readers."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from helpdesk_email.reading import read
from helpdesk_email.settings import EmailSettings

from helpdesk.sdk.channel import DeliveryReport, Inbound, InboundRequest
from tests.factories.mails import own_mails

__all__ = ["own_mails"]

ReadMail = Callable[[bytes], Inbound]
ReadReport = Callable[[bytes], DeliveryReport]


@pytest.fixture
def settings() -> EmailSettings:
    """Give an account that speaks to no server."""
    return EmailSettings(address="support@desk.example", sender_name="고객센터")


@pytest.fixture
def read_mail(settings: EmailSettings) -> ReadMail:
    """Give a reader that takes line feeds for line ends and insists on a message."""

    def read_one(raw: bytes) -> Inbound:
        found = read(InboundRequest(raw, received_at=datetime(2026, 11, 3, 9, tzinfo=UTC)), settings)
        assert isinstance(found, Inbound)
        return found

    return read_one


@pytest.fixture
def read_report(settings: EmailSettings) -> ReadReport:
    """Give a reader that insists on a delivery report."""

    def read_one(raw: bytes) -> DeliveryReport:
        found = read(InboundRequest(raw), settings)
        assert isinstance(found, DeliveryReport)
        return found

    return read_one
