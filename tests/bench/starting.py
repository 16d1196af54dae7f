"""From the start of ``helpdesk run``, web and work in one process, to its first answer; against a bare Flask's."""

import time

from tests.bench.desks import Place
from tests.bench.measuring import Row, Timed, Variant, row_of
from tests.bench.over_http import (
    answering,
    asked,
    bare_command,
    bare_environment,
    bare_server,
    data_of,
    desk_server,
    program,
)
from tests.factories.processes import HELPDESK


def start_up(place: Place, *, rounds: int) -> list[Row]:
    """Compare how long both take until they have answered a page of tickets."""
    bare, desk = bare_server(), desk_server(place, asked())
    run = [HELPDESK, "run", "--host", "127.0.0.1", "--port", str(desk.port)]
    ways = (
        (bare, bare_command(bare), bare_environment(place)),
        (desk, run, place.site.environment),
    )
    timed = [Timed(Variant(bare.name, bytes)), Timed(Variant("desk", bytes, goal="≤ 2 s", note="page of tickets"))]
    for _ in range(rounds):
        answers = []
        for (server, command, environment), one in zip(ways, timed, strict=True):
            started = time.perf_counter()
            with program(command, environment, place.site.folder / "start.log") as running:
                answers.append(data_of(answering(server, running)))
                one.seconds.append(time.perf_counter() - started)
        assert answers[0] == answers[1]
    return [row_of("start-up", place.database, one, timed[0], clock="wall") for one in timed]
