"""Channel accounts: their settings and secrets, and the drivers that serve them.

A driver is kept until its account, its plugin or where it runs changes.
"""

import secrets as random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from helpdesk.channels import drivers, processes, sending
from helpdesk.channels.drivers import Driver
from helpdesk.channels.models import ChannelAccount
from helpdesk.channels.safes import SUBJECT, Safe, context_of, opened
from helpdesk.kernel import clock
from helpdesk.kernel.actors import Actor
from helpdesk.kernel.db import is_sqlite, locked, transactional
from helpdesk.kernel.errors import Conflict, HelpdeskError, Invalid, NotFound, Unavailable
from helpdesk.kernel.events import record
from helpdesk.kernel.text import one_line
from helpdesk.plugins import registry
from helpdesk.plugins import settings as plugin_settings
from helpdesk.plugins.guard import PluginFailed, Ref
from helpdesk.plugins.kinds import Kind
from helpdesk.sdk.channel import Channel, ChannelSettings
from helpdesk.sdk.events import ChannelAccountChanged

CHECKED = "The settings work."
NOTHING_TO_CHECK = "The settings are complete. This channel has no test of its own: send a message to see it work."

Standing = tuple[int, type[Channel], bool]
"""What a driver was made from: the account's version, the channel's class, whether it is isolated."""

_drivers: dict[str, tuple[Standing, Driver]] = {}


@dataclass(frozen=True, slots=True)
class Check:
    """How a test of an account's settings went; ``message`` says what is wrong."""

    is_ok: bool
    message: str


@transactional
def create(
    actor: Actor,
    *,
    driver: str,
    name: str,
    settings: Mapping[str, Any],
    is_enabled: bool = True,
    is_primary: bool = False,
) -> int:
    """Make an account and return its id.

    Raises Unavailable (CHANNEL_NOT_LOADED) for an unknown driver and Invalid for settings that it refuses.
    """
    actor.require("channel_account.write")
    kind = drivers.kind_of(driver, actor.service_id)
    valid = drivers.validated(driver, kind, settings)
    hook_token = random.token_urlsafe(24)
    account_id = ChannelAccount.insert(
        service=actor.service_id, driver=driver, name=_named(name), hook_token=hook_token,
        identity_kind=kind.identity_kind,
        is_enabled=is_enabled, is_primary=False, settings={}, secrets={}, created_at=clock.now(),
    ).execute()  # fmt: skip
    _write_settings(account_id, driver, valid)
    _set_primary(actor.service_id, account_id, driver, wanted=is_primary)
    _record(actor, account_id, "created", {})
    return int(account_id)


@transactional
def update(
    actor: Actor,
    account_id: int,
    *,
    name: str | None = None,
    settings: Mapping[str, Any] | None = None,
    is_enabled: bool | None = None,
    is_primary: bool | None = None,
    expected_version: int | None = None,
) -> None:
    """Change an account. Settings that are not named stay, secrets too; a setting given as null is unset.

    Raises NotFound, Conflict (VERSION_CONFLICT) and Invalid.
    """
    actor.require("channel_account.write")
    account = _owned(actor, account_id, is_locked=True)
    if expected_version is not None and expected_version != account.version:
        raise Conflict(
            f"The account has changed meanwhile: it is at version {account.version}, you had {expected_version}.",
            code="VERSION_CONFLICT",
            path=("expectedVersion",),
        )
    if is_primary is False and account.is_primary:
        raise Invalid("Make another account the primary one instead.", path=("isPrimary",))
    changes: dict[str, tuple[Any, Any]] = {}
    if settings is not None:
        _merge_settings(account, settings)
        changes["settings"] = (None, sorted(settings))
    if name is not None:
        changes["name"] = (account.name, _named(name))
    if is_enabled is not None:
        changes["is_enabled"] = (account.is_enabled, is_enabled)
    values = {field: pair[1] for field, pair in changes.items() if field != "settings"}
    ChannelAccount.update(**values, version=ChannelAccount.version + 1).where(ChannelAccount.id == account_id).execute()
    if is_primary:
        _set_primary(actor.service_id, account_id, account.driver, wanted=True)
    if settings is not None or is_enabled is not None:
        sending.resume(account_id)
    _record(actor, account_id, "updated", changes)


@transactional
def delete(actor: Actor, account_id: int) -> None:
    """Delete an account: nothing goes in or out by it any more; its messages stay, its secrets go.

    If it was the primary one, the oldest of its driver that is left becomes it.
    """
    actor.require("channel_account.write")
    account = _owned(actor, account_id, is_locked=True)
    ChannelAccount.update(deleted_at=clock.now(), is_enabled=False, is_primary=False, secrets={}).where(
        ChannelAccount.id == account_id
    ).execute()
    left = _of_driver(actor.service_id, account.driver) & ChannelAccount.deleted_at.is_null()
    heir = ChannelAccount.select().where(left).order_by(ChannelAccount.id).first() if account.is_primary else None
    if heir is not None:
        _set_primary(actor.service_id, heir.id, account.driver, wanted=True)
    _record(actor, account_id, "deleted", {})


