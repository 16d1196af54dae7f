"""A failpoint fails where and when it was told to, and is nothing otherwise."""

import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.kernel import failpoints
from helpdesk.kernel.errors import Invalid


@pytest.fixture(autouse=True)
def _disarmed() -> Iterator[None]:
    yield
    failpoints.arm("")


def outcomes(name: str, *, times: int) -> list[bool]:
    """Reach the place again and again and note at which times it failed."""
    failed = []
    for _ in range(times):
        try:
            failpoints.reach(name)
        except RuntimeError:
            failed.append(True)
        else:
            failed.append(False)
    return failed


def test_an_unarmed_place_does_nothing() -> None:
    failpoints.arm("outbox.after_send:raise")
    assert outcomes("outbox.before_send", times=3) == [False, False, False]


def test_an_armed_place_raises_every_time_and_names_itself() -> None:
    failpoints.arm("outbox.after_send:raise")
    assert outcomes("outbox.after_send", times=2) == [True, True]
    with pytest.raises(RuntimeError, match=r"outbox\.after_send"):
        failpoints.reach("outbox.after_send")


def test_a_count_fails_that_time_only() -> None:
    failpoints.arm("inbox.stored:raise:3")
    assert outcomes("inbox.stored", times=5) == [False, False, True, False, False]


def test_arming_replaces_what_was_armed_and_an_empty_spec_disarms() -> None:
    failpoints.arm("first:raise")
    failpoints.arm("second:raise")
    assert (outcomes("first", times=1), outcomes("second", times=1)) == ([False], [True])
    failpoints.arm("")
    assert outcomes("second", times=1) == [False]


def test_kill_ends_the_process_at_once_the_second_time() -> None:
    program = (
        "from helpdesk.kernel import failpoints\n"
        "failpoints.arm('smtp.accepted:kill:2')\n"
        "for turn in (1, 2, 3):\n"
        "    print('reaching', turn, flush=True)\n"
        "    try:\n"
        "        failpoints.reach('smtp.accepted')\n"
        "    finally:\n"
        "        print('left', turn, flush=True)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == -signal.SIGKILL
    assert ended.stdout.split("\n") == ["reaching 1", "left 1", "reaching 2", ""]


@pytest.mark.parametrize("spec", ["name", "name:die", ":kill", "name:kill:0", "name:kill:x", "a b:kill", "name:kill\n"])
def test_a_malformed_spec_is_refused_with_the_right_way_to_write_it(spec: str) -> None:
    with pytest.raises(Invalid, match="name:kill") as refused:
        failpoints.arm(spec)
    assert refused.value.code == "BAD_FAILPOINT"


def test_a_malformed_spec_leaves_what_was_armed() -> None:
    failpoints.arm("kept:raise")
    with pytest.raises(Invalid):
        failpoints.arm("broken")
    assert outcomes("kept", times=1) == [True]


@given(spec=st.text(max_size=30))
def test_any_text_either_arms_or_is_refused(spec: str) -> None:
    try:
        failpoints.arm(spec)
    except Invalid:
        return
    assert spec == "" or ":kill" in spec or ":raise" in spec
