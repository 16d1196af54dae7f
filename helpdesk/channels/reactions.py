"""What the channels do when something happened elsewhere; called by wiring, inside the transaction."""

from helpdesk.channels import outbox
from helpdesk.kernel.actors import Actor
from helpdesk.sdk.events import MessageAdded
from helpdesk.tickets.rules import MessageKind


def send_reply(actor: Actor, event: MessageAdded) -> None:
    """Write an answer into the outbox, unless it is only kept. Raises Conflict (CUSTOMER_NOT_REACHABLE)."""
    if event.kind == MessageKind.REPLY and not event.is_kept:
        outbox.queue(actor, event.ticket_id, event.message_id, is_automatic=event.is_automatic)
