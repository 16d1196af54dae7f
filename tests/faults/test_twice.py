"""What is done from time to time is done once, however many workers come to do it. Source: SECURITY 4.3 row 35."""

from datetime import timedelta

import pytest

from helpdesk.hosting.models import PluginPeriod
from helpdesk.kernel import clock, db, jobs
from helpdesk.kernel.events import EventRow
from helpdesk.plugins import operations
from helpdesk.plugins.guard import Ref
from helpdesk.plugins.kinds import Kind
from helpdesk.tickets.attachments import create_upload
from helpdesk.tickets.models import Attachment, Ticket
from helpdesk.tickets.operations import set_status
from helpdesk.tickets.rules import TicketStatus
from helpdesk.triggers.completion import Completion
from tests.factories import tickets
from tests.factories.crowds import at_once
from tests.factories.desk import Desk
from tests.hosting.plugins import install

WORKERS = 4
LONG_AGO = timedelta(days=30)


@pytest.fixture
def old(desk: Desk) -> list[int]:
    """Tickets that are to be completed, and an upload that is to be dropped."""
    install(Completion, "completion")
    made = [tickets.make(desk) for _ in range(6)]
    for ticket_id in made:
        set_status(desk.agent, ticket_id, TicketStatus.RESOLVED)
    Ticket.update(updated_at=clock.now() - LONG_AGO).execute()
    operations.configure(desk.administrator, Ref(Kind.PLUGIN, "completion"), {"after_hours": 24})
    create_upload(desk.partner, filename="a.txt", content_type="text/plain", size=3, largest=10)
    Attachment.update(expires_at=clock.now() - LONG_AGO).execute()
    return made


def test_workers_that_keep_house_at_the_same_moment_do_everything_once(desk: Desk, old: list[int]) -> None:
    for _again in range(2):
        PluginPeriod.update(due_at=0).execute()
        at_once(WORKERS, lambda _place: jobs.drain_all())
    ends = [[line.changes for line in tickets.history(ticket_id)][-1]["status"] for ticket_id in old]
    assert ends == [["RESOLVED", "COMPLETED"]] * len(old)
    told = EventRow.select().where(EventRow.name == "ticket.status_changed").count()
    assert told == 2 * len(old), "One event each for RESOLVED and for COMPLETED."
    assert db.database.execute_sql("SELECT count(*) FROM attachment").fetchone() == (0,)
