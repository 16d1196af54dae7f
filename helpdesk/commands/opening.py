"""Opens the desk that a command is to work on, beside whatever else runs on it.

Refuses to make one by the way: a folder misspelt must not become an empty desk. Refuses to migrate
too, since a running desk may be of another version; ``helpdesk init`` does it when it is told to.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from helpdesk import starting
from helpdesk.commands.asking import Asked
from helpdesk.kernel import db
from helpdesk.kernel.errors import Conflict, Invalid, NotFound
from helpdesk.kernel.patience import Patience, patience
from helpdesk.kernel.settings import Settings
from helpdesk.organization import queries as organization
from helpdesk.organization.queries import ServiceRow


@contextmanager
def opened(asked: Asked) -> Iterator[Settings]:
    """Open the desk for a command that is over soon. Raises NotFound, and Conflict while migrations are missing."""
    chosen = asked.quiet_settings()
    require_file(chosen)
    starting.start(chosen, migrate=False)
    _require_migrations(chosen)
    with patience(Patience.WORK), db.connection():
        yield chosen


def has_desk(chosen: Settings) -> bool:
    """Return whether somebody has begun a desk there. Makes nothing, no folder and no file either."""
    file = database_file(chosen)
    if file is not None and not file.is_file():
        return False
    db.use(chosen)
    try:
        with db.connection():
            return bool(db.database.table_exists("service"))
    finally:
        db.database.close_all()


def require_file(chosen: Settings) -> None:
    """Raise NotFound when the settings name a SQLite database that is not there; it would be made, and be empty."""
    file = database_file(chosen)
    if file is not None and not file.is_file():
        raise no_desk(chosen)


def database_file(chosen: Settings) -> Path | None:
    """Return where the desk's SQLite database lies; None for PostgreSQL."""
    if not chosen.database_url:
        return chosen.data_dir / "desk.db"
    if chosen.database_url.startswith("sqlite:///"):
        return Path(chosen.database_url.removeprefix("sqlite:///"))
    return None


def make_folder(folder: Path) -> None:
    """Make a desk's folder unless it is there, for its owner alone: what lies in it needs no mode of its own."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def no_desk(chosen: Settings) -> NotFound:
    """Return the error that says how to make a desk."""
    where = database_file(chosen) or "the database of HELPDESK_DATABASE_URL"
    return NotFound(
        f"There is no desk in {where}. Run helpdesk init first, or name the right folder by --data.", code="NO_DESK"
    )


def _require_migrations(chosen: Settings) -> None:
    missing = db.pending_migrations()
    if not missing:
        return
    with db.connection():
        if not db.database.table_exists("service"):
            raise no_desk(chosen)
    raise Conflict(
        f"The database is older than this program: it lacks {', '.join(missing)}. Run helpdesk init, which adds them."
    )


def service_named(slug: str | None) -> ServiceRow:
    """Return the service with the id, or the only one. Raises NotFound and Invalid, which list what there is."""
    services = organization.services()
    if not services:
        raise NotFound("This desk has no service yet; run helpdesk init.", path=("service",))
    names = ", ".join(service.slug for service in services)
    if slug is None:
        if len(services) > 1:
            raise Invalid(f"This desk has several services; name one by --service: {names}.", path=("service",))
        return services[0]
    found = next((service for service in services if service.slug == slug), None)
    if found is None:
        raise NotFound(f"There is no service “{slug}”; this desk has {names}.", path=("service",))
    return found
