"""``helpdesk doctor``: a sound desk is sound, and each trouble is named with what to do about it."""

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from helpdesk.access import operations as access
from helpdesk.channels import accounts, inbox
from helpdesk.channels.models import Sending
from helpdesk.channels.rules import AccountState
from helpdesk.commands import checks
from helpdesk.kernel import actors, db
from helpdesk.kernel.settings import Settings
from helpdesk.plugins import registry
from helpdesk.plugins.kinds import Kind
from tests.commands.conftest import Shell


def verdicts(shell: Shell, *, code: int) -> dict[str, Any]:
    """Return the verdict of each matter by its name; the last one where there are several."""
    done = shell.run("doctor", "--json")
    assert done.exit_code == code, done.output
    told = json.loads(done.stdout)
    assert told["is_well"] is (code == 0)
    return {check["name"]: check for check in told["checks"]}


def test_new_desk_with_a_mail_account_is_well(made: Shell) -> None:
    made.mail_account()
    found = verdicts(made, code=0)
    assert {check["health"] for check in found.values()} == {"ok"}
    assert found.keys() >= {"data", "keys", "database", "clock", "service", "plugin", "inbox", "outbox"}


def test_without_a_desk_it_says_what_to_run(shell: Shell) -> None:
    found = verdicts(shell, code=1)
    assert (found["database"]["health"], found["database"]["fix"]) == ("fail", "Run helpdesk init.")
    assert not shell.data.exists(), "It changed something."


def test_lost_keys_are_told_and_not_replaced(made: Shell) -> None:
    (made.data / "keys.json").unlink()
    assert verdicts(made, code=1)["keys"]["health"] == "fail"
    assert not (made.data / "keys.json").exists()


def test_readable_keys_are_a_warning(made: Shell) -> None:
    (made.data / "keys.json").chmod(0o644)
    assert verdicts(made, code=0)["keys"]["fix"] == f"Run chmod 600 {made.data}/keys.json."


def test_folder_that_others_can_look_into_is_a_warning(made: Shell) -> None:
    made.data.chmod(0o750)
    assert verdicts(made, code=0)["data"]["fix"] == f"Run chmod 700 {made.data}"


def test_plugin_that_is_kept_off_by_a_name_that_there_is_not_is_a_warning(
    made: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HELPDESK_DISABLE", "webhook, channel/emial")
    told = made.json("doctor")["checks"]
    assert [one["message"] for one in told if "HELPDESK_DISABLE" in one["message"]] == [
        "HELPDESK_DISABLE names “channel/emial”, which is not installed."
    ]


def test_service_whose_answers_by_mail_go_nowhere_is_a_warning(made: Shell) -> None:
    assert "channelAccountCreate" in verdicts(made, code=0)["mail"]["fix"]
    account = made.mail_account()
    assert "mail" not in verdicts(made, code=0)
    with made.opened() as service_id:
        accounts.update(actors.system(service_id), account, is_enabled=False)
    assert verdicts(made, code=0)["mail"]["message"].startswith("demo: no mail account is on")


def test_database_that_is_none_is_a_finding(made: Shell) -> None:
    db.database.close_all()
    (made.data / "desk.db").write_bytes(b"no database at all" * 100)
    assert "file is not a database" in verdicts(made, code=1)["database"]["message"]


def test_missing_migration_is_a_finding(made: Shell) -> None:
    with made.opened():
        db.database.execute_sql("DELETE FROM migration")
    assert "0001_initial" in verdicts(made, code=1)["database"]["message"]
    assert "Run helpdesk init" in made.refused("user", "add", "--email", "a@b.example")


def test_api_that_nobody_may_use_is_a_warning(made: Shell) -> None:
    with made.opened() as service_id:
        access.enable_open_api(actors.system(service_id), True)
    assert verdicts(made, code=0)["service"]["fix"] == "Run helpdesk key create --allow NETWORK."


def test_account_whose_plugin_is_gone_is_a_finding(made: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    made.mail_account()
    assert verdicts(made, code=0)["channel"]["health"] == "ok"
    monkeypatch.setenv("HELPDESK_SAFE_MODE", "true")
    assert "is not in use" in verdicts(made, code=1)["channel"]["message"]
    assert registry.named(Kind.CHANNEL) == {}


def test_account_that_its_provider_refuses_is_a_finding_with_its_words(made: Shell) -> None:
    account_id = made.mail_account()
    for state, code, fix in (
        (AccountState.FAILING, 0, "Mend its settings"),
        (AccountState.REFUSED, 1, "Correct its log-in"),
        (AccountState.RECONNECT, 1, "Grant access anew"),
    ):
        with made.opened():
            Sending.delete().execute()
            Sending.insert(account=account_id, state=state, last_error="535 no").execute()
        found = verdicts(made, code=code)["channel"]
        assert found["message"] == "demo: support (email) does not send: 535 no"
        assert found["fix"].startswith(fix)


def test_redis_that_is_not_there_is_a_warning(made: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HELPDESK_REDIS_URL", f"redis://127.0.0.1:{unheard.getsockname()[1]}/0")
        assert verdicts(made, code=0)["redis"]["fix"] == "Check HELPDESK_REDIS_URL."


def test_plain_http_beyond_this_machine_is_a_warning(made: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELPDESK_BASE_URL", "http://desk.example")
    assert "HTTPS" in verdicts(made, code=0)["base_url"]["fix"]


def test_people_read_one_line_a_matter_without_colour_in_a_pipe(made: Shell) -> None:
    said = made.text("doctor")
    assert "ok    database: It answers and has every migration." in said.splitlines()
    assert "\x1b" not in said


def test_quarantined_mail_and_long_waits_are_warnings(made: Shell, tmp_path: Path) -> None:
    account = made.mail_account()
    bomb = tmp_path / "bomb.eml"
    bomb.write_text("X-A: b\n" * 6000 + "\nHi.\n")
    assert made.json("mail", "ingest", str(bomb))["outcome"] == "quarantined"
    assert "inboxRetry" in verdicts(made, code=0)["inbox"]["fix"]
    with made.opened() as service_id:
        inbox.store(account, service_id, b"From: a@b.example\n\nHi.", largest=1000)
        db.database.execute_sql("UPDATE inbox SET received_at = received_at - 3600000000")
    done = made.text("doctor")
    assert "Something has waited for 60 minutes. Make sure that helpdesk run or helpdesk worker is running." in done


def test_links_lead_where_the_desk_listens_unless_somebody_has_said_where(
    made: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert verdicts(made, code=0)["base_url"]["message"] == (
        "Links lead to where helpdesk run listens; those of helpdesk worker to http://127.0.0.1:8000."
    )
    monkeypatch.setenv("HELPDESK_BASE_URL", "http://desk.example")
    assert verdicts(made, code=0)["base_url"]["health"] == "warn"


@pytest.mark.parametrize("database_settings", ["postgres"], indirect=True)
def test_tables_that_a_restore_has_filled_and_nobody_has_counted_are_a_warning(database: Settings) -> None:
    db.database.execute_sql("CREATE TABLE restored AS SELECT n, 'x' AS word FROM generate_series(1, 50000) AS n")
    try:
        (check,) = checks._statistics()
        assert (check.health, check.message) == (
            "warn",
            "PostgreSQL has not counted restored yet, so lists may be slow.",
        )
        db.database.execute_sql("ANALYZE restored")
        assert list(checks._statistics()) == []
    finally:
        db.database.execute_sql("DROP TABLE restored")
