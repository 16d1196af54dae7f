"""Opens a service to partners: the switch, the keys, and the addresses from which they are used.

While the Open API is off there is nothing to set up (Source: SPEC AUTH-02), but taking away always
works. A rotated key is a new row: the old one keeps its own end, so a grace period needs no second
column of tokens.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from helpdesk.access import rules
from helpdesk.access.models import AllowedAddress, OpenApi, ServiceKey
from helpdesk.access.queries import is_open_api_enabled
from helpdesk.kernel import clock
from helpdesk.kernel.actors import Actor
from helpdesk.kernel.crypto import hash_token, new_token
from helpdesk.kernel.db import insert_once, transactional
from helpdesk.kernel.errors import Conflict, Invalid, NotFound
from helpdesk.kernel.events import record
from helpdesk.kernel.text import one_line
from helpdesk.sdk.events import OpenApiChanged

KEY_PREFIX = "hdk_"
FIRST_KEY = "Open API"
LONGEST_NAME = 100
LONGEST_GRACE_SECONDS = 7 * 86_400
HINT = 4


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made. The token is shown this once, and never when printed."""

    id: int
    token: str = field(repr=False)


@transactional
def enable_open_api(actor: Actor, enabled: bool) -> NewKey | None:
    """Let partners call the service, or stop them all at once; keys and addresses are kept.

    Switching on makes the first key when there is none and returns it. Source: SPEC AUTH-01, SPEC-SETTINGS AUTH-03.
    """
    actor.require("open_api.write")
    OpenApi.insert(service=actor.service_id, is_enabled=enabled).on_conflict(
        conflict_target=[OpenApi.service], update={OpenApi.is_enabled: enabled}
    ).execute()
    _record(actor, "enabled" if enabled else "disabled")
    if not enabled or _live_keys(actor).exists():
        return None
    return _make_key(actor, FIRST_KEY)


@transactional
def create_key(actor: Actor, name: str) -> NewKey:
    """Make a key for a partner. Raises Invalid, and Conflict (OPEN_API_DISABLED)."""
    actor.require("open_api.write")
    _require_open_api(actor)
    cleaned = one_line(name, longest=LONGEST_NAME)
    if not cleaned:
        raise Invalid("Give the key a name, such as the partner's.", path=("name",))
    _record(actor, "key_created")
    return _make_key(actor, cleaned)


@transactional
def rotate_key(actor: Actor, key_id: int, *, grace_seconds: int = 0) -> NewKey:
    """Make a key in place of another, which is refused at once or after the grace. Source: SPEC AUTH-03, SECURITY D7.

    Raises NotFound, Invalid, and Conflict (OPEN_API_DISABLED, KEY_REVOKED).
    """
    actor.require("open_api.write")
    _require_open_api(actor)
    if not 0 <= grace_seconds <= LONGEST_GRACE_SECONDS:
        raise Invalid(f"The grace is 0 to {LONGEST_GRACE_SECONDS} seconds, a week.", path=("grace_seconds",))
    name = _key(actor, key_id).name
    ends_at = clock.now() + timedelta(seconds=grace_seconds)
    if not ServiceKey.update(revoked_at=ends_at).where(ServiceKey.id.in_(_live_keys(actor, key_id))).execute():
        raise Conflict("This key was revoked or replaced already; create a new one.", code="KEY_REVOKED", path=("id",))
    _record(actor, "key_rotated")
    return _make_key(actor, name)


@transactional
def revoke_key(actor: Actor, key_id: int) -> None:
    """Refuse the key from now on, also one in its grace period; again is no change. Raises NotFound."""
    actor.require("open_api.write")
    _key(actor, key_id)
    at = clock.now()
    is_alive = ServiceKey.revoked_at.is_null() | (ServiceKey.revoked_at > at)
    if ServiceKey.update(revoked_at=at).where(ServiceKey.id == key_id, is_alive).execute():
        _record(actor, "key_revoked")


@transactional
def allow_address(actor: Actor, network: str) -> int:
    """Accept keys from an address or a network (``203.0.113.0/24``) and return the id of the entry; again is no change.

    Raises Invalid (BAD_NETWORK) and Conflict (OPEN_API_DISABLED). Source: SPEC AUTH-04.
    """
    actor.require("open_api.write")
    _require_open_api(actor)
    text = rules.normal_network(network)
    made = insert_once(AllowedAddress, {"service": actor.service_id, "network": text})
    if made is not None:
        _record(actor, "address_allowed")
        return made
    row = AllowedAddress.get(AllowedAddress.service == actor.service_id, AllowedAddress.network == text)
    return int(row.id)


@transactional
def forbid_address(actor: Actor, network: str) -> None:
    """Take an entry off the list of allowed addresses. Raises NotFound when it does not stand there as a whole."""
    actor.require("open_api.write")
    text = rules.normal_network(network)
    entry = (AllowedAddress.service == actor.service_id) & (AllowedAddress.network == text)
    if not AllowedAddress.delete().where(entry).execute():
        raise NotFound(f"{text} is no entry of the list; name one as it stands there.", path=("network",))
    _record(actor, "address_forbidden")


def _record(actor: Actor, change: str) -> None:
    record(actor, OpenApiChanged(service_id=actor.service_id, change=change), subject=("service", actor.service_id))


def _require_open_api(actor: Actor) -> None:
    if not is_open_api_enabled(actor.service_id):
        raise Conflict("The Open API of this service is off; switch it on first.", code="OPEN_API_DISABLED")


def _make_key(actor: Actor, name: str) -> NewKey:
    token = new_token(KEY_PREFIX)
    row = ServiceKey.create(
        service=actor.service_id, name=name, token_hash=hash_token(token), hint=token[-HINT:], created_at=clock.now()
    )
    return NewKey(int(row.id), token)


def _key(actor: Actor, key_id: int) -> ServiceKey:
    row: ServiceKey | None = ServiceKey.get_or_none(ServiceKey.service == actor.service_id, ServiceKey.id == key_id)
    if row is None:
        raise NotFound("There is no such key in this service.", path=("id",))
    return row


def _live_keys(actor: Actor, key_id: int | None = None) -> Any:
    """Return the query for the ids of keys without an end."""
    query = ServiceKey.select(ServiceKey.id).where(
        ServiceKey.service == actor.service_id, ServiceKey.revoked_at.is_null()
    )
    return query if key_id is None else query.where(ServiceKey.id == key_id)
