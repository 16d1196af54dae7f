"""Is the process up, can it work, and how much: for load balancers and collectors.

``/healthz`` asks nothing of anybody. ``/readyz`` asks the database, and names what is degraded; what
this process holds too much of is said of the process that answers, and of no other.
``/metrics`` is Prometheus text, without personal data.
"""

from collections.abc import Iterator
from datetime import datetime

import peewee
from flask import Blueprint, Response
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from helpdesk import signals
from helpdesk.channels import queries
from helpdesk.kernel import clock, db, resources
from helpdesk.kernel.settings import Settings
from helpdesk.plugins import overview, storing
from helpdesk.plugins import queries as plugins
from helpdesk.web.replies import as_json, plain

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def blueprint(settings: Settings) -> Blueprint:
    """Return the routes ``/healthz``, ``/readyz`` and ``/metrics``."""
    routes = Blueprint("health", __name__)
    registry = CollectorRegistry()
    registry.register(_Collector())

    @routes.get("/healthz")
    def healthz() -> Response:
        """Say that the process answers."""
        return plain("ok")

    @routes.get("/readyz")
    def readyz() -> Response:
        """Say whether work can be done, and what is not as it should be."""
        try:
            report = _report(settings)
        except (peewee.PeeweeException, *db.UNREACHABLE) as error:
            return as_json({"status": "failed", "problems": [f"database: {type(error).__name__}"]}, 503)
        return as_json(report, 503 if report["status"] == "failed" else 200)

    @routes.get("/metrics")
    def metrics() -> Response:
        """Say how much was done and waits."""
        return Response(generate_latest(registry), content_type=CONTENT_TYPE)

    return routes


def _report(settings: Settings) -> dict[str, object]:
    missing = db.pending_migrations()
    with db.connection():
        waiting = queries.oldest_waiting()
        takes_changes = db.takes_changes()
        broken = [] if missing else [one for one in overview.worst_overviews() if one.is_unwell]
    problems = [f"migration {name} is not applied; run helpdesk init" for name in missing]
    problems += [f"plugin {one.plugin.name}: {one.reason}" for one in broken]
    problems += [no_files] if (no_files := storing.problem(settings)) else []
    problems += [] if takes_changes else ["the database takes no changes: it is read-only or full"]
    problems += [little] if (little := resources.shortage(settings.data_dir)) else []
    problems += [too_much] if (too_much := resources.excess(settings)) else []
    status = "failed" if missing else "degraded" if problems else "ok"
    ages = {f"oldest_{name}_seconds": _age(since) for name, since in waiting.items()}
    return {"status": status, "problems": problems, **ages}


def _age(since: datetime | None) -> float:
    return 0.0 if since is None else round((clock.now() - since).total_seconds(), 3)


class _Collector:
    """Reads the figures at each scrape, so that no process keeps a truth of its own."""

    def collect(self) -> Iterator[Metric]:
        """Yield the figures."""
        with db.connection():
            for name, states in queries.states().items():
                gauge = GaugeMetricFamily(f"helpdesk_{name}", f"Rows of the {name} by state.", labels=["state"])
                for state, count in states.items():
                    gauge.add_metric([state], count)
                yield gauge
            for name, since in queries.oldest_waiting().items():
                yield GaugeMetricFamily(
                    f"helpdesk_{name}_oldest_seconds", f"Age of what waits longest in the {name}.", value=_age(since)
                )
            yield from _plugin_figures()
        calls = CounterMetricFamily("helpdesk_signal_calls", "Calls of signal receivers.", labels=["signal"])
        errors = CounterMetricFamily("helpdesk_signal_errors", "Failures of signal receivers.", labels=["signal"])
        for signal in signals.ALL.values():
            calls.add_metric([signal.name], sum(one.calls for one in signal.figures.values()))
            errors.add_metric([signal.name], sum(one.errors + one.overruns for one in signal.figures.values()))
        yield calls
        yield errors
        yield from _process_figures()


def _process_figures() -> Iterator[Metric]:
    """Yield what the process that answers holds, as far as the system tells."""
    now = resources.held()
    for name, about, value in (
        ("resident_bytes", "Memory of this process.", now.resident_bytes),
        ("threads", "Threads of this process.", now.threads),
        ("open_files", "Files that this process has open.", now.open_files),
    ):
        if value is not None:
            yield GaugeMetricFamily(f"helpdesk_process_{name}", about, value=value)


def _plugin_figures() -> Iterator[Metric]:
    """Yield the state of each plugin, what its hooks have done in all processes, and how many of them rest now."""
    labels = ["kind", "plugin", "hook"]
    families = {
        "calls": CounterMetricFamily("helpdesk_plugin_calls", "Calls of hooks of plugins.", labels=labels),
        "errors": CounterMetricFamily("helpdesk_plugin_errors", "Failures of hooks of plugins.", labels=labels),
        "overruns": CounterMetricFamily("helpdesk_plugin_overruns", "Hooks past their deadlines.", labels=labels),
        "seconds": CounterMetricFamily("helpdesk_plugin_seconds", "Seconds spent in hooks of plugins.", labels=labels),
    }
    for row in plugins.figures():
        values = {"calls": row.calls, "errors": row.errors, "overruns": row.overruns, "seconds": row.micros / 1e6}
        for name, family in families.items():
            family.add_metric([str(row.kind), row.name, row.hook], values[name])
    yield from families.values()
    state = GaugeMetricFamily(
        "helpdesk_plugin_state", "The state that a plugin is in.", labels=["kind", "plugin", "state"]
    )
    for one in overview.worst_overviews():
        state.add_metric([str(one.plugin.kind), one.plugin.name, str(one.state)], 1)
    yield state
    resting = GaugeMetricFamily("helpdesk_plugin_resting", "Hooks of plugins that rest.", labels=["kind", "plugin"])
    for ref, rows in plugins.troubles().items():
        resting.add_metric([str(ref.kind), ref.name], len(rows))
    yield resting
