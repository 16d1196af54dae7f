"""Health as load balancers and collectors see it."""

import time

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk import signals
from helpdesk.channels import accounts, inbox
from helpdesk.kernel import actors, db
from helpdesk.kernel.dispatching import FAILURES_IN_A_ROW
from helpdesk.plugins import figures, guard, operations, registry
from helpdesk.plugins.guard import PluginFailed, Ref
from helpdesk.plugins.kinds import Kind
from helpdesk.sdk.events import CustomerCreated
from helpdesk.web import health
from tests.factories.desk import Desk
from tests.factories.echo import Echo


@pytest.fixture
def client(desk: Desk) -> FlaskClient:
    """Only the health pages."""
    app = Flask("health")
    app.register_blueprint(health.blueprint(desk.settings))
    return app.test_client()


def test_process_answers(client: FlaskClient) -> None:
    assert client.get("/healthz").text == "ok\n"


def test_ready_desk_says_ok_and_how_long_work_waits(desk: Desk, client: FlaskClient) -> None:
    account_id = accounts.create(desk.administrator, driver="echo", name="Echo", settings={})
    inbox.store(account_id, desk.service_id, b"{}", largest=100)
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.get_json()["status"] == "ok"
    assert answer.get_json()["oldest_inbox_seconds"] >= 0
    assert answer.get_json()["oldest_outbox_seconds"] == 0


def test_quarantined_plugin_degrades_and_is_named(client: FlaskClient) -> None:
    registry.register(Kind.CHANNEL, "odd", object)
    report = client.get("/readyz").get_json()
    assert report["status"] == "degraded"
    assert any("odd" in problem and "subclass" in problem for problem in report["problems"])


def test_missing_migration_fails_and_says_what_to_run(client: FlaskClient) -> None:
    db.database.execute_sql("DELETE FROM migration WHERE name = '0002_search'")
    try:
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert "0002_search" in answer.get_json()["problems"][0]
    finally:
        db.database.execute_sql("INSERT INTO migration (name, applied) VALUES ('0002_search', '2026-01-01')")


def test_metrics_count_rows_and_receivers_without_personal_data(desk: Desk, client: FlaskClient) -> None:
    def fails(_event: CustomerCreated) -> None:
        raise RuntimeError("no")

    account_id = accounts.create(desk.administrator, driver="echo", name="hong@customer.example", settings={})
    inbox.store(account_id, desk.service_id, b"{}", largest=100)
    signals.customer_created.connect(fails)
    try:
        signals.customer_created.send(CustomerCreated(service_id=1, customer_id=1, number=1))
        assert signals.flush()
        text = client.get("/metrics").text
    finally:
        signals.customer_created.disconnect(fails)
    assert 'helpdesk_inbox{state="RECEIVED"} 1.0' in text
    assert 'helpdesk_signal_errors_total{signal="customer.created"} 1.0' in text
    assert "hong" not in text


def test_process_that_holds_too_much_degrades_and_says_of_what(desk: Desk) -> None:
    app = Flask("full")
    app.register_blueprint(health.blueprint(desk.settings.model_copy(update={"process_max_threads": 0})))
    answer = app.test_client().get("/readyz")
    assert (answer.status_code, answer.get_json()["status"]) == (200, "degraded")
    (problem,) = answer.get_json()["problems"]
    assert "HELPDESK_PROCESS_MAX_THREADS" in problem


def test_storage_that_is_not_in_use_degrades(desk: Desk) -> None:
    app = Flask("bare")
    app.register_blueprint(health.blueprint(desk.settings.model_copy(update={"storage": "shelf"})))
    report = app.test_client().get("/readyz").get_json()
    assert report["status"] == "degraded"
    assert "files cannot be read or written: the storage “shelf”" in report["problems"][0]


def test_metrics_tell_what_the_process_holds(client: FlaskClient) -> None:
    told = dict(line.rsplit(" ", 1) for line in client.get("/metrics").text.splitlines() if line[0] != "#")
    assert float(told["helpdesk_process_resident_bytes"]) > 10_000_000
    assert float(told["helpdesk_process_threads"]) >= 1
    assert float(told["helpdesk_process_open_files"]) >= 3


def failing() -> None:
    """Fail."""
    raise RuntimeError("no")


def test_plugin_that_is_broken_in_one_service_alone_degrades(desk: Desk, client: FlaskClient) -> None:
    odd = Ref(Kind.CHANNEL, "odd")
    registry.register(Kind.CHANNEL, "odd", object)
    operations.switch(actors.system(desk.service_id), odd, is_on=False, everywhere=True)
    assert client.get("/readyz").get_json()["status"] == "ok"
    operations.switch(actors.system(desk.service_id), odd, is_on=True)
    report = client.get("/readyz").get_json()
    assert report["status"] == "degraded"
    assert report["problems"][0].startswith("plugin odd: ")
    assert 'plugin="odd",state="quarantined"} 1.0' in client.get("/metrics").text


def test_metrics_tell_the_state_of_each_plugin_and_what_its_hooks_have_done(client: FlaskClient) -> None:
    good, odd = Ref(Kind.CHANNEL, "counted"), Ref(Kind.CHANNEL, "odd")
    registry.register(Kind.CHANNEL, "counted", Echo)
    registry.register(Kind.CHANNEL, "odd", object)
    guard.call(good, "check", lambda: time.sleep(0.02), seconds=5)
    with pytest.raises(PluginFailed):
        guard.call(good, "send", lambda: time.sleep(5), seconds=0.01)
    for _ in range(FAILURES_IN_A_ROW):
        with pytest.raises(PluginFailed):
            guard.call(odd, "send", failing, seconds=5)
    try:
        figures.write()
        lines = client.get("/metrics").text.splitlines()
    finally:
        guard.reset()
        figures.write()
    told = {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if line[0] != "#")}
    assert told['helpdesk_plugin_state{kind="channel",plugin="counted",state="degraded"}'] == 1
    assert told['helpdesk_plugin_state{kind="channel",plugin="odd",state="quarantined"}'] == 1
    assert told['helpdesk_plugin_calls_total{hook="send",kind="channel",plugin="odd"}'] == FAILURES_IN_A_ROW
    assert told['helpdesk_plugin_errors_total{hook="send",kind="channel",plugin="odd"}'] == FAILURES_IN_A_ROW
    assert told['helpdesk_plugin_overruns_total{hook="send",kind="channel",plugin="counted"}'] == 1
    assert told['helpdesk_plugin_seconds_total{hook="check",kind="channel",plugin="counted"}'] >= 0.02
    assert told['helpdesk_plugin_resting{kind="channel",plugin="odd"}'] == 1
    families = {line.split()[2] for line in lines if line.startswith("# TYPE helpdesk_plugin_")}
    assert families == {
        f"helpdesk_plugin_{name}"
        for name in ("state", "calls_total", "errors_total", "overruns_total", "seconds_total", "resting")
    }
