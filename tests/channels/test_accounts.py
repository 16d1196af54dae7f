"""Channel accounts: settings are checked, secrets sealed, and a driver's faults are its own."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, ClassVar

import pytest
from pydantic import SecretStr, field_validator

from helpdesk import signals
from helpdesk.channels import accounts, queries
from helpdesk.channels.models import ChannelAccount
from helpdesk.channels.queries import AccountRow
from helpdesk.kernel import events
from helpdesk.kernel.actors import Actor
from helpdesk.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable
from helpdesk.kernel.paging import Window
from helpdesk.plugins import registry
from helpdesk.plugins.kinds import Kind
from helpdesk.sdk.channel import Channel, ChannelSettings, Inbound, InboundRequest, Outbound, Refused, Sent
from tests.factories.crowds import at_once
from tests.factories.desk import Desk, make_desk
from tests.factories.echo import Echo

SECRET = "pa55-of-nobody"  # of nothing


class FragileSettings(ChannelSettings):
    """Settings that are hard to please."""

    port: int = 1
    mood: str = "good"
    token: SecretStr | None = None
    second: SecretStr = SecretStr("default-secret")

    @field_validator("mood")
    @classmethod
    def listen(cls, mood: str) -> str:
        if mood == "mad":
            raise RuntimeError("the settings themselves fail")
        return mood


class Fragile(Channel):
    """A driver that fails wherever it is told to."""

    title: ClassVar = {"en": "Fragile"}
    Settings: ClassVar = FragileSettings
    on_check: ClassVar[Callable[["Fragile"], None] | None] = None
    made: ClassVar[list[FragileSettings]] = []

    def __init__(self, settings: FragileSettings) -> None:
        super().__init__(settings)
        if settings.mood == "stillborn":
            raise OSError(f"cannot log in with {SECRET}")
        self.made.append(settings)

    def receive(self, request: InboundRequest) -> Iterable[Inbound]:
        return []

    def send(self, message: Outbound) -> Sent:
        return Sent()

    def check(self) -> None:
        check = type(self).on_check
        if check is not None:
            check(self)


@pytest.fixture
def fragile(desk: Desk) -> Desk:
    """A desk with the fragile driver."""
    Fragile.on_check = None
    Fragile.made.clear()
    registry.register(Kind.CHANNEL, "fragile", Fragile)
    return desk


def make(desk: Desk, *, driver: str = "echo", actor: Actor | None = None, **given: Any) -> int:
    """Make an account as the administrator."""
    return accounts.create(
        actor or desk.administrator, driver=driver, name=given.pop("name", "Support"),
        settings=given.pop("settings", {}), **given,
    )  # fmt: skip


def row(account_id: int) -> AccountRow:
    """Return the account as others see it."""
    (found,) = queries.accounts_by_ids([account_id])
    assert found is not None
    return found


def driver(account_id: int) -> Any:
    """Return the driver that serves the account now."""
    return accounts.driver_by_id(account_id)


def test_account_is_made_with_its_settings_and_told_of(desk: Desk) -> None:
    told: list[Any] = []
    signals.channel_account_changed.connect(told.append)
    account_id = make(desk, name=" Support\n ", settings={"url": "https://a.example", "token": SECRET})
    assert signals.flush()
    signals.channel_account_changed.disconnect(told.append)
    made = row(account_id)
    assert (made.driver, made.name, made.settings, made.version) == ("echo", "Support", {"url": "https://a.example"}, 1)
    assert (made.is_enabled, made.is_primary, len(made.hook_token)) == (True, True, 32)
    assert [(event.account_id, event.change) for event in told] == [(account_id, "created")]
    assert driver(account_id).settings.token.get_secret_value() == SECRET


def test_secret_is_nowhere_to_be_read(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    account_id = make(desk, settings={"token": SECRET})
    accounts.update(desk.administrator, account_id, settings={"token": SECRET + "2"})
    stored: Any = ChannelAccount.select().where(ChannelAccount.id == account_id).dicts().get()
    history = events.history_of("channel_account", [account_id], Window())[0].rows
    shown = f"{stored} {row(account_id)} {driver(account_id).settings!r} {history} {caplog.text}"
    assert SECRET not in shown
    assert history[1].changes == {"settings": [None, ["token"]]}
    assert list(stored["secrets"]) == ["token"]


def test_secrets_put_into_another_account_or_field_do_not_open(fragile: Desk) -> None:
    mine, theirs = (make(fragile, driver="fragile", settings={"token": SECRET, "second": name}) for name in "ab")
    sealed = ChannelAccount.get_by_id(mine).secrets
    for swapped in (sealed, {"token": ChannelAccount.get_by_id(theirs).secrets["second"]}):
        ChannelAccount.update(secrets=swapped, version=ChannelAccount.version + 1).where(
            ChannelAccount.id == theirs
        ).execute()
        with pytest.raises(Unavailable, match="update them"):
            driver(theirs)
    accounts.update(fragile.administrator, theirs, settings={"token": "new", "second": "new"})
    assert driver(theirs).settings.token.get_secret_value() == "new"


@pytest.mark.parametrize(
    ("settings", "path", "words"),
    [
        ({"port": "many"}, ("settings", "port"), "port: Input should be a valid integer"),
        ({"prot": 1}, ("settings", "prot"), "prot: Extra inputs are not permitted"),
        ({"token": 5}, ("settings", "token"), "token: Input should be a valid string"),
    ],
)
def test_bad_settings_are_refused_with_their_place(
    fragile: Desk, settings: dict[str, Any], path: tuple[str, ...], words: str
) -> None:
    with pytest.raises(Invalid) as refused:
        make(fragile, driver="fragile", settings=settings)
    assert refused.value.path == path
    assert refused.value.message.startswith(words)
    assert queries.accounts_of_service(fragile.service_id) == []


def test_unknown_driver_is_refused_with_the_known_ones(desk: Desk) -> None:
    with pytest.raises(Unavailable, match=r"in use are: .*echo") as refused:
        make(desk, driver="ehco")
    assert (refused.value.code, refused.value.path) == ("CHANNEL_NOT_LOADED", ("driver",))


def test_account_needs_a_name(desk: Desk) -> None:
    with pytest.raises(Invalid) as refused:
        make(desk, name=" \n ")
    assert refused.value.path == ("name",)


def test_update_keeps_what_is_not_named_and_unsets_what_is_null(fragile: Desk) -> None:
    account_id = make(
        fragile, driver="fragile", settings={"port": 5, "mood": "fair", "token": SECRET, "second": "2nd!"}
    )
    accounts.update(fragile.administrator, account_id, settings={"mood": None, "second": "new!"})
    settings = driver(account_id).settings
    assert (settings.port, settings.mood, settings.token.get_secret_value()) == (5, "good", SECRET)
    assert settings.second.get_secret_value() == "new!"
    accounts.update(fragile.administrator, account_id, settings={"token": None})
    assert driver(account_id).settings.token is None
    assert row(account_id).settings["port"] == 5


def test_update_changes_name_and_switch_and_raises_the_version(desk: Desk) -> None:
    account_id = make(desk)
    accounts.update(desk.administrator, account_id, name="New", is_enabled=False, expected_version=1)
    assert (row(account_id).name, row(account_id).is_enabled, row(account_id).version) == ("New", False, 2)
    (line,) = events.history_of("channel_account", [account_id], Window())[0].rows[1:]
    assert line.changes == {"name": ["Support", "New"], "is_enabled": [True, False]}
    with pytest.raises(Conflict) as refused:
        accounts.update(desk.administrator, account_id, name="Newer", expected_version=1)
    assert refused.value.code == "VERSION_CONFLICT"


def test_updates_at_the_same_time_are_all_kept(fragile: Desk) -> None:
    account_id = make(fragile, driver="fragile")
    changes: list[dict[str, Any]] = [{"port": 9}, {"mood": "fair"}, {"token": SECRET}, {"second": "2nd!"}]
    at_once(4, lambda place: accounts.update(fragile.administrator, account_id, settings=changes[place]))
    settings = driver(account_id).settings
    assert (settings.port, settings.mood) == (9, "fair")
    assert (settings.token.get_secret_value(), settings.second.get_secret_value()) == (SECRET, "2nd!")


def test_driver_is_made_once_and_anew_after_a_change_by_whatever_process(fragile: Desk) -> None:
    account_id = make(fragile, driver="fragile", settings={"port": 1})
    assert driver(account_id) is driver(account_id)
    accounts.update(fragile.administrator, account_id, settings={"port": 2})
    assert driver(account_id).settings.port == 2
    ChannelAccount.update(settings={"port": 3}, version=ChannelAccount.version + 1).execute()  # as another process does
    assert [driver(account_id).settings.port for _ in range(2)] == [3, 3]
    assert [settings.port for settings in Fragile.made] == [1, 2, 3]


def test_driver_whose_plugin_is_gone_or_has_other_settings_now_is_unavailable(fragile: Desk) -> None:
    account_id = make(fragile, driver="fragile", settings={"mood": "fair"})
    assert driver(account_id)
    registry.register(Kind.CHANNEL, "fragile", Echo)  # a new release that knows no mood
    with pytest.raises(Unavailable, match="update them: mood: Extra inputs") as refused:
        driver(account_id)
    assert refused.value.code == "BAD_ACCOUNT"
    registry.register(Kind.CHANNEL, "fragile", object)
    with pytest.raises(Unavailable) as refused:
        driver(account_id)
    assert refused.value.code == "CHANNEL_NOT_LOADED"


@pytest.mark.parametrize("mood", ["mad", "stillborn"])
def test_driver_that_fails_over_its_settings_does_so_without_its_words(
    fragile: Desk, mood: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(Unavailable) as refused:
        driver(make(fragile, driver="fragile", settings={"mood": mood, "token": SECRET}))
    assert refused.value.code == "PLUGIN_FAILED"
    assert SECRET not in refused.value.message + "".join(str(vars(record)) for record in caplog.records)


def exit_the_process(_driver: Fragile) -> None:
    raise SystemExit(3)


def quote_the_secret(driver: Fragile) -> None:
    raise Refused(f"535 login\r\nwith {driver.settings.token.get_secret_value()} refused")


def quote_a_short_one(driver: Fragile) -> None:
    raise Refused(f"{driver.settings.second.get_secret_value()} is no port")


def say_nothing(_driver: Fragile) -> None:
    raise ValueError


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (None, "The settings work."),
        (exit_the_process, "The channel “fragile” failed in check: SystemExit: 3."),
        (quote_the_secret, "535 login with *** refused"),
        (quote_a_short_one, "25 is no port"),
        (say_nothing, "ValueError"),
    ],
)
def test_testing_an_account_tells_what_is_wrong(fragile: Desk, fault: Any, words: str) -> None:
    account_id = make(fragile, driver="fragile", settings={"token": SECRET, "second": "25"})
    Fragile.on_check = fault
    assert accounts.test(fragile.administrator, account_id) == accounts.Check(fault is None, words)


def test_testing_an_account_whose_plugin_is_gone_says_so(fragile: Desk) -> None:
    account_id = make(fragile, driver="fragile")
    registry.register(Kind.CHANNEL, "fragile", object)
    check = accounts.test(fragile.administrator, account_id)
    assert not check.is_ok
    assert "is not in use here" in check.message


def test_first_account_of_a_driver_is_primary_until_another_is_named(fragile: Desk) -> None:
    first, second, other = make(fragile), make(fragile), make(fragile, driver="fragile")
    assert [row(one).is_primary for one in (first, second, other)] == [True, False, True]
    accounts.update(fragile.administrator, second, is_primary=True)
    assert [row(one).is_primary for one in (first, second, other)] == [False, True, True]
    accounts.update(fragile.administrator, first, is_primary=False)
    third = make(fragile, is_primary=True)
    assert [row(one).is_primary for one in (first, second, third)] == [False, False, True]
    assert queries.primary_account(fragile.service_id, "echo") == row(third)


def test_primary_account_cannot_simply_cease_to_be_it(desk: Desk) -> None:
    account_id = make(desk)
    with pytest.raises(Invalid, match="Make another account the primary one") as refused:
        accounts.update(desk.administrator, account_id, is_primary=False, name="x")
    assert refused.value.path == ("isPrimary",)
    assert row(account_id).name == "Support"


def test_deleted_account_is_gone_with_its_secrets_and_leaves_an_heir(desk: Desk) -> None:
    account_id, heir = make(desk, settings={"token": SECRET}), make(desk)
    accounts.delete(desk.administrator, account_id)
    assert [one.id for one in queries.accounts_of_service(desk.service_id)] == [heir]
    assert row(heir).is_primary
    assert ChannelAccount.get_by_id(account_id).secrets == {}
    assert queries.account_by_hook(desk.service_id, row(account_id).hook_token) is None
    with pytest.raises(Conflict) as refused:
        driver(account_id)
    assert refused.value.code == "ACCOUNT_DELETED"
    accounts.delete(desk.administrator, heir)
    assert queries.primary_account(desk.service_id, "echo") is None


@pytest.mark.parametrize(
    "change",
    [
        lambda actor, account_id: accounts.update(actor, account_id, name="x"),
        accounts.delete,
        accounts.test,
    ],
)
def test_account_of_another_service_or_none_is_not_found(desk: Desk, change: Callable[[Actor, int], object]) -> None:
    theirs, deleted = make(make_desk(desk.settings, slug="other")), make(desk)
    accounts.delete(desk.administrator, deleted)
    for account_id in (theirs, deleted, 999):
        with pytest.raises(NotFound):
            change(desk.administrator, account_id)
    assert row(theirs).name == "Support"


def test_accounts_are_for_those_who_may(desk: Desk) -> None:
    account_id = make(desk)
    powerless = replace(desk.partner, rights=desk.partner.rights - {"channel_account.write"})
    attempts: list[Callable[[], object]] = [
        lambda: make(desk, actor=powerless),
        lambda: accounts.update(powerless, account_id, name="x"),
        lambda: accounts.delete(powerless, account_id),
        lambda: accounts.test(powerless, account_id),
    ]
    for attempt in attempts:
        with pytest.raises(Forbidden, match=r"channel_account\.write"):
            attempt()
