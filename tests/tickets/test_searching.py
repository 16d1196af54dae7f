"""What tickets are found by can be made anew, on both databases, with the desk going on."""

from typing import Any

import pytest

from helpdesk.commands.demo.filling import fill
from helpdesk.commands.demo.staffing import staffed
from helpdesk.kernel import search
from helpdesk.kernel.db import database, is_sqlite
from helpdesk.tickets import operations, queries, searching
from helpdesk.tickets.operations import NewTicket
from helpdesk.tickets.rules import Body
from tests.factories.crowds import at_once
from tests.factories.desk import Desk, make_desk

WORDS = ("환불", "배송 확인", "refund", "문의", "5", "D-1", "없는낱말")


def found(desk: Desk, words: str) -> list[int]:
    """Return the numbers of the tickets that the words find."""
    return sorted(
        row[0] for row in queries.matching(desk.service_id, text=words).select(queries.Ticket.number).tuples()
    )


def renew_all(desk: Desk, *, most: int = 40) -> int:
    """Make all entries of the service anew, in lots, and return how many tickets they had."""
    after, count = 0, 0
    while (lot := searching.renew(desk.service_id, after=after, most=most)) is not None:
        after, count = lot.last_id, count + lot.count
    return count


def entries() -> list[tuple[Any, ...]]:
    """Return the entries of all tickets as they are."""
    sql = "SELECT subject_id, service_id, weight, terms FROM search_entry ORDER BY subject_id, id"
    return [tuple(row) for row in database.execute_sql(sql).fetchall()]


@pytest.fixture
def filled(desk: Desk) -> Desk:
    """A desk with tickets that were made up, and with one by a partner that was answered."""
    fill(staffed(desk.service_id, None, total=100), lambda count: True)
    added = operations.create(desk.partner, NewTicket("제목 하나", Body("본문입니다"), "web", "ko"))
    operations.reply(desk.agent, added.ticket_id, Body("다시 안내드립니다"))
    return desk


def test_what_was_found_is_found_by_entries_that_are_the_same(filled: Desk) -> None:
    before, kept = {words: found(filled, words) for words in WORDS}, entries()
    assert before["환불"]
    assert renew_all(filled) == 101
    assert {words: found(filled, words) for words in WORDS} == before
    assert entries() == kept


def test_a_thread_that_takes_several_rows_takes_them_again(desk: Desk) -> None:
    added = operations.create(desk.partner, NewTicket("x", Body(" ".join(map(str, range(20_000)))), "web", "ko"))
    for text in ("첫 답변", " ".join(f"y{place}" for place in range(12_000)), "마지막 답변"):
        operations.reply(desk.agent, added.ticket_id, Body(text))
    kept = entries()
    assert len(kept) > 2
    renew_all(desk)
    assert entries() == kept


def test_what_is_missing_broken_or_left_over_is_mended(filled: Desk) -> None:
    before, kept = {words: found(filled, words) for words in WORDS}, entries()
    first, second, *_, gone = before["환불"]
    database.execute_sql(f"DELETE FROM search_entry WHERE subject_id = {first}")
    garbage = "'무엇'" if is_sqlite() else "'''무엇'':1'"
    database.execute_sql(f"UPDATE search_entry SET terms = {garbage} WHERE subject_id = {second}")
    search.add("ticket", 1_000_000, filled.service_id, "환불")
    search.add("ticket", gone, filled.service_id, "무엇")
    if is_sqlite():
        sql = "INSERT INTO search_index (search_index, rowid, terms) SELECT 'delete', id, terms FROM search_entry"
        database.execute_sql(f"{sql} WHERE subject_id = {before['문의'][0]}")
    assert renew_all(filled) == 101
    assert {words: found(filled, words) for words in WORDS} == before
    assert entries() == kept


def test_half_a_run_leaves_everything_findable_and_another_service_as_it_is(filled: Desk) -> None:
    other = make_desk(filled.settings, slug="other")
    operations.create(other.partner, NewTicket("환불", Body("배송 확인"), "web", "ko"))
    before = {words: found(filled, words) for words in WORDS}
    searching.renew(filled.service_id, most=40)
    assert {words: found(filled, words) for words in WORDS} == before
    assert found(other, "환불") == [1]
    searching.renew(other.service_id)
    assert found(other, "배송") == [1]


def test_what_is_written_meanwhile_is_found_as_well(filled: Desk) -> None:
    def work(place: int) -> None:
        if place == 0:
            assert renew_all(filled, most=5) >= 101
            return
        for number in range(1, 100, 4):
            operations.add_note(filled.agent, number, Body(f"zebra{number}q"))
            operations.create(filled.partner, NewTicket("x", Body(f"okapi{number}q"), "web", "ko"))

    at_once(2, work)
    assert all(found(filled, f"zebra{number}q") == [number] for number in range(1, 100, 4))
    assert all(len(found(filled, f"okapi{number}q")) == 1 for number in range(1, 100, 4))
