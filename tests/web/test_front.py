"""The front door of a desk."""

import pytest
from flask import Flask

from helpdesk.web import front
from tests.factories.desk import Desk, make_desk


@pytest.fixture
def app(desk: Desk) -> Flask:
    """Only the front door, on a desk with one service."""
    app = Flask("front")
    app.register_blueprint(front.blueprint())
    front.answer_errors(app)
    return app


def test_front_door_leads_to_the_only_help_center(app: Flask) -> None:
    answer = app.test_client().get("/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/demo/hc")
    assert app.test_client().get("/demo").headers["Location"] == "/demo/hc"


def test_several_services_must_be_named(app: Flask, desk: Desk) -> None:
    make_desk(desk.settings, slug="second")
    answer = app.test_client().get("/")
    assert answer.status_code == 404
    assert "Name the service" in answer.text


@pytest.mark.parametrize(
    ("method", "path", "code"), [("GET", "/nobody", 404), ("GET", "/a/b/c", 404), ("PUT", "/", 405)]
)
def test_nowhere_gets_a_plain_sentence(app: Flask, method: str, path: str, code: int) -> None:
    answer = app.test_client().open(path, method=method)
    assert answer.status_code == code
    assert answer.content_type == "text/plain; charset=utf-8"
    assert "<" not in answer.text


def test_a_bug_is_not_shown(app: Flask) -> None:
    @app.get("/x/bug")
    def bug() -> str:
        raise RuntimeError("db password=hunter2")

    answer = app.test_client().get("/x/bug")
    assert answer.status_code == 500
    assert "hunter2" not in answer.text
