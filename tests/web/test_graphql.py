"""The GraphQL address keeps the rules of GraphQL over HTTP, and nothing sent to it brings a 500."""

import json
from hashlib import sha256
from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from helpdesk.kernel.errors import Forbidden, LimitExceeded
from tests.web.small_desk import MAX_BODY_BYTES, make_app

URL = "/acme/graphql"
GRAPHQL_JSON = "application/graphql-response+json"
CLIENT = make_app().test_client()

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@pytest.fixture
def client() -> FlaskClient:
    """A client of the small desk."""
    return make_app().test_client()


def send(client: FlaskClient, body: bytes, **headers: str) -> TestResponse:
    """Post bytes as JSON."""
    return client.post(URL, data=body, headers={"Content-Type": "application/json"} | headers)


def ask(client: FlaskClient, query: str, *, accept: str = GRAPHQL_JSON, **more: Any) -> TestResponse:
    """Post a query."""
    return send(client, orjson.dumps({"query": query} | more), Accept=accept)


def code(response: TestResponse) -> str:
    """Return the code of the first error."""
    found: str = response.get_json(force=True)["errors"][0]["extensions"]["code"]
    return found


def test_query_is_answered_and_never_stored(client: FlaskClient) -> None:
    response = ask(client, "{add}")
    assert response.status_code == 200
    assert response.content_type == f"{GRAPHQL_JSON}; charset=utf-8"
    assert response.get_json(force=True)["data"] == {"add": 1}
    assert response.headers["Cache-Control"] == "no-store"


def test_address_works_without_a_service_too(client: FlaskClient) -> None:
    assert client.get("/graphql?query={add}").get_json()["data"] == {"add": 1}


def test_variables_and_operation_name_are_taken_from_an_address(client: FlaskClient) -> None:
    query = {"query": "query A($n: Int!) {add(one: $n)} query B {add}", "variables": '{"n": 4}', "operationName": "A"}
    assert client.get(URL, query_string=query).get_json()["data"] == {"add": 4}


def test_mutation_by_get_is_refused_and_told_how(client: FlaskClient) -> None:
    response = client.get(URL, query_string={"query": "mutation {touch}"})
    assert (response.status_code, response.headers["Allow"], code(response)) == (405, "POST", "METHOD_NOT_ALLOWED")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_other_methods_are_refused_in_json(client: FlaskClient, method: str) -> None:
    response = client.open(URL, method=method)
    assert (response.status_code, response.headers["Allow"], code(response)) == (
        405,
        "GET, POST",
        "METHOD_NOT_ALLOWED",
    )


@pytest.mark.parametrize(
    ("accept", "answered"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("application/json", "application/json"),
        (GRAPHQL_JSON, GRAPHQL_JSON),
        (f"{GRAPHQL_JSON};charset=utf-8, application/json;charset=utf-8", GRAPHQL_JSON),
        (f"application/json, {GRAPHQL_JSON}", GRAPHQL_JSON),
        (f"{GRAPHQL_JSON};q=0.5, application/json", "application/json"),
        ("text/html, application/json;q=0.1", "application/json"),
    ],
)
def test_answer_comes_in_the_type_that_is_liked_best(client: FlaskClient, accept: str, answered: str) -> None:
    assert ask(client, "{add}", accept=accept).mimetype == answered


