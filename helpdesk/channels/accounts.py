"""Channel accounts: their settings and secrets, and the drivers that serve them."""

import secrets as random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr, ValidationError

from helpdesk import plugins
from helpdesk.channels.models import ChannelAccount
from helpdesk.kernel import clock
from helpdesk.kernel.actors import Actor
from helpdesk.kernel.crypto import keyring
from helpdesk.kernel.db import transactional
from helpdesk.kernel.errors import Conflict, HelpdeskError, Invalid, NotFound, Unavailable
from helpdesk.kernel.events import record
from helpdesk.kernel.text import one_line
from helpdesk.sdk.channel import Channel, ChannelSettings
from helpdesk.signals import ChannelAccountChanged

SUBJECT = "channel_account"

_drivers: dict[str, tuple[int, Channel]] = {}


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
    """Make an account and return its id. Raises Invalid for an unknown driver or settings that it refuses."""
    actor.require("channel_account.write")
    valid = _validated(driver, settings)
    hook_token = random.token_urlsafe(24)
    account_id = ChannelAccount.insert(
        service=actor.service_id, driver=driver, name=_named(name), hook_token=hook_token,
        identity_kind=_driver_class(driver).identity_kind,
        is_enabled=is_enabled, is_primary=False, settings={}, secrets={}, created_at=clock.now(),
    ).execute()  # fmt: skip
    _write_settings(account_id, valid)
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
    """Change an account. Settings that are not named stay, secrets too; a setting given as null is unset."""
    actor.require("channel_account.write")
    account = _owned(actor, account_id)
    if expected_version is not None and expected_version != account.version:
        raise Conflict(
            f"The account has changed meanwhile: it is at version {account.version}, you had {expected_version}.",
            code="VERSION_CONFLICT",
            path=("expectedVersion",),
        )
    changes: dict[str, tuple[Any, Any]] = {}
    if settings is not None:
        merged = {**account.settings, **_opened(account), **settings}
        _write_settings(account_id, _validated(account.driver, {k: v for k, v in merged.items() if v is not None}))
        changes["settings"] = (None, sorted(settings))
    if name is not None:
        changes["name"] = (account.name, _named(name))
    if is_enabled is not None:
        changes["is_enabled"] = (account.is_enabled, is_enabled)
    values = {field: pair[1] for field, pair in changes.items() if field != "settings"}
    ChannelAccount.update(**values, version=ChannelAccount.version + 1).where(ChannelAccount.id == account_id).execute()
    if is_primary is not None:
        _set_primary(actor.service_id, account_id, account.driver, wanted=is_primary)
    _record(actor, account_id, "updated", changes)


@transactional
def delete(actor: Actor, account_id: int) -> None:
    """Delete an account: nothing goes in or out by it any more; its messages stay, its secrets go."""
    actor.require("channel_account.write")
    _owned(actor, account_id)
    ChannelAccount.update(deleted_at=clock.now(), is_enabled=False, is_primary=False, secrets={}).where(
        ChannelAccount.id == account_id
    ).execute()
    _record(actor, account_id, "deleted", {})


def test(actor: Actor, account_id: int) -> Check:
    """Try the account's settings against its provider and return how it went."""
    actor.require("channel_account.write")
    try:
        driver_of(_owned(actor, account_id)).check()
    except HelpdeskError as error:
        return Check(False, error.message)
    except Exception as error:  # a plugin may raise anything; its words are for the administrator
        return Check(False, str(error) or type(error).__name__)
    return Check(True, "The settings work.")


def driver_of(account: Any) -> Channel:
    """Return the driver for the account as it is now. Raises Unavailable when its plugin is not loaded."""
    loaded = _driver_class(account.driver)
    version, driver = _drivers.get(account.hook_token, (0, None))
    if driver is None or version != account.version or type(driver) is not loaded:
        driver = loaded(_validated(account.driver, {**account.settings, **_opened(account)}))
        _drivers[account.hook_token] = (account.version, driver)
    return driver


def driver_by_id(account_id: int) -> Channel:
    """Return the driver of the account. Raises Unavailable when the account is deleted or its plugin not loaded."""
    account = ChannelAccount.get_or_none(ChannelAccount.id == account_id, ChannelAccount.deleted_at.is_null())
    if account is None:
        raise Unavailable("The channel account was deleted.", code="ACCOUNT_DELETED")
    return driver_of(account)


def _driver_class(name: str) -> type[Channel]:
    loaded = plugins.channels()
    if name not in loaded:
        raise Unavailable(
            f"The channel “{name}” is not loaded here; loaded are: {', '.join(sorted(loaded)) or 'none'}.",
            code="CHANNEL_NOT_LOADED",
            path=("driver",),
        )
    return loaded[name]


def _validated(driver: str, settings: Mapping[str, Any]) -> ChannelSettings:
    try:
        return _driver_class(driver).Settings.model_validate(dict(settings))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        path = ("settings", *(str(part) for part in first["loc"]))
        raise Invalid(f"{'.'.join(path[1:]) or 'settings'}: {first['msg']}.", path=path) from None


def _write_settings(account_id: int, settings: ChannelSettings) -> None:
    """Store plain values as they are and secrets sealed for this account and field."""
    plain = settings.model_dump(mode="json", exclude_none=True)
    sealed = {}
    for field in type(settings).model_fields:
        value = getattr(settings, field)
        if isinstance(value, SecretStr):
            plain.pop(field, None)
            sealed[field] = keyring().seal(value.get_secret_value().encode(), context=_context(account_id, field))
    ChannelAccount.update(settings=plain, secrets=sealed).where(ChannelAccount.id == account_id).execute()


def _opened(account: Any) -> dict[str, str]:
    return {
        field: keyring().open(token, context=_context(account.id, field)).decode()
        for field, token in account.secrets.items()
    }


def _context(account_id: int, field: str) -> str:
    return f"{SUBJECT}:{account_id}:{field}"


def _named(name: str) -> str:
    bare = one_line(name, longest=100)
    if not bare:
        raise Invalid("An account needs a name.", path=("name",))
    return bare


def _owned(actor: Actor, account_id: int) -> Any:
    account = ChannelAccount.get_or_none(
        ChannelAccount.id == account_id,
        ChannelAccount.service == actor.service_id,
        ChannelAccount.deleted_at.is_null(),
    )
    if account is None:
        raise NotFound("There is no such channel account.", path=("id",))
    return account


def _set_primary(service_id: int, account_id: int, driver: str, *, wanted: bool) -> None:
    """Keep one primary account for each driver of a service; the first one is it by itself. Source: SPEC EML-01."""
    same = (ChannelAccount.service == service_id) & (ChannelAccount.driver == driver)
    has_primary = ChannelAccount.select().where(same, ChannelAccount.is_primary).exists()
    if wanted:
        ChannelAccount.update(is_primary=False).where(same).execute()
    if wanted or not has_primary:
        ChannelAccount.update(is_primary=True).where(ChannelAccount.id == account_id).execute()


def _record(actor: Actor, account_id: int, change: str, changes: Mapping[str, tuple[Any, Any]]) -> None:
    event = ChannelAccountChanged(service_id=actor.service_id, account_id=account_id, change=change)
    record(actor, event, subject=(SUBJECT, account_id), changes=changes)
