"""The audits ask the whole application, on one SQLite desk: what they look at knows no database."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpdesk.kernel import db, settings
from tests.factories.client import app, desk, partner

__all__ = ["app", "chosen", "desk", "partner"]


@pytest.fixture
def chosen(sqlite_template: Path, tmp_path: Path) -> Iterator[settings.Settings]:
    """Settings of a desk on a clean SQLite database."""
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    shutil.copy(sqlite_template, data_dir / "desk.db")
    yield settings.load({}, data_dir=data_dir)
    db.database.close_all()
