"""What comes in for a service that is paused is stored, and filed once it is in use again."""

import pytest

from helpdesk.channels import inbox
from helpdesk.channels.models import InboxRow
from helpdesk.channels.rules import InboxState
from helpdesk.kernel import actors
from helpdesk.kernel.errors import Unavailable
from helpdesk.organization import contracts
from helpdesk.organization.rules import ServiceState
from tests.channels.post import Post, make_post
from tests.factories.desk import Desk, make_desk


@pytest.fixture
def post(desk: Desk) -> Post:
    """The desk's account."""
    return make_post(desk)


def set_state(desk: Desk, state: ServiceState) -> None:
    """Pause the service or take it into use."""
    contracts.set_state(actors.system(desk.service_id), desk.service_id, state)


def test_mail_waits_while_the_service_is_paused_and_is_filed_by_itself_afterwards(desk: Desk, post: Post) -> None:
    set_state(desk, ServiceState.PAUSED)
    waiting = post.feed(id="m1")
    assert (waiting.state, waiting.ticket_id, waiting.attempts) == (InboxState.RECEIVED, None, 0)
    other = make_post(make_desk(desk.settings, slug="other"))
    assert other.feed(id="m2").state is InboxState.PROCESSED
    set_state(desk, ServiceState.IN_USE)
    desk.run_jobs()
    filed = post.item(waiting.id)
    assert filed.state is InboxState.PROCESSED
    assert filed.ticket_id is not None


def test_whoever_waits_for_the_outcome_is_told_why_there_is_none(desk: Desk, post: Post) -> None:
    set_state(desk, ServiceState.PAUSED)
    row_id = post.put(id="m1")
    with pytest.raises(Unavailable, match="What comes in meanwhile is kept") as refused:
        inbox.settle(row_id, desk.settings)
    assert refused.value.code == "SERVICE_PAUSED"
    assert InboxRow.get_by_id(row_id).state is InboxState.RECEIVED
