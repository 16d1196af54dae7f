"""The bench runs, its two ways agree (it asserts so itself), and its report says what it should. Nothing is timed."""

import re
from pathlib import Path

import pytest

from tests.bench import flood
from tests.bench.__main__ import report


def test_report_compares_each_work_with_the_raw_limit() -> None:
    versions, conditions, mail, page, made, told = report(ticket_count=6, rounds=1, size=5)
    assert re.match(r"Python 3\.\d+\.\d+, SQLite 3\.[\d.]+, flask [\d.]+, strawberry-graphql 0\.", versions)
    assert conditions.startswith("6 tickets, 1 rounds")
    shares = ", ".join(rf"{part} -?\d+%" for part in ("reading", "sanitising", "database", "the rest"))
    assert re.fullmatch(rf"ingest a mail +desk +[\d.]+ ms +\d+ mails a second: {shares}", mail)
    line = r" +desk +[\d.]+ ms +raw +[\d.]+ ms +[\d.]+ × raw +\(goal \d ×\) +(\d+) statements"
    (for_page,) = re.findall("list page of 5 tickets" + line, page)
    (for_create,) = re.findall("create a ticket" + line, made)
    assert re.fullmatch(
        r"signal to ten receivers +desk +[\d.]+ ms +blinker +[\d.]+ ms +[\d.]+ × blinker +\(goal 2 ×\)", told
    )
    assert int(for_page) <= 7
    assert int(for_create) <= 15


@pytest.mark.dovecot
def test_flood_of_mail_is_read_whole_while_the_desk_answers(tmp_path: Path) -> None:
    """Fault row 25 with a hundredth of its mails; its times (10,000 mails, p95 ≤ 2 × idle) are read from the report."""
    whole, idle, busy, _ratio = flood.report(tmp_path / "desk", mails=100, idle_seconds=1)
    assert whole.startswith("100 mails in a mailbox at once, 100 of them tickets after ")
    for line in (idle, busy):
        assert re.search(r"median +[\d.]+ ms +p95 +[\d.]+ ms$", line)
