"""Secrets that a provider changes: the desk keeps the new one, sealed, and gives it to every worker's channel."""

import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from helpdesk.channels import accounts, processes
from helpdesk.channels.drivers import Driver
from helpdesk.channels.models import ChannelAccount
from helpdesk.channels.safes import Safe
from helpdesk.kernel.actors import system
from helpdesk.plugins import operations, registry
from helpdesk.plugins.guard import PluginFailed, Ref
from helpdesk.plugins.kinds import Kind
from helpdesk.sdk.channel import AccountRefused, Identity, Outbound, Retry
from tests.channels.post import Post, make_post
from tests.channels.test_listening import eventually
from tests.faults.distributions import install

ROTATING = """
from pydantic import SecretStr
from helpdesk.sdk.channel import *

class Settings(ChannelSettings):
    url: str = ""
    token: SecretStr

class Rotating(Channel):
    title = {"en": "Rotating"}
    Settings = Settings

    def receive(self, request):
        return []

    def send(self, message):
        if message.text == "reconnect":
            raise AccountRefused("invalid_grant for " + self.vault.read("token"), must_reconnect=True)
        if message.text == "tell":
            raise Retry("busy with " + self.vault.read("token"))
        if message.text == "plain":
            self.vault.read("url")
        old, new = message.text.split()
        return Sent(f"{self.vault.replace('token', old, new)} {len(self.vault.read('token'))}")
"""


@pytest.fixture(params=["in the desk", "isolated"])
def rotating(
    request: pytest.FixtureRequest, post: Post, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Post]:
    """A desk with one account of a channel that changes its token."""
    install(tmp_path / "site", "rotating", ROTATING, names="Rotating")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    registry.load()
    operations.switch(system(0), Ref(Kind.CHANNEL, "rotating"), is_on=True, everywhere=True)
    operations.isolate(system(0), "rotating", is_isolated=request.param == "isolated")
    yield make_post(post.desk, driver="rotating", token="first-token")
    accounts.forget_drivers()
    processes.end_all()
    eventually(lambda: not processes.running())
    gc.collect()


def driver(post: Post) -> Driver:
    """Return what serves the account."""
    return accounts.driver_by_id(post.account_id)


def sent(post: Post, text: str) -> str | None:
    """Have the channel send the text, and return the id that it answers."""
    return driver(post).send(Outbound("key", 7, "제목", text, (Identity("email", "m@shop.example"),))).external_id


def row(post: Post) -> Any:
    """Return the account as it is stored."""
    return ChannelAccount.get_by_id(post.account_id)


def test_new_secret_is_kept_sealed_and_found_by_the_next_worker(rotating: Post) -> None:
    before = row(rotating)
    assert sent(rotating, "first-token second-token") == "True 12"
    after = row(rotating)
    assert after.version == before.version
    assert after.secrets != before.secrets
    assert "second-token" not in str(after.secrets)
    accounts.forget_drivers()
    assert sent(rotating, "second-token third") == "True 5"
    assert Safe(rotating.account_id).read("token") == "third"


def test_secret_that_a_person_has_set_meanwhile_wins(rotating: Post) -> None:
    sent(rotating, "first-token second-token")
    accounts.update(rotating.desk.administrator, rotating.account_id, settings={"token": "by-a-person"})
    assert sent(rotating, "second-token stale") == "False 11"
    assert Safe(rotating.account_id).read("token") == "by-a-person"


def test_new_secret_is_blotted_out_of_what_the_channel_says(rotating: Post) -> None:
    sent(rotating, "first-token second-token")
    with pytest.raises(Retry, match=r"busy with \*\*\*"):
        sent(rotating, "tell")


def test_account_that_must_be_reconnected_says_so(rotating: Post) -> None:
    with pytest.raises(AccountRefused, match=r"invalid_grant for \*\*\*") as refused:
        sent(rotating, "reconnect")
    assert refused.value.must_reconnect


def test_what_is_no_secret_is_a_fault_of_the_channel(rotating: Post) -> None:
    with pytest.raises(PluginFailed, match="the setting url is no secret"):
        sent(rotating, "plain")


def test_deleted_account_keeps_nothing(rotating: Post) -> None:
    accounts.delete(rotating.desk.administrator, rotating.account_id)
    assert not Safe(rotating.account_id).replace("token", "", "new-token")
    assert row(rotating).secrets == {}
