"""One running desk for each database, in a fresh environment into which every plugin of the suite is installed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from helpdesk.agents import operations as agents
from helpdesk.agents.queries import agents_of_service
from helpdesk.organization import queries as organization
from tests.chaos import distributions
from tests.chaos.storm import Storm
from tests.factories.environments import FreshEnvironment
from tests.factories.processes import Site
from tests.servers.dovecot import DovecotServer
from tests.servers.smtp import SmtpServer


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> FreshEnvironment:
    """The environment, with everything installed by pip."""
    folder = tmp_path_factory.mktemp("chaos")
    made = FreshEnvironment(folder / "venv")
    made.install(*distributions.write(folder / "sources"))
    return made


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def storm(
    request: pytest.FixtureRequest, environment: FreshEnvironment, tmp_path_factory: pytest.TempPathFactory,
    dovecot: DovecotServer,
) -> Iterator[Storm]:  # fmt: skip
    """A running desk that fetches mail, sends it, and has two plugins that work."""
    url = ""
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_server").create_database()
    folder: Path = tmp_path_factory.mktemp("desk")
    site = Site(folder, database_url=url, helpdesk=str(environment.helpdesk))
    with SmtpServer() as smtp:
        key = site.make()
        with site.joined():
            service = organization.only_service()
            assert service is not None
            agents.add_to_group(agents.create_group(service.id, "Storm"), agents_of_service(service.id)[0].id)
        site.command("plugin", "enable", "steady")
        storm = Storm(site, key, smtp, dovecot, user=f"chaos-{request.param}@desk.example")
        storm.start()
        try:
            storm.settle()
            yield storm
        finally:
            storm.close()
            site.close()
