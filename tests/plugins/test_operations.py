"""Switching and setting plugins: who may, what it changes, what stays secret."""

from collections.abc import Iterator
from typing import ClassVar

import pytest
from pydantic import Field, SecretStr, model_serializer

from helpdesk import signals
from helpdesk.kernel.actors import Actor, ActorKind, system
from helpdesk.kernel.errors import Forbidden, Invalid, NotFound
from helpdesk.kernel.paging import Window
from helpdesk.plugins import figures, guard, operations, overview, queries, registry
from helpdesk.plugins.guard import PluginFailed, Ref
from helpdesk.plugins.kinds import Kind
from helpdesk.plugins.models import PluginSwitch
from helpdesk.plugins.rules import PluginState
from helpdesk.sdk.events import PluginChanged
from helpdesk.sdk.plugin import Plugin, PluginSettings
from tests.factories.desk import Desk

ECHO = Ref(Kind.CHANNEL, "echo")
GREETER = Ref(Kind.PLUGIN, "greeter")


class GreeterSettings(PluginSettings):
    """What the installation tells."""

    url: str = Field(description="Where to.")
    token: SecretStr = SecretStr("")
    times: int = Field(1, ge=1)


class GreeterServiceSettings(PluginSettings):
    """What a service tells."""

    greeting: str = "Hello"


class Greeter(Plugin):
    """Needs to be told where to."""

    title: ClassVar = {"en": "Greeter", "ko": "인사"}
    rights: ClassVar = frozenset({"ticket.note", "ticket.read"})
    Settings: ClassVar = GreeterSettings
    ServiceSettings: ClassVar = GreeterServiceSettings


@pytest.fixture
def greeter(desk: Desk) -> Desk:
    """A desk with a plugin that needs settings."""
    registry.register(Kind.PLUGIN, "greeter", Greeter)
    return desk


@pytest.fixture
def told() -> Iterator[list[PluginChanged]]:
    """What is told of plugins."""
    heard: list[PluginChanged] = []
    signals.plugin_changed.connect(heard.append)
    yield heard
    signals.plugin_changed.disconnect(heard.append)


def state(ref: Ref, service_id: int = 0) -> PluginState:
    """Return the state in a service."""
    found = overview.overview(ref, service_id)
    assert found is not None
    return found.state


def test_plugin_is_switched_in_the_service_of_whoever_asks(desk: Desk, told: list[PluginChanged]) -> None:
    operations.switch(desk.administrator, ECHO, is_on=False)
    assert state(ECHO, desk.service_id) is PluginState.DISABLED
    assert state(ECHO, desk.service_id + 1) is PluginState.ENABLED
    operations.switch(desk.administrator, ECHO, is_on=True)
    assert state(ECHO, desk.service_id) is PluginState.ENABLED
    signals.flush()
    assert [(one.service_id, one.change) for one in told] == [
        (desk.service_id, "disabled"),
        (desk.service_id, "enabled"),
    ]


def test_switching_everywhere_forgets_what_services_have_said(desk: Desk) -> None:
    operations.switch(desk.administrator, ECHO, is_on=True)
    operations.switch(system(0), ECHO, is_on=False, everywhere=True)
    assert state(ECHO, desk.service_id) is PluginState.DISABLED
    assert registry.named(Kind.CHANNEL) == {}


def test_agent_may_not_switch(desk: Desk) -> None:
    with pytest.raises(Forbidden):
        operations.switch(desk.agent, ECHO, is_on=False)


def test_switching_everywhere_needs_a_right_of_its_own(desk: Desk) -> None:
    actor = Actor(ActorKind.AGENT, desk.service_id, 1, "a", frozenset({"plugin.write"}))
    with pytest.raises(Forbidden, match=r"plugin\.install"):
        operations.switch(actor, ECHO, is_on=False, everywhere=True)


def test_what_is_not_installed_is_not_found(desk: Desk) -> None:
    with pytest.raises(NotFound, match="No channel “nobody” is installed"):
        operations.switch(desk.administrator, Ref(Kind.CHANNEL, "nobody"), is_on=True)


