"""Keys by which a client may repeat a change without doubling it.

The key is written in the transaction of the change, under the actor who sent it. A repeat finds
the id of what was made the first time; the same key with other input is refused, because silently
answering with the first result would hide a client's bug.
"""

import hashlib
from datetime import timedelta
from typing import Any

import orjson
import peewee

from helpdesk.kernel import clock
from helpdesk.kernel.actors import Actor
from helpdesk.kernel.columns import TimeColumn
from helpdesk.kernel.db import Model, insert_once
from helpdesk.kernel.errors import Conflict, Invalid

LONGEST_KEY = 200
KEPT = timedelta(days=1)


class IdempotencyKey(Model):
    """A key that was used; ``result_id`` is the id of what was made."""

    id = peewee.BigAutoField()
    service_id = peewee.BigIntegerField()
    owner = peewee.CharField(max_length=64)
    key = peewee.CharField(max_length=LONGEST_KEY)
    fingerprint = peewee.CharField(max_length=64)
    result_id = peewee.BigIntegerField(null=True)
    at = TimeColumn()

    class Meta:
        indexes = ((("service_id", "owner", "key"), True), (("at",), False))


def owner_of(actor: Actor) -> str:
    """Return the words under which an actor's keys and uploads are kept."""
    return f"{actor.kind}:{actor.id or 0}"


def begin(actor: Actor, key: str | None, *, operation: str, given: Any) -> int | None:
    """Claim the key and return None, or return the id of what the same request made before.

    ``given`` is the input as JSON values. Raises Conflict when the key was used for another request.
    """
    if key is None:
        return None
    if not 1 <= len(key) <= LONGEST_KEY or not key.isprintable():
        raise Invalid(f"An idempotency key has 1 to {LONGEST_KEY} printable characters.", path=("idempotencyKey",))
    fingerprint = hashlib.sha256(orjson.dumps([operation, given], option=orjson.OPT_SORT_KEYS)).hexdigest()
    owner = owner_of(actor)
    values = {"service_id": actor.service_id, "owner": owner, "key": key, "fingerprint": fingerprint, "at": clock.now()}
    if insert_once(IdempotencyKey, values) is not None:
        return None
    row: Any = IdempotencyKey.get(service_id=actor.service_id, owner=owner, key=key)
    if row.fingerprint != fingerprint:
        raise Conflict(
            "This idempotency key was used for another request; use a new key for a new request.",
            code="IDEMPOTENCY_KEY_REUSED",
            path=("idempotencyKey",),
        )
    result_id: int = row.result_id
    return result_id


def finish(actor: Actor, key: str | None, result_id: int) -> None:
    """Remember what the key made."""
    if key is not None:
        IdempotencyKey.update(result_id=result_id).where(
            IdempotencyKey.service_id == actor.service_id,
            IdempotencyKey.owner == owner_of(actor),
            IdempotencyKey.key == key,
        ).execute()


def forget() -> int:
    """Drop keys that are older than a day and return how many."""
    return int(IdempotencyKey.delete().where(IdempotencyKey.at < clock.now() - KEPT).execute())
