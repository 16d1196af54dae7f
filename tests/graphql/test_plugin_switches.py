"""Plugins switched, set, tried and looked into over the API, as a partner and an administrator do it."""

from collections.abc import Mapping
from typing import Any, ClassVar

import pytest
from pydantic import Field, SecretStr

from helpdesk.hosting import calls
from helpdesk.kernel.dispatching import FAILURES_IN_A_ROW
from helpdesk.plugins import figures, operations, registry
from helpdesk.plugins.guard import Ref
from helpdesk.plugins.kinds import Kind
from helpdesk.sdk.errors import Refused
from helpdesk.sdk.host import Host
from helpdesk.sdk.plugin import Plugin, PluginSettings
from tests.factories.client import Caller, open_to_partners
from tests.factories.desk import Desk, make_desk

SHOP = Ref(Kind.PLUGIN, "shop")
BURNING = "https://burning.example"
SECRET = "hunter22-of-the-shop"
WEBHOOK = {"kind": "channel", "name": "webhook"}
EXAMPLE = {"kind": "condition", "name": "example"}
FOR_ALL = {"isForAllServices": True}


class ShopSettings(PluginSettings):
    """What the installation tells."""

    url: str = Field(pattern="^https://", description="Where the shop is.")
    token: SecretStr = Field(SecretStr(""), description="What the shop knows us by.")


class ShopServiceSettings(PluginSettings):
    """What a service tells."""

    greeting: str = "Hello"
    key: SecretStr = SecretStr("")


class Shop(Plugin):
    """Needs to know where the shop is, and works with one token alone."""

    title: ClassVar[Mapping[str, str]] = {"en": "Shop", "ko": "가게"}
    rights = frozenset({"ticket.read", "ticket.note"})
    Settings = ShopSettings
    ServiceSettings = ShopServiceSettings
    settings: ShopSettings

    def check(self, host: Host) -> None:
        if self.settings.url == BURNING:
            raise RuntimeError("the shop burns")
        if self.settings.token.get_secret_value() != SECRET:
            raise Refused("The shop does not know the token; copy it anew.")


@pytest.fixture
def shop(app: object) -> None:
    """A whole plugin that lacks its settings."""
    registry.register(Kind.PLUGIN, "shop", Shop)


@pytest.fixture
def second(desk: Desk, partner: Caller) -> Caller:
    """A partner of another service of the same desk."""
    other = make_desk(desk.settings, slug="second")
    return partner.but(token=open_to_partners(other), slug="second")


def told(caller: Caller, kind: str, name: str, operation: str = "Plugins", **variables: Any) -> Any:
    """Return what an operation tells of one plugin."""
    found = caller.ask(operation, kinds=[kind], **variables)["plugins"]
    (plugin,) = (one for one in found if one["name"] == name)
    assert plugin["kind"] == kind
    return plugin


def state(caller: Caller, given: Mapping[str, str] = WEBHOOK) -> tuple[str, bool]:
    """Return the state of a plugin in the caller's service, and whether it is on there."""
    plugin = told(caller, **given)
    return plugin["state"], plugin["isEnabled"]


def drivers(caller: Caller) -> list[str]:
    """Return the channels that the caller may make accounts of."""
    return [one["code"] for one in caller.ask("ChannelAccounts")["channelDrivers"]]


def configure(caller: Caller, settings: Any, **given: Any) -> Any:
    """Return the shop after it was told something."""
    return caller.done("PluginConfigure", name="shop", settings=settings, **given)["plugin"]


def test_what_is_only_installed_runs_once_a_partner_enables_it(partner: Caller, second: Caller) -> None:
    found = told(partner, **EXAMPLE, language="en")
    assert (found["state"], found["isEnabled"], found["title"]) == ("DISCOVERED", False, "example")
    assert (found["distribution"], found["version"]) == ("helpdesk-example", "0.1.0")
    enabled = partner.done("PluginEnable", **EXAMPLE)["plugin"]
    assert enabled == {**EXAMPLE, "state": "ENABLED", "reason": "", "isEnabled": True}
    assert told(partner, **EXAMPLE, language="en")["title"] == "Hours open"
    assert state(second, EXAMPLE) == ("CHECKED", False)
    assert registry.named(Kind.CONDITION).keys() >= {"example"}


