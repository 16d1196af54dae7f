"""A channel in a process of its own: ``helpdesk.channels.child``, started by isolation.py and by nobody else.

It knows neither the database nor the keys of the desk. It is told by its standard input which channel
to import, then which account to serve with which settings, then what to do; it answers on its standard
output, and whatever the channel prints goes to the standard error instead. It ends when its standard
input does, that is with the process that started it, and not by what a terminal or a supervisor tells
the whole group: the desk lets the calls under way end first. A channel that lets no other thread work,
by an endless regular expression say, is ended by Linux together with the thread that started it.
"""

import ctypes
import logging
import os
import resource
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from ipaddress import ip_network
from itertools import count
from queue import SimpleQueue
from typing import Any

from helpdesk.channels import answers, frames
from helpdesk.channels.frames import Frame
from helpdesk.kernel import http
from helpdesk.plugins import kinds, loading
from helpdesk.plugins.guard import WrongAnswer, expect
from helpdesk.plugins.kinds import Kind
from helpdesk.plugins.outgoing import Outgoing
from helpdesk.sdk.channel import (
    AccountRefused,
    Channel,
    InboundRequest,
    Outbound,
    Refused,
    Retry,
    Unverified,
    WindowClosed,
)

SAID = (AccountRefused, Retry, Refused, WindowClosed, Unverified)
LONGEST_TRACE = 10_000
DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG
READ_BYTES = 280 * 2**20  # with the libraries beside it less than 300 MB; a mail of 50 MB takes 250 MiB at most
READ_BYTES_A_BYTE = 5  # for what is larger, by an account's settings: three copies, and whatever the text takes
READ_CPU_SECONDS = 2.0  # with another process to start behind it, the next message is through within five
READ_CPU_SECONDS_A_BYTE = 1e-8  # that much more for a large one: in all, twice what the slowest encoding takes


@contextmanager
def _limited(size: int) -> Iterator[None]:
    """Let the block, which reads so many bytes, take no more memory and processor time than that may.

    Too much memory is a MemoryError, too much time ends the process. RLIMIT_CPU lost: it counts in whole seconds.
    """
    memory = max(READ_BYTES, READ_BYTES_A_BYTE * size)
    _, most = resource.getrlimit(resource.RLIMIT_DATA)  # whoever runs the desk may have set one, for all of it
    if most != resource.RLIM_INFINITY:
        memory = min(memory, most)
    resource.setrlimit(resource.RLIMIT_DATA, (memory, most))
    signal.setitimer(signal.ITIMER_PROF, READ_CPU_SECONDS + READ_CPU_SECONDS_A_BYTE * size)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


class FromDesk(Exception):
    """What the desk said to a channel that listens; it is the desk's own error when it comes back there."""


class Child:
    """This process: one channel, its instances by account, and the calls under way."""

    def __init__(self, incoming: int, outgoing: int) -> None:
        self._incoming, self._outgoing = open(incoming, "rb"), outgoing  # noqa: SIM115  # to the end of the process
        self._lock = threading.Lock()
        self._first: SimpleQueue[Frame] = SimpleQueue()
        self._is_ready = threading.Event()
        self._is_reader = False
        self._kind: type[Channel] | None = None
        self._fault = ""
        self._channels: dict[int, Channel] = {}
        self._asked: dict[int, SimpleQueue[Frame]] = {}
        self._numbers = count(1)
        self._current = threading.local()

    def run(self) -> None:
        """Import the channel in the main thread, as some libraries like it; calls come in threads of their own."""
        threading.Thread(target=self._serve, name="calls", daemon=True).start()
        self._import(self._first.get())
        self._is_ready.set()
        threading.Event().wait()

    def ask(self, call: int, what: str, **given: Any) -> Any:
        """Ask the desk something in the course of a call, and return its answer. Raises FromDesk."""
        number, answer = next(self._numbers), SimpleQueue[Frame]()
        self._asked[number] = answer
        try:
            self._write(frames.pack({"ask": what, "number": number, "of": call, "given": given}))
            got = answer.get()
        finally:
            del self._asked[number]
        if "error" in got:
            raise FromDesk(got["error"])
        return got["value"]

    def current_call(self) -> int:
        """Return the call that this thread answers. Raises LookupError in a thread that answers none."""
        number: int | None = getattr(self._current, "number", None)
        if number is None:
            raise LookupError("the vault answers only in the thread that a hook was called in")
        return number

    def _serve(self) -> None:
        """Take what the desk writes until it is gone; whatever is under way then ends with this process."""
        try:
            hello = frames.read(self._incoming)
            if hello is not None:
                self._first.put(hello)
                while frame := frames.read(self._incoming):
                    self._take(frame)
        finally:
            os._exit(0)

    def _take(self, frame: Frame) -> None:
        if "re" in frame:
            self._asked[frame["re"]].put(frame)
        elif frame["do"] == "close":
            self._channels.pop(frame["account"], None)
        else:
            threading.Thread(target=self._do, args=(frame,), name=frame["do"], daemon=True).start()

    def _import(self, hello: Frame) -> None:
        """Import the channel from where the desk would."""
        sys.path[:] = hello["path"]
        logging.basicConfig(level=hello["log_level"], format="%(levelname)s %(name)s: %(message)s")
        http.use(http.OutgoingClient([ip_network(one) for one in hello["allow"]]))
        name = hello["channel"]
        nothing = loading.Imported(fault="no entry point of this name is installed")
        got = loading.import_all(Kind.CHANNEL, {name}).get(name, nothing)
        self._fault = got.fault or kinds.problem(Kind.CHANNEL, got.value)
        self._kind = None if self._fault else got.value
        self._is_reader = hello["is_reader"]

    def _do(self, frame: Frame) -> None:
        """Do what the desk wants and write what came of it."""
        number = self._current.number = frame["number"]
        try:
            self._is_ready.wait()
            pieces = frames.pack({"re": number, "value": self._answer(frame)})
        except frames.TooLarge as error:
            pieces = frames.pack({"re": number, "error": _told(WrongAnswer(f"its answer is {error}"))})
        except BaseException as error:  # a plugin may raise anything, and this thread is there for it
            pieces = frames.pack({"re": number, "error": _told(error)})
        self._write(pieces)

    def _answer(self, frame: Frame) -> Any:
        if frame["do"] == "open":
            self._channels[frame["account"]] = self._opened(frame["given"])
            return None
        channel = self._channels[frame["account"]]
        if frame["do"] == "listen":
            return channel.listen(Inlet(self, frame["number"]))
        if not self._is_reader:
            return HOOKS[frame["do"]](channel, frame["given"])
        with _limited(len(frame["given"].get("body", b""))):
            return HOOKS[frame["do"]](channel, frame["given"])

    def _opened(self, settings: Mapping[str, Any]) -> Channel:
        if self._kind is None:
            raise ImportError(self._fault)
        channel = self._kind(self._kind.Settings.model_validate(dict(settings)))
        channel.http = Outgoing()
        channel.vault = Vault(self)
        return channel

    def _write(self, pieces: Sequence[bytes]) -> None:
        with self._lock:
            for piece in pieces:
                left = memoryview(piece)
                while left:
                    left = left[os.write(self._outgoing, left) :]


