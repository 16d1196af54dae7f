"""Fetching channels: who listens for which account, and the place reached.

Listening is long-lived, so it has threads of its own in each worker, not jobs. One worker listens
for an account at a time: it holds a lease that it renews at every sign of life, and any other
worker takes over when it falls silent.
"""

import logging
import threading
from collections.abc import Mapping
from typing import Any

from helpdesk.channels import accounts, drivers, inbox, rules, sending
from helpdesk.channels.models import ChannelAccount, Listening
from helpdesk.channels.rules import AccountState
from helpdesk.kernel import clock
from helpdesk.kernel.db import connection
from helpdesk.kernel.errors import Conflict, Unavailable
from helpdesk.kernel.leases import backoff, claim, release, renew
from helpdesk.kernel.patience import Patience, patience
from helpdesk.kernel.settings import Settings
from helpdesk.sdk.channel import AccountRefused

log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
LONGEST_FIRST_WAIT_SECONDS = 5.0


class Inlet:
    """The core's side of ``Channel.listen``: stores what is found, together with the place reached."""

    def __init__(self, account: Any, row: Any, settings: Settings, stopping: threading.Event) -> None:
        self._account, self._row, self._settings, self._stopping = account, row, settings, stopping
        self._standing = accounts.standing_of(account)

    @property
    def cursor(self) -> Mapping[str, Any]:
        """The place reached."""
        return dict(self._row.cursor)

    def store(self, key: str, raw: bytes, *, cursor: Mapping[str, Any]) -> bool:
        """Keep raw bytes and place in one transaction. False when the key or the same bytes were here before.

        Raises Conflict, keeping nothing, when another worker listens by now.
        """
        kept = inbox.store(
            self._account.id, self._account.service_id, raw, key=key, once=True,
            largest=len(raw), cursor=lambda: self._write(cursor),
        )  # fmt: skip
        self._row.cursor = dict(cursor)
        return kept.is_new

    def reached(self, cursor: Mapping[str, Any]) -> None:
        """Keep the place reached. Raises Conflict when another worker listens by now."""
        self._write(cursor)
        self._row.cursor = dict(cursor)

    def _write(self, cursor: Mapping[str, Any]) -> None:
        """Write the place, unless it is no longer ours to write: an old worker must not set a newer one back."""
        query = Listening.update(cursor=dict(cursor)).where(
            Listening.id == self._row.id, Listening.lease == self._row.lease
        )
        if not query.execute():
            raise Conflict("Another worker listens for this account now.")

    def alive(self) -> bool:
        """Renew the lease; False when the worker stops, account or plugin changed, or another worker took over."""
        if self._stopping.is_set():
            return False
        current = ChannelAccount.get_or_none(ChannelAccount.id == self._account.id)
        if current is None or not current.is_enabled or not self._is_as_before(current):
            return False
        return renew(
            self._row, seconds=self._settings.lease_seconds,
            last_alive_at=clock.now(), last_error="", attempts=1, state=AccountState.WORKING,
        )  # fmt: skip

    def _is_as_before(self, account: Any) -> bool:
        try:
            return accounts.standing_of(account) == self._standing
        except Unavailable:
            return False


class Listeners:
    """The listening threads of one worker."""

    def __init__(self, settings: Settings, *, look_seconds: float = LOOK_SECONDS) -> None:
        self._settings, self._look_seconds = settings, look_seconds
        self._stopping = threading.Event()
        self._looker = threading.Thread(target=self._look, name="listeners", daemon=True)
        self._threads: dict[int, threading.Thread] = {}
        self._held: dict[int, Any] = {}
        self._silent: dict[int, str] = {}

    def start(self) -> None:
        """Start looking for accounts to listen for."""
        self._looker.start()

    def stop(self, *, seconds: float = 40.0) -> None:
        """End every listener; the places reached are stored already."""
        self._stopping.set()
        self._looker.join(seconds)
        for thread in self._threads.values():
            thread.join(seconds)

    def _look(self) -> None:
        while not self._stopping.is_set():
            try:
                with patience(Patience.WORK), connection():
                    for account in self._accounts():
                        self._ensure(account)
            except Exception:
                log.exception("could not look for accounts to listen for")
            self._stopping.wait(self._look_seconds)

    def _accounts(self) -> list[Any]:
        """Return the enabled accounts whose settings ask for listening; one that has no driver is told of once."""
        found, silent = [], {}
        enabled: Any = ChannelAccount.select().where(ChannelAccount.is_enabled, ChannelAccount.deleted_at.is_null())
        for account in enabled:
            try:
                if accounts.driver_of(account).is_enabled_for_listening():
                    found.append(account)
            except Exception as error:  # a plugin that is gone or broken must not hold up the other accounts
                silent[account.id] = type(error).__name__
                if self._silent.get(account.id) != silent[account.id]:
                    extra = {"account_id": account.id, "error": silent[account.id]}
                    log.warning("an account has no working driver", extra=extra)
        self._silent = silent
        return found

    def _ensure(self, account: Any) -> None:
        """Listen for the account unless this worker or another one does."""
        running = self._threads.get(account.id)
        if running is not None and running.is_alive():
            return
        if account.id in self._held:  # it may have ended without its database, and could give nothing back
            release(self._held.pop(account.id), due_in_seconds=0)
        Listening.insert(account=account.id, cursor={}, due_at=0).on_conflict_ignore().execute()
        row = claim(Listening, Listening.account == account.id, seconds=self._settings.lease_seconds)
        if row is not None:
            thread = threading.Thread(
                target=self._listen, args=(account, row), name=f"listen-{account.id}", daemon=True
            )
            self._threads[account.id], self._held[account.id] = thread, row
            thread.start()

    def _listen(self, account: Any, row: Any) -> None:
        with patience(Patience.WORK), connection():
            driver = None
            try:
                driver = accounts.driver_of(account)
                driver.listen(Inlet(account, row, self._settings, self._stopping))
                release(row, due_in_seconds=0)
            except Exception as error:
                drivers.report("listening failed", driver, account_id=account.id)
                self._give_back(account, row, error)

    def _give_back(self, account: Any, row: Any, error: Exception) -> None:
        """Let the account wait for the next try: long if its provider refuses it, and not at all with new settings."""
        if ChannelAccount.get_by_id(row.account_id).version != account.version:
            release(row, due_in_seconds=0, attempts=0)
            return
        attempts = Listening.get_by_id(row.id).attempts
        if isinstance(error, AccountRefused):
            state = AccountState.RECONNECT if error.must_reconnect else AccountState.REFUSED
            wait = sending.rest_seconds(attempts, self._settings)
        else:
            state = AccountState.FAILING
            wait = backoff(attempts, base_seconds=min(self._settings.retry_seconds, LONGEST_FIRST_WAIT_SECONDS))
        reason = rules.reason(str(error) or type(error).__name__)
        release(row, due_in_seconds=wait, last_error=reason, state=state, failed_at=clock.now())
