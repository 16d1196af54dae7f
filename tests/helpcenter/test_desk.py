"""The help center on a real desk: a page knows its service, and an inquiry becomes a ticket."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from helpdesk.helpcenter.desk import HelpCenterDesk
from helpdesk.helpcenter.rules import Inquiry, InquiryFile
from helpdesk.kernel import events
from helpdesk.kernel.errors import Invalid, LimitExceeded, NotFound
from helpdesk.kernel.paging import Window
from helpdesk.tickets import queries
from tests.factories.desk import Desk

AT = datetime(2026, 11, 21, tzinfo=UTC)


def inquiry(**changes: object) -> Inquiry:
    """Return an inquiry as the form makes it."""
    given = {
        "email": "hong@customer.example", "subject": "배송 문의", "content": "언제 오나요?", "language": "ko",
        "key": "k1", "consented_at": AT, "consent_version": "v1", "name": "홍길동",
    }  # fmt: skip
    return Inquiry(**{**given, **changes})  # type: ignore[arg-type]


def test_page_knows_its_service_by_each_language(desk: Desk) -> None:
    service = HelpCenterDesk(desk.settings).service("demo")
    assert service is not None
    assert (service.name_in("ko"), service.name_in("en"), service.name_in("fr")) == ("데모", "Demo", "데모")
    assert HelpCenterDesk(desk.settings).service("nobody") is None


def test_inquiry_becomes_a_ticket_of_its_customer_with_its_files(desk: Desk) -> None:
    files = (InquiryFile("영수증.txt", "text/plain", b"1,000"),)
    number = HelpCenterDesk(desk.settings).create_inquiry("demo", inquiry(files=files))
    ticket = queries.ticket_by_number(desk.service_id, number)
    assert ticket is not None
    assert (ticket.subject, ticket.channel, ticket.language) == ("배송 문의", "web", "ko")
    (message,) = queries.messages_of_tickets([ticket.id], Window())[0].rows
    assert (message.body_text, message.author_name, message.author_kind) == ("언제 오나요?", "홍길동", "customer")
    (file,) = queries.attachments_of_messages([message.id])[0]
    assert (file.filename, file.size) == ("영수증.txt", 5)


def test_form_sent_twice_makes_one_ticket(desk: Desk) -> None:
    center = HelpCenterDesk(desk.settings)
    assert center.create_inquiry("demo", inquiry()) == center.create_inquiry("demo", inquiry())
    assert center.create_inquiry("demo", inquiry(key="k2")) == 2


def test_double_submit_a_moment_later_is_still_one_ticket(desk: Desk) -> None:
    center = HelpCenterDesk(desk.settings)
    assert center.create_inquiry("demo", inquiry()) == center.create_inquiry(
        "demo", inquiry(consented_at=AT + timedelta(seconds=3))
    )


def test_consent_stands_in_the_history_with_its_text_and_time(desk: Desk) -> None:
    HelpCenterDesk(desk.settings).create_inquiry("demo", inquiry())
    made = events.history_of("ticket", [1], Window())[0].rows[0]
    assert made.changes["consent"] == [None, {"version": "v1", "at": "2026-11-21T00:00:00+00:00"}]


def test_what_the_rooms_refuse_is_told_with_its_field(desk: Desk) -> None:
    with pytest.raises(Invalid) as refusal:
        HelpCenterDesk(desk.settings).create_inquiry("demo", inquiry(email="nobody"))
    assert refusal.value.path[-1] == "email"
    with pytest.raises(NotFound):
        HelpCenterDesk(desk.settings).create_inquiry("nobody", inquiry())


def test_eleventh_inquiry_of_an_hour_in_one_name_is_refused_and_makes_nothing(desk: Desk) -> None:
    center = HelpCenterDesk(desk.settings)
    for number in range(10):
        center.create_inquiry("demo", inquiry(key=f"k{number}", address=f"203.0.113.{number}"))
    for email in ("hong@customer.example", "HONG@customer.example"):
        with pytest.raises(LimitExceeded) as refusal:
            center.create_inquiry("demo", inquiry(key="k10", email=email))
        assert refusal.value.code == "TOO_OFTEN"
    assert center.create_inquiry("demo", inquiry(key="k10", email="kim@customer.example")) == 11
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=1)):
        assert center.create_inquiry("demo", inquiry(key="k11")) == 12
