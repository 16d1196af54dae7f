"""Opens a desk in a folder of its own: in memory where the machine has such a folder, from a template made once."""

import atexit
import functools
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from flask import Flask

from helpdesk import signals, wiring
from helpdesk.access.rules import rights_of_agent
from helpdesk.agents import operations as agents
from helpdesk.agents.rules import Role
from helpdesk.hosting import life
from helpdesk.kernel import clock, crypto, db, http, jobs, keyfile, settings, storage
from helpdesk.kernel.actors import Actor, ActorKind
from helpdesk.kernel.settings import Settings
from helpdesk.kit import listening, network
from helpdesk.kit.desk import Desk, People, Surroundings
from helpdesk.kit.noticing import Notes
from helpdesk.kit.outgoing import ProvidedClient
from helpdesk.organization import operations as organization
from helpdesk.plugins import guard, registry
from helpdesk.plugins.kinds import Kind
from helpdesk.web import hooks, plugin_pages

MEMORY = Path("/dev/shm")  # noqa: S108  # a folder of our own is made in it
LARGEST_BODY = 16 * 1_048_576
FLUSH_SECONDS = 10.0


@contextmanager
def opened() -> Iterator[Desk]:
    """Give a desk, ready for a test, and leave nothing of it behind. A process has one at a time."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="helpdesk-kit-", dir=_place())))
        made = settings.load({}, data_dir=folder / "desk", max_body_bytes=LARGEST_BODY)
        made.data_dir.mkdir()
        shutil.copy(_template(), made.data_dir / "desk.db")
        (folder / "scratch").mkdir()
        log = stack.enter_context(listening.kept())
        guard = stack.enter_context(network.guarded())
        client = ProvidedClient()
        stack.callback(_put_back)
        _ready(made, client)
        stack.enter_context(db.connection())
        people = _hire()
        yield Desk(people, made, Surroundings(folder / "scratch", client, guard, log, Notes(), _web(made), stack))


def _place() -> Path | None:
    return MEMORY if MEMORY.is_dir() else None


@functools.cache
def _template() -> Path:
    """Return a migrated, empty database; made once in a process."""
    folder = Path(tempfile.mkdtemp(prefix="helpdesk-kit-", dir=_place()))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    db.use(settings.load({}, data_dir=folder))
    db.migrate()
    with db.connection():
        db.database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    db.database.close_all()
    return folder / "desk.db"


def _ready(made: Settings, client: ProvidedClient) -> None:
    """Ready this process, with cheap passwords and no plugin but the default theme."""
    db.use(made)
    crypto.use(keyfile.follow(made))
    crypto.use_passwords(crypto.PasswordHashes(time_cost=1, memory_cost=8, parallelism=1))
    storage.use(storage.LocalStorage(made.data_dir / "files"))
    http.use(client)
    jobs.use(made, secret=crypto.keyring().secret_for("jobs"))
    theme = _default_theme()
    registry.load(looks=False)
    if theme is not None:
        registry.register(Kind.THEME, registry.DEFAULT_THEME, theme)
    wiring.wire(made)


@functools.cache
def _default_theme() -> Path | None:
    """Return the folder of the default theme; looked for once in a process, since that reads all that is installed."""
    registry.load(safe_mode=True)
    return registry.themes().get(registry.DEFAULT_THEME)


def _put_back() -> None:
    signals.flush()
    jobs.flush(seconds=FLUSH_SECONDS)  # the queue is a file in the folder that goes now
    life.let_go_of_all()
    clock.let_go()
    guard.reset()
    registry.load(safe_mode=True, looks=False)
    crypto.use_passwords(crypto.PasswordHashes())
    db.database.close_all()


def _hire() -> People:
    """Make the service with an administrator and an agent."""
    organization_id = organization.create_organization("Demo")
    names = {"ko": "데모", "en": "Demo"}
    service_id = organization.create_service(
        organization_id, slug="demo", names=names, languages=["ko", "en"], default_language="ko",
        time_zone="Asia/Seoul",
    )  # fmt: skip

    def hire(name: str, role: Role) -> Actor:
        member = agents.add_member(
            organization_id, email=f"{name}@desk.example", name=name.title(), password=secrets.token_hex(8)
        )
        agent_id = agents.add_agent(service_id, member, role=role)
        return Actor(ActorKind.AGENT, service_id, agent_id, name.title(), rights_of_agent(role))

    return People(service_id, hire("admin", Role.ADMINISTRATOR), hire("agent", Role.AGENT))


def _web(made: Settings) -> Flask:
    app = Flask("kit", static_folder=None)
    app.register_blueprint(hooks.blueprint(made))
    app.register_blueprint(plugin_pages.blueprint(made))
    return app