def test_plugin_that_lacks_settings_is_not_in_use_until_it_is_told(greeter: Desk) -> None:
    assert state(GREETER) is PluginState.LOADED
    assert registry.get(*GREETER) is None
    operations.configure(greeter.administrator, GREETER, {"url": "https://a.example"}, everywhere=True)
    assert state(GREETER) is PluginState.ENABLED
    assert registry.get(*GREETER) is Greeter


def test_settings_are_told_and_secrets_sealed(greeter: Desk) -> None:
    values = {"url": "https://a.example", "token": "hunter22"}
    operations.configure(greeter.administrator, GREETER, values, everywhere=True)
    row = PluginSwitch.get(PluginSwitch.kind == Kind.PLUGIN)
    assert row.settings == {"url": "https://a.example", "times": 1}
    assert row.secrets.keys() == {"token"}
    assert "hunter22" not in str(row.secrets)
    made = operations.told(GREETER, GreeterSettings, 0)
    assert made == GreeterSettings(url="https://a.example", token=SecretStr("hunter22"))


def test_what_is_not_named_stays_and_null_unsets(greeter: Desk) -> None:
    first = {"url": "https://a.example", "token": "hunter22", "times": 3}
    operations.configure(greeter.administrator, GREETER, first, everywhere=True)
    operations.configure(greeter.administrator, GREETER, {"url": "https://b.example", "times": None}, everywhere=True)
    made = operations.told(GREETER, GreeterSettings, 0)
    assert made == GreeterSettings(url="https://b.example", token=SecretStr("hunter22"), times=1)


def test_service_is_told_its_own_settings(greeter: Desk) -> None:
    operations.configure(greeter.administrator, GREETER, {"greeting": "안녕하세요"})
    own = operations.told(GREETER, GreeterServiceSettings, greeter.service_id)
    other = operations.told(GREETER, GreeterServiceSettings, greeter.service_id + 1)
    assert (own, other) == (GreeterServiceSettings(greeting="안녕하세요"), GreeterServiceSettings())


@pytest.mark.parametrize(
    ("values", "path", "words"),
    [
        ({"url": "https://a.example", "times": 0}, ("settings", "times"), "greater than or equal to 1"),
        (
            {"url": "https://a.example", "nonsense": 1},
            ("settings", "nonsense"),
            "no setting “nonsense”; there are: times, token, url",
        ),
        ({}, ("settings", "url"), "Field required"),
    ],
)
def test_wrong_settings_are_refused_by_name(
    greeter: Desk, values: dict[str, object], path: tuple[str, ...], words: str
) -> None:
    with pytest.raises(Invalid, match=words) as caught:
        operations.configure(greeter.administrator, GREETER, values, everywhere=True)
    assert caught.value.path == path


def test_settings_that_are_no_object_are_refused(greeter: Desk) -> None:
    with pytest.raises(Invalid, match="are an object"):
        operations.configure(greeter.administrator, GREETER, [1], everywhere=True)  # type: ignore[arg-type]


class Inner(PluginSettings):
    """Hides a secret."""

    token: SecretStr


class HidingSettings(PluginSettings):
    """Has a secret where it cannot be sealed."""

    inner: Inner


class FailingSettings(PluginSettings):
    """Fails when its values are to be stored."""

    url: str = ""

    @model_serializer
    def fail(self) -> dict[str, str]:
        """Fail."""
        raise SystemExit(3)


@pytest.mark.parametrize(
    ("settings", "values", "words"),
    [
        (HidingSettings, {"inner": {"token": "hunter22"}}, "a secret stands inside another setting"),
        (FailingSettings, {"url": "x"}, "SystemExit"),
    ],
)
def test_settings_that_cannot_be_stored_are_a_fault_of_the_plugin_and_nothing_is_kept(
    desk: Desk, settings: type[PluginSettings], values: dict[str, object], words: str
) -> None:
    registry.register(Kind.PLUGIN, "greeter", type("Odd", (Greeter,), {"Settings": settings}))
    with pytest.raises(PluginFailed, match=words) as caught:
        operations.configure(desk.administrator, GREETER, values, everywhere=True)
    assert "hunter22" not in caught.value.message
    assert not PluginSwitch.select().where(PluginSwitch.settings.is_null(False)).exists()


