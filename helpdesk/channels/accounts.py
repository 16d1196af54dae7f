"""Channel accounts: their settings and secrets, and the drivers that serve them.

A driver is a plugin's code: whatever it raises, ``SystemExit`` too, is an ordinary error here, and
its words are shown only without the secrets of its account, for providers like to quote them.
It calls the outside by the client of this process, whose errors it meets as those of the SDK: plugins
know no others, and a provider that is away is no trouble of the desk's own, so it uses up a try.
"""

import logging
import secrets as random
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr, ValidationError

from helpdesk import plugins
from helpdesk.channels import rules
from helpdesk.channels.models import ChannelAccount
from helpdesk.kernel import clock, http
from helpdesk.kernel.actors import Actor
from helpdesk.kernel.crypto import keyring
from helpdesk.kernel.db import is_sqlite, transactional
from helpdesk.kernel.errors import Conflict, HelpdeskError, Invalid, LimitExceeded, NotFound, Unavailable
from helpdesk.kernel.events import record
from helpdesk.kernel.text import one_line
from helpdesk.sdk.channel import Channel, ChannelSettings, HttpResponse, Refused, Retry
from helpdesk.signals import ChannelAccountChanged

log = logging.getLogger(__name__)

SUBJECT = "channel_account"
SHORTEST_SECRET = 4  # a shorter one would blot out ordinary words

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
    """Make an account and return its id.

    Raises Unavailable (CHANNEL_NOT_LOADED) for an unknown driver and Invalid for settings that it refuses.
    """
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
    changes: dict[str, tuple[Any, Any]] = {}
    if settings is not None:
        merged = {**account.settings, **_opened(account, without=settings), **settings}
        _write_settings(account_id, _validated(account.driver, {k: v for k, v in merged.items() if v is not None}))
        changes["settings"] = (None, sorted(settings))
    if name is not None:
        changes["name"] = (account.name, _named(name))
    if is_enabled is not None:
        changes["is_enabled"] = (account.is_enabled, is_enabled)
    values = {field: pair[1] for field, pair in changes.items() if field != "settings"}
    ChannelAccount.update(**values, version=ChannelAccount.version + 1).where(ChannelAccount.id == account_id).execute()
    if is_primary is False and account.is_primary:
        raise Invalid("Make another account the primary one; this one then is it no more.", path=("isPrimary",))
    if is_primary:
        _set_primary(actor.service_id, account_id, account.driver, wanted=True)
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
    driver = None
    try:
        driver = driver_of(account)
        with contained():
            driver.check()
    except HelpdeskError as error:
        return Check(False, error.message)
    except Exception as error:  # a plugin may raise anything; its words are for the administrator
        return Check(False, without_secrets(driver, str(error)) or type(error).__name__)
    return Check(True, "The settings work.")


def driver_of(account: Any) -> Channel:
    """Return the driver for the account as it is now, made anew when the account has changed.

    Raises Unavailable when its plugin is not loaded, or cannot take the settings as they are stored.
    """
    loaded = _driver_class(account.driver)
    version, driver = _drivers.get(account.hook_token, (0, None))
    if driver is None or version != account.version or type(driver) is not loaded:
        driver = _made(account, loaded)
        _drivers[account.hook_token] = (account.version, driver)
    return driver


def _made(account: Any, kind: type[Channel]) -> Channel:
    try:
        settings = _validated(account.driver, {**account.settings, **_opened(account)})
        with contained():
            driver = kind(settings)
            driver.http = _Outgoing()
            return driver
    except HelpdeskError as error:  # what the plugin's new release, or a lost key, has made of settings that were good
        raise Unavailable(
            f"The settings of this account do not fit its channel; update them: {error.message}", code="BAD_ACCOUNT"
        ) from error
    except Exception as error:
        raise _failed(account.driver, error) from error


class _Outgoing:
    """What a driver has as ``self.http``."""

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        json: Any = None,
        max_bytes: int = 1_048_576,
    ) -> HttpResponse:
        """Call by the client of this process, whichever it is by now: drivers are kept."""
        try:
            answer = http.client().request(
                method, url, headers=headers, content=content, json=json, max_bytes=max_bytes
            )
        except Unavailable as error:
            raise Retry(error.message) from error
        except (Invalid, LimitExceeded) as error:
            raise Refused(error.message) from error
        return HttpResponse(answer.status, answer.headers, answer.body)


