"""The checker of the invariant notices each thing that it is there for."""

import io

import pytest

from helpdesk.channels import accounts, inbox
from helpdesk.kernel import db
from helpdesk.tickets import operations as tickets
from helpdesk.tickets.attachments import NewFile
from helpdesk.tickets.operations import Added, NewTicket
from helpdesk.tickets.rules import Asker, body_of
from tests.factories.desk import Desk
from tests.faults.invariant import assert_holds
from tests.servers.smtp import Received

SENT = b"Message-ID: <known@desk.example>\r\n\r\nbody\r\n"


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """A desk with one ticket, an answer to it that was sent as SENT, and a file."""
    accounts.create(desk.administrator, driver="echo", name="Echo", settings={}, is_primary=True)
    added = make_ticket(desk, key="order-1")
    tickets.reply(desk.agent, added.ticket_id, body_of("on its way"))
    db.database.execute_sql(
        "INSERT INTO outbox (service_id, account_id, ticket_id, message_id, key, external_id, state, recipients,"
        f" attempts, last_error, created_at) SELECT service_id, {account_id()}, ticket_id, id, 'k',"
        " 'known@desk.example', 'SENT', '[]', 2, '', 0 FROM message WHERE kind = 'REPLY'"
    )
    desk.run_jobs()
    return desk


def account_id() -> int:
    return int(db.database.execute_sql("SELECT id FROM channel_account").fetchone()[0])


def make_ticket(desk: Desk, *, key: str) -> Added:
    file = NewFile("note.txt", "text/plain", b"note")
    new = NewTicket("Inquiry", body_of("text"), "api", "en", Asker("A", "a@shop.example"), files=[file])
    return tickets.create(desk.partner, new, idempotency_key=key)


def taken(raw: bytes) -> Received:
    return Received("desk@desk.example", ("a@shop.example",), raw, None, False)


def test_healthy_desk_passes(desk: Desk) -> None:
    assert_holds(desk.settings, intake=0, sink=[taken(SENT)])
    assert_holds(desk.settings, sink=[taken(SENT), taken(SENT)], most_duplicates=1)


@pytest.mark.parametrize(
    ("harm", "complaint"),
    [
        ("DELETE FROM attachment", "files without a row"),
        ("UPDATE attachment SET storage_key = 'abcd'", "rows without a file"),
        ("UPDATE ticket SET number = 7", "a ticket number"),
        ("UPDATE ticket SET status = 'RESOLVED'", "its history says"),
        ("UPDATE ticket SET assignee_id = NULL", "its history says"),
        ("UPDATE idempotency_key SET result_id = NULL", "an idempotency key"),
        ("DELETE FROM event WHERE name = 'message.added'", "messages and their events differ"),
        ("UPDATE event SET name = 'ticket.created', payload = '{\"ticket_id\": 1}'", "tickets and their events differ"),
        ("UPDATE event SET position = NULL WHERE position = 1", "a gap in the event log"),
        ("DELETE FROM outbox", "an answer of a mail ticket that is not in the outbox"),
        ("UPDATE outbox SET state = 'RETRYING'", "still waiting"),
        ("UPDATE outbox SET due_at = 0", "still waiting"),
        ("UPDATE outbox SET external_id = 'other@desk.example'", "sent but not taken"),
        ("UPDATE outbox SET attempts = 0", "taken more often than tried"),
    ],
)
def test_harm_is_noticed(desk: Desk, harm: str, complaint: str) -> None:
    db.database.execute_sql(harm)
    with pytest.raises(AssertionError, match=complaint):
        assert_holds(desk.settings, sink=[taken(SENT)])


def test_mail_that_waits_or_is_missing_is_noticed(desk: Desk) -> None:
    with pytest.raises(AssertionError, match="1 mails were handed in and 0 are kept"):
        assert_holds(desk.settings, intake=1, sink=[taken(SENT)])
    inbox.store(account_id(), desk.service_id, io.BytesIO(b"raw"), largest=100)
    with pytest.raises(AssertionError, match=r"still waiting: .'inbox'"):
        assert_holds(desk.settings, intake=1, sink=[taken(SENT)])


def test_ticket_without_a_message_is_noticed(desk: Desk) -> None:
    added = make_ticket(desk, key="order-2")
    for table, column in (("attachment", "message_id"), ("message", "id")):
        db.database.execute_sql(f"DELETE FROM {table} WHERE {column} = {added.message_id}")
    with pytest.raises(AssertionError, match="a ticket without a message"):
        assert_holds(desk.settings, sink=[taken(SENT)])


@pytest.mark.parametrize(("ticket", "complaint"), [("1", "filed from two mails"), ("NULL", "mail without its ticket")])
def test_mail_filed_wrongly_is_noticed(desk: Desk, ticket: str, complaint: str) -> None:
    for raw in (b"one", b"two"):
        inbox.store(account_id(), desk.service_id, raw, largest=100)
    filed = f"state = 'PROCESSED', outcome = 'REPLY', due_at = NULL, ticket_id = {ticket}, message_id = 1"
    db.database.execute_sql(f"UPDATE inbox SET {filed}")
    with pytest.raises(AssertionError, match=complaint):
        assert_holds(desk.settings, sink=[taken(SENT)])


def test_repetition_without_a_kill_is_noticed(desk: Desk) -> None:
    with pytest.raises(AssertionError, match="1 mails came twice and 0 may"):
        assert_holds(desk.settings, sink=[taken(SENT), taken(SENT)])


def test_mail_of_nobody_is_noticed(desk: Desk) -> None:
    stray = taken(b"Message-ID: <stray@desk.example>\r\n\r\n")
    with pytest.raises(AssertionError, match=r"taken but not sent: .*stray"):
        assert_holds(desk.settings, sink=[taken(SENT), stray])
