"""``helpdesk recount``: numbers that somebody changed past the desk are right again."""

from helpdesk.tickets.models import TicketCount
from helpdesk.tickets.rules import TicketStatus
from tests.commands.conftest import Shell


def test_wrong_number_is_mended_and_told(made: Shell) -> None:
    assert made.text("recount") == "All numbers are right.\n"
    with made.opened() as service_id:
        TicketCount.insert(service=service_id, status=TicketStatus.OPEN, assignee_id=0, group_id=0, value=3).execute()
    assert made.json("recount") == {"mended": 1}
    assert made.json("recount") == {"mended": 0}
