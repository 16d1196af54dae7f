"""Reads what partners are allowed: the switch, the keys (never the tokens) and the addresses."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_network
from typing import Any

from helpdesk.access.models import AllowedAddress, OpenApi, ServiceKey
from helpdesk.access.rules import Network
from helpdesk.kernel.rows import Row, by_ids, load, select


@dataclass(slots=True, kw_only=True)
class KeyRow(Row):
    """A service key; ``hint`` is the end of its token. ``revoked_at`` may lie ahead, as the end of a grace period."""

    service_id: int
    name: str
    hint: str
    created_at: datetime
    revoked_at: datetime | None


def is_open_api_enabled(service_id: int) -> bool:
    """Return whether partners may call the service; not unless somebody has said so. Source: SPEC AUTH-01."""
    return bool(OpenApi.select().where(OpenApi.service == service_id, OpenApi.is_enabled).exists())


def keys_of_service(service_id: int) -> list[KeyRow]:
    """Return the keys of the service, oldest first, the revoked ones too."""
    return load(KeyRow, select(KeyRow, ServiceKey).where(ServiceKey.service == service_id).order_by(ServiceKey.id))


def allowed_networks(service_id: int) -> list[Network]:
    """Return the networks from which the service's keys are accepted, in the order of adding."""
    query = AllowedAddress.select(AllowedAddress.network).where(AllowedAddress.service == service_id)
    rows: Any = query.order_by(AllowedAddress.id).tuples()
    return [ip_network(row[0]) for row in rows]


def keys_by_ids(ids: Sequence[int | None]) -> list[KeyRow | None]:
    """Return keys aligned with the ids, None for a missing one, in at most one statement."""
    return by_ids(KeyRow, ServiceKey, ids)
