"""Makes a small desk on SQLite, in a folder of its own, for tests that look at it in their own process."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from helpdesk.channels import accounts
from helpdesk.kernel import crypto, db, settings
from helpdesk.plugins import registry
from tests.factories.desk import Desk, make_desk, ready


@contextmanager
def small_desk(folder: Path) -> Iterator[Desk]:
    """Give a desk with its people and nothing else."""
    chosen = settings.load({}, data_dir=folder)
    db.use(chosen)
    db.migrate()
    ready(chosen)
    with db.connection():
        yield make_desk(chosen)
    db.database.close_all()
    crypto.use_passwords(crypto.PasswordHashes())
    registry.load(safe_mode=True, looks=False)
    accounts._drivers.clear()
