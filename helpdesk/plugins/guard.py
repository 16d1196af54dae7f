"""Every call into a plugin's code: within a deadline, with whatever it raises contained, counted, and answered for.

The code runs in a thread of its own. One that overruns is told to end, which an endless loop does and a
wait for something outside does not: such a thread is left behind, and a plugin with too many of them is
not called until they end. After five failures in a row a hook rests; then one call is let through, and
its success ends the rest. Figures and troubles are kept in memory; figures.py writes them down. Signals
have a dispatcher of their own, which is faster.
"""

import logging
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple, TypeVar

from helpdesk.kernel import clock
from helpdesk.kernel.dispatching import FAILURES_IN_A_ROW, rest_seconds
from helpdesk.kernel.errors import HelpdeskError, Unavailable, said
from helpdesk.kernel.text import one_line
from helpdesk.plugins.kinds import Kind
from helpdesk.plugins.threads import Call, hire, rehire
from helpdesk.sdk.errors import Denied, Refused, Retry, Unverified, WindowClosed
from helpdesk.sdk.field_type import NotAValue
from helpdesk.sdk.storage import Missing

log = logging.getLogger(__name__)

SAID = (Retry, Refused, WindowClosed, Unverified, Denied, NotAValue, Missing, HelpdeskError)
"""What a plugin, or the desk that it asked, may say by raising; everything else is a fault."""

LOOK_SECONDS = 1.0
MOST_LEFT_BEHIND = 8
LONGEST_REASON = 500
KEPT_PROBLEMS = 200

Answer = TypeVar("Answer")


class PluginFailed(Unavailable):
    """The plugin's code failed, overran its deadline (PLUGIN_OVERRAN), or rests after failing (PLUGIN_RESTING)."""

    code = "PLUGIN_FAILED"


class WrongAnswer(TypeError):
    """A hook answered something else than its page of the SDK says."""


class Ref(NamedTuple):
    """Whose code is called."""

    kind: Kind
    name: str


@dataclass(frozen=True, slots=True)
class Problem:
    """One failure: whose, in which hook, why, and when it happened."""

    ref: Ref
    hook: str
    reason: str
    at: Any


@dataclass(slots=True)
class Gauge:
    """What one hook of a plugin has done in this process; ``seconds`` is the sum over its calls.

    ``written`` is what figures.py has written of it: calls, errors, overruns and microseconds.
    """

    calls: int = 0
    errors: int = 0
    overruns: int = 0
    seconds: float = 0.0
    in_a_row: int = 0
    openings: int = 0
    rests_until: float = 0.0
    is_trying: bool = False
    has_overrun: bool = False
    reason: str = ""
    written: tuple[int, int, int, int] = (0, 0, 0, 0)
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """What is to be written: calls, errors, overruns and microseconds."""
        return self.calls, self.errors, self.overruns, int(self.seconds * 1_000_000)

    @property
    def is_resting(self) -> bool:
        """Whether the breaker is open: the last calls failed, and no later one has succeeded."""
        return self.openings > 0

    @property
    def is_failing(self) -> bool:
        """Whether something is wrong: too many failures in a row, also of a hook that never rests, or an overrun."""
        return self.is_resting or self.has_overrun or self.in_a_row >= FAILURES_IN_A_ROW

    def admit(self) -> bool:
        """Return whether a call may be made now; while the hook rests only one at a time, and only when it is due."""
        with self.lock:
            if not self.is_resting:
                return True
            if self.is_trying or clock.monotonic() < self.rests_until:
                return False
            self.is_trying = True
            return True

    def succeeded(self, seconds: float) -> None:
        """Count a call that did what it is to do."""
        with self.lock:
            self.calls += 1
            self.seconds += seconds
            self.in_a_row = self.openings = 0
            self.is_trying = self.has_overrun = False
            self.reason = ""

    def gave_up(self, reason: str) -> None:
        """Count a failure of what somebody else lets rest, until it succeeds."""
        with self.lock:
            self.calls += 1
            self.errors += 1
            self.in_a_row += 1
            self.openings += 1
            self.reason = reason

    def failed(self, seconds: float, reason: str, *, has_overrun: bool = False, rests: bool = True) -> None:
        """Count a failure, and open the breaker when there were enough of them in a row, if the hook ``rests``."""
        with self.lock:
            self.calls += 1
            self.seconds += seconds
            self.errors += not has_overrun
            self.overruns += has_overrun
            self.in_a_row += 1
            self.has_overrun = has_overrun
            self.reason = reason
            if rests and (self.is_trying or self.in_a_row >= FAILURES_IN_A_ROW):
                self.openings += 1
                self.rests_until = clock.monotonic() + rest_seconds(self.openings)
            self.is_trying = False


