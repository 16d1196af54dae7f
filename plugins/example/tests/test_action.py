"""The example of an action."""

import pytest
from helpdesk_example.action import Escalate, EscalateSettings

from helpdesk.sdk.action import AddNote, AddTags, Later, Refused, Retry


def test_ticket_is_tagged_and_noted(ticket):
    assert list(Escalate(EscalateSettings()).run(ticket)) == [
        AddTags(("escalated",)),
        AddNote("This ticket was escalated."),
    ]


def test_ticket_is_escalated_once(make_ticket):
    assert list(Escalate(EscalateSettings()).run(make_ticket(tags=("escalated",)))) == []


def test_chat_room_is_told_later(ticket, outside):
    action = Escalate(EscalateSettings(url="https://chat.example/hook"))
    action.http = outside
    later = list(action.run(ticket))[-1]
    assert later == Later({"text": "#7 환불"})
    action.perform(later.data)
    assert outside.calls == [{"text": "#7 환불"}]
    for status, verdict in ((500, Retry), (404, Refused)):
        outside.status = status
        with pytest.raises(verdict):
            action.perform(later.data)
