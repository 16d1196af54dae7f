"""django-helpdesk on its own data, by its own REST list and create, against the desk's list and create over HTTP.

It has few tickets, which flatters it: its list looks at all of them. Both ask who calls: the desk for a service key, it
for a name and a password (hashed by MD5, so that the time is not that of the hash).
"""

import base64
import json
import subprocess
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from tests.bench import desks
from tests.bench.desks import Place, Say
from tests.bench.measuring import Row
from tests.bench.over_http import THREADS, answering, asked, compare, desk_server, gunicorn, program
from tests.bench.peers_at_hand import has_module
from tests.bench.reading import PAGE
from tests.bench.wire import Server
from tests.bench.writing import given
from tests.factories.client import operations
from tests.house.programs import fresh_environment
from tests.house.tree import ROOT
from tests.servers.ports import free_port

TICKETS = 500
MODULE = "tests.bench.peers.django_helpdesk"
NEW = {
    "queue": 1,
    "title": "환불 요청",
    "description": "환불해 주세요. " * 5,
    "submitter_email": "hong@customer.example",
    "priority": 3,
}
LOGIN = "Basic " + base64.b64encode(b"agent:rain on the harbour").decode()


def django_helpdesk(place: Place, folder: Path, say: Say, *, turns: int, seconds: float) -> list[Row]:
    """Compare both, one process each, asked by one client; the ratio is to the desk's answers a second."""
    if not has_module(folder, "rest_framework, helpdesk"):
        say(f"Without django-helpdesk: {folder} has no virtual environment with it")
        return []
    python = str(folder / "bin" / "python")
    data = place.site.folder / "django"
    environment = {"BENCH_FOLDER": str(data)}
    _make(python, data, environment)
    port, about = free_port(), f"{TICKETS} tickets on SQLite, Basic authentication"
    login: Mapping[str, str] = {"Authorization": LOGIN}
    listed = Server("django-helpdesk", port, b"", f"/api/tickets/?page_size={PAGE}", login, method="GET", note=about)
    made = Server("django-helpdesk", port, json.dumps(NEW).encode(), "/api/tickets/", login, note=about)
    body = json.dumps({"query": operations()["TicketCreate"], "variables": {"input": given()}}).encode()
    with ExitStack() as held:
        held.enter_context(desks.joined(place))
        held.enter_context(desks.kept_in_order())
        held.callback(place.site.close)
        served = place.site.serve(workers=1, threads=THREADS)
        running = program(gunicorn(python, f"{MODULE}:application", port), environment, data / "log")
        answering(listed, held.enter_context(running))
        made.pid = listed.pid
        lists = [desk_server(place, asked(), pid=served.pid), listed]
        writes = [desk_server(place, body, pid=served.pid), made]
        return [
            row
            for name, servers in (("http list", lists), ("http write", writes))
            for row in compare(name, place.database, servers, 1, turns, seconds)
        ]


def _make(python: str, data: Path, environment: Mapping[str, str]) -> None:
    if (data / "django.db").exists():
        return
    data.mkdir(parents=True)
    done = subprocess.run(
        [python, "-m", MODULE, str(TICKETS)], cwd=ROOT, env={**fresh_environment(), **environment}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
