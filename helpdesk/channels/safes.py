"""Owns the secrets of accounts, as they are kept: sealed for their account and the name of their setting.

A provider may change a secret at any call (OAuth's rotated refresh tokens), in any worker. So a channel reads it
here and not from its settings, and a new one takes the place of the one it was made from and of no other. The
account's version stays: nothing that a person has set is changed.
"""

from collections.abc import Mapping
from typing import Any

from helpdesk.channels.models import ChannelAccount
from helpdesk.kernel.db import connection, locked, transaction
from helpdesk.plugins import settings as plugin_settings

SUBJECT = "channel_account"


def context_of(account_id: int) -> str:
    """Return what the secrets of the account are sealed for."""
    return f"{SUBJECT}:{account_id}"


def opened(account: Any, *, without: Mapping[str, Any] | None = None) -> dict[str, str]:
    """Return the secrets in the clear; not those that are to be replaced, which may be past reading."""
    kept = {field: token for field, token in account.secrets.items() if field not in (without or {})}
    return plugin_settings.opened(kept, context=context_of(account.id))


class Safe:
    """The vault of one account. ``known`` is the list of secrets that are blotted out of what its channel says."""

    def __init__(self, account_id: int) -> None:
        self._account_id = account_id
        self.known: list[str] = []

    def read(self, name: str) -> str:
        """Return a secret as it is kept now."""
        with connection():
            secret = self._kept(ChannelAccount.get_by_id(self._account_id), name)
        self._know(secret)
        return secret

    def replace(self, name: str, old: str, new: str) -> bool:
        """Keep a new secret in place of the old one; false when another is kept by now."""
        self._know(new)
        query = ChannelAccount.select().where(ChannelAccount.id == self._account_id)
        with connection(), transaction():
            account: Any = locked(query).get()
            if account.deleted_at is not None or self._kept(account, name) != old:
                return False
            sealed = plugin_settings.sealed({name: new}, context=context_of(self._account_id))
            ChannelAccount.update(secrets=account.secrets | sealed).where(ChannelAccount.id == account.id).execute()
        return True

    @staticmethod
    def _kept(account: Any, name: str) -> str:
        if name in account.settings:
            raise LookupError(f"the setting {name} is no secret")
        kept = {name: account.secrets[name]} if name in account.secrets else {}
        return plugin_settings.opened(kept, context=context_of(account.id)).get(name, "")

    def _know(self, secret: str) -> None:
        if len(secret) >= plugin_settings.SHORTEST_SECRET and secret not in self.known:
            self.known.append(secret)
