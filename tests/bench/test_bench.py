"""The bench runs, its ways agree (it asserts so itself), and the desk sends few statements. Nothing is timed."""

import json
import re
from pathlib import Path

import pytest

from tests.bench import flood
from tests.bench.__main__ import as_json
from tests.bench.measuring import Row, heading
from tests.bench.running import NAMES, Scale, Wanted, of_database, rows
from tests.bench.table import END, HEADING, START, table
from tests.servers.postgres import PostgresServer

README = (Path(__file__).parents[2] / "README.md").read_text()
TINY = Scale(small=100, large=200, rounds=1, turns=1, seconds=0.1, starts=1)
PROMISED = {"name", "database", "variant", "p50_ms", "p99_ms", "rps", "statements", "ratio"}


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    """Every work of the quick mode, done once on very few tickets."""
    folder = tmp_path_factory.mktemp("bench")
    return list(rows(Wanted(NAMES, TINY, folder), say=lambda _remark: None))


def _statements(measured: list[Row], name: str, variant: str) -> int:
    ((found,),) = [(row.statements,) for row in measured if (row.name, row.variant) == (name, variant)]
    assert found is not None
    return found


def test_every_work_is_measured_and_compared(measured: list[Row]) -> None:
    assert {row.name.partition(" ")[0] for row in measured} == set(NAMES)
    for row in measured:
        assert row.p50_ms > 0
        assert row.ratio is not None


def test_a_row_is_one_line_for_people_and_for_programs(measured: list[Row]) -> None:
    assert heading().startswith("name")
    for row in measured:
        told = json.loads(as_json(row))
        assert set(told) >= PROMISED
        assert re.match(rf"{told['name']} +{told['database']} +{re.escape(told['variant'])} ", str(row))


def test_table_of_the_readme_is_one_of_runs(measured: list[Row]) -> None:
    made = table([[json.loads(as_json(row)) for row in measured]] * 2)
    told = README.partition(START)[2].partition(END)[0].strip()
    assert told.startswith(HEADING)
    for text in (made, told):
        works = {line.split("`")[1].partition(" ")[0] for line in text.splitlines() if "`" in line}
        assert works == set(NAMES)
        assert re.findall(r"of it ([a-z ]+), mean", text) == ["reading", "sanitising", "database", "the rest"]


def test_pages_take_seven_statements_at_most_wherever_they_are(measured: list[Row]) -> None:
    assert _statements(measured, "inproc", "desk") <= 7
    assert _statements(measured, "page", "page 3") == _statements(measured, "page", "page 1") <= 7


def test_a_search_takes_as_many_statements_among_few_tickets_as_among_many(measured: list[Row]) -> None:
    few, many = (_statements(measured, "search", f"common word, {count} tickets") for count in (100, 200))
    assert few == many <= 8


def test_a_ticket_is_made_by_fifteen_statements_at_most(measured: list[Row]) -> None:
    assert _statements(measured, "write", "desk") <= 15


@pytest.mark.postgres
def test_ways_agree_on_postgresql_too(postgres_server: PostgresServer, tmp_path: Path) -> None:
    wanted = Wanted(("inproc", "page", "search", "write"), TINY)
    found = list(of_database(wanted, tmp_path, lambda _remark: None, postgres_server.create_database))
    assert {row.database for row in found} == {"PostgreSQL"}
    assert _statements(found, "inproc", "desk") <= 7
    assert _statements(found, "write", "desk") <= 15


@pytest.mark.dovecot
def test_flood_of_mail_is_read_whole_while_the_desk_answers(tmp_path: Path) -> None:
    """Fault row 25 with a hundredth of its mails; its times (10,000 mails, p95 ≤ 2 × idle) are read from the report."""
    whole, idle, busy, _ratio = flood.report(tmp_path / "desk", mails=100, idle_seconds=1)
    assert whole.startswith("100 mails in a mailbox at once, 100 of them tickets after ")
    for line in (idle, busy):
        assert re.search(r"median +[\d.]+ ms +p95 +[\d.]+ ms$", line)