def test_plugin_is_switched_off_in_one_service(partner: Caller, second: Caller) -> None:
    off = partner.done("PluginDisable", **WEBHOOK)["plugin"]
    assert off == {**WEBHOOK, "state": "DISABLED", "reason": "", "isEnabled": False}
    assert (state(partner), state(second)) == (("DISABLED", False), ("ENABLED", True))
    assert ("webhook" in drivers(partner), "webhook" in drivers(second)) == (False, True)
    assert partner.done("PluginEnable", **WEBHOOK)["plugin"]["state"] == "ENABLED"
    assert "webhook" in drivers(partner)


def test_plugin_is_switched_in_all_services_whatever_they_have_said(partner: Caller, second: Caller) -> None:
    second.done("PluginEnable", **WEBHOOK)
    assert partner.done("PluginDisable", **WEBHOOK, **FOR_ALL)["plugin"]["state"] == "DISABLED"
    assert (state(partner), state(second)) == (("DISABLED", False), ("DISABLED", False))
    assert "webhook" not in drivers(second)
    partner.done("PluginEnable", **WEBHOOK, **FOR_ALL)
    assert (state(partner), state(second)) == (("ENABLED", True), ("ENABLED", True))


@pytest.mark.parametrize("mutation", ["PluginEnable", "PluginDisable"])
def test_wrong_word_for_a_kind_is_named_with_those_there_are(partner: Caller, mutation: str) -> None:
    assert partner.refused(mutation, kind="chanel", name="email") == ("INVALID", ["kind"])
    (error,) = partner.change(mutation, kind="chanel", name="email")["errors"]
    assert "“chanel”" in error["message"]
    assert all(kind in error["message"] for kind in Kind)


def test_wrong_word_among_the_kinds_that_are_asked_for_is_an_error(partner: Caller) -> None:
    assert partner.failed("Plugins", kinds=["channel", "chanel"]) == "INVALID"


@pytest.mark.parametrize("mutation", ["PluginEnable", "PluginDisable"])
def test_name_that_is_not_installed_is_not_found(partner: Caller, mutation: str) -> None:
    assert partner.refused(mutation, kind="channel", name="nobody") == ("PLUGIN_NOT_FOUND", ["name"])
    assert partner.refused("PluginConfigure", name="nobody", settings={}) == ("PLUGIN_NOT_FOUND", ["name"])


def test_channel_is_isolated_and_joined_again(partner: Caller, agent: Caller) -> None:
    assert agent.refused("PluginIsolate", name="webhook")[0] == "FORBIDDEN"
    isolated = partner.done("PluginIsolate", name="webhook")["plugin"]
    assert isolated == {**WEBHOOK, "state": "ENABLED", "isIsolated": True}
    assert (told(partner, **WEBHOOK)["isIsolated"], registry.is_isolated("webhook")) == (True, True)
    assert partner.done("PluginIsolate", name="webhook", isIsolated=False)["plugin"]["isIsolated"] is False
    assert registry.is_isolated("webhook") is False
    assert partner.refused("PluginIsolate", name="example_of_nothing") == ("PLUGIN_NOT_FOUND", ["name"])


@pytest.mark.usefixtures("shop")
def test_agents_and_strangers_change_nothing(agent: Caller, stranger: Caller, partner: Caller) -> None:
    for everywhere in (False, True):
        for mutation in ("PluginEnable", "PluginDisable"):
            assert agent.refused(mutation, **WEBHOOK, isForAllServices=everywhere)[0] == "FORBIDDEN"
        assert agent.refused("PluginConfigure", name="shop", settings={}, isForAllServices=everywhere)[0] == "FORBIDDEN"
    assert agent.refused("PluginCheck", name="shop")[0] == "FORBIDDEN"
    for operation in ("PluginSettings", "PluginLog"):
        assert (agent.failed(operation), stranger.failed(operation)) == ("FORBIDDEN", "UNAUTHENTICATED")
    assert stranger.failed("PluginDisable", input=WEBHOOK) == "UNAUTHENTICATED"
    assert state(partner) == ("ENABLED", True)