@pytest.mark.parametrize("accept", ["text/html", "image/*", f"{GRAPHQL_JSON};q=0", "nonsense", ";;;,"])
def test_type_that_is_not_served_is_refused(client: FlaskClient, accept: str) -> None:
    response = ask(client, "{add}", accept=accept)
    assert (response.status_code, code(response)) == (406, "NOT_ACCEPTABLE")


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/x-application/json",
        "application/jsonx",
        "text/plain/application/json",
        "application/json; charset=utf-16",
    ],
)
def test_only_json_is_taken_so_that_no_form_can_write(client: FlaskClient, content_type: str) -> None:
    response = client.post(URL, data=b'{"query": "{add}"}', headers={"Content-Type": content_type})
    assert (response.status_code, code(response)) == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"1",
        b"null",
        b'"a"',
        b"[]",
        b'[{"query": "{add}"}]',
        b"{",
        b'{"query": NaN}',
        b"\xff\xfe",
        '{"query": "{add}"}'.encode("utf-16"),
        b'{"query": "{add}", "variables": {"x": "\xff"}}',
        b'{"query": "\\ud800"}',
        b'{"query": "{add} \\u0000"}',
        b'{"query": "{add}", "variables": {"a": {"b\\u0000": 1}}}',
        b"[" * 15_000,
        b'{"query": "{add}", "variables": {"x": ' + b"[" * 500 + b"]" * 500 + b"}}",
        b'{"query": "{add}", "variables": {"x": ' + b"9" * 15_000 + b"}}",
        b"{}",
        b'{"query": null}',
        b'{"query": " "}',
        b'{"query": 1}',
        b'{"query": ["{add}"]}',
        b'{"query": "{add}", "variables": []}',
        b'{"query": "{add}", "variables": "{}"}',
        b'{"query": "{add}", "operationName": 1}',
        b'{"query": "{add}", "extensions": 1}',
    ],
)
def test_broken_body_is_the_senders_error(client: FlaskClient, body: bytes) -> None:
    response = send(client, body)
    assert (response.status_code, code(response)) == (400, "BAD_REQUEST")
    assert len(response.get_json()["errors"][0]["message"]) < 200


def test_large_body_is_refused(client: FlaskClient) -> None:
    response = send(client, b" " * (MAX_BODY_BYTES + 1))
    assert (response.status_code, code(response)) == (413, "REQUEST_TOO_LARGE")


def test_body_that_ends_early_is_the_senders_error(client: FlaskClient) -> None:
    response = client.post(URL, data=b'{"query":', content_type="application/json", headers={"Content-Length": "100"})
    assert (response.status_code, code(response)) == (400, "BAD_REQUEST")


def test_last_of_two_like_keys_counts(client: FlaskClient) -> None:
    response = send(client, b'{"query": "{add}", "query": "{add(one: 2)}"}')
    assert response.get_json()["data"] == {"add": 2}


@pytest.mark.parametrize(
    "asked",
    [
        b"1", b"null", b"{}", b'{"version": 1}', b'{"version": 2, "sha256Hash": "%b"}' % (b"0" * 64),
        b'{"version": 1, "sha256Hash": "%b"}' % (b"X" * 64), b'{"version": 1, "sha256Hash": ["0"]}',
    ],
)  # fmt: skip
def test_hash_of_a_query_has_its_form(client: FlaskClient, asked: bytes) -> None:
    response = send(client, b'{"extensions": {"persistedQuery": %b}}' % asked)
    assert (response.status_code, code(response)) == (400, "BAD_REQUEST")


def test_query_that_was_sent_with_its_hash_is_run_by_the_hash_alone(client: FlaskClient) -> None:
    query = "query Twice($one: Int) {add(one: $one)}"
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": sha256(query.encode()).hexdigest()}}
    asked = {"extensions": extensions, "variables": {"one": 42}}
    unknown = send(client, orjson.dumps(asked))
    assert (unknown.status_code, code(unknown)) == (200, "PERSISTED_QUERY_NOT_FOUND")
    assert unknown.get_json()["errors"][0]["message"] == "PersistedQueryNotFound"
    whole = send(client, orjson.dumps({"query": query} | asked))
    by_hash = send(client, orjson.dumps(asked))
    by_get = client.get(URL, query_string={name: orjson.dumps(value) for name, value in asked.items()})
    assert whole.get_json()["data"] == by_hash.get_json()["data"] == by_get.get_json()["data"] == {"add": 42}


def test_hash_of_another_query_is_refused(client: FlaskClient) -> None:
    asked = b'{"version": 1, "sha256Hash": "%b"}' % (b"0" * 64)
    response = send(client, b'{"query": "{add}", "extensions": {"persistedQuery": %b}}' % asked)
    assert (response.status_code, code(response)) == (400, "BAD_REQUEST")


@pytest.mark.parametrize(("accept", "status"), [(GRAPHQL_JSON, 400), ("application/json", 200)])
def test_refused_query_has_no_data(client: FlaskClient, accept: str, status: int) -> None:
    response = ask(client, "{nothing}", accept=accept)
    assert response.status_code == status
    assert "data" not in response.get_json(force=True)


def test_failed_field_is_partial_success(client: FlaskClient) -> None:
    response = ask(client, "{refuse add}")
    assert response.status_code == 200
    assert response.get_json(force=True)["data"] == {"refuse": None, "add": 1}


