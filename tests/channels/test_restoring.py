"""After a backup is put back nothing goes out twice by itself. Source: SECURITY 4.3 row 36."""

from helpdesk.channels import outbox, restoring
from helpdesk.channels.models import Delivery
from tests.channels.post import Post
from tests.factories.echo import Echo


def test_what_waited_when_the_backup_was_made_is_held_until_people_let_it_go(post: Post) -> None:
    tickets = [post.ticket(id=f"m{number}") for number in range(3)]
    sent = post.reply(tickets[0])
    post.work()
    waiting = [post.reply(ticket_id) for ticket_id in tickets]
    assert restoring.hold() == 3
    Echo.sent.clear()
    post.work()
    held = [post.delivery(message_id) for message_id in waiting]
    assert Echo.sent == []
    assert [(one.state, one.last_error) for one in held] == [("FAILED", restoring.HELD)] * 3
    assert post.delivery(sent).state == "SENT"

    outbox.retry(post.desk.agent, held[0].id)
    post.work()
    assert len(Echo.sent) == 1
    assert restoring.let_go() == 2
    post.work()
    assert [post.delivery(message_id).state for message_id in waiting] == ["SENT"] * 3
    assert (len(Echo.sent), restoring.hold(), restoring.let_go()) == (3, 0, 0)
    assert not Delivery.select().where(Delivery.due_at.is_null(False)).exists()
