"""Where files are kept, and how pages look, by plugins that fail: nothing is lost, and a page is always shown."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from tests.chaos.causing import wait_for_news
from tests.chaos.storm import Storm, assert_whole_again
from tests.chaos.vaults import Vault
from tests.factories import plain
from tests.factories.processes import eventually

pytestmark = pytest.mark.dovecot
TURNS = 5
BEHAVIOURS = {
    "raises": ("write", "RuntimeError: chaos"),
    "exits": ("write", "SystemExit: 3"),
    "sleeps": ("write", "it did not end within"),
    "nothing": ("open", "it answered no stream"),
    "wrong": ("open", "it answered no stream"),
    "endless": ("open", " end"),  # it has none, or did not come to it
}
SLOW = {"sleeps", "endless"}
"""Those of which one overrun says enough."""


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_storage_that_misbehaves_loses_nothing(vault: Vault, behaviour: str) -> None:
    storm, (hook, reason) = vault.storm, BEHAVIOURS[behaviour]
    assert storm.switch("vault", "storage", is_on=True)["state"] == "ENABLED"
    storm.assert_everything_else_works()
    vault.behave(behaviour)
    turns = range(1 if behaviour in SLOW else TURNS)
    with ThreadPoolExecutor(TURNS) as pool:
        statuses = list(pool.map(lambda turn: storm.write_to_steady(f"{behaviour} {turn}"), turns))
    assert set(statuses) == {503 if hook == "write" else 200}, "What cannot be stored is to be sent again."
    wait_for_news(storm, {("storage", "vault", hook)})
    assert any(f"plugin vault: {hook}: " in problem for problem in storm.ready()["problems"])
    assert reason in storm.plugins("vault")["storage"]["reason"]
    storm.assert_answers_go_out()
    storm.mail(f"Sent while it {behaviour}")
    vault.behave("")
    subjects = [f"Sent while it {behaviour}", *(f"{behaviour} {turn}" for turn in turns if hook == "open")]
    for subject in subjects:
        eventually(partial(storm.tickets, "subject", subject), seconds=60, what=f"A ticket of {subject}")
    eventually(partial(is_whole, storm, behaviour), seconds=120, what="Health once it is mended")


def is_whole(storm: Storm, behaviour: str) -> bool:
    """Return whether the desk is whole; a storage that rests is tried again only by what is stored and read."""
    storm.write_to_steady(f"{behaviour} is mended")
    return bool(storm.ready()["status"] == "ok")


def test_theme_whose_page_has_no_end_leaves_it_to_its_parent(storm: Storm) -> None:
    assert storm.switch("gale", "theme", is_on=True)["state"] == "ENABLED"
    try:
        before = home(storm)
        storm.calls.do("ServiceUpdate", theme="gale")
        assert "<main" in home(storm)
        wait_for_news(storm, {("theme", "gale", "home")})
        assert storm.plugins("gale")["theme"]["state"] == "DEGRADED"
        assert any(problem.startswith("plugin gale: home: ") for problem in storm.ready()["problems"])
        storm.assert_everything_else_works()
    finally:
        storm.calls.do("ServiceUpdate", theme="default")
        assert_whole_again(storm, [("theme", "gale")])
    assert home(storm) == before


def home(storm: Storm) -> str:
    """Return the home page of the help center."""
    answer = plain.get(f"{storm.site.url}/demo/hc/ko", timeout=30)
    assert answer.status_code == 200
    return answer.text
