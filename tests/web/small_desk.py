"""A small desk: the sample schema behind the GraphQL address, and a real WSGI server to reach it by a browser."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import waitress
from flask import Flask, g, request
from waitress import wasyncore

from helpdesk.graphql.execution import GraphQLRequest, Outcome
from helpdesk.kernel.errors import NotFound, Unauthenticated
from helpdesk.web import graphql
from tests.graphql.sample import make_executor
from tests.servers.ports import free_port

KEY = "let-me-in"
MAX_BODY_BYTES = 20_000


def make_app(
    *,
    is_graphiql_on: bool = True,
    sdl: Callable[[], str] = lambda: "type Query",
) -> Flask:
    """Return an application with one service, “acme”; who sends KEY may introspect."""
    runs = make_executor()

    def execute(payload: Mapping[str, Any], *, is_read_only: bool) -> Outcome:
        assert request.view_args is not None
        if request.view_args["service"] not in {"acme", None}:
            raise NotFound("There is no such service here.")
        authorization = request.headers.get("Authorization")
        if authorization not in {None, f"Bearer {KEY}"}:
            raise Unauthenticated("The key is not known; copy it again.")
        return runs.execute(
            GraphQLRequest(
                payload["query"],
                payload["variables"],
                payload["operationName"],
                payload["extensions"],
                payload["digest"],
            ),
            context=[],
            may_introspect=authorization is not None,
            is_read_only=is_read_only,
            request_id=g.request_id,
        )

    app = Flask("small_desk", static_folder=None)
    app.register_blueprint(
        graphql.blueprint(execute, sdl=sdl, is_graphiql_on=is_graphiql_on, max_body_bytes=MAX_BODY_BYTES)
    )
    return app


@contextmanager
def serve(app: Flask) -> Iterator[str]:
    """Serve the application on a free loopback port by waitress, and give its address."""
    port = free_port()
    server = waitress.create_server(app, host="127.0.0.1", port=port, threads=2)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.trigger.pull_trigger(lambda: wasyncore.close_all(server._map))  # in the loop's own thread
        thread.join(10)
        server.task_dispatcher.shutdown()