def test_masked_error_quotes_the_request_id_of_the_header(client: FlaskClient) -> None:
    response = ask(client, "{breakDown}")
    assert b"hunter2" not in response.data
    quoted = response.get_json(force=True)["errors"][0]["extensions"]["requestId"]
    assert quoted == response.headers["X-Request-Id"]


@pytest.mark.parametrize(
    ("sent", "is_kept"), [("a1b2c3d4-e5", True), ("short", False), ("x" * 65, False), ("a b\tc<d>e", False)]
)
def test_only_a_well_formed_request_id_is_taken_over(client: FlaskClient, sent: str, is_kept: bool) -> None:
    response = client.get(f"{URL}?query={{add}}", headers={"X-Request-Id": sent})
    assert (response.headers["X-Request-Id"] == sent) is is_kept


def test_unknown_key_is_401_and_unknown_service_404(client: FlaskClient) -> None:
    refused = client.get(f"{URL}?query={{add}}", headers={"Authorization": "Bearer wrong"})
    assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert (client.get("/other/graphql?query={add}").status_code) == 404


def test_bug_before_the_schema_is_masked_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    def broken_sdl() -> str:
        raise RuntimeError("password=hunter2")

    response = make_app(sdl=broken_sdl).test_client().get(f"{URL}/schema.graphql")
    assert (response.status_code, code(response)) == (500, "INTERNAL_SERVER_ERROR")
    assert b"hunter2" not in response.data
    assert "hunter2" in caplog.text


@pytest.mark.parametrize(
    ("error", "status"), [(Forbidden("Ask for the right."), 403), (LimitExceeded("Wait a little."), 429)]
)
def test_schema_text_may_be_refused(error: Exception, status: int) -> None:
    def refuse() -> str:
        raise error

    response = make_app(sdl=refuse).test_client().get(f"{URL}/schema.graphql")
    assert (response.status_code, response.get_json()["errors"][0]["message"]) == (status, str(error))


def test_schema_is_served_as_text(client: FlaskClient) -> None:
    response = client.get(f"{URL}/schema.graphql")
    assert (response.status_code, response.mimetype, response.text) == (200, "text/plain", "type Query")


def test_text_beyond_json_is_still_answered(client: FlaskClient) -> None:
    response = ask(client, "query ($p: Phone!) {call(phone: $p)}", variables={"p": "1" * 400})
    assert response.get_json(force=True)["data"] == {"call": "1" * 400}


@settings(deadline=None)
@given(st.binary(max_size=500))
def test_no_bytes_bring_a_server_error(body: bytes) -> None:
    assert send(CLIENT, body).status_code < 500


@settings(deadline=None)
@given(json_values)
def test_no_json_brings_a_server_error(value: Any) -> None:
    response = send(CLIENT, json.dumps(value).encode())
    assert response.status_code == 400
    assert response.is_json


@settings(deadline=None)
@given(
    query=st.sampled_from(["{add}", "query ($p: Phone!, $n: Int) {call(phone: $p) add(one: $n)}"]) | st.text(),
    variables=st.none() | st.dictionaries(st.sampled_from(["p", "n", "x"]), json_values) | json_values,
    name=json_values,
    extensions=st.none() | json_values,
)
def test_no_request_brings_a_server_error(query: str, variables: Any, name: Any, extensions: Any) -> None:
    payload = {"query": query, "variables": variables, "operationName": name, "extensions": extensions}
    response = CLIENT.post(URL, json=payload)
    assert response.status_code in {200, 400}
    assert b"hunter2" not in response.data
    assert b"Traceback" not in response.data


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["query", "variables", "operationName", "extensions", "x"]), st.text()))
def test_no_address_brings_a_server_error(arguments: dict[str, str]) -> None:
    assert CLIENT.get(URL, query_string=arguments).status_code in {200, 400}


@settings(deadline=None)
@given(
    st.text(st.characters(min_codepoint=32, max_codepoint=126)),
    st.text(st.characters(min_codepoint=32, max_codepoint=126)),
)
def test_no_header_brings_a_server_error(accept: str, content_type: str) -> None:
    response = CLIENT.post(URL, data=b'{"query": "{add}"}', headers={"Accept": accept, "Content-Type": content_type})
    assert response.status_code in {200, 406, 415}