class _Guarded:
    """What this process knows of the plugins that it calls."""

    def __init__(self) -> None:
        self.gauges: dict[tuple[Ref, str], Gauge] = {}
        self.forgotten: deque[tuple[tuple[Ref, str], Gauge]] = deque(maxlen=KEPT_PROBLEMS)
        self.problems: deque[Problem] = deque(maxlen=KEPT_PROBLEMS)
        self.left_behind: dict[Ref, list[Call[Any]]] = {}
        self.stops_at: float | None = None
        self.lock = threading.Lock()


_guarded = _Guarded()


def call(
    ref: Ref,
    hook: str,
    function: Callable[[], Answer],
    *,
    seconds: float,
    secrets: Sequence[str] = (),
    rests: bool = True,
) -> Answer:
    """Return what the plugin's code answers within the seconds; the secrets are blotted out of what it says.

    A hook that is fed by strangers ``rests`` not: whoever can make it fail could otherwise silence it.
    Passes on what is in ``SAID``. Raises PluginFailed for every other failure.
    """
    gauge = gauge_of(ref, hook)
    _admit(ref, gauge)
    started, pending, runner = time.monotonic(), Call(function), hire()
    runner.start(pending)
    has_ended = _wait(pending, started + seconds)
    took = time.monotonic() - started
    if not has_ended and took < seconds:
        runner.dismiss()
        raise PluginFailed(f"The desk stops, and the {ref.kind} “{ref.name}” is not done.", code="PLUGIN_STOPPED")
    if not has_ended:
        runner.interrupt()
        with _guarded.lock:
            _guarded.left_behind.setdefault(ref, []).append(pending)
        reason = f"it did not end within {seconds:g} seconds"
        raise _fail(ref, hook, reason, took, has_overrun=True, rests=rests)
    rehire(runner)
    if pending.error is None:
        gauge.succeeded(took)
        return pending.answer
    if isinstance(pending.error, SAID):
        gauge.succeeded(took)
        raise _without(pending.error, secrets)
    reason = blotted(pending.words, secrets)
    trace = blotted(pending.trace, secrets)
    raise _fail(ref, hook, reason, took, trace=trace, rests=rests) from None


@contextmanager
def watched(ref: Ref, hook: str, *, secrets: Sequence[str] = ()) -> Iterator[None]:
    """Contain and count what runs in the block, which has no deadline: a channel that listens. Raises PluginFailed."""
    started = clock.monotonic()
    try:
        yield
    except (*SAID, KeyboardInterrupt):
        raise
    except BaseException as error:
        reason = blotted(said(error), secrets)
        trace = blotted(traceback.format_exc(), secrets)
        raise _fail(ref, hook, reason, clock.monotonic() - started, trace=trace) from None
    else:
        gauge_of(ref, hook).succeeded(clock.monotonic() - started)


def give_up(ref: Ref, hook: str, reason: str) -> None:
    """Count and tell that what has a breaker of its own, such as a page of a theme, failed and rests."""
    bare = one_line(reason, longest=LONGEST_REASON)
    gauge_of(ref, hook).gave_up(bare)
    note(ref, hook, bare)


def recover(ref: Ref, hook: str) -> None:
    """Note that what was given up does well again."""
    gauge_of(ref, hook).succeeded(0.0)


def expect(answer: Any, *kinds: type) -> Any:
    """Return the answer if it is of one of the kinds. Raises WrongAnswer."""
    if not isinstance(answer, kinds):
        wanted = " or ".join("None" if kind is type(None) else kind.__name__ for kind in kinds)
        raise WrongAnswer(f"it answered {_kind_of(answer)}, not {wanted}")
    return answer


def listed(answer: Any, *kinds: type, most: int) -> list[Any]:
    """Return what an iterable answer gives, at most so many. Raises WrongAnswer.

    To be called where the deadline holds: a generator does its work as it is read.
    """
    if isinstance(answer, str | bytes) or not isinstance(answer, Iterable):
        raise WrongAnswer(f"it answered {_kind_of(answer)}, which is no list")
    items = list(islice(answer, most + 1))
    if len(items) > most:
        raise WrongAnswer(f"it answered more than {most} things")
    return [expect(item, *kinds) for item in items]


def blotted(text: str, secrets: Sequence[str]) -> str:
    """Return the text without the secrets."""
    for secret in secrets:
        text = text.replace(secret, "***")
    return text


def _without(error: BaseException, secrets: Sequence[str]) -> BaseException:
    """Return the error with the secrets blotted out of its words, which are often a provider's that quotes them."""
    error.args = tuple(blotted(part, secrets) if isinstance(part, str) else part for part in error.args)
    if isinstance(error, HelpdeskError):
        error.message = blotted(error.message, secrets)
    return error


