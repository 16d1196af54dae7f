"""Under which id a message is known outside, and whether it was here before.

Two messages are one if they have one id and say the same, as far as the channel tells what they say. Of different
messages with one id the first is known by the id alone, each later one by the id and its fingerprint: so the unique
key of the table tells them apart, however many workers file them at once. What came before fingerprints were kept is
the same as whatever has its id; of what went out only copies are, and a copy of our own words is no person's message.
"""

from typing import Any

from helpdesk.channels import rules
from helpdesk.channels.models import Delivery, OutsideId
from helpdesk.kernel.db import insert_once
from helpdesk.sdk.channel import Inbound, Nature
from helpdesk.tickets.operations import Added


class FiledElsewhereError(Exception):
    """Another worker filed the same message meanwhile; take back what was done here, and look again."""


def of(account_id: int, item: Inbound) -> tuple[str, Any]:
    """Return the id under which the message is known, and the row of the same message if it was here before."""
    known_as, fingerprint = rules.outside_id(item.external_id), rules.fingerprint(item.fingerprint)
    seen = _row(account_id, known_as)
    if seen is None or _is_same(seen, item, fingerprint):
        return known_as, seen
    known_as = rules.id_of_another(known_as, fingerprint)
    return known_as, _row(account_id, known_as)


def remember(account_id: int, known_as: str, item: Inbound, added: Added) -> None:
    """Keep the id of a message that was filed. Raises FiledElsewhereError."""
    values = {
        "account": account_id, "external_id": known_as, "fingerprint": rules.fingerprint(item.fingerprint),
        "ticket": added.ticket_id, "message": added.message_id,
    }  # fmt: skip
    if known_as and insert_once(OutsideId, values) is None:
        raise FiledElsewhereError


def _row(account_id: int, known_as: str) -> Any:
    is_it = (OutsideId.account == account_id) & (OutsideId.external_id == known_as)
    return OutsideId.get_or_none(is_it) if known_as else None


def _is_same(seen: Any, item: Inbound, fingerprint: str) -> bool:
    if not fingerprint or seen.fingerprint:
        return fingerprint in {"", seen.fingerprint}
    is_ours = Delivery.select().where(Delivery.message == seen.message_id, Delivery.external_id == seen.external_id)
    return item.nature is not Nature.PERSON or not is_ours.exists()