def test_channel_is_told_its_settings_by_its_accounts(desk: Desk) -> None:
    with pytest.raises(Invalid, match="told its settings where it is used"):
        operations.configure(desk.administrator, ECHO, {})


def test_plugin_that_is_off_is_not_told_anything(greeter: Desk) -> None:
    operations.switch(greeter.administrator, GREETER, is_on=False, everywhere=True)
    with pytest.raises(Invalid, match="Enable “greeter” first"):
        operations.configure(greeter.administrator, GREETER, {"url": "x"}, everywhere=True)


def test_channel_is_isolated_and_joins_again(desk: Desk, told: list[PluginChanged]) -> None:
    operations.isolate(desk.administrator, "echo", is_isolated=True)
    assert registry.is_isolated("echo")
    operations.isolate(desk.administrator, "echo", is_isolated=False)
    assert not registry.is_isolated("echo")
    signals.flush()
    assert [one.change for one in told] == ["isolated", "joined"]


def fail_often(ref: Ref, times: int = 5) -> None:
    """Let a hook fail so often."""

    def fails() -> None:
        raise RuntimeError("no")

    for _time in range(times):
        with pytest.raises(PluginFailed):
            guard.call(ref, "send", fails, seconds=5)


def test_resting_hook_degrades_the_plugin_for_every_process_until_it_works_again(desk: Desk) -> None:
    fail_often(ECHO)
    figures.write()
    found = overview.overview(ECHO)
    assert found is not None
    assert (found.state, found.reason) == (PluginState.DEGRADED, "send: RuntimeError: no")
    assert [(row.hook, row.calls, row.errors) for row in found.figures] == [("send", 5, 5)]
    guard.forget(ECHO)
    figures.write()
    assert state(ECHO) is PluginState.ENABLED


def test_disabling_a_degraded_plugin_restores_health(desk: Desk) -> None:
    fail_often(ECHO)
    figures.write()
    operations.switch(desk.administrator, ECHO, is_on=False, everywhere=True)
    figures.write()
    assert [one for one in overview.overviews() if one.is_unwell] == []
    assert queries.troubles() == {}


def test_figures_add_up_and_cost_no_statement_when_nothing_happened(desk: Desk) -> None:
    guard.call(ECHO, "send", lambda: 7, seconds=5)
    figures.write()
    guard.call(ECHO, "send", lambda: 7, seconds=5)
    figures.write()
    figures.write()
    (row,) = queries.figures()
    assert (row.hook, row.calls, row.errors, row.overruns) == ("send", 2, 0, 0)


def test_figures_keep_what_was_counted_before_a_plugin_was_switched(desk: Desk) -> None:
    guard.call(ECHO, "send", lambda: 7, seconds=5)
    operations.switch(desk.administrator, ECHO, is_on=False)
    operations.switch(desk.administrator, ECHO, is_on=True)
    guard.call(ECHO, "send", lambda: 7, seconds=5)
    figures.write()
    figures.write()
    (row,) = queries.figures()
    assert (row.hook, row.calls) == ("send", 2)


def test_log_keeps_what_was_written_and_how_it_failed_newest_first(desk: Desk) -> None:
    operations.write_log(ECHO, service_id=desk.service_id, level="info", hook="", message="줄\n바꿈")
    fail_often(ECHO, 1)
    figures.write()
    rows = queries.log_of(ECHO, Window()).rows
    assert [(row.level, row.hook, row.message) for row in rows] == [
        ("error", "send", "RuntimeError: no"),
        ("info", "", "줄 바꿈"),
    ]


def test_log_is_bounded(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "KEPT_LINES", 3)
    fail_often(ECHO, 4)
    guard.forget(ECHO)
    fail_often(ECHO, 4)
    figures.write()
    assert queries.log_of(ECHO, Window(), service_ids=[0]).count(None) == 3


def test_title_rights_and_settings_are_told_of_an_enabled_plugin(greeter: Desk) -> None:
    plugin = registry.find(*GREETER)
    assert plugin is not None
    assert overview.title(plugin)["ko"] == "인사"
    assert overview.rights(plugin) == ("ticket.note", "ticket.read")
    schema = overview.settings_schema(plugin)
    assert schema is not None
    assert schema["properties"]["token"]["format"] == "password"
    assert schema["required"] == ["url"]
