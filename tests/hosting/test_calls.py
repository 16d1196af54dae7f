"""How a plugin's hooks are called."""

import pytest
from pydantic import SecretStr

from helpdesk.hosting import calls
from helpdesk.kernel.actors import Actor
from helpdesk.kernel.errors import Invalid, Unavailable
from helpdesk.plugins import guard
from helpdesk.plugins.guard import PluginFailed
from helpdesk.sdk.errors import Denied, Refused, Retry
from helpdesk.sdk.host import Host
from helpdesk.sdk.plugin import Plugin, PluginSettings
from tests.factories import tickets
from tests.factories.desk import Desk
from tests.hosting.plugins import Hands, host, install


def test_hook_is_given_the_plugin_and_its_host(desk: Desk) -> None:
    install(Hands)

    def look(plugin: Plugin, host: Host) -> tuple[str, str]:
        return type(plugin).__name__, host.service.slug

    assert calls.call("hands", "look", desk.service_id, look, seconds=2) == ("Hands", "demo")


def test_one_instance_serves_every_call(desk: Desk) -> None:
    install(Hands)
    first, second = (calls.call("hands", "look", desk.service_id, lambda p, h: p, seconds=2) for _ in range(2))
    assert first is second


def test_failure_is_contained_and_counted(desk: Desk) -> None:
    install(Hands)

    def fail(plugin: Plugin, host: Host) -> None:
        raise SystemExit(3)

    with pytest.raises(PluginFailed, match="SystemExit"):
        calls.call("hands", "fail", desk.service_id, fail, seconds=2)
    assert guard.gauge_of(calls.ref_of("hands"), "fail").errors == 1


class Quoting(Hands):
    """Knows a secret."""

    class Settings(PluginSettings):
        token: SecretStr = SecretStr("very-secret-token")


@pytest.mark.parametrize("kind", [Refused, Retry, Invalid])
def test_what_a_plugin_says_quotes_none_of_its_secrets(desk: Desk, kind: type[Exception]) -> None:
    install(Quoting)

    def refuse(plugin: Plugin, host: Host) -> None:
        raise kind(f"401 for {plugin.settings.token.get_secret_value()}")

    with pytest.raises(kind) as refusal:
        calls.call("hands", "refuse", desk.service_id, refuse, seconds=2)
    assert str(refusal.value) == getattr(refusal.value, "message", "401 for ***") == "401 for ***"


def test_plugin_that_is_not_in_use_is_not_called(desk: Desk) -> None:
    with pytest.raises(Unavailable) as refusal:
        calls.call("nobody", "hook", desk.service_id, lambda p, h: None, seconds=2)
    assert refusal.value.code == "PLUGIN_NOT_ENABLED"


def test_acting_for_somebody_the_plugin_may_do_what_both_may(desk: Desk) -> None:
    ticket_id = tickets.make(desk)
    reader = Actor(desk.agent.kind, desk.service_id, desk.agent.id, "reader", frozenset({"ticket.read"}))
    hands = host(desk, actor=reader)
    assert hands.ticket(ticket_id) is not None
    with pytest.raises(Denied) as refusal:
        hands.add_note(ticket_id, "hello")
    assert refusal.value.code == "FORBIDDEN"


def test_plugin_that_cannot_be_made_is_unavailable(desk: Desk) -> None:
    class Broken(Hands):
        def __init__(self, settings: object) -> None:
            raise RuntimeError("no")

    install(Broken)
    with pytest.raises(PluginFailed):
        calls.host_for("hands", desk.service_id)
