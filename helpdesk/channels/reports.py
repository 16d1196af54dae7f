"""Writes onto messages that went out what bounces, receipts and complaints say of them.

A report changes the message and the mark of an address, never the ticket: a closed one stays closed. It is
believed of the recipients of that message alone.
"""

from typing import Any

from helpdesk.channels import outbox, rules
from helpdesk.channels.models import Delivery
from helpdesk.channels.rules import DeliveryState
from helpdesk.kernel.db import locked
from helpdesk.sdk.channel import DeliveryReport


def apply_report(message_id: int, report: DeliveryReport) -> bool:
    """Write what a report says of a message; false when that message never went out.

    The message fails when nobody has it; records DeliveryFinished then, and AddressFailed for an address that is no
    good.
    """
    row: Any = locked(Delivery.select().where(Delivery.message == message_id)).first()
    if row is None:
        return False
    verdicts = rules.addressed(row.recipients, report.verdicts)
    recipients = rules.reported(row.recipients, verdicts, is_waiting=row.due_at is not None)
    if rules.is_lost(recipients) and row.state is not DeliveryState.FAILED:
        outbox.end_at_rest(row, recipients, rules.reason(rules.problems(recipients)))
    else:
        Delivery.update(recipients=recipients).where(Delivery.id == row.id).execute()
    outbox.mark_addresses(row, verdicts)
    return True
