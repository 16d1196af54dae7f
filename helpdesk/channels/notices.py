"""Notices of the desk's own to one address, such as an invitation: they belong to no ticket, and go out by the outbox.

At least once, tried again and seen among the deliveries like every message. What a notice says is sealed at rest and
dropped once it is sent, since it may hold a token. A table of their own lost: it would need all that the outbox has.
"""

import secrets
from typing import Any

import orjson

from helpdesk.channels import rules, sending
from helpdesk.channels.models import ChannelAccount, Delivery
from helpdesk.channels.rules import DeliveryState
from helpdesk.customers.rules import EMAIL
from helpdesk.kernel import clock, jobs
from helpdesk.kernel.crypto import keyring
from helpdesk.kernel.db import transactional
from helpdesk.sdk.channel import Identity, Outbound


def mail_account(service_id: int) -> Any:
    """Return the service's primary mail account, None for none; by one that is switched off a message waits."""
    return (
        ChannelAccount.select()
        .where(
            ChannelAccount.service == service_id, ChannelAccount.deleted_at.is_null(),
            ChannelAccount.driver == rules.MAIL_DRIVER, ChannelAccount.is_primary,
        )
        .first()
    )  # fmt: skip


@transactional
def queue(service_id: int, *, email: str, name: str, subject: str, text: str, language: str) -> bool:
    """Write a notice into the outbox. False, writing nothing, where the service has no mail account."""
    account = mail_account(service_id)
    if account is None:
        return False
    key = secrets.token_hex(16)
    said = orjson.dumps({"subject": subject, "text": text, "language": language})
    Delivery.insert(
        service=service_id, account=account.id, key=key, notice=keyring().seal(said, context=_context(key)),
        state=DeliveryState.QUEUED, recipients=rules.recipients_of([Identity(EMAIL, email, name)]),
        created_at=clock.now(), due_at=0,
    ).execute()  # fmt: skip
    jobs.wake(sending.LINE)
    return True


def outbound(row: Any) -> Outbound:
    """Return the notice of a delivery as a message to carry. Raises UnreadableSecret."""
    said = orjson.loads(keyring().open(row.notice, context=_context(row.key)))
    return Outbound(
        key=row.key, ticket_number=0, recipients=rules.still_to_reach(row.recipients), external_id=row.external_id,
        is_automatic=True, **said,
    )  # fmt: skip


def _context(key: str) -> str:
    return f"outbox:{key}:notice"