class Inlet:
    """What a channel that listens hands its finds to: the desk's own inlet, at the other end of the pipe."""

    def __init__(self, child: Child, call: int) -> None:
        self._child, self._call = child, call

    @property
    def cursor(self) -> Mapping[str, Any]:
        """The place reached."""
        reached: Mapping[str, Any] = self._child.ask(self._call, "cursor")
        return reached

    def store(self, key: str, raw: bytes, *, cursor: Mapping[str, Any]) -> bool:
        """Keep the raw bytes and the place reached; false when they were here before."""
        return bool(self._child.ask(self._call, "store", key=key, raw=bytes(raw), cursor=dict(cursor)))

    def reached(self, cursor: Mapping[str, Any]) -> None:
        """Keep the place reached."""
        self._child.ask(self._call, "reached", cursor=dict(cursor))

    def alive(self) -> bool:
        """Renew the right to listen; on false, return."""
        return bool(self._child.ask(self._call, "alive"))


class Vault:
    """The account's secrets, which the desk keeps at the other end of the pipe."""

    def __init__(self, child: Child) -> None:
        self._child = child

    def read(self, name: str) -> str:
        """Return the secret."""
        return str(self._child.ask(self._child.current_call(), "secret", name=name))

    def replace(self, name: str, old: str, new: str) -> bool:
        """Keep a new secret in place of the old one."""
        return bool(self._child.ask(self._child.current_call(), "replace_secret", name=name, old=old, new=new))


HOOKS: Mapping[str, Callable[[Channel, Any], Any]] = {
    "verify": lambda channel, given: channel.verify(frames.made(InboundRequest, given)),
    "receive": lambda channel, given: [
        [type(item).__name__, frames.plain(item)]
        for item in answers.messages(channel.receive(frames.made(InboundRequest, given)))
    ],
    "identify": lambda channel, given: answers.outside_id(channel.identify(frames.made(Outbound, given))),
    "send": lambda channel, given: frames.plain(answers.sent(channel.send(frames.made(Outbound, given)))),
    "check": lambda channel, _given: channel.check(),
    "is_enabled_for_listening": lambda channel, _given: expect(channel.is_enabled_for_listening(), bool),
}
"""What the desk may want of a channel, in JSON both ways."""


def _told(error: BaseException) -> dict[str, Any]:
    """Return an error as JSON: which of the SDK's it is, if one, else its name; its words; where it came from."""
    says = next((kind for kind in (*SAID, WrongAnswer, FromDesk) if isinstance(error, kind)), None)
    after = getattr(error, "after_seconds", None)
    try:
        words = str(error)
    except Exception as unspeakable:
        words = f"it cannot be put in words: {type(unspeakable).__name__}"
    return {
        "says": says.__name__ if says else "",
        "name": type(error).__name__,
        "words": words[:LONGEST_TRACE],
        "is_permanent": getattr(error, "is_permanent", False) is True,
        "after_seconds": after if isinstance(after, int | float) else None,
        "must_reconnect": getattr(error, "must_reconnect", False) is True,
        "ends_a_process": not isinstance(error, Exception),
        "trace": traceback.format_exc()[-LONGEST_TRACE:],
    }


def main() -> None:
    """Keep the pipes for frames alone, and serve."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    incoming, outgoing = os.dup(0), os.dup(1)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    for said in (sys.stdout, sys.stderr):
        said.reconfigure(line_buffering=True, errors="backslashreplace")  # type: ignore[union-attr]  # a real file here
    Child(incoming, outgoing).run()
