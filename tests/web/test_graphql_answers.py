"""An answer is written as JSON even where the fast writer gives up."""

from flask import Flask

from helpdesk.web.graphql_answers import PLAIN_JSON, respond


def test_lone_surrogate_and_long_integer_are_still_json() -> None:
    with Flask("small").test_request_context():
        response = respond({"data": {"a": "\ud800", "b": 2**70}}, 200, media_type=PLAIN_JSON, request_id="request-1")
    assert response.data == b'{"data": {"a": "\\ud800", "b": 1180591620717411303424}}'
    assert response.headers["X-Request-Id"] == "request-1"
