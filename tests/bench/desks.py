"""The desks that are measured: the demo's, with as many tickets as are wanted, made once in a folder."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from helpdesk.access.rules import SERVICE_KEY_RIGHTS
from helpdesk.channels import accounts
from helpdesk.commands.demo.desk import open_desk
from helpdesk.commands.demo.filling import fill
from helpdesk.commands.demo.staffing import staffed
from helpdesk.graphql.context import Context
from helpdesk.kernel import db
from helpdesk.kernel.actors import Actor, ActorKind
from helpdesk.kernel.db import last_number
from helpdesk.kernel.patience import Patience, patience
from helpdesk.organization import queries as organization
from helpdesk.plugins import registry
from tests.bench.raw import Bare
from tests.factories.processes import Site

SMTP_PORT = 25  # of no server: nothing is sent

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Place:
    """A desk with so many tickets: its data, its service, its mail account and a key for its API."""

    database: str
    tickets: int
    site: Site
    service_id: int
    account_id: int
    key: str

    @property
    def address(self) -> str:
        """What a bare program is told of the database: a path, or a URL."""
        return self.site.environment["HELPDESK_DATABASE_URL"] or str(self.site.folder / "data" / "desk.db")


def made(folder: Path, tickets: int, say: Say, *, database_url: str = "") -> Place:
    """Return a desk of so many tickets in the folder, and on that database; only what is missing is made."""
    database = "PostgreSQL" if database_url else "SQLite"
    site = Site(folder / f"{database.lower()}-{tickets}", database_url=database_url, HELPDESK_LOG_LEVEL="WARNING")
    with patience(Patience.ENDLESS), site.joined():
        desk = open_desk([], smtp_port=SMTP_PORT)
        missing = tickets - last_number("ticket", desk.service_id)
        started = time.monotonic()
        fill(staffed(desk.service_id, desk.account_id, total=tickets), lambda _count: True)
        if missing > 0:
            if database_url:  # of itself it finds out within minutes what its tables hold
                db.database.execute_sql("VACUUM ANALYZE")
            say(f"{database}: {missing:,} tickets made in {time.monotonic() - started:.1f} s")
    return Place(database, tickets, site, desk.service_id, desk.account_id, desk.key)


@contextmanager
def joined(place: Place) -> Iterator[Context]:
    """Make this process one of the desk's, and give the context of a partner's request to it."""
    with place.site.joined() as settings:
        service = organization.service_by_id(place.service_id)
        assert service is not None
        yield Context(Actor(ActorKind.SERVICE_KEY, service.id, 1, "partner", SERVICE_KEY_RIGHTS), service, settings, "")
    registry.load(safe_mode=True, looks=False)
    accounts._drivers.clear()


def bare() -> Bare:
    """Return the connection that this process has to its desk, bare."""
    return Bare(db.database.connection())


@contextmanager
def kept_in_order() -> Iterator[None]:
    """Put the tickets that are made in the block behind all others, so that the next run finds the same first pages."""
    ((last,),) = db.database.execute_sql("SELECT max(id) FROM ticket").fetchall()
    yield
    db.database.execute_sql(f"UPDATE ticket SET updated_at = 0 WHERE id > {db.database.param}", (last,))
