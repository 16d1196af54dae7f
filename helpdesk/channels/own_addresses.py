"""Which mail addresses are the desk's own: whoever writes from one is no customer, and takes part in no ticket.

An account's own address is its setting ``address``, if its channel has one of that name. A channel knows its own
account's alone; two accounts of a service that took each other for customers would answer each other.
"""

from collections.abc import Mapping, Set
from typing import Any

from helpdesk.channels.models import ChannelAccount
from helpdesk.customers.rules import EMAIL, spelling
from helpdesk.sdk.channel import Identity


def of(service_id: int) -> frozenset[str]:
    """Return the addresses of the service's accounts as they are kept; those of accounts that are switched off too."""
    rows: Any = ChannelAccount.select(ChannelAccount.settings).where(
        ChannelAccount.service == service_id, ChannelAccount.deleted_at.is_null()
    )
    return frozenset().union(*(_address(settings) for (settings,) in rows.tuples()))


def of_account(account: Any) -> frozenset[str]:
    """Return the address of the account, as it is kept, if it has one."""
    return _address(account.settings)


def has(own: Set[str], person: Identity) -> bool:
    """Return whether an identity is an address of the desk's own, with or without a plus-tag."""
    address = spelling(EMAIL, person.value)
    local, _, domain = address.rpartition("@")
    return person.kind == EMAIL and (address in own or f"{local.partition('+')[0]}@{domain}" in own)


def _address(settings: Mapping[str, Any]) -> frozenset[str]:
    address = settings.get("address")
    return frozenset({spelling(EMAIL, address)}) if isinstance(address, str) and "@" in address else frozenset()
