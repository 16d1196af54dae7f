"""The example of an assigner."""

from datetime import UTC, datetime

from helpdesk_example.assigner import LeastBusy, LeastBusySettings

AT = datetime(2026, 5, 4, 9, tzinfo=UTC)


def test_who_has_least_gets_it(ticket, make_agent):
    agents = [make_agent(1, open_tickets=2), make_agent(2, open_tickets=1), make_agent(3, open_tickets=1)]
    assert LeastBusy(LeastBusySettings()).choose(ticket, agents) == 2


def test_of_equals_who_has_waited_longest_gets_it(ticket, make_agent):
    agents = [make_agent(1, last_assigned_at=AT), make_agent(2), make_agent(3, last_assigned_at=AT.replace(hour=8))]
    assigner = LeastBusy(LeastBusySettings())
    assert [assigner.choose(ticket, agents), assigner.choose(ticket, agents[::2])] == [2, 3]


def test_nobody_gets_more_than_the_limit_nor_while_away(ticket, make_agent):
    agents = [make_agent(1, open_tickets=3), make_agent(2, is_active=False)]
    assert LeastBusy(LeastBusySettings(most=3)).choose(ticket, agents) is None
