"""A setting is declared, described and checked, and a misspelt or wrong one stops the start."""

from contextlib import suppress
from ipaddress import IPv4Network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from helpdesk.kernel.errors import Invalid
from helpdesk.kernel.settings import Settings, load


def test_without_any_setting_the_desk_is_embedded() -> None:
    settings = load({})
    assert (settings.database_url, settings.redis_url, settings.data_dir) == ("", "", Path("desk"))


def test_settings_are_read_from_the_environment() -> None:
    environment = {
        "HELPDESK_LOG_LEVEL": "DEBUG",
        "HELPDESK_WORKER_THREADS": "7",
        "HELPDESK_SAFE_MODE": "1",
        "HELPDESK_TRUSTED_PROXIES": '["10.0.0.0/8"]',
        "PATH": "/bin",
    }
    settings = load(environment)
    assert (settings.log_level, settings.worker_threads, settings.safe_mode) == ("DEBUG", 7, True)
    assert settings.trusted_proxies == (IPv4Network("10.0.0.0/8"),)


@pytest.mark.parametrize("written", ['["a", "channel/b"]', "a,channel/b", " a , channel/b, "])
def test_list_is_words_between_commas_or_json(written: str) -> None:
    assert load({"HELPDESK_DISABLE": written}).disable == ("a", "channel/b")


@pytest.mark.parametrize("written", ['["a"', '{"a": 1}', '"a"'])
def test_json_that_is_no_list_is_refused(written: str) -> None:
    with pytest.raises(Invalid, match="HELPDESK_DISABLE"):
        load({"HELPDESK_DISABLE": written})


def test_the_environment_of_the_process_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELPDESK_WEB_THREADS", "3")
    assert load().web_threads == 3
    assert load({}).web_threads == 8


def test_an_override_wins_over_the_environment() -> None:
    assert load({"HELPDESK_WEB_THREADS": "3"}, web_threads=5).web_threads == 5


@pytest.mark.parametrize(
    ("name", "proposal"),
    [
        ("HELPDESK_DATABSE_URL", "HELPDESK_DATABASE_URL"),
        ("HELPDESK_LOGLEVEL", "HELPDESK_LOG_LEVEL"),
        ("HELPDESK_QQQQQQQQQQQQQQQQQ", "README"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest_known_one(name: str, proposal: str) -> None:
    with pytest.raises(Invalid, match=proposal) as refused:
        load({name: "x"})
    assert (name in refused.value.message, refused.value.code) == (True, "UNKNOWN_SETTING")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HELPDESK_WORKER_THREADS", "0"),
        ("HELPDESK_WORKER_THREADS", "many"),
        ("HELPDESK_LOG_LEVEL", "LOUD"),
        ("HELPDESK_SAFE_MODE", "perhaps"),
        ("HELPDESK_TRUSTED_PROXIES", "10.0.0.0/99"),
        ("HELPDESK_TRUSTED_PROXIES", '["10.0.0.0/99"]'),
        ("HELPDESK_SWEEP_SECONDS", "-1"),
    ],
)
def test_a_bad_value_is_refused_by_the_name_of_its_setting(name: str, value: str) -> None:
    with pytest.raises(Invalid, match=name) as refused:
        load({name: value})
    assert refused.value.code == "BAD_SETTING"


def test_a_secret_is_not_shown() -> None:
    settings = load({"HELPDESK_KEYS": '[{"key": "swordfish"}]'})
    assert "swordfish" not in f"{settings!r} {settings}"
    assert "swordfish" in settings.keys.get_secret_value()


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        load({}).log_level = "DEBUG"  # type: ignore[misc]


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_described_in_a_sentence(name: str) -> None:
    description = Settings.model_fields[name].description or ""
    assert len(description) > 20
    assert description.endswith(".")


@given(value=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_any_value_is_either_taken_or_refused(value: str) -> None:
    for name in ("worker_threads", "log_format", "trusted_proxies", "data_dir", "graphiql"):
        with suppress(Invalid):
            load({f"HELPDESK_{name.upper()}": value})
