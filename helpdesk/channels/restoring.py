"""What is done with the outbox when the desk's database is put back from a backup.

What waited to go out when the backup was made has most likely gone out since, and the restored database does not
know: its workers would send it all again. So whoever restores lets it wait for people (``hold``) before any worker
begins; what has surely not gone out is let go, one by one by an agent, or all at once (``let_go``).

Told by a person, not found out: a database that stood still over a weekend looks just like one from a backup, and
a log of what was sent beside the database (the lost alternatives) would be restored with it.
"""

from helpdesk.channels import outbox, rules
from helpdesk.channels.models import Delivery
from helpdesk.channels.rules import DeliveryState
from helpdesk.kernel import jobs
from helpdesk.kernel.db import locked, transactional

HELD = "Held: the desk was restored from a backup, and this may have been sent since; try it again to send it."


@transactional
def hold() -> int:
    """Fail everything that waits to go out, with the reason, and return how many messages that were.

    Records DeliveryFinished for each. To be called while no worker runs.
    """
    rows = list(locked(Delivery.select().where(Delivery.due_at.is_null(False)).order_by(Delivery.id)))
    for row in rows:
        outbox.end_at_rest(row, rules.given_up(row.recipients, HELD), HELD)
    return len(rows)


@transactional
def let_go() -> int:
    """Let everything that is held go out in its order, and return how many messages that are."""
    held = (Delivery.state == DeliveryState.FAILED) & (Delivery.last_error == HELD)
    rows = list(locked(Delivery.select().where(held).order_by(Delivery.id)))
    for row in rows:
        outbox.try_anew(row)
    jobs.wake(outbox.LINE)
    return len(rows)
