"""``helpdesk serve``: answers for a desk in several web processes until it is told to stop, then ends with 0.

The work is ``helpdesk worker``'s, in as many processes beside it as one likes. SQLite is not refused: its
processes take turns at writing, in order and without loss, as long as all are on one machine.
"""

import os

import click

from helpdesk.commands.asking import Asked, verb
from helpdesk.commands.opening import require_file
from helpdesk.commands.run import settings_at
from helpdesk.commands.serving import address_of, bind
from helpdesk.commands.stopping import stopping
from helpdesk.commands.web_processes import Processes, usual_workers
from helpdesk.commands.working import await_database, services_of
from helpdesk.kernel import db
from helpdesk.kernel.settings import Settings


@verb("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 is every one.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option("--workers", type=click.IntRange(1, 256), help="Processes; usually one for each core, two at least.")
@click.option("--threads", type=click.IntRange(1, 256), help="Requests of one process at once; HELPDESK_WEB_THREADS.")
def serve(asked: Asked, *, host: str, port: int, workers: int | None, threads: int | None) -> None:
    """Serve the web alone, in several processes, until Ctrl-C; the work is helpdesk worker's."""
    require_file(asked.settings())
    with stopping() as stop, bind(host, port) as bound:
        url = address_of(bound, host)
        chosen = settings_at(asked, url)
        await_database(chosen, stop)
        services = _checked(chosen)
        counts = {"workers": workers or usual_workers(), "threads": threads or chosen.web_threads}
        data = {"pid": os.getpid(), "url": url, "services": services, **counts, "data": str(chosen.data_dir.resolve())}
        lines = [f"{slug}: {chosen.base_url}/{slug}/hc  {chosen.base_url}/{slug}/graphql" for slug in services]
        text = f"{counts['workers']} processes serve at {url}; helpdesk worker does the work. Ctrl-C stops them."
        processes = Processes(chosen, bound, **counts, on_ready=lambda: asked.answer(data, "\n".join([text, *lines])))
        if not stop.is_wished:
            processes.run()


def _checked(chosen: Settings) -> list[str]:
    """Migrate, once for all processes, and return the services; no connection is left for the processes to inherit."""
    db.migrate()
    services = services_of(chosen)
    db.database.close_all()
    return services