def told(error: BaseException, secrets: Sequence[str]) -> "PluginFailed":
    """Return what a plugin's code raised as one line without the secrets; where it happened is a note of it."""
    failed = PluginFailed(one_line(blotted(said(error), secrets), longest=LONGEST_REASON))
    failed.add_note(blotted("".join(traceback.format_exception(error)), secrets))
    return failed


def gauge_of(ref: Ref, hook: str) -> Gauge:
    """Return the gauge of a hook, new ones at nought."""
    gauge = _guarded.gauges.get((ref, hook))
    if gauge is None:
        with _guarded.lock:
            gauge = _guarded.gauges.setdefault((ref, hook), Gauge())
    return gauge


def gauges() -> dict[tuple[Ref, str], Gauge]:
    """Return every gauge of this process, by plugin and hook."""
    return dict(_guarded.gauges)


def take_forgotten() -> list[tuple[tuple[Ref, str], Gauge]]:
    """Return the gauges that were forgotten since the last call: they may hold what is not written yet."""
    found = []
    while _guarded.forgotten:
        found.append(_guarded.forgotten.popleft())
    return found


def note(ref: Ref, hook: str, reason: str) -> None:
    """Keep a problem until it is written down."""
    _guarded.problems.append(Problem(ref, hook, one_line(reason, longest=LONGEST_REASON), clock.now()))


def take_problems() -> list[Problem]:
    """Return the problems since the last call, oldest first."""
    found = []
    while _guarded.problems:
        found.append(_guarded.problems.popleft())
    return found


def forget(ref: Ref) -> None:
    """Begin anew with a plugin that was switched or mended: its hooks rest no more. What they did stays counted."""
    with _guarded.lock:
        for key in [key for key in _guarded.gauges if key[0] == ref]:
            _guarded.forgotten.append((key, _guarded.gauges.pop(key)))
        _guarded.left_behind.pop(ref, None)


def reset() -> None:
    """Begin anew with every plugin, and drop what was not written down."""
    with _guarded.lock:
        _guarded.gauges.clear()
        _guarded.forgotten.clear()
        _guarded.left_behind.clear()
        _guarded.problems.clear()


def left_behind(ref: Ref) -> int:
    """Return how many threads the plugin holds past their deadlines."""
    with _guarded.lock:
        waiting = [one for one in _guarded.left_behind.get(ref, ()) if not one.ended.is_set()]
        if waiting:
            _guarded.left_behind[ref] = waiting
        else:
            _guarded.left_behind.pop(ref, None)
        return len(waiting)


def end_calls(*, within_seconds: float) -> None:
    """Wait for no call longer than that any more: the process ends. What is cut off is no failure of the plugin's."""
    _guarded.stops_at = time.monotonic() + within_seconds


def begin_calls() -> None:
    """Wait for calls as long as they may take, again."""
    _guarded.stops_at = None


def _wait(pending: Call[Any], until: float) -> bool:
    """Return whether the call ended in time, or before the process has to."""
    while not pending.ended.is_set():
        left = until - time.monotonic()
        if _guarded.stops_at is not None:
            left = min(left, _guarded.stops_at - time.monotonic())
        if left <= 0:
            return False
        pending.ended.wait(min(left, LOOK_SECONDS))
    return True


def _admit(ref: Ref, gauge: Gauge) -> None:
    if not gauge.admit():
        rest = f"it failed {FAILURES_IN_A_ROW} times in a row ({gauge.reason})"
        raise PluginFailed(f"The {ref.kind} “{ref.name}” rests: {rest}.", code="PLUGIN_RESTING")
    if ref in _guarded.left_behind and left_behind(ref) >= MOST_LEFT_BEHIND:
        gauge.is_trying = False
        rest = f"{MOST_LEFT_BEHIND} of its calls have not ended"
        raise PluginFailed(f"The {ref.kind} “{ref.name}” rests: {rest}.", code="PLUGIN_RESTING")


def _fail(
    ref: Ref, hook: str, reason: str, took: float, *, has_overrun: bool = False, trace: str = "", rests: bool = True
) -> PluginFailed:
    """Count, tell and return the failure."""
    bare = one_line(reason, longest=LONGEST_REASON)
    gauge_of(ref, hook).failed(took, bare, has_overrun=has_overrun, rests=rests)
    note(ref, hook, bare)
    log.error(
        "plugin failed", extra={"kind": ref.kind, "plugin": ref.name, "hook": hook, "reason": bare, "trace": trace}
    )
    code = "PLUGIN_OVERRAN" if has_overrun else "PLUGIN_FAILED"
    return PluginFailed(f"The {ref.kind} “{ref.name}” failed in {hook}: {bare}.", code=code)


def _kind_of(answer: Any) -> str:
    return "nothing" if answer is None else f"a {type(answer).__name__}"
