"""``helpdesk run`` and ``helpdesk worker``: keep a desk going until they are told to stop, then end with 0.

Both begin anew when they hold too much (recycling.py).
"""

import logging
import os
from collections.abc import Mapping
from contextlib import closing
from functools import partial

import click

from helpdesk import app
from helpdesk.commands.asking import Asked, verb
from helpdesk.commands.opening import no_desk, require_file
from helpdesk.commands.recycling import Recycling
from helpdesk.commands.serving import address_of, bind, serving, working
from helpdesk.commands.stopping import Stopping, stopping
from helpdesk.kernel import db
from helpdesk.kernel.settings import Settings
from helpdesk.organization import queries

log = logging.getLogger(__name__)


@verb("run")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 is every one.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
def run(asked: Asked, *, host: str, port: int) -> None:
    """Serve the desk: web, workers and listeners in one process, until Ctrl-C."""
    recycling = Recycling()
    require_file(asked.settings())
    with stopping() as stop, closing(recycling.bound or bind(host, port)) as bound:
        url = address_of(bound, host)
        chosen = settings_at(asked, url)
        made = app.create_app(chosen)
        services = _services(chosen)
        lines = [f"{slug}: {chosen.base_url}/{slug}/hc  {chosen.base_url}/{slug}/graphql" for slug in services]
        text = "\n".join([f"The desk serves at {url}. Ctrl-C stops it.", *lines])
        with serving(made, bound.dup(), chosen), working(chosen):  # the web answers while the work ends
            _tell(asked, recycling, {"url": url, "services": services}, text, chosen)
            is_recycled = _wait(asked, stop, recycling, chosen)
            if not is_recycled:
                bound.close()  # else who connects would wait for an answer that never comes
        if is_recycled:
            recycling.begin_anew(stop, bound)


@verb("worker")
def worker(asked: Asked) -> None:
    """Do the desk's work without the web: file what comes in, send what goes out, listen; until Ctrl-C."""
    recycling = Recycling()
    chosen = asked.settings()
    require_file(chosen)
    with stopping() as stop:
        app.start(chosen)
        services = _services(chosen)
        text = f"The worker works for {', '.join(services)}. Ctrl-C stops it."
        with working(chosen):
            _tell(asked, recycling, {"pid": os.getpid(), "services": services}, text, chosen)
            is_recycled = _wait(asked, stop, recycling, chosen)
        if is_recycled:
            recycling.begin_anew(stop)


def _tell(asked: Asked, recycling: Recycling, data: Mapping[str, object], text: str, chosen: Settings) -> None:
    """Answer that the desk is at work; a successor, whose predecessor has answered, only logs it."""
    if recycling.is_successor:
        log.info("this process has begun anew and is at work")
        return
    asked.answer({**data, "data": str(chosen.data_dir.resolve())}, text)


def _wait(asked: Asked, stop: Stopping, recycling: Recycling, chosen: Settings) -> bool:
    """Wait for the end, and return whether it is to be a new beginning."""
    reason = stop.wait(partial(recycling.reason, chosen))
    if reason:
        log.warning("%s; what runs is finished, then it begins anew", reason)
    else:
        asked.remark("Stopping: what runs is finished first.")
    return bool(reason)


def settings_at(asked: Asked, url: str, **overrides: object) -> Settings:
    """Return the settings, with links that lead to the URL unless somebody has said where they are to lead."""
    chosen = asked.settings(**overrides)
    return chosen if "base_url" in chosen.model_fields_set else asked.settings(base_url=url, **overrides)


def _services(chosen: Settings) -> list[str]:
    """Return the ids of the desk's services. Raises NotFound when it has none: there is nothing to serve."""
    with db.connection():
        slugs = [service.slug for service in queries.services()]
    if not slugs:
        raise no_desk(chosen)
    return slugs
