"""Readies a process for the desk: settings, database, keys, plugins, wiring. Knows nothing of the web (app.py).

Whoever works or commands needs no more than this, and starts in half the time without the rest.
"""

from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

from helpdesk import wiring
from helpdesk.helpcenter.themes import DEFAULT, Themes
from helpdesk.helpcenter.themes import find as find_themes
from helpdesk.hosting import life
from helpdesk.kernel import crypto, db, failpoints, http, jobs, keyfile, logs, settings
from helpdesk.kernel.errors import Invalid
from helpdesk.kernel.settings import Settings
from helpdesk.plugins import registry, storing
from helpdesk.plugins.kinds import Kind


def start(made: Settings | None = None, *, migrate: bool = True) -> Settings:
    """Ready this process for the desk that the settings name, and return them.

    Migrations are applied unless told otherwise. Raises Invalid with what to mend.
    """
    chosen = ready(made, migrate=migrate)
    with suppress(Invalid):  # only create_app needs a default theme; doctor reads of it among the plugins
        read_themes()
    return chosen


def ready(made: Settings | None, *, migrate: bool) -> Settings:
    """Ready the process, but for the themes, which may all be broken."""
    chosen = made or settings.load()
    logs.configure(chosen)
    failpoints.arm(chosen.failpoint)
    if not chosen.database_url:
        chosen.data_dir.mkdir(parents=True, exist_ok=True)
    db.use(chosen)
    if migrate:
        db.migrate()
    crypto.use(keyfile.follow(chosen))
    http.use(http.OutgoingClient(chosen.outgoing_allow))
    jobs.use(chosen, secret=crypto.keyring().secret_for("jobs"))
    registry.load(safe_mode=chosen.safe_mode, disabled=chosen.disable, storage=chosen.storage)
    storing.use(chosen)
    for name, folder in find_themes(chosen.data_dir / "themes").items():
        registry.register(Kind.THEME, name, folder)
    wiring.wire(chosen)
    if not db.pending_migrations():
        life.apply()
    return chosen


def read_themes() -> Themes:
    """Read the installed themes, and quarantine those that cannot be used. Raises Invalid without a default theme."""
    folders = registry.themes()
    try:
        themes = Themes(folders, core_version=version("helpdesk"))
    except Invalid as error:
        if DEFAULT in folders:
            _quarantine_theme(DEFAULT, folders[DEFAULT], error.message)
        raise
    for name, reason in themes.problems.items():
        _quarantine_theme(name, folders[name], reason)
    return themes


def _quarantine_theme(name: str, folder: Path, reason: str) -> None:
    """Quarantine the theme; where it lies on this machine is left out, since the reason is shown to the outside."""
    registry.quarantine(Kind.THEME, name, reason.replace(f"{folder}/", "").rstrip("."))
