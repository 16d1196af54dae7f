"""A running desk for each file and database, in a fresh environment that has all plugins of the suite installed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from helpdesk.agents import operations as agents
from helpdesk.agents.queries import agents_of_service
from helpdesk.organization import operations as organization
from tests.chaos import distributions
from tests.chaos.storm import Storm
from tests.chaos.vaults import Vault
from tests.factories.client import open_to_partners
from tests.factories.desk import make_desk
from tests.factories.environments import FreshEnvironment
from tests.factories.processes import Site
from tests.servers.dovecot import DovecotServer
from tests.servers.smtp import SmtpServer

SERVICES = 5
"""So many services there are: a periodic hook is called for each, so that five failures need one turn."""
IMPATIENT = """#!{python}
import sys

from helpdesk.channels import rules
from helpdesk.hosting import checks, jobs, listening, pages, periods, persons
from helpdesk.kernel import dispatching
from helpdesk.plugins import storing
from helpdesk.triggers import later

SECONDS = 5.0
for room in (checks, jobs, periods, persons, storing, later):
    assert room.SECONDS >= 60
    room.SECONDS = SECONDS
listening.SUBSCRIBER_SECONDS = pages.PAGE_SECONDS = SECONDS
rules.SECONDS.update(receive=SECONDS, check=SECONDS, send=SECONDS)
dispatching.FIRST_REST_SECONDS = SECONDS

from helpdesk.cli import main

sys.exit(main())
"""
"""The desk's program, with deadlines and rests of ten seconds and more cut down to what a test can wait for."""


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> FreshEnvironment:
    """The environment, with everything installed by pip."""
    folder = tmp_path_factory.mktemp("chaos")
    made = FreshEnvironment(folder / "venv")
    made.install(*distributions.write(folder / "wheels"))
    made.helpdesk.write_text(IMPATIENT.format(python=made.python))
    return made


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def storm(
    request: pytest.FixtureRequest, environment: FreshEnvironment, tmp_path_factory: pytest.TempPathFactory,
    dovecot: DovecotServer,
) -> Iterator[Storm]:  # fmt: skip
    """A running desk of the file's own that fetches mail, sends it, and has two plugins that work."""
    url = ""
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_server").create_database()
    with running(environment, tmp_path_factory.mktemp("desk"), dovecot, database_url=url) as desk:
        yield desk


@pytest.fixture(scope="module")
def vault(
    environment: FreshEnvironment, tmp_path_factory: pytest.TempPathFactory, dovecot: DovecotServer
) -> Iterator[Vault]:
    """Such a desk, whose files a plugin keeps that behaves as it is told."""
    folder = tmp_path_factory.mktemp("desk")
    extra = {"HELPDESK_STORAGE": "vault", "VAULT": str(folder / "vault")}
    (folder / "vault").mkdir()
    with running(environment, folder, dovecot, **extra) as desk:
        yield Vault(desk, folder / "vault")


@contextmanager
def running(environment: FreshEnvironment, folder: Path, dovecot: DovecotServer, **extra: str) -> Iterator[Storm]:
    """Run a desk in the folder while the block runs."""
    site = Site(folder, helpdesk=str(environment.helpdesk), HELPDESK_WEB_THREADS="24", **extra)
    with SmtpServer() as smtp:
        key = _settled(site)
        storm = Storm(site, key, smtp, dovecot, user=dovecot.new_user(), python=environment.python)
        storm.start()
        try:
            storm.settle()
            yield storm
        finally:
            storm.close()
            site.close()


def _settled(site: Site) -> str:
    """Make the people, a group to assign tickets in, and further services; return a key of the first service."""
    with site.joined() as settings:
        desk = make_desk(settings)
        agents.add_to_group(agents.create_group(desk.service_id, "Storm"), agents_of_service(desk.service_id)[0].id)
        for number in range(2, SERVICES + 1):
            organization.create_service(
                desk.organization_id, slug=f"demo{number}", names={"en": "Demo"}, languages=["en"],
                default_language="en", time_zone="Asia/Seoul",
            )  # fmt: skip
        return open_to_partners(desk)
