"""``helpdesk mail ingest``: what becomes of each file is said, and the same file is filed once."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from helpdesk.channels import queries
from helpdesk.graphql import ids
from helpdesk.kernel import db
from helpdesk.tickets import queries as tickets
from tests.commands.conftest import Shell
from tests.factories.processes import HELPDESK

PLAIN = "From: Minji <minji@walk.example>\nSubject: {subject}\nMessage-ID: <{id}@walk.example>\n{more}\n{text}\n"
BOUNCE = """\
From: mailer-daemon@walk.example
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

Nobody lives here.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; walk.example

Final-Recipient: rfc822; gone@walk.example
Action: failed
Status: 5.1.1

--b
Content-Type: text/rfc822-headers

Message-ID: <helpdesk.0123456789012345678901234567890123456789@demo.example>

--b--
"""


@pytest.fixture
def ready(made: Shell) -> Shell:
    """A command line in front of a desk with a primary mail account."""
    made.mail_account(spam_header="X-Spam-Flag")
    return made


def mail(folder: Path, identifier: str, *, subject: str = "Hello", more: str = "", text: str = "Hi.") -> str:
    """Write a mail into a file and return its path."""
    file = folder / f"{identifier}.eml"
    file.write_text(PLAIN.format(id=identifier, subject=subject, more=more, text=text), encoding="utf-8")
    return str(file)


def fed(shell: Shell, *arguments: str, code: int = 0, stdin: bytes | None = None) -> list[Any]:
    """Return what was said of each file."""
    done = shell.run("mail", "ingest", *arguments, "--json", stdin=stdin)
    assert done.exit_code == code, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_mail_becomes_a_ticket_with_its_words(ready: Shell, tmp_path: Path) -> None:
    file = mail(
        tmp_path, "a", subject="환불 문의", text="환불해 주세요.", more="Content-Type: text/plain; charset=utf-8\n"
    )
    assert fed(ready, file) == [{"file": file, "outcome": "ticket", "ticket": 1, "reason": ""}]
    with ready.opened() as service_id:
        ticket = tickets.ticket_by_number(service_id, 1)
        assert ticket is not None
        assert ticket.subject == "환불 문의"


def test_answer_by_the_same_person_joins_the_ticket(ready: Shell, tmp_path: Path) -> None:
    first = mail(tmp_path, "a")
    second = mail(tmp_path, "b", more="In-Reply-To: <a@walk.example>\n")
    assert [(one["outcome"], one["ticket"]) for one in fed(ready, first, second)] == [("ticket", 1), ("reply", 1)]


def test_each_sort_of_mail_has_its_outcome(ready: Shell, tmp_path: Path) -> None:
    (tmp_path / "bounce.eml").write_text(BOUNCE)
    files = [
        mail(tmp_path, "robot", more="Auto-Submitted: auto-replied\n"),
        mail(tmp_path, "advert", more="X-Spam-Flag: YES\n"),
        str(tmp_path / "bounce.eml"),
        mail(tmp_path, "bomb", more="X-A: b\n" * 6000),
    ]
    told = fed(ready, *files)
    assert [one["outcome"] for one in told] == ["auto", "spam", "bounce", "quarantined"]
    assert all(one["ticket"] is None and one["reason"] for one in told)


def test_same_mail_is_a_duplicate_however_it_comes(ready: Shell, tmp_path: Path) -> None:
    file = mail(tmp_path, "a")
    raw = Path(file).read_bytes()
    assert [one["outcome"] for one in fed(ready, file, file)] == ["ticket", "duplicate"]
    (told,) = fed(ready, "-", stdin=raw)
    assert (told["file"], told["outcome"], told["ticket"]) == ("-", "duplicate", 1)
    assert re.fullmatch(r"It is a copy of inbox row 1, which came at [-0-9: ]+ UTC: the same bytes\.", told["reason"])
    assert fed(ready, "-", stdin=raw.replace(b"\n", b"\r\n"))[0]["outcome"] == "duplicate", (
        "It has the same Message-ID."
    )


@pytest.mark.parametrize("noise", [b"", b"\n\n\n", b"no header at all\n"])
def test_what_is_no_mail_makes_no_ticket(ready: Shell, noise: bytes) -> None:
    (told,) = fed(ready, "-", stdin=noise)
    assert (told["outcome"], told["ticket"], "no mail" in told["reason"]) == ("quarantined", None, True)


def test_bytes_are_kept_as_they_were(ready: Shell) -> None:
    raw = b"From: a@walk.example\r\nSubject: CRLF\r\n\r\nA line\r\nand LF\n"
    fed(ready, "-", stdin=raw)
    with ready.opened():
        key = queries.inbox_by_ids([1])[0].storage_key  # type: ignore[union-attr]
    assert (ready.data / "files" / key[:2] / key[2:]).read_bytes() == raw


def test_file_that_cannot_be_read_does_not_hold_up_the_others(ready: Shell, tmp_path: Path) -> None:
    missing, good = str(tmp_path / "missing.eml"), mail(tmp_path, "good")
    told = fed(ready, missing, str(tmp_path), good, code=2)
    assert [(one["outcome"], one["reason"]) for one in told] == [
        (None, "No such file or directory."),
        (None, "Is a directory."),
        ("ticket", ""),
    ]
    done = ready.run("mail", "ingest", missing, good)
    assert done.stderr == f"Error: {missing}: No such file or directory.\n"
    assert done.stdout.startswith(f"{good}: duplicate, ticket 1: It is a copy of inbox row 1, which came at ")


def test_mbox_of_several_mails_is_refused_before_one_swallows_the_others(ready: Shell, tmp_path: Path) -> None:
    mail = PLAIN.format(subject="s", id="m", more="", text="From here on.\n\nFrom now on, too.")
    (tmp_path / "one").write_text(f"From minji@walk.example Tue Nov  3 15:12:00 2026\n{mail}")
    (tmp_path / "two").write_text(f"From minji@walk.example Tue Nov  3 15:12:00 2026\n{mail}\n" * 2)
    (one, two) = fed(ready, str(tmp_path / "one"), str(tmp_path / "two"), code=2)
    assert (one["ticket"], two["outcome"]) == (1, None)
    assert "an mbox of several mails" in two["reason"]


def test_too_large_a_mail_is_refused_with_the_setting_that_allows_more(
    ready: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HELPDESK_MAX_MAIL_BYTES", "2048")
    (told,) = fed(ready, mail(tmp_path, "large", text="x" * 3000), code=2)
    assert "HELPDESK_MAX_MAIL_BYTES" in told["reason"]


def test_account_is_named_by_id_number_or_name(ready: Shell, tmp_path: Path) -> None:
    sales = ready.mail_account(name="sales")
    for place, name in enumerate((str(sales), ids.encode("ChannelAccount", sales), "sales")):
        assert fed(ready, mail(tmp_path, f"m{place}"), "--account", name)[0]["outcome"] == "ticket"
    with ready.opened():
        used = db.database.execute_sql("SELECT DISTINCT account_id FROM inbox").fetchall()
    assert used == [(sales,)]


def test_unknown_account_is_answered_with_those_that_there_are(ready: Shell, tmp_path: Path) -> None:
    sentence = ready.refused("mail", "ingest", mail(tmp_path, "a"), "--account", "sails")
    assert sentence == "Error: “sails” names no mail account of the service, which has: support (1)."


def test_service_without_a_mail_account_says_so(made: Shell, tmp_path: Path) -> None:
    assert "channelAccountCreate" in made.refused("mail", "ingest", mail(tmp_path, "a"))


def test_missing_plugin_is_told_at_once(ready: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELPDESK_SAFE_MODE", "true")
    assert "“email” is not in use" in ready.refused("mail", "ingest", mail(tmp_path, "a"))


def test_what_a_crash_left_unread_is_filed_by_the_next_run(
    ready: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = mail(tmp_path, "a")
    command = [HELPDESK, "mail", "ingest", file]
    monkeypatch.setenv("HELPDESK_FAILPOINT", "inbox.committed:kill")
    assert subprocess.run(command, check=False, capture_output=True).returncode < 0
    monkeypatch.delenv("HELPDESK_FAILPOINT")
    assert [fed(ready, file)[0][name] for name in ("outcome", "ticket")] == ["ticket", 1]
    assert fed(ready, file)[0]["outcome"] == "duplicate"


def test_bar_is_shown_on_a_terminal_while_the_lines_go_elsewhere(ready: Shell, tmp_path: Path) -> None:
    files = [mail(tmp_path, f"m{place}") for place in range(3)]
    command = f"{HELPDESK} mail ingest --json {' '.join(files)} > {tmp_path}/lines"
    shown = subprocess.run(["script", "-qec", command, "/dev/null"], check=True, capture_output=True, text=True).stdout
    assert "Feeding mails" in shown
    assert [json.loads(line)["ticket"] for line in (tmp_path / "lines").read_text().splitlines()] == [1, 2, 3]
