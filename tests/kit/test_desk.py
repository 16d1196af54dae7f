"""The desk of a test: who is installed on it by which steps, who is refused, and who troubles it on purpose."""

from typing import Any, ClassVar

import pytest
from pydantic import Field, SecretStr

from helpdesk import signals
from helpdesk.kit.desk import Desk
from helpdesk.kit.trouble import NAME, TroublePlugin
from helpdesk.plugins import registry
from helpdesk.plugins.kinds import Kind
from helpdesk.sdk.host import Host
from helpdesk.sdk.plugin import Plugin, PluginSettings, hooks_of, periodic, receiver
from helpdesk.sdk.testing.rules import Broken
from helpdesk.sdk.web import WebRequest
from tests.kit.whole import Trespassing, Visits


class Installation(PluginSettings):
    token: SecretStr = Field(description="Proves who calls.")


class OfService(PluginSettings):
    word: str = Field("none", description="A word.")


class Told(Plugin):
    """Needs settings."""

    title: ClassVar = {"en": "Told"}
    Settings = Installation
    ServiceSettings = OfService


class Hasty(Visits):
    @periodic(every_seconds=9)
    def tidy(self, host: Host) -> None: ...


class Unmoved(Visits):
    migrations: ClassVar[Any] = None


class Unmade(Visits):
    def __init__(self, settings: Any) -> None:
        raise RuntimeError("It will not be made.")


def test_whole_plugin_is_told_its_settings_and_those_of_the_service(kit: Desk) -> None:
    kit.install("plugin", "told", Told, settings={"token": "a peculiar one"}, service_settings={"word": "hello"})
    host = kit.host("told")
    assert host.settings.token.get_secret_value() == "a peculiar one"
    assert host.service_settings.word == "hello"
    assert kit.rows_with("a peculiar one") == []


def test_whole_plugin_without_the_settings_that_it_needs_is_refused(kit: Desk) -> None:
    with pytest.raises(Broken, match="token"):
        kit.install("plugin", "told", Told)


def test_whole_plugin_has_its_tables_and_hears_of_what_happens(kit: Desk) -> None:
    kit.install("plugin", "visits", Visits)
    kit.live()
    assert kit.web("visits", WebRequest("GET", "today")).body == b"2"
    assert set(kit.called("plugin", "visits")) >= {"follow", "tell", "tidy"}
    assert kit.failures("plugin", "visits") == []


class Listening(Plugin):
    """Hears everything."""

    title: ClassVar = {"en": "Listening"}
    heard: ClassVar[set[str]] = set()

    @receiver(*(signal.payload for signal in signals.ALL.values()))
    def hear(self, host: Host, event: Any) -> None:
        self.heard.add(event.name)


def test_usual_day_tells_of_nearly_everything_that_can_happen(kit: Desk) -> None:
    kit.install("plugin", "listening", Listening)
    kit.live()
    assert set(signals.ALL) - Listening.heard == {
        "agent.changed", "agent_group.changed", "delivery.delayed", "organization.changed", "plugin.changed",
        "service.changed",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("plugin", "words"),
    [
        (Hasty, "at least 10"),
        (Unmoved, "no migrations that make them"),
        (Trespassing, "its migrations failed"),
        (Unmade, "It will not be made"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_what_the_desk_would_not_use_is_refused_with_the_reason(kit: Desk, plugin: type[Plugin], words: str) -> None:
    with pytest.raises(Broken, match=words):
        kit.install("plugin", "visits", plugin)
    assert kit.service.slug == "demo"


def test_neighbours_fail_wherever_they_are_called_and_the_desk_goes_on(kit: Desk) -> None:
    kit.crowd()
    kit.live()
    ticket = kit.ticket()
    for kind in (Kind.CHANNEL, Kind.ACTION, Kind.CONDITION, Kind.FIELD_TYPE, Kind.ASSIGNER):
        assert kit.failures(kind, NAME), kind
    for name in (f"{NAME}_unverified", f"{NAME}_unmade"):
        assert kit.failures("channel", name), name
    kit.page("default", "home", language="ko")
    said = " ".join(kit.failures("plugin", NAME))
    hooks = ("ticket.created", "follow", "work", "tick", "show", "take.verify", "fill")
    assert [hook for hook in hooks if hook not in said] == []
    assert ticket in kit.tickets()


def test_every_installed_plugin_is_a_neighbour(kit: Desk) -> None:
    kit.crowd()
    found = {(str(one.kind), one.name) for one in registry.plugins() if one.value is not None}
    bundled = {(str(kind), "example") for kind in Kind} | {("channel", "email"), ("channel", "webhook")}
    assert found >= bundled


def test_trouble_has_a_hook_of_every_kind_but_a_mutation() -> None:
    assert {str(hook.kind) for hook in hooks_of(TroublePlugin)} == {
        "receiver", "subscriber", "job", "periodic", "page", "webhook", "slot", "query", "field",
    }  # fmt: skip
