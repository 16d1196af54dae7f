"""A notice of the desk's own goes to one address, belongs to no ticket, and is carried like every message."""

from typing import Any

import pytest

from helpdesk.channels import notices, outbox, queries
from helpdesk.channels.models import OutsideId
from helpdesk.channels.queries import DeliveryRow
from helpdesk.kernel import db
from helpdesk.kernel.paging import Window
from helpdesk.plugins import registry
from helpdesk.plugins.kinds import Kind
from helpdesk.sdk.channel import Refused, Retry
from tests.channels.post import Post, fail, make_post
from tests.factories.desk import Desk
from tests.factories.echo import Echo

SAID = {"email": "jiwoo@demo.example", "name": "Jiwoo", "subject": "초대합니다", "text": "hdi_secret", "language": "ko"}


@pytest.fixture
def mail(desk: Desk) -> Post:
    """A desk whose primary mail account is an Echo."""
    registry.register(Kind.CHANNEL, "email", Echo)
    return make_post(desk, driver="email")


def only(post: Post) -> DeliveryRow:
    """Return the one delivery."""
    (row,) = queries.deliveries_page(post.desk.service_id, None, Window(first=10)).rows
    return row


def outbox_text() -> str:
    """Return everything that stands in the outbox."""
    rows: Any = db.database.execute_sql("SELECT * FROM outbox").fetchall()
    return repr(rows)


def test_notice_goes_out_by_the_primary_mail_account_and_is_seen_among_the_deliveries(mail: Post) -> None:
    assert notices.queue(mail.desk.service_id, **SAID)
    assert (only(mail).state, only(mail).ticket_id, only(mail).message_id) == ("QUEUED", None, None)
    mail.work()
    (sent,) = Echo.sent
    assert (sent.ticket_number, sent.subject, sent.text, sent.language) == (0, "초대합니다", "hdi_secret", "ko")
    assert [(one.kind, one.value, one.name) for one in sent.recipients] == [("email", "jiwoo@demo.example", "Jiwoo")]
    assert (sent.is_automatic, sent.answers, sent.reply_token, sent.external_id) == (
        True, (), "", f"<{sent.key}@echo.example>",
    )  # fmt: skip
    assert (only(mail).state, only(mail).external_id) == ("SENT", sent.external_id)
    assert not OutsideId.select().exists()


def test_what_it_says_is_sealed_and_gone_once_it_is_sent(mail: Post) -> None:
    notices.queue(mail.desk.service_id, **SAID)
    assert "hdi_secret" not in outbox_text()
    mail.work()
    assert Echo.sent[0].text == "hdi_secret"
    rows: Any = db.database.execute_sql("SELECT notice FROM outbox").fetchall()
    assert [tuple(row) for row in rows] == [(None,)]


def test_notice_is_tried_again_under_the_same_id(mail: Post) -> None:
    notices.queue(mail.desk.service_id, **SAID)
    Echo.on_send = fail(Retry("busy"))
    mail.work()
    assert (only(mail).state, only(mail).last_error) == ("RETRYING", "busy")
    Echo.on_send = None
    mail.try_again()
    assert (only(mail).state, Echo.sent[0].external_id) == ("SENT", only(mail).external_id)


def test_refused_notice_is_kept_with_its_reason_and_an_agent_may_send_it_again(mail: Post) -> None:
    notices.queue(mail.desk.service_id, **SAID)
    Echo.on_send = fail(Refused("550 no such box", is_permanent=True))
    mail.work()
    assert (only(mail).state, only(mail).last_error) == ("FAILED", "550 no such box")
    Echo.on_send = None
    outbox.retry(mail.desk.agent, only(mail).id)
    mail.work()
    assert (only(mail).state, Echo.sent[0].text) == ("SENT", "hdi_secret")


def test_late_notice_goes_on_being_tried_and_then_fails(mail: Post) -> None:
    notices.queue(mail.desk.service_id, **SAID)
    Echo.on_send = fail(Retry("busy"))
    for _ in range(200):
        mail.try_again()
        if only(mail).state == "FAILED":
            break
    assert only(mail).state == "FAILED"


def test_without_a_mail_account_nothing_is_written(post: Post) -> None:
    assert not notices.queue(post.desk.service_id, **SAID)
    assert queries.deliveries_page(post.desk.service_id, None, Window(first=10)).rows == []