def test(actor: Actor, account_id: int) -> Check:
    """Try the account's settings against its provider and return how it went."""
    actor.require("channel_account.write")
    account = _owned(actor, account_id)
    try:
        driver = driver_of(account)
        wrong = driver.check()
    except HelpdeskError as error:
        return Check(False, error.message)
    return Check(not wrong, wrong or (CHECKED if driver.has_check else NOTHING_TO_CHECK))


def driver_of(account: Any) -> Driver:
    """Return the driver for the account as it is now, made anew when it or its plugin has changed.

    Raises Unavailable when its plugin is not in use in the service, or cannot take the settings as they are stored.
    """
    standing = standing_of(account)
    known = _drivers.get(account.hook_token)
    if known is not None and known[0] == standing:
        return known[1]
    driver = _made(account, standing[1])
    _drivers[account.hook_token] = (standing, driver)
    if known is not None:
        known[1].close()
    return driver


def standing_of(account: Any) -> Standing:
    """Return what a driver of the account is made from now. Raises Unavailable (CHANNEL_NOT_LOADED)."""
    kind = drivers.kind_of(account.driver, account.service_id)
    return account.version, kind, registry.is_isolated(account.driver)


def _made(account: Any, kind: type[Channel]) -> Driver:
    try:
        stored = {**account.settings, **opened(account)}
        settings = drivers.validated(account.driver, kind, stored)
        return Driver(account.driver, kind, settings, stored=stored, safe=Safe(account.id))
    except PluginFailed:
        raise
    except HelpdeskError as error:  # what the plugin's new release, or a lost key, has made of settings that were good
        raise Unavailable(
            f"The settings of this account do not fit its channel; update them: {error.message}", code="BAD_ACCOUNT"
        ) from error


def forget_drivers() -> None:
    """Make every driver anew when it is asked for: the plugins have changed."""
    _drivers.clear()
    processes.renew()


def driver_by_id(account_id: int) -> Driver:
    """Return the driver of the account; see ``driver_of``. Raises Conflict when the account is deleted."""
    account = ChannelAccount.get_or_none(ChannelAccount.id == account_id, ChannelAccount.deleted_at.is_null())
    if account is None:
        raise Conflict("The channel account was deleted; nothing goes in or out by it.", code="ACCOUNT_DELETED")
    return driver_of(account)


def hold(account_id: int) -> None:
    """Let others wait who hold the account too, until the transaction ends; SQLite's writer is alone anyway."""
    if not is_sqlite():
        query: Any = ChannelAccount.select(ChannelAccount.id).where(ChannelAccount.id == account_id)
        list(query.for_update("FOR NO KEY UPDATE").tuples())


def _write_settings(account_id: int, driver: str, settings: ChannelSettings) -> None:
    """Store plain values as they are and secrets sealed for this account and field."""
    plain, sealed = plugin_settings.split(Ref(Kind.CHANNEL, driver), settings, context=context_of(account_id))
    ChannelAccount.update(settings=plain, secrets=sealed).where(ChannelAccount.id == account_id).execute()


def _merge_settings(account: Any, given: Mapping[str, Any]) -> None:
    """Store the settings as they are with those that are given; null unsets one. Raises Invalid."""
    merged = {**account.settings, **opened(account, without=given), **given}
    kind = drivers.kind_of(account.driver, account.service_id)
    kept = {name: value for name, value in merged.items() if value is not None}
    _write_settings(account.id, account.driver, drivers.validated(account.driver, kind, kept))


def _named(name: str) -> str:
    bare = one_line(name, longest=100)
    if not bare:
        raise Invalid("An account needs a name.", path=("name",))
    return bare


def _owned(actor: Actor, account_id: int, *, is_locked: bool = False) -> Any:
    query = ChannelAccount.select().where(
        ChannelAccount.id == account_id,
        ChannelAccount.service == actor.service_id,
        ChannelAccount.deleted_at.is_null(),
    )
    account = (locked(query) if is_locked else query).first()
    if account is None:
        raise NotFound("There is no such channel account.", path=("id",))
    return account


def _of_driver(service_id: int, driver: str) -> Any:
    return (ChannelAccount.service == service_id) & (ChannelAccount.driver == driver)


def _set_primary(service_id: int, account_id: int, driver: str, *, wanted: bool) -> None:
    """Keep one primary account for each driver of a service; the first one becomes it. Source: SPEC EML-01."""
    same = _of_driver(service_id, driver)
    has_primary = ChannelAccount.select().where(same, ChannelAccount.is_primary).exists()
    if wanted:
        ChannelAccount.update(is_primary=False).where(same).execute()
    if wanted or not has_primary:
        ChannelAccount.update(is_primary=True).where(ChannelAccount.id == account_id).execute()


def _record(actor: Actor, account_id: int, change: str, changes: Mapping[str, tuple[Any, Any]]) -> None:
    event = ChannelAccountChanged(service_id=actor.service_id, account_id=account_id, change=change)
    record(actor, event, subject=(SUBJECT, account_id), changes=changes)