def driver_by_id(account_id: int) -> Channel:
    """Return the driver of the account; see ``driver_of``. Raises Conflict when the account is deleted."""
    account = ChannelAccount.get_or_none(ChannelAccount.id == account_id, ChannelAccount.deleted_at.is_null())
    if account is None:
        raise Conflict("The channel account was deleted; nothing goes in or out by it.", code="ACCOUNT_DELETED")
    return driver_of(account)


@contextmanager
def contained() -> Iterator[None]:
    """Turn a driver's attempt to end the thread or the process into an ordinary error. Wrap every call of one."""
    try:
        yield
    except (Exception, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise RuntimeError(f"the channel raised {type(error).__name__}, which ends a process") from error


def without_secrets(driver: Channel | None, text: str) -> str:
    """Return a driver's words, storable, with the secrets of its account blotted out."""
    return rules.reason(_blotted(driver, text))


def secrets_of(driver: Channel | None) -> list[str]:
    """Return the secrets of the driver's account that are long enough to be told apart from other text."""
    settings = getattr(driver, "settings", None)
    values = [getattr(settings, name) for name in type(settings).model_fields] if settings is not None else []
    found = [value.get_secret_value() for value in values if isinstance(value, SecretStr)]
    return [secret for secret in found if len(secret) >= SHORTEST_SECRET]


def _blotted(driver: Channel | None, text: str) -> str:
    for secret in secrets_of(driver):
        text = text.replace(secret, "***")
    return text


def report(what: str, driver: Channel | None, **facts: object) -> None:
    """Log the exception that is being handled, with its traceback, without the secrets of the driver's account."""
    log.warning(what, extra={**facts, "trace": _blotted(driver, traceback.format_exc())})


def _driver_class(name: str) -> type[Channel]:
    loaded = plugins.channels()
    if name not in loaded:
        raise Unavailable(
            f"The channel “{name}” is not loaded here; loaded are: {', '.join(sorted(loaded)) or 'none'}.",
            code="CHANNEL_NOT_LOADED",
            path=("driver",),
        )
    return loaded[name]


def _failed(driver: str, error: Exception) -> Unavailable:
    """Return what to say of a driver that cannot even be made; not its own words, which may quote a secret."""
    log.warning("a channel could not be set up", extra={"channel": driver, "error": type(error).__name__})
    return Unavailable(
        f"The channel “{driver}” failed while it read its settings ({type(error).__name__}); tell its author.",
        code="CHANNEL_FAILED",
    )


def _validated(driver: str, settings: Mapping[str, Any]) -> ChannelSettings:
    kind = _driver_class(driver)
    try:
        with contained():
            return kind.Settings.model_validate(dict(settings))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        path = ("settings", *(str(part) for part in first["loc"]))
        raise Invalid(f"{'.'.join(path[1:]) or 'settings'}: {first['msg']}.", path=path) from None
    except Exception as error:
        raise _failed(driver, error) from error


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


def _opened(account: Any, *, without: Mapping[str, Any] | None = None) -> dict[str, str]:
    """Return the secrets in the clear; not those that are to be replaced, which may be past reading."""
    return {
        field: keyring().open(token, context=_context(account.id, field)).decode()
        for field, token in account.secrets.items()
        if field not in (without or {})
    }


def _context(account_id: int, field: str) -> str:
    return f"{SUBJECT}:{account_id}:{field}"


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
    account = (query.for_update() if is_locked and not is_sqlite() else query).first()
    if account is None:
        raise NotFound("There is no such channel account.", path=("id",))
    return account


def _of_driver(service_id: int, driver: str) -> Any:
    return (ChannelAccount.service == service_id) & (ChannelAccount.driver == driver)


def _set_primary(service_id: int, account_id: int, driver: str, *, wanted: bool) -> None:
    """Keep one primary account for each driver of a service; the first one is it by itself. Source: SPEC EML-01."""
    same = _of_driver(service_id, driver)
    has_primary = ChannelAccount.select().where(same, ChannelAccount.is_primary).exists()
    if wanted:
        ChannelAccount.update(is_primary=False).where(same).execute()
    if wanted or not has_primary:
        ChannelAccount.update(is_primary=True).where(ChannelAccount.id == account_id).execute()


def _record(actor: Actor, account_id: int, change: str, changes: Mapping[str, tuple[Any, Any]]) -> None:
    event = ChannelAccountChanged(service_id=actor.service_id, account_id=account_id, change=change)
    record(actor, event, subject=(SUBJECT, account_id), changes=changes)
