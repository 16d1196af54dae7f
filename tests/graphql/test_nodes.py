"""Global ids: they find their thing again, and tell nothing of what is not there or not yours."""

import base64

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpdesk.graphql import ids
from tests.factories.client import Caller, log_in, ticket
from tests.factories.desk import Desk, make_desk


@pytest.fixture
def other_ticket(stranger: Caller, desk: Desk) -> str:
    """The id of a ticket of another service."""
    make_desk(desk.settings, slug="second")
    elsewhere = log_in(stranger.but(slug="second"), "admin@demo.example")
    found: str = ticket(elsewhere)["id"]
    return found


def test_every_kind_of_thing_is_found_by_its_id(partner: Caller, administrator: Caller) -> None:
    made = ticket(partner)
    service = partner.ask("Service")
    viewer = partner.ask("Viewer")["viewer"]
    known = [made["id"], made["customer"]["id"], service["service"]["id"], service["agents"][0]["id"], viewer["id"]]
    found = partner.ask("Nodes", ids=known)["nodes"]
    assert [node["__typename"] for node in found] == ["Ticket", "Customer", "Service", "Agent", "ServiceKey"]
    assert [node["id"] for node in found] == known
    assert partner.ask("Node", id=made["id"])["node"] == {"__typename": "Ticket", "id": made["id"]}


def test_missing_foreign_and_senseless_ids_give_the_same_null(partner: Caller, other_ticket: str) -> None:
    senseless = ["", "x", "VGlja2V0", other_ticket, ids.encode("Ticket", 999), ids.encode("Nothing", 1)]
    assert partner.ask("Nodes", ids=senseless)["nodes"] == [None] * len(senseless)
    assert partner.ask("Node", id=other_ticket)["node"] is None


def test_foreign_ids_are_refused_like_missing_ones_in_inputs(partner: Caller, other_ticket: str) -> None:
    for wanted in (other_ticket, ids.encode("Ticket", 999), ids.encode("Customer", 1), "1 OR 1"):
        assert partner.refused("TicketReply", ticketId=wanted, body="x") == ("NOT_FOUND", ["ticketId"])
        assert partner.refused("TicketAddNote", ticketId=wanted, body="x") == ("NOT_FOUND", ["ticketId"])
        assert partner.refused("TicketSetStatus", ticketId=wanted, status="OPEN") == ("NOT_FOUND", ["ticketId"])
        assert partner.refused("TicketAssign", ticketId=wanted) == ("NOT_FOUND", ["ticketId"])


def test_agent_sees_no_key_and_no_account_by_its_id(agent: Caller, partner: Caller) -> None:
    key = partner.ask("Viewer")["viewer"]["id"]
    assert agent.ask("Node", id=key)["node"] is None


def test_stranger_gets_null_for_everything(stranger: Caller, partner: Caller) -> None:
    assert stranger.ask("Node", id=ticket(partner)["id"])["node"] is None


def test_hundred_ids_at_once_are_the_most(partner: Caller) -> None:
    assert len(partner.ask("Nodes", ids=["x"] * 100)["nodes"]) == 100
    assert partner.failed("Nodes", ids=["x"] * 101) == "INVALID"


def test_ids_of_one_kind_are_read_in_one_statement(partner: Caller, statements: list[str]) -> None:
    wanted = [ticket(partner)["id"] for _ in range(3)]
    statements.clear()
    assert len(partner.ask("Nodes", ids=wanted)["nodes"]) == 3
    assert len([sql for sql in statements if '"ticket"' in sql]) == 1


@pytest.mark.parametrize("number", ["-1", "1.0", "01", "1e3", "١", "1" * 20, str(2**63), "1 OR 1", "", "0x1"])
def test_no_other_spelling_of_a_number_is_an_id(number: str) -> None:
    text = base64.urlsafe_b64encode(f"Ticket:{number}".encode()).decode().rstrip("=")
    assert ids.decode(text) is None


@given(st.sampled_from(["Ticket", "Customer"]), st.integers(0, 2**63 - 1))
def test_id_is_read_as_it_was_written(name: str, row_id: int) -> None:
    assert ids.decode(ids.encode(name, row_id)) == (name, row_id)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60))
def test_any_text_as_an_id_finds_nothing(partner: Caller, text: str) -> None:
    assert partner.ask("Node", id=text)["node"] is None