@pytest.mark.usefixtures("shop")
def test_plugin_without_its_settings_is_told_what_it_needs_and_then_used(administrator: Caller) -> None:
    found = told(administrator, *SHOP, language="ko")
    assert (found["state"], found["title"], found["rights"]) == ("LOADED", "가게", ["ticket.note", "ticket.read"])
    schemas = told(administrator, *SHOP, "PluginSettings")
    assert schemas["settingsSchema"]["required"] == ["url"]
    assert schemas["settingsSchema"]["properties"]["token"]["format"] == "password"
    assert schemas["serviceSettingsSchema"]["properties"]["greeting"]["default"] == "Hello"
    assert configure(administrator, {"url": "https://shop.example"}, **FOR_ALL)["state"] == "ENABLED"


@pytest.mark.usefixtures("shop")
def test_secret_that_was_told_never_comes_back(administrator: Caller) -> None:
    told_to_all = {"url": "https://shop.example", "token": SECRET}
    common = configure(administrator, told_to_all, **FOR_ALL)
    own = configure(administrator, {"greeting": "안녕하세요", "key": SECRET})
    assert common["settings"] == {"url": "https://shop.example"}
    assert own["serviceSettings"] == {"greeting": "안녕하세요"}
    changed = configure(administrator, {"url": "https://other.example"}, **FOR_ALL)
    assert changed["settings"] == {"url": "https://other.example"}
    assert administrator.done("PluginCheck", name="shop")["isOk"]  # the token has stayed
    figures.write()
    for operation in ("Plugins", "PluginSettings", "PluginLog"):
        assert SECRET not in administrator.answer(operation).text
    wrong = {"url": SECRET, "token": SECRET}
    answer = administrator.answer("PluginConfigure", input={"name": "shop", "settings": wrong, **FOR_ALL})
    assert SECRET not in answer.text


@pytest.mark.usefixtures("shop")
def test_secret_is_told_to_be_set_or_not(administrator: Caller) -> None:
    configure(administrator, {"url": "https://shop.example"}, **FOR_ALL)
    configure(administrator, {"key": SECRET})
    found = told(administrator, *SHOP, "PluginSettings")
    assert (found["secrets"], found["serviceSecrets"]) == (
        [{"name": "token", "isSet": False}],
        [{"name": "key", "isSet": True}],
    )
    configure(administrator, {"token": SECRET}, **FOR_ALL)
    configure(administrator, {"key": None})
    found = told(administrator, *SHOP, "PluginSettings")
    assert (found["secrets"][0]["isSet"], found["serviceSecrets"][0]["isSet"]) == (True, False)


def test_plugin_that_has_settings_and_is_on_elsewhere_is_configured_here(partner: Caller, second: Caller) -> None:
    whole = {"kind": "plugin", "name": "example"}
    second.done("PluginEnable", **whole)
    partner.done("PluginConfigure", name="example", settings={"survey_token": SECRET}, **FOR_ALL)
    assert (state(partner, whole), state(second, whole)) == (("CONFIGURED", False), ("ENABLED", True))


@pytest.mark.usefixtures("shop")
def test_settings_of_a_service_are_its_own(administrator: Caller, second: Caller) -> None:
    configure(administrator, {"url": "https://shop.example"}, **FOR_ALL)
    configure(administrator, {"greeting": "안녕하세요"})
    assert told(administrator, *SHOP, "PluginSettings")["serviceSettings"] == {"greeting": "안녕하세요"}
    elsewhere = told(second, *SHOP, "PluginSettings")
    assert (elsewhere["serviceSettings"], elsewhere["settings"]) == ({}, {"url": "https://shop.example"})


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({"url": "http://shop.example"}, ["settings", "url"]),
        ({"url": "https://shop.example", "colour": 1}, ["settings", "colour"]),
        ({}, ["settings", "url"]),
        ([], ["settings"]),
        (7, ["settings"]),
    ],
)
def test_wrong_settings_are_refused_by_their_name(partner: Caller, settings: Any, path: list[str]) -> None:
    assert partner.refused("PluginConfigure", name="shop", settings=settings, **FOR_ALL) == ("INVALID", path)
    assert told(partner, *SHOP)["state"] == "LOADED"


