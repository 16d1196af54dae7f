"""A service is paused and taken into use again, or stopped for good."""

import pytest

from helpdesk.kernel.errors import Conflict, Forbidden, NotFound, Unavailable
from helpdesk.organization import contracts, queries
from helpdesk.organization.rules import ServiceState
from helpdesk.signals import flush, service_changed
from tests.factories.desk import Desk, above, make_desk


def state(desk: Desk) -> ServiceState:
    """Return the service's state."""
    row = queries.service_by_id(desk.service_id)
    assert row is not None
    return row.state


def test_a_service_is_paused_used_again_and_stopped_and_it_is_told(desk: Desk) -> None:
    told: list[int] = []
    service_changed.connect(lambda event: told.append(event.service_id))
    row = queries.service_by_id(desk.service_id)
    assert row is not None
    contracts.require_in_use(row)
    for wanted in (ServiceState.PAUSED, ServiceState.PAUSED, ServiceState.IN_USE, ServiceState.PAUSED):
        contracts.set_state(above(desk), desk.service_id, wanted)
        assert state(desk) is wanted
    contracts.set_state(above(desk), desk.service_id, ServiceState.STOPPED)
    assert [row.id for row in queries.resting_services()] == [desk.service_id]
    assert flush()
    assert told == [desk.service_id] * 4


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((), ServiceState.STOPPED),
        ((ServiceState.PAUSED, ServiceState.STOPPED), ServiceState.IN_USE),
        ((ServiceState.PAUSED, ServiceState.STOPPED), ServiceState.PAUSED),
    ],
)
def test_a_service_in_use_is_not_stopped_and_a_stopped_one_stays_so(
    desk: Desk, before: tuple[ServiceState, ...], after: ServiceState
) -> None:
    for one in before:
        contracts.set_state(above(desk), desk.service_id, one)
    known = state(desk)
    with pytest.raises(Conflict, match="paused before it is stopped") as refused:
        contracts.set_state(above(desk), desk.service_id, after)
    assert (refused.value.code, refused.value.path) == ("BAD_STATE", ("state",))
    assert state(desk) is known


@pytest.mark.parametrize(("wanted", "code"), [("PAUSED", "SERVICE_PAUSED"), ("STOPPED", "SERVICE_STOPPED")])
def test_a_resting_service_is_open_to_those_above_it_and_to_whoever_logs_in(desk: Desk, wanted: str, code: str) -> None:
    contracts.set_state(above(desk), desk.service_id, ServiceState.PAUSED)
    contracts.set_state(above(desk), desk.service_id, ServiceState(wanted))
    row = queries.service_by_id(desk.service_id)
    assert row is not None
    contracts.require_open(row, above(desk))
    for actor in (desk.administrator, desk.agent, desk.partner):
        with pytest.raises(Unavailable) as refused:
            contracts.require_open(row, actor)
        assert refused.value.code == code


def test_others_do_not_pause_it_nor_does_anybody_a_foreign_one(desk: Desk) -> None:
    other = make_desk(desk.settings, slug="other")
    with pytest.raises(Forbidden):
        contracts.set_state(desk.administrator, desk.service_id, ServiceState.PAUSED)
    for service_id in (other.service_id, 999):
        with pytest.raises(NotFound):
            contracts.set_state(above(desk), service_id, ServiceState.PAUSED)
    assert list(queries.resting_services()) == []
