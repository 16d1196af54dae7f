"""What the channels do when something happened elsewhere; called by wiring, inside the transaction."""

from helpdesk.channels import inbox, outbox
from helpdesk.kernel import jobs
from helpdesk.kernel.actors import Actor
from helpdesk.sdk.events import MessageAdded, ServiceChanged
from helpdesk.tickets.rules import MessageKind


def file_what_waited(_actor: Actor, _event: ServiceChanged) -> None:
    """Wake the workers: a service that was paused may be in use again."""
    jobs.wake(inbox.LINE)


def send_reply(actor: Actor, event: MessageAdded) -> None:
    """Write an answer into the outbox, unless it is only kept. Raises Conflict (CUSTOMER_NOT_REACHABLE)."""
    if event.kind == MessageKind.REPLY and not event.is_kept:
        outbox.queue(actor, event.ticket_id, event.message_id, is_automatic=event.is_automatic)