@pytest.mark.usefixtures("shop")
def test_check_says_what_is_wrong_and_that_it_works(partner: Caller) -> None:
    assert partner.refused("PluginCheck", name="shop")[0] == "PLUGIN_NOT_ENABLED"
    configure(partner, {"url": "https://shop.example"}, **FOR_ALL)
    wrong = partner.done("PluginCheck", name="shop")
    assert (wrong["isOk"], "copy it anew" in wrong["message"]) == (False, True)
    configure(partner, {"token": SECRET}, **FOR_ALL)
    assert partner.done("PluginCheck", name="shop") == {"isOk": True, "message": "The settings work.", "errors": []}
    partner.done("PluginDisable", kind="plugin", name="shop")
    assert partner.refused("PluginCheck", name="shop")[0] == "PLUGIN_NOT_ENABLED"


@pytest.mark.usefixtures("shop")
def test_failing_checks_rest_and_nothing_else_of_the_plugin_does(desk: Desk, partner: Caller) -> None:
    configure(partner, {"url": BURNING}, **FOR_ALL)
    for _ in range(FAILURES_IN_A_ROW):
        assert "the shop burns" in partner.done("PluginCheck", name="shop")["message"]
    assert "rests" in partner.done("PluginCheck", name="shop")["message"]
    assert calls.call("shop", "greet", desk.service_id, lambda plugin, host: host.service.slug, seconds=5) == "demo"
    figures.write()
    found = told(partner, *SHOP)
    assert (found["isEnabled"], [one["hook"] for one in found["problems"]]) == (True, ["check"])
    configure(partner, {"url": "https://shop.example", "token": SECRET}, **FOR_ALL)
    assert partner.done("PluginCheck", name="shop")["isOk"]


@pytest.mark.usefixtures("shop")
def test_log_is_read_page_by_page_newest_first_without_that_of_other_services(
    desk: Desk, partner: Caller, second: Caller
) -> None:
    for line in range(3):
        operations.write_log(SHOP, service_id=desk.service_id, level="info", hook="plan", message=f"line {line}")
    operations.write_log(SHOP, service_id=None, level="error", hook="", message="for all")
    pages, after = [], None
    for _page in range(2):
        log = told(partner, *SHOP, "PluginLog", first=2, after=after)["log"]
        after = log["pageInfo"]["endCursor"]
        pages.append(([node["message"] for node in log["nodes"]], log["pageInfo"]["hasNextPage"], log["totalCount"]))
    assert pages == [(["for all", "line 2"], True, 4), (["line 1", "line 0"], False, 4)]
    newest = told(partner, *SHOP, "PluginLog", first=1)["log"]["nodes"][0]
    assert (newest["level"], newest["hook"], bool(newest["at"])) == ("error", "", True)
    assert [node["message"] for node in told(second, *SHOP, "PluginLog")["log"]["nodes"]] == ["for all"]


@pytest.mark.usefixtures("shop")
def test_figures_count_what_hooks_did_and_a_resting_one_is_a_problem(partner: Caller) -> None:
    configure(partner, {"url": "https://shop.example", "token": SECRET}, **FOR_ALL)
    partner.done("PluginCheck", name="shop")
    configure(partner, {"url": BURNING}, **FOR_ALL)
    for _time in range(5):
        assert not partner.done("PluginCheck", name="shop")["isOk"]
    figures.write()
    found = told(partner, *SHOP)
    (check,) = (one for one in found["figures"] if one["hook"] == "check")
    assert (check["calls"], check["errors"], check["overruns"], check["seconds"] > 0) == (6, 5, 0, True)
    (problem,) = found["problems"]
    assert (found["state"], problem["hook"], "the shop burns" in problem["reason"]) == ("DEGRADED", "check", True)
    assert "the shop burns" in told(partner, *SHOP, "PluginLog")["log"]["nodes"][0]["message"]
    partner.done("PluginEnable", kind="plugin", name="shop", **FOR_ALL)
    assert (told(partner, *SHOP)["state"], told(partner, *SHOP)["problems"]) == ("ENABLED", [])
