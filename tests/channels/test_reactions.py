"""An answer is written into the outbox by the change that made it; nothing else is."""

from contextlib import suppress

from helpdesk.channels import queries
from helpdesk.kernel import db
from helpdesk.kernel.paging import Window
from helpdesk.tickets import operations as tickets
from helpdesk.tickets.rules import RESOLVED, Body
from tests.channels.post import Post


def test_answer_is_queued_in_the_transaction_of_the_answer(post: Post) -> None:
    ticket_id = post.ticket()
    with suppress(InterruptedError), db.transaction():
        taken_back = post.reply(ticket_id)
        assert queries.deliveries_of_messages([taken_back])[0] is not None
        raise InterruptedError
    assert queries.deliveries_page(post.desk.service_id, None, Window()).rows == []
    assert post.delivery(post.reply(ticket_id)).state == "QUEUED"


def test_what_customers_never_see_is_not_queued(post: Post) -> None:
    ticket_id = post.ticket()
    tickets.add_note(post.desk.agent, ticket_id, Body("안에서만"))
    tickets.set_status(post.desk.agent, ticket_id, RESOLVED)
    post.feed(id="m2", answers=["m1"])
    assert queries.deliveries_page(post.desk.service_id, None, Window()).rows == []
