"""Channels that run in a process of their own, so that whatever they do ends no other.

``Isolated`` answers as the channel itself would, and raises what the channel raised; the guard counts
its failures like any other's, and its breaker keeps a crash from repeating without end. What still
runs in the desk's own process is the import of the channel and its settings class, since the form is
made of them. A ``Reader`` is a channel that runs in the desk's own process but for its reading.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import count
from typing import Any

from helpdesk.channels import frames, processes
from helpdesk.channels.frames import Frame
from helpdesk.channels.processes import Child
from helpdesk.channels.rules import SECONDS
from helpdesk.plugins.guard import WrongAnswer
from helpdesk.sdk.channel import DeliveryReport, Inbound, InboundRequest, Inlet, Outbound, Refused, Sent, Vault

SECRETS = frozenset({"secret", "replace_secret"})
GRACE_SECONDS = 1.0  # after a call's deadline: the guard has given it up, and it is not coming back


class Isolated:
    """A channel as it serves one account, in the other process; it answers as the channel itself would."""

    _keys = count(1)
    _is_reader = False

    def __init__(self, name: str, settings: Mapping[str, Any], secrets: Sequence[str], vault: Vault) -> None:
        self._name, self._settings, self._secrets, self._vault = name, dict(settings), secrets, vault
        self._key = next(self._keys)
        self._opened_in: Child | None = None
        self._lock = threading.Lock()

    @property
    def is_open(self) -> bool:
        """Return whether a process runs that knows the account."""
        return self._opened_in is not None and processes.is_current(self._opened_in)

    def open(self) -> Child:
        """Return the process that serves the account; it is started, and made to know the account, where needed."""
        with self._lock:
            child = processes.child_of(self._name, is_reader=self._is_reader)
            if child is not self._opened_in:
                child.secrets.update(self._secrets)
                child.call("open", self._key, self._settings, seconds=SECONDS["start"] + GRACE_SECONDS)
                self._opened_in = child
            return child

    def close(self) -> None:
        """Let the process forget the account; another call opens it again."""
        child, self._opened_in = self._opened_in, None
        if child is not None:
            child.tell("close", self._key)

    def verify(self, request: InboundRequest) -> None:
        """Have the request verified."""
        self._call("verify", request)

    def receive(self, request: InboundRequest) -> list[Inbound | DeliveryReport]:
        """Have the request read."""
        found = self._call("receive", request)
        with _fitting():
            return [frames.made(Inbound if kind == "Inbound" else DeliveryReport, item) for kind, item in found]

    def identify(self, message: Outbound) -> str | None:
        """Have the message named."""
        name: str | None = self._call("identify", message)
        return name

    def send(self, message: Outbound) -> Sent:
        """Have the message sent."""
        answer = self._call("send", message)
        with _fitting():
            sent: Sent = frames.made(Sent, answer)
            return sent

    def check(self) -> None:
        """Have the settings tried."""
        self._call("check")

    def is_enabled_for_listening(self) -> bool:
        """Return whether the account is to be listened for."""
        return bool(self._call("is_enabled_for_listening"))

    def listen(self, inlet: Inlet) -> None:
        """Have the account listened for; what is found comes to the inlet in this thread."""

        def asked(frame: Frame) -> Any:
            given = frame["given"]
            if frame["ask"] in SECRETS:
                return self._asked(frame)
            if frame["ask"] == "cursor":
                return dict(inlet.cursor)
            if frame["ask"] == "store":
                return inlet.store(given["key"], frames.made(bytes, given["raw"]), cursor=given["cursor"])
            return inlet.reached(given["cursor"]) if frame["ask"] == "reached" else inlet.alive()

        self.open().call("listen", self._key, seconds=None, asked=asked)

    def _call(self, hook: str, given: Any = None) -> Any:
        call = partial(self._call_once, hook, given)
        try:
            return call()
        except processes.NotTaken:  # the plugins have changed this very moment
            return call()

    def _call_once(self, hook: str, given: Any) -> Any:
        try:
            seconds = SECONDS[hook] + GRACE_SECONDS
            return self.open().call(hook, self._key, frames.plain(given), seconds=seconds, asked=self._asked)
        except frames.TooLarge as error:
            raise Refused(f"It is too large for a channel in a process of its own: {error}.") from error

    def _asked(self, frame: Frame) -> Any:
        """Answer what the channel wants of its vault."""
        given = frame["given"]
        if frame["ask"] == "secret":
            answer: Any = self._vault.read(given["name"])
        else:
            answer = self._vault.replace(given["name"], given["old"], given["new"])
        if self._opened_in is not None:
            self._opened_in.secrets.update(self._secrets)  # the vault has made what is new known
        return answer


class Reader(Isolated):
    """A channel that only reads in the other process: a message at a time, so that one which ends it ends no other."""

    _is_reader = True

    def receive(self, request: InboundRequest) -> list[Inbound | DeliveryReport]:
        """Have the request read, when its turn has come."""
        with processes.turn_of(self._name):
            return super().receive(request)


@contextmanager
def _fitting() -> Iterator[None]:
    """Turn what is no value of the SDK into a wrong answer."""
    try:
        yield
    except (frames.Broken, TypeError, ValueError) as error:
        raise WrongAnswer(str(error)) from error
