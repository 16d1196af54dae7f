"""E: whatever is sent and whatever breaks, answers are coded and tell nothing of the inside.

Source: SECURITY E9, E13.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from helpdesk.kernel import db
from helpdesk.kernel.settings import Settings
from tests.factories.client import Caller, operations, ticket
from tests.servers.ports import free_port

LEAKS = re.compile(
    r"Traceback|\bSELECT\b|\bINSERT\b|peewee|psycopg|sqlite|postgres|/helpdesk/|\.py\b|site-packages", re.I
)


def coded(answer: TestResponse, *, most: int = 500, sent: bytes = b"") -> list[str]:
    """Return the codes of an answer that is no server error and tells nothing of the inside but what was sent."""
    assert answer.status_code < most
    told = [word for word in LEAKS.findall(answer.text) if word not in sent.decode()]
    assert not told, answer.text
    return [error["extensions"]["code"] for error in answer.get_json(force=True).get("errors", ())]


@pytest.fixture
def broken(partner: Caller) -> Iterator[Caller]:
    """A partner of a desk that has lost its table of messages."""
    ticket(partner)
    db.database.execute_sql("ALTER TABLE message RENAME TO lost")
    yield partner
    db.database.execute_sql("ALTER TABLE lost RENAME TO message")


def test_bug_in_a_resolver_is_masked_and_told_to_the_log(broken: Caller, caplog: pytest.LogCaptureFixture) -> None:
    answer = broken.answer("Tickets")
    assert coded(answer) == ["INTERNAL_SERVER_ERROR"]
    (error,) = answer.get_json()["errors"]
    assert error["extensions"]["requestId"] == answer.headers["X-Request-Id"]
    assert error["extensions"]["requestId"] in caplog.text
    assert "message" in caplog.text


def test_bug_in_a_mutation_is_masked_and_changes_nothing(broken: Caller) -> None:
    given = {"subject": "x", "body": "x", "customer": {"email": "new@customer.example"}}
    assert coded(broken.answer("TicketCreate", input=given)) == ["INTERNAL_SERVER_ERROR"]
    assert broken.ask("TicketCount")["tickets"]["totalCount"] == 1
    assert broken.ask("Customers")["customers"]["totalCount"] == 1


@pytest.fixture
def unreachable(partner: Caller, chosen: Settings, tmp_path: Path) -> Iterator[Caller]:
    """A partner of a desk whose database does not answer."""
    working = db.database.obj
    gone = f"postgresql://nobody@127.0.0.1:{free_port()}/gone" if chosen.database_url else f"sqlite:///{tmp_path}"
    db.use(chosen.model_copy(update={"database_url": gone}))
    yield partner
    db.database.initialize(working)


def test_database_that_does_not_answer_is_told_as_such(unreachable: Caller) -> None:
    answer = unreachable.answer("Tickets")
    assert answer.status_code == 503
    assert coded(answer, most=504) == ["UNAVAILABLE"]
    assert answer.headers["Retry-After"]
    assert unreachable.send("GET", "/demo/graphql/schema.graphql").status_code == 503


@pytest.mark.parametrize("path", ["/", "/demo", "/demo/hc", "/demo/hc/ko/", "/demo/files/x/y", "/readyz", "/metrics"])
def test_other_addresses_tell_nothing_of_a_lost_database(unreachable: Caller, path: str) -> None:
    answer = unreachable.send("GET", path)
    assert answer.status_code == (403 if "files" in path else 503)
    assert not re.search(r"Traceback|psycopg|sqlite3|127\.0\.0\.1:\d|unable to open", answer.text)


BODIES = [
    b'{"query": "{tickets {totalCount}}", "variables": {"x": NaN}}',
    b'{"query": "{tickets {totalCount}}", "variables": {"x": Infinity}}',
    b'{"query": "{ticket(number: 1) {subject}} \\ud800"}',
    b'{"query": "{tickets(search: \\"\\u0000\\") {totalCount}}"}',
    b'{"query": "{tickets(search: \\"\xff\xfe\\") {totalCount}}"}',
    b'{"query": "{ticket(number: ' + b"9" * 5_000 + b') {subject}}"}',
    b'{"query": "{ticket(number: 1e400) {subject}}"}',
    b'{"query": "{tickets(search: \\"\\\\uD800\\") {totalCount}}"}',
    b'{"query": "{tickets(search: \\"\\\\u{D800}\\") {totalCount}}"}',
    b'{"query": "{tickets(where: {field: \\"status\\", op: BROKEN}) {totalCount}}"}',
    b'{"query": "query ($n: Int!) {ticket(number: $n) {subject}}", "variables": {"n": 1e999}}',
    b'{"query": "query ($n: Int!) {ticket(number: $n) {subject}}", "variables": {"n": ' + b"9" * 400 + b"}}",
]


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_what_is_no_value_is_the_senders_error(partner: Caller, body: bytes) -> None:
    answer = partner.send("POST", "/demo/graphql", data=body, content_type="application/json")
    assert set(coded(answer)) <= {"BAD_REQUEST", "BAD_USER_INPUT", "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED"}
    assert coded(answer)


def test_last_of_two_like_keys_counts_deep_inside_too(partner: Caller) -> None:
    ticket(partner)
    body = b'{"query": "query ($n: Int!) {ticket(number: $n) {number}}", "variables": {"n": 9, "n": 1}}'
    answer = partner.send("POST", "/demo/graphql", data=body, content_type="application/json")
    assert answer.get_json()["data"] == {"ticket": {"number": 1}}


def test_marks_that_turn_the_direction_do_not_get_into_a_subject(partner: Caller) -> None:
    assert ticket(partner, subject="invoice\u202efdp.exe\u2066")["subject"] == "invoicefdp.exe"


@pytest.mark.parametrize(
    "number", ["1 OR 1", "1", 1.5, 2**31, 2**63, -(2**63), 2**64, "١", "１", True, None, [1], {"a": 1}, ""]
)
def test_what_is_no_number_is_refused(partner: Caller, number: Any) -> None:
    for operation in ("Ticket", "Customer"):
        assert coded(partner.answer(operation, number=number)) == ["BAD_USER_INPUT"]
    given = {"filename": "a", "size": number}
    assert coded(partner.answer("UploadCreate", input=given)) == ["BAD_USER_INPUT"]


@pytest.mark.parametrize("wanted", ["1 OR 1", 1, 2**63, 2**64, -1, "١", "Q3VzdG9tZXI6MQ", "VGlja2V0OjE=", ""])
def test_what_is_no_id_of_a_ticket_finds_none(partner: Caller, wanted: Any) -> None:
    ticket(partner)
    assert partner.refused("TicketReply", ticketId=wanted, body="x") == ("NOT_FOUND", ["ticketId"])


@pytest.mark.parametrize("wanted", [1.5, True, None, [], ["VGlja2V0OjE", "VGlja2V0OjE"], {"id": 1}])
def test_what_cannot_be_an_id_is_refused(partner: Caller, wanted: Any) -> None:
    assert coded(partner.answer("TicketReply", input={"ticketId": wanted, "body": "x"})) == ["BAD_USER_INPUT"]


@pytest.mark.parametrize("extra", ["isAdmin", "serviceId", "createdAt", "number", "id", "__proto__"])
def test_input_that_nobody_asked_for_is_refused(partner: Caller, extra: str) -> None:
    given = {"subject": "x", "body": "x", extra: 1}
    assert coded(partner.answer("TicketCreate", input=given)) == ["BAD_USER_INPUT"]


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.sampled_from(
    ["'", "%", "\\", "NULL", "\u202e"]
)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
PLAIN: dict[str, dict[str, Any]] = {
    "TicketCreate": {
        "subject": "x",
        "body": "x",
        "channel": "api",
        "customer": {},
        "idempotencyKey": "k",
        "language": "ko",
    },
    "TicketReply": {"ticketId": "VGlja2V0OjE", "body": "x", "attachments": [], "idempotencyKey": "k", "status": "OPEN"},
    "TicketAssign": {"ticketId": "VGlja2V0OjE", "assigneeId": "x", "groupId": "x", "expectedVersion": 1},
    "UploadCreate": {"filename": "a", "contentType": "text/plain", "size": 1},
    "ChannelAccountCreate": {"driver": "email", "name": "x", "settings": {"address": "a@b.example"}},
    "ChannelAccountUpdate": {"id": "x", "name": "x", "settings": {}},
    "AllowedAddressAdd": {"network": "127.0.0.1"},
    "ServiceKeyCreate": {"name": "x"},
    "SessionCreate": {"email": "agent@demo.example", "password": "x"},
}
people = st.dictionaries(st.sampled_from(["name", "email", "phone", "userKey"]), texts, max_size=3)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=200)
@given(st.data(), st.sampled_from(sorted(PLAIN)))
def test_no_input_brings_a_server_error(administrator: Caller, data: st.DataObject, mutation: str) -> None:
    plain = PLAIN[mutation]
    changed = data.draw(st.dictionaries(st.sampled_from(sorted(plain)), texts | people | values, max_size=2))
    body = orjson.dumps({"query": operations()[mutation], "variables": {"input": plain | changed}})
    coded(administrator.send("POST", "/demo/graphql", data=body, content_type="application/json"), sent=body)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(st.fixed_dictionaries({"field": st.sampled_from(["number", "subject", "status", "customer", "createdAt"])},
                             optional={"op": st.sampled_from(["IS", "IN", "CONTAINS", "AT_MOST", "BEFORE", "IS_EMPTY"]),
                                       "value": values}))  # fmt: skip
def test_no_condition_brings_an_error_of_ours(partner: Caller, where: dict[str, Any]) -> None:
    codes = coded(partner.answer("TicketCount", where=where))
    assert set(codes) <= {"INVALID", "LIMIT_EXCEEDED", "BAD_REQUEST"}
