"""What ``helpdesk doctor`` looks at: one function a matter, each giving one or more verdicts.

What fails keeps the desk from working; what is a warning will trouble somebody sooner or later.
"""

import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

import peewee

from helpdesk import starting
from helpdesk.access import queries as access
from helpdesk.channels import accounts
from helpdesk.channels import queries as channels
from helpdesk.channels.rules import MAIL_DRIVER, AccountState
from helpdesk.commands.failures import reason
from helpdesk.commands.opening import database_file
from helpdesk.kernel import clock, db
from helpdesk.kernel.errors import HelpdeskError
from helpdesk.kernel.settings import Settings
from helpdesk.organization import queries as organization
from helpdesk.plugins.overview import worst_overviews
from helpdesk.plugins.rules import PluginState

CONNECT_SECONDS = 3.0
LARGEST_CLOCK_ERROR = timedelta(seconds=30)
LONGEST_WAIT = timedelta(minutes=10)
LEAST_FREE_BYTES = 500_000_000
UNCOUNTED_BYTES = 1_000_000
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Health(StrEnum):
    """How a matter stands."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """A verdict; ``fix`` says what to do."""

    name: str
    health: Health
    message: str
    fix: str = ""


ACCOUNTS = dict.fromkeys(AccountState, Health.WARN) | {
    AccountState.REFUSED: Health.FAIL,
    AccountState.RECONNECT: Health.FAIL,
}
FIXES = dict.fromkeys(AccountState, "Mend its settings, if it is not the provider's trouble.") | {
    AccountState.REFUSED: "Correct its log-in by the mutation channelAccountUpdate.",
    AccountState.RECONNECT: "Grant access anew, and set what comes of it by the mutation channelAccountUpdate.",
}
"""How bad it is that an account stands so, and what to do."""


def checks(settings: Settings) -> list[Check]:
    """Look at everything and return the verdicts, as far as the desk can be opened."""
    found = [*_folder(settings), *_redis(settings), _base_url(settings)]
    file = database_file(settings)
    if file is not None and not file.is_file():
        return [*found, Check("database", Health.FAIL, f"{file} is not there.", "Run helpdesk init.")]
    found.append(_keys(settings))
    if found[-1].health is Health.FAIL:
        return found  # opening the desk would make new keys, which open nothing that the old ones sealed
    try:
        starting.start(settings, migrate=False)
        missing = db.pending_migrations()
    except HelpdeskError as error:
        return [*found, Check("start", Health.FAIL, error.message)]
    except peewee.PeeweeException as error:
        return [*found, Check("database", Health.FAIL, f"It refuses: {reason(error)}.", "Check HELPDESK_DATABASE_URL.")]
    found += _plugins(settings)
    if missing:
        fix = "Run helpdesk init."
        return [*found, Check("database", Health.FAIL, f"It lacks {', '.join(missing)}.", fix)]
    with db.connection():
        found += [Check("database", Health.OK, "It answers and has every migration."), _clock()]
        found += [*_statistics(), *_services(), *_channels(), *_queues()]
    return found


def _folder(settings: Settings) -> Iterator[Check]:
    folder = settings.data_dir
    if not folder.is_dir():
        yield Check("data", Health.FAIL, f"{folder} is no folder.", "Run helpdesk init, or name it by --data.")
        return
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE_BYTES:
        yield Check("data", Health.WARN, f"{folder} has {free // 1_000_000} MB left.", "Free some space.")
    else:
        yield Check("data", Health.OK, f"{folder.resolve()} has {free // 1_000_000_000} GB left.")
    if folder.stat().st_mode & 0o077:
        message = f"Others on this machine can look into {folder.resolve()}."
        yield Check("data", Health.WARN, message, f"Run chmod 700 {folder.resolve()}")


def _keys(settings: Settings) -> Check:
    if settings.keys.get_secret_value().strip():
        return Check("keys", Health.OK, "They come from HELPDESK_KEYS.")
    file = settings.data_dir / "keys.json"
    if not file.is_file():
        return Check("keys", Health.FAIL, f"{file} is not there.", "Restore it; for a new desk, run helpdesk init.")
    if file.stat().st_mode & 0o077:
        return Check("keys", Health.WARN, f"Others on this machine can read {file}.", f"Run chmod 600 {file}.")
    return Check("keys", Health.OK, f"{file} is there, for its owner alone.")


def _redis(settings: Settings) -> Iterator[Check]:
    if not settings.redis_url:
        return
    try:
        where = urlsplit(settings.redis_url)
        with socket.create_connection((where.hostname or "", where.port or 6379), timeout=CONNECT_SECONDS):
            yield Check("redis", Health.OK, "It is reached.")
    except (OSError, ValueError) as error:
        message = f"It is not reached ({error}); work waits up to {settings.sweep_seconds:g} seconds for its worker."
        yield Check("redis", Health.WARN, message, "Check HELPDESK_REDIS_URL.")


def _base_url(settings: Settings) -> Check:
    where = urlsplit(settings.base_url)
    if "base_url" not in settings.model_fields_set:
        message = f"Links lead to where helpdesk run listens; those of helpdesk worker to {settings.base_url}."
        return Check("base_url", Health.OK, message, "Set HELPDESK_BASE_URL before others than you use the desk.")
    if where.scheme == "https" or where.hostname in LOOPBACK:
        return Check("base_url", Health.OK, f"Links lead to {settings.base_url}.")
    fix = "Serve it by HTTPS and set HELPDESK_BASE_URL."
    return Check("base_url", Health.WARN, f"Links lead to {settings.base_url}, where keys travel readable.", fix)


def _plugins(settings: Settings) -> Iterator[Check]:
    found = worst_overviews()
    known = {name for one in found for name in (one.plugin.name, f"{one.plugin.kind}/{one.plugin.name}")}
    for name in sorted({*settings.disable} - known):
        fix = "Correct it; helpdesk plugin list shows what is installed."
        yield Check("plugin", Health.WARN, f"HELPDESK_DISABLE names “{name}”, which is not installed.", fix)
    for one in found:
        name = f"{one.plugin.name} ({one.plugin.kind})"
        if one.is_unwell:
            fix = f"Mend it, or run helpdesk plugin disable {one.plugin.kind}/{one.plugin.name}."
            yield Check("plugin", Health.FAIL, f"{name} is {one.state}: {one.reason}.", fix)
        elif one.state is PluginState.LOADED:
            fix = f"Run helpdesk plugin config {one.plugin.name}."
            yield Check("plugin", Health.WARN, f"{name} is not used: {one.reason}.", fix)
        else:
            yield Check("plugin", Health.OK, f"{name} is {one.state}.")


def _clock() -> Check:
    cursor = db.database.execute_sql(f"SELECT {db.database_now().sql}")
    at = datetime.fromtimestamp(int(cursor.fetchone()[0]) / 1_000_000, UTC)
    apart = abs(clock.now() - at)
    if apart > LARGEST_CLOCK_ERROR:
        message = f"This machine and the database are {apart.total_seconds():.0f} seconds apart."
        return Check("clock", Health.WARN, message, "Let both be set by NTP.")
    return Check("clock", Health.OK, "This machine and the database agree.")


def _statistics() -> Iterator[Check]:
    """Look for tables that PostgreSQL takes for empty, as after a restore: backups hold no statistics."""
    if db.is_sqlite():
        return
    uncounted = (
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"
        " AND reltuples < 0 AND pg_relation_size(oid) > %s ORDER BY relname"
    )
    names = [row[0] for row in db.database.execute_sql(uncounted, (UNCOUNTED_BYTES,)).fetchall()]
    if names:
        message = f"PostgreSQL has not counted {', '.join(names)} yet, so lists may be slow."
        yield Check("statistics", Health.WARN, message, "Run ANALYZE in the database, as after every restore.")


def _services() -> Iterator[Check]:
    services = organization.services()
    if not services:
        yield Check("service", Health.FAIL, "There is no service.", "Run helpdesk init.")
    for service in services:
        is_open = access.is_open_api_enabled(service.id)
        if is_open and not access.allowed_networks(service.id):
            fix = "Run helpdesk key create --allow NETWORK."
            yield Check("service", Health.WARN, f"{service.slug}: its API is on, and no address is allowed.", fix)
        else:
            yield Check("service", Health.OK, f"{service.slug}: its API is {'on' if is_open else 'off'}.")


def _channels() -> Iterator[Check]:
    for service in organization.services():
        rows = channels.accounts_of_service(service.id)
        if not any(row.driver == MAIL_DRIVER and row.is_enabled for row in rows):
            message = f"{service.slug}: no mail account is on, so answers by mail go nowhere."
            fix = "Make one with the mutation channelAccountCreate (README: A mail account)."
            yield Check("mail", Health.WARN, message, fix)
        ids = [row.id for row in rows]
        health = zip(channels.listening_of_accounts(ids), channels.sending_of_accounts(ids), strict=True)
        for row, state, (listening, sending) in zip(rows, channels.states_of_accounts(rows), health, strict=True):
            name = f"{service.slug}: {row.name} ({row.driver})"
            try:
                accounts.driver_by_id(row.id)
            except HelpdeskError as error:
                yield Check("channel", Health.FAIL, f"{name}: {error.message}", "Install or enable its plugin.")
                continue
            wrong = [
                f"{name} does not {verb}: {one.last_error}"
                for verb, one in (("listen", listening), ("send", sending))
                if one is not None and one.last_error
            ]
            yield from (Check("channel", ACCOUNTS[state], words, FIXES[state]) for words in wrong)
            if not wrong:
                yield Check("channel", Health.OK, f"{name} is {'on' if row.is_enabled else 'off'}.")


QUARANTINED = (
    "Look at the query inbox(state: QUARANTINED): inboxRelease files what is held, inboxRetry reads what could not be"
    " read again, and inboxDismiss puts it aside."
)


def _queues() -> Iterator[Check]:
    for name, since in channels.oldest_waiting().items():
        waits = clock.now() - since if since else timedelta()
        if waits > LONGEST_WAIT:
            fix = "Make sure that helpdesk run or helpdesk worker is running."
            yield Check(name, Health.WARN, f"Something has waited for {waits.total_seconds() / 60:.0f} minutes.", fix)
        else:
            yield Check(name, Health.OK, "Nothing waits for long.")
    states = channels.states()
    for name, state, fix in (
        ("inbox", "QUARANTINED", QUARANTINED),
        ("outbox", "FAILED", "Look at the query deliveries(state: FAILED), then use deliveryRetry."),
    ):
        if count := states[name][state]:
            yield Check(name, Health.WARN, f"{count} are {state}.", fix)
