"""A channel as it serves one account: the only door to a channel's code, which runs behind the guard.

Whatever it raises comes out as one of the SDK's errors or as PluginFailed, in plain words without the
secrets of the account, for providers like to quote them; whatever it answers has been looked at.
"""

import logging
import traceback
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from helpdesk.channels import answers, rules
from helpdesk.channels.isolation import Isolated, Reader
from helpdesk.channels.processes import ProcessEnded
from helpdesk.channels.rules import SECONDS
from helpdesk.channels.safes import Safe
from helpdesk.kernel.errors import Unavailable
from helpdesk.plugins import guard, registry, settings
from helpdesk.plugins.guard import PluginFailed, Ref, WrongAnswer
from helpdesk.plugins.kinds import Kind
from helpdesk.plugins.outgoing import Outgoing
from helpdesk.plugins.settings import secrets_of
from helpdesk.sdk.channel import (
    AccountRefused,
    Channel,
    ChannelSettings,
    DeliveryReport,
    Inbound,
    InboundRequest,
    Inlet,
    Outbound,
    Refused,
    Retry,
    Sent,
    Unverified,
    Vault,
    WindowClosed,
)

log = logging.getLogger(__name__)

FED_BY_STRANGERS = frozenset({"verify", "receive"})
OVERRAN = "PLUGIN_OVERRAN"
RESTING = "PLUGIN_RESTING"

Answer = TypeVar("Answer")


class FateUnknown(PluginFailed):
    """A channel did not say what became of a message in time, or said what makes no sense: the message may be out."""


class Driver:
    """A channel's instance for one account, called from many threads at once."""

    def __init__(
        self, name: str, kind: type[Channel], settings: ChannelSettings, *, stored: Mapping[str, Any], safe: Safe
    ) -> None:
        """Make the instance, in a process of its own if the channel is isolated. Raises PluginFailed."""
        self.settings = settings
        self.secrets = safe.known = secrets_of(settings)
        self.has_check = kind.check is not Channel.check
        self._ref = Ref(Kind.CHANNEL, name)
        self._channel: Channel | Isolated
        self._reader: Reader | None = None
        if registry.is_isolated(name):
            self._channel = Isolated(name, stored, self.secrets, safe)
            self._start()
        else:
            self._channel = self._guarded("__init__", lambda: _instance(kind, settings, safe))
            if kind.reads_apart and registry.is_installed(Kind.CHANNEL, name):
                self._reader = Reader(name, stored, self.secrets, safe)

    def verify(self, request: InboundRequest) -> None:
        """Raise Unverified unless the provider sent the request."""
        self._call("verify", lambda: self._channel.verify(request))

    def receive(self, request: InboundRequest) -> list[Inbound | DeliveryReport]:
        """Return what the request says."""
        reader = self._reader or self._channel
        return self._call("receive", lambda: answers.messages(reader.receive(request)))

    def identify(self, message: Outbound) -> str | None:
        """Return the id under which the message will be known outside, if the channel chooses it."""
        return self._call("identify", lambda: answers.outside_id(self._channel.identify(message)))

    def send(self, message: Outbound) -> Sent:
        """Hand the message to the provider. Raises Retry, Refused, WindowClosed, PluginFailed, and FateUnknown."""
        has_answered = []

        def carry() -> Sent:
            try:
                return answers.sent(self._channel.send(message))
            except WrongAnswer:
                has_answered.append(True)
                raise

        try:
            return self._call("send", carry)
        except PluginFailed as error:
            if has_answered or error.code == OVERRAN:
                raise FateUnknown(error.message, code=error.code) from error
            raise

    def check(self) -> str:
        """Try the settings and return what is wrong, if anything; whatever exception says it, it is an answer."""

        def attempt() -> str:
            try:
                self._channel.check()
            except Exception as error:
                if isinstance(error, WrongAnswer | ProcessEnded):
                    raise
                return _words(error) or type(error).__name__
            return ""

        return self._bare(self._call("check", attempt))

    def is_enabled_for_listening(self) -> bool:
        """Return whether the account is to be listened for."""
        wanted = self._call(
            "is_enabled_for_listening", lambda: guard.expect(self._channel.is_enabled_for_listening(), bool)
        )
        return bool(wanted)

    def listen(self, inlet: Inlet) -> None:
        """Fetch in this thread until the inlet says stop, however long that is."""
        self._start()
        try:
            with guard.watched(self._ref, "listen", secrets=self.secrets):
                self._channel.listen(inlet)
        except (Retry, Refused, WindowClosed, Unverified) as error:
            raise self._plain(error) from None

    def close(self) -> None:
        """Let go of the instance; a call that is under way goes on."""
        for one in (self._channel, self._reader):
            if isinstance(one, Isolated):
                one.close()

    def _call(self, hook: str, function: Callable[[], Answer]) -> Answer:
        self._start()
        return self._guarded(hook, function)

    def _start(self) -> None:
        """Have the channel's process run, so that a hook's deadline need not cover its start."""
        if isinstance(self._channel, Isolated) and not self._channel.is_open:
            self._guarded("start", self._channel.open)

    def _guarded(self, hook: str, function: Callable[[], Answer]) -> Answer:
        try:
            rests = hook not in FED_BY_STRANGERS
            return guard.call(self._ref, hook, function, seconds=SECONDS[hook], secrets=self.secrets, rests=rests)
        except (Retry, Refused, WindowClosed, Unverified) as error:
            raise self._plain(error) from None

    def _plain(self, error: Exception) -> Exception:
        """Return the verdict in words that may be kept, as the SDK's own class: a subclass is the plugin's code."""
        words = self._bare(_words(error))
        if isinstance(error, AccountRefused):
            return AccountRefused(words, must_reconnect=error.must_reconnect is True)
        if isinstance(error, Retry):
            return Retry(words, after_seconds=error.after_seconds)
        if isinstance(error, Refused):
            return Refused(words, is_permanent=getattr(error, "is_permanent", False) is True)
        return next(kind for kind in (WindowClosed, Unverified) if isinstance(error, kind))(words)

    def _bare(self, words: str) -> str:
        return rules.reason(guard.blotted(words, self.secrets))


def kind_of(name: str, service_id: int) -> type[Channel]:
    """Return the class of a channel that is in use in the service. Raises Unavailable (CHANNEL_NOT_LOADED)."""
    loaded: type[Channel] | None = registry.get(Kind.CHANNEL, name, service_id=service_id)
    if loaded is None:
        known = ", ".join(sorted(registry.named(Kind.CHANNEL, service_id=service_id))) or "none"
        raise Unavailable(
            f"The channel “{name}” is not in use here; in use are: {known}.",
            code="CHANNEL_NOT_LOADED",
            path=("driver",),
        )
    return loaded


def validated(name: str, kind: type[Channel], values: Mapping[str, Any]) -> ChannelSettings:
    """Return the settings as the channel's class of them. Raises Invalid, and PluginFailed in words without values."""
    return settings.validated(Ref(Kind.CHANNEL, name), kind.Settings, values)


def report(what: str, driver: Driver | None, **facts: object) -> None:
    """Log the exception that is being handled, with its traceback, without the secrets of the driver's account."""
    trace = guard.blotted(traceback.format_exc(), driver.secrets if driver else ())
    log.warning(what, extra={**facts, "trace": trace})


def _instance(kind: type[Channel], settings: ChannelSettings, vault: Vault) -> Channel:
    made = kind(settings)
    made.http = Outgoing()
    made.vault = vault
    return made


def _words(error: BaseException) -> str:
    """Return what an error says, if it can."""
    try:
        return str(error)
    except Exception:
        return ""
