"""Which mail addresses are the desk's own: whoever writes from one is no customer, and takes part in no ticket.

An account's own address is its setting ``address``, if its channel has one of that name. A channel knows its own
account's alone; two accounts of a service that took each other for customers would answer each other.
"""

from collections.abc import Set
from typing import Any

from helpdesk.channels.models import ChannelAccount
from helpdesk.customers.rules import EMAIL, spelling
from helpdesk.sdk.channel import Identity


def of(service_id: int) -> frozenset[str]:
    """Return the addresses of the service's accounts as they are kept; those of accounts that are switched off too."""
    rows: Any = ChannelAccount.select(ChannelAccount.settings).where(
        ChannelAccount.service == service_id, ChannelAccount.deleted_at.is_null()
    )
    values = (settings.get("address") for (settings,) in rows.tuples())
    return frozenset(spelling(EMAIL, value) for value in values if isinstance(value, str) and "@" in value)


def of_account(account: Any) -> frozenset[str]:
    """Return the address of the account, as it is kept, if it has one."""
    address = account.settings.get("address")
    return frozenset({spelling(EMAIL, address)}) if isinstance(address, str) and "@" in address else frozenset()


def has(own: Set[str], person: Identity) -> bool:
    """Return whether an identity is an address of the desk's own, with or without a plus-tag."""
    address = spelling(EMAIL, person.value)
    local, _, domain = address.rpartition("@")
    return person.kind == EMAIL and (address in own or f"{local.partition('+')[0]}@{domain}" in own)
