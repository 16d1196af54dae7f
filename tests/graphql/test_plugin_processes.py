"""Two processes of one desk: what is done to a plugin by the API of one takes effect in the other within seconds."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.factories import plain
from tests.factories.calls import Calls
from tests.factories.processes import Site, eventually
from tests.faults.distributions import install

SECONDS = 20.0
TELLER = {"kind": "plugin", "name": "teller"}
SOURCE = """
from helpdesk.sdk.plugin import Plugin, PluginSettings
from helpdesk.sdk.web import WebAnswer, page

class TellerSettings(PluginSettings):
    greeting: str = "Hello"

class Teller(Plugin):
    title = {"en": "Teller"}
    ServiceSettings = TellerSettings

    @page("hello")
    def hello(self, host, request):
        return WebAnswer(host.service_settings.greeting)
"""


@pytest.fixture(params=["sqlite", "postgres"])
def sites(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Site, Site]]:
    """One desk at two addresses, each to be served by a process of its own."""
    url = request.getfixturevalue("postgres_server").create_database() if request.param == "postgres" else ""
    install(tmp_path / "plugins", "teller", SOURCE, names="Teller", group="helpdesk.plugins")
    first, second = (Site(tmp_path / "desk", database_url=url, PYTHONPATH=str(tmp_path / "plugins")) for _ in range(2))
    yield first, second
    first.close()
    second.close()


def shows(site: Site, status: int, text: str) -> Callable[[], bool]:
    """Return what looks whether the plugin's page at the site answers so."""

    def look() -> bool:
        answer = plain.get(f"{site.url}/demo/p/teller/hello")
        return (answer.status_code, answer.text.strip()) == (status, text)

    return look


def test_what_is_done_to_a_plugin_in_one_process_takes_effect_in_the_other(sites: tuple[Site, Site]) -> None:
    first, second = sites
    key = first.make()
    first.web()
    second.run()
    absent = (404, "There is nothing at this address.")
    assert shows(second, *absent)()
    with Calls(first.url, key) as calls, Calls(second.url, key) as elsewhere:

        def is_isolated() -> bool:
            found = elsewhere.ask("Plugins", kinds=["channel"])["plugins"]
            return next(bool(one["isIsolated"]) for one in found if one["name"] == "webhook")

        assert calls.do("PluginEnable", **TELLER)["plugin"]["state"] == "ENABLED"
        eventually(shows(second, 200, "Hello"), seconds=SECONDS, what="The page")
        calls.do("PluginConfigure", name="teller", settings={"greeting": "안녕하세요"})
        eventually(shows(second, 200, "안녕하세요"), seconds=SECONDS, what="The new greeting")
        calls.do("PluginDisable", **TELLER)
        eventually(shows(second, *absent), seconds=SECONDS, what="The end of the page")
        assert not is_isolated()
        calls.do("PluginIsolate", name="webhook")
        eventually(is_isolated, seconds=SECONDS, what="The process of its own")
