"""The bench runs, its two ways agree (it asserts so itself), and its report says what it should. Nothing is timed."""

import re

from tests.bench.__main__ import report


def test_report_compares_each_work_with_the_raw_limit() -> None:
    versions, conditions, page, made, told = report(ticket_count=6, rounds=1, size=5)
    assert re.match(r"Python 3\.\d+\.\d+, SQLite 3\.[\d.]+, flask [\d.]+, strawberry-graphql 0\.", versions)
    assert conditions.startswith("6 tickets, 1 rounds")
    line = r" +desk +[\d.]+ ms +raw +[\d.]+ ms +[\d.]+ × raw +\(goal \d ×\) +(\d+) statements"
    (for_page,) = re.findall("list page of 5 tickets" + line, page)
    (for_create,) = re.findall("create a ticket" + line, made)
    assert re.fullmatch(
        r"signal to ten receivers +desk +[\d.]+ ms +blinker +[\d.]+ ms +[\d.]+ × blinker +\(goal 2 ×\)", told
    )
    assert int(for_page) <= 7
    assert int(for_create) <= 15
