"""An expected error is told in full; of any other no word gets out, and all of it is in the log."""

import pytest

from tests.graphql.sample import SECRET, codes, run


def test_expected_error_keeps_its_code_message_and_path() -> None:
    outcome = run("{refuse add}")
    assert outcome.data == {"refuse": None, "add": 1}
    assert outcome.errors == [
        {
            "message": "The ticket has changed; load it again.",
            "locations": [{"line": 1, "column": 2}],
            "path": ["refuse"],
            "extensions": {"code": "CONFLICT", "inputPath": ["ticket", "version"]},
        }
    ]


@pytest.mark.parametrize("field", ["breakDown", "breakGraphql", "wrongType"])
def test_other_error_is_masked_and_logged(field: str, caplog: pytest.LogCaptureFixture) -> None:
    outcome = run(f"{{{field}}}")
    assert SECRET not in str(outcome)
    assert outcome.errors[0]["message"] == "Something went wrong on our side; quote the request id."
    assert outcome.errors[0]["extensions"] == {"code": "INTERNAL_SERVER_ERROR", "requestId": "request-1"}
    assert "request-1" in caplog.text
    assert SECRET in caplog.text


def test_fifty_like_errors_fill_no_log(caplog: pytest.LogCaptureFixture) -> None:
    outcome = run("{breakEverywhere}")
    assert len(outcome.errors) == 50
    assert caplog.text.count("Traceback") <= 6
    assert "47 further places" in caplog.text


def test_null_that_only_run_time_shows_is_the_clients_error(caplog: pytest.LogCaptureFixture) -> None:
    outcome = run("query ($n: Int = 1) {add(one: $n)}", {"n": None})
    assert codes(outcome) == ["BAD_USER_INPUT"]
    assert caplog.text == ""


@pytest.mark.parametrize("query", ['{call(phone: "")}', "query ($p: Phone!) {call(phone: $p)}"])
def test_what_a_scalar_raises_does_not_get_out(query: str) -> None:
    outcome = run(query, {"p": ""})
    assert SECRET not in str(outcome)
    assert not outcome.did_run


@pytest.mark.parametrize("query", ['{call(phone: "abc")}', "query ($p: Phone!) {call(phone: $p)}"])
def test_scalar_may_say_what_is_wrong(query: str) -> None:
    error = run(query, {"p": "abc"}).errors[0]
    assert error["message"] == "A phone number has digits only."
    assert error["extensions"] == {"code": "INVALID", "inputPath": ["phone"]}


@pytest.mark.parametrize(
    ("query", "code"),
    [("{", "GRAPHQL_PARSE_FAILED"), ("", "GRAPHQL_PARSE_FAILED"), ("{nothing}", "GRAPHQL_VALIDATION_FAILED")],
)
def test_graphql_own_errors_keep_their_message_and_place(query: str, code: str) -> None:
    outcome = run(query)
    assert codes(outcome) == [code]
    assert outcome.errors[0]["locations"]
    assert outcome.extensions == {}
