"""Lanes: one channel gets all threads of a worker but one, and what waits for its lane is claimed by nobody."""

from typing import Any

from helpdesk.channels import accounts, inbox, lanes
from helpdesk.channels.models import InboxRow
from helpdesk.kernel import jobs
from helpdesk.kernel.settings import Settings
from helpdesk.plugins import registry
from helpdesk.plugins.kinds import Kind
from tests.factories.desk import Desk
from tests.factories.echo import Echo


def store(desk: Desk, account_id: int, count: int) -> None:
    """Put so many messages into the inbox."""
    for number in range(count):
        inbox.store(account_id, desk.service_id, b"{}", key=f"{account_id}-{number}", largest=100)


def test_channel_with_a_full_lane_waits_and_another_one_does_not(desk: Desk) -> None:
    registry.register(Kind.CHANNEL, "other", Echo)
    slow, other = (
        accounts.create(desk.administrator, driver=driver, name=driver, settings={}) for driver in ("echo", "other")
    )
    store(desk, slow, 3)
    store(desk, other, 1)
    carried: list[list[int]] = []

    def hang(row: Any, settings: Settings) -> None:
        """Carry the row, and have another thread look for work meanwhile."""
        carried.append([row.account_id])
        lanes.drain(inbox.LINE, InboxRow, note, settings)

    def note(row: Any, _settings: Settings) -> None:
        carried[-1].append(row.account_id)

    lanes.drain(inbox.LINE, InboxRow, hang, desk.settings.model_copy(update={"worker_threads": 1}))
    assert carried == [[slow, other], [slow], [slow]]
    assert not any(lanes._under_way.values())


def test_line_that_met_a_full_lane_is_woken_when_there_is_room(desk: Desk) -> None:
    account_id = accounts.create(desk.administrator, driver="echo", name="echo", settings={})
    store(desk, account_id, 1)
    assert jobs.flush(seconds=10)
    queue = jobs._desk.huey
    assert queue is not None
    queue.flush()

    def hang(_row: Any, settings: Settings) -> None:
        """Have another line of the same channel meet the full lane."""
        store(desk, account_id, 1)
        assert jobs.flush(seconds=10)
        queue.flush()
        lanes.drain("another", InboxRow, hang, settings)

    lanes.drain(inbox.LINE, InboxRow, hang, desk.settings.model_copy(update={"worker_threads": 1}))
    assert jobs.flush(seconds=10)
    assert [task.args for task in queue.pending()] == [("another",)]
