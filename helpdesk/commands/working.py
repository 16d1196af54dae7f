"""Runs the work of a desk in this process, and ends it in order: what ``run`` and ``worker`` have in common."""

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial

from click.exceptions import Exit

from helpdesk.channels.listening import Listeners
from helpdesk.commands.asking import Asked
from helpdesk.commands.failures import reason as reason_of
from helpdesk.commands.opening import no_desk
from helpdesk.commands.recycling import Recycling
from helpdesk.commands.stopping import FINISHING, Stopping
from helpdesk.kernel import clock, db, logs
from helpdesk.kernel.errors import Unavailable
from helpdesk.kernel.jobs import Worker
from helpdesk.kernel.settings import Settings
from helpdesk.organization import queries
from helpdesk.plugins import guard, watching

PLUGIN_SECONDS = 15.0  # for what plugins are doing when the work is to end
DATABASE_SECONDS = 30.0  # for a database that restarts, or is started beside the desk
LOOK_SECONDS = 0.5

log = logging.getLogger(__name__)


def await_database(chosen: Settings, stop: Stopping) -> None:
    """Wait until the server of the database answers, as long as a restart may take.

    Raises Unavailable; Exit after a wish. A file of SQLite is there or not: nothing is waited for.
    """
    logs.configure(chosen)
    db.use(chosen)
    if db.is_sqlite():
        return
    ends_at, is_waiting = clock.monotonic() + DATABASE_SECONDS, False
    while True:
        try:
            with db.connection():
                pass
            db.database.close_all()  # whoever starts now makes a pool of its own
            return
        except db.UNREACHABLE as error:
            if stop.is_wished:
                raise Exit(0) from error
            if clock.monotonic() > ends_at:
                raise Unavailable(
                    f"The database has not answered for {DATABASE_SECONDS:g} seconds ({reason_of(error)});"
                    " start it, or check HELPDESK_DATABASE_URL."
                ) from error
            if not is_waiting:
                log.warning("the database does not answer; this process waits for it")
            is_waiting = True
            time.sleep(LOOK_SECONDS)


@contextmanager
def working(settings: Settings) -> Iterator[None]:
    """Do the desk's work while the block runs: drain its lines, listen for channels that fetch, follow the plugins."""
    logs.report_crashes()
    worker, listeners = Worker(settings), Listeners(settings)
    worker.start()
    listeners.start()
    watching.ensure()
    try:
        yield
    finally:
        guard.end_calls(within_seconds=PLUGIN_SECONDS)
        listeners.stop()
        worker.stop()
        watching.stop()
        guard.begin_calls()


def tell(asked: Asked, recycling: Recycling, *, data: Mapping[str, object], text: str, chosen: Settings) -> None:
    """Answer that the desk is at work; a successor, whose predecessor has answered, only logs it."""
    if recycling.is_successor:
        log.info("this process has begun anew and is at work")
        return
    asked.answer({**data, "data": str(chosen.data_dir.resolve())}, text)


def wait(asked: Asked, stop: Stopping, *, recycling: Recycling, chosen: Settings) -> bool:
    """Wait for the end, and return whether it is to be a new beginning."""
    reason = stop.wait(partial(recycling.reason, chosen))
    if reason:
        log.warning("%s; what runs is finished, then it begins anew", reason)
    else:
        asked.remark(FINISHING)
    return bool(reason)


def services_of(chosen: Settings) -> list[str]:
    """Return the ids of the desk's services. Raises NotFound when it has none: there is nothing to serve."""
    with db.connection():
        slugs = [service.slug for service in queries.services()]
    if not slugs:
        raise no_desk(chosen)
    return slugs
