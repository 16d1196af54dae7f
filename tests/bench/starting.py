"""From the start of ``helpdesk run``, web and work in one process, to its first answer; against a bare Flask's."""

import sys
import time

from tests.bench.desks import Place
from tests.bench.measuring import Row, Timed, Variant, row_of
from tests.bench.over_http import (
    Server,
    answering,
    asked,
    bare_environment,
    data_of,
    desk_server,
    gunicorn,
    program,
)
from tests.factories.processes import HELPDESK
from tests.servers.ports import free_port


def start_up(place: Place, *, rounds: int) -> list[Row]:
    """Compare how long both take until they have answered a page of tickets."""
    bare, desk = Server("bare Flask", free_port()), desk_server(place)
    run = [HELPDESK, "run", "--host", "127.0.0.1", "--port", str(desk.port)]
    ways = (
        (bare, gunicorn(sys.executable, "tests.bench.bare_app:app", bare.port), bare_environment(place)),
        (desk, run, place.site.environment),
    )
    timed = [Timed(Variant(bare.name, bytes)), Timed(Variant("desk", bytes, goal="≤ 2 s", note="page of tickets"))]
    for _ in range(rounds):
        answers = []
        for (server, command, environment), one in zip(ways, timed, strict=True):
            started = time.perf_counter()
            with program(command, environment, place.site.folder / "start.log") as running:
                answers.append(data_of(answering(server, running, asked())))
                one.seconds.append(time.perf_counter() - started)
        assert answers[0] == answers[1]
    return [row_of("start-up", place.database, one, timed[0], clock="wall") for one in timed]
