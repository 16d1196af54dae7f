"""A search finds the same on both databases: whole words, parts of Korean words, addresses and numbers."""

import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpdesk.kernel import search
from helpdesk.kernel.db import Counter, is_sqlite, transaction, transactional
from helpdesk.kernel.db import database as desk_database
from helpdesk.kernel.errors import LimitExceeded
from helpdesk.kernel.settings import Settings


def ids(query: str, *, subject: str = "ticket", service_id: int = 1) -> list[int]:
    """Search, and return the ids found, each once and in order; on SQLite by the entries themselves as well."""
    found: Any = search.matches(subject, service_id, query).tuples()
    numbers = sorted({row[0] for row in found})
    if is_sqlite() and (words := search._words(query)):
        entry = search.SearchEntry
        own = entry.select(entry.subject_id).where(entry.subject == subject, entry.service_id == service_id)
        assert sorted({row[0] for row in own.where(search._in_spaced(entry.terms, words)).tuples()}) == numbers
    return numbers


def terms_of(text: str) -> list[str]:
    """Return the terms by which a text is found, in its order."""
    return [term for term in search.placed(text) if term != search.GAP]


def is_found(text: str, query: str) -> bool:
    """Index one text and say whether the query finds it."""
    search.index("ticket", 1, 1, text)
    return ids(query) == [1]


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("환불을 요청", ["환불", "불을", "요청"]),
        ("API를 3월", ["api", "를", "3", "월"]),
        ("ＡＢＣ Straße", ["abc", "strasse"]),
        ("漢字かな", ["漢字", "字か", "かな"]),
        ("a_b-c", ["a", "b", "c"]),
        ("Kim.Minsu@Mail.example으로", ["kim.minsu@mail.example", "kim", "minsu", "mail", "example", "으로"]),
        ("(02) 123-4567", ["021234567", "02", "123", "4567", "21234567", "1234567"]),
        ("\u1112\u1161\u11ab\u1100\u1173\u11af", ["한글"]),
        ("'\"*():^ 😀 \0", []),
        ("x" * 100, ["x" * 64]),
        ("", []),
    ],
)
def test_a_text_becomes_terms(text: str, terms: list[str]) -> None:
    assert terms_of(text) == terms


def test_marks_without_end_are_read_as_fast_as_letters() -> None:
    began = time.process_time()
    assert terms_of("a" + "\u0301\u0327" * 250_000)[0].startswith("á")
    assert terms_of("환불" + "\u1161" * 500_000)[0] == "환불"
    assert time.process_time() - began < 3  # sorted as one run they take minutes


@pytest.mark.parametrize("piece", ["\ufdfa", "a.", "1-", "+82 ", "가 "])
def test_no_text_becomes_more_terms_than_it_may_have_characters(piece: str) -> None:
    assert 0 < len(terms_of(piece * 400_000)) <= search.LONGEST_TEXT


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("비밀번호를 잊었어요", "밀번호"),
        ("비밀번호를 잊었어요", "비밀번호"),
        ("비밀번호를 잊었어요", "잊 비밀"),
        ("Refund of order 1234", "REFUND ord"),
        ("Refund of order 1234", "order refund"),
        ("환불 refund 요청", "요청 환불"),
        ("ORD-2026-0042를 취소", "ord-2026-0042"),
        ("write to kim.minsu@mail.example.", "kim.minsu@mail.example"),
        ("write to kim.minsu@mail.example.", "kim.minsu@ma"),
        ("write to kim.minsu@mail.example.", "minsu"),
        ("2026-11-21 10:30", "2026-11-21"),
        ("전화 010-1234-5678 주세요", "5678"),
        ("전화 01012345678 주세요", "1234-5678"),
        ("전화 021234567 주세요", "123-4567"),
        ("전화 010-1234-5678 주세요", "010-1234-56"),
        ("+82-1588-1234", "1588-1234"),
    ],
)
def test_words_are_found(database: Settings, text: str, query: str) -> None:
    assert is_found(text, query)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("비밀번호를 잊었어요", "비번"),
        ("가나 나다", "가나다"),
        ("가나라 나다", "가나다"),
        ("order refund", "ref order"),
        ("order refund", "efund"),
        ("환불 요청", "환불 배송"),
        ("환불 요청", ""),
        ("환불 요청", "*"),
        ("환불 OR 요청", "환불 OR 배송"),
        ("kim@mail.example", "kim@other.example"),
        ("전화 010-1234-5678", "010-9999-5678"),
    ],
)
def test_what_was_not_written_is_not_found(database: Settings, text: str, query: str) -> None:
    assert not is_found(text, query)


NUMBERS = [
    "010-1234-5678",
    "01012345678",
    "010 1234 5678",
    "010.1234.5678",
    "+82 10-1234-5678",
    "+82(0)10-1234-5678",
    "+821012345678",
]


@pytest.mark.parametrize("written", NUMBERS)
def test_a_telephone_number_is_found_in_any_writing(database: Settings, written: str) -> None:
    search.index("ticket", 1, 1, f"연락처: {written} (저녁)")
    assert [query for query in NUMBERS if ids(query) != [1]] == []


def test_a_single_syllable_finds_the_words_that_begin_with_it(database: Settings) -> None:
    for number, text in enumerate(["환불", "환", "교환", "교환은 안 돼요"], 1):
        search.index("ticket", number, 1, text)
    assert ids("환") == [1, 2, 4]  # 교환은 holds the pair 환은


def test_indexing_again_replaces_what_was_findable(database: Settings) -> None:
    search.index("ticket", 1, 1, "환불 요청")
    search.index("ticket", 2, 1, "환불 요청")
    search.index("ticket", 1, 1, "배송 지연")
    assert (ids("환불"), ids("배송")) == ([2], [1])


def test_extending_adds_to_what_was_findable(database: Settings) -> None:
    search.extend("ticket", 1, 1, "첫 문의")
    search.extend("ticket", 1, 1, "의견 refund")
    assert [ids("첫 refund"), ids("문의 의견"), ids("문의견")] == [[1], [1], []]


def test_what_is_removed_is_not_found(database: Settings) -> None:
    search.index("ticket", 1, 1, "환불")
    search.index("notice", 1, 1, "환불")
    search.remove("ticket", 1)
    assert (ids("환불"), ids("환불", subject="notice")) == ([], [1])


def test_a_rolled_back_change_leaves_nothing_findable(database: Settings) -> None:
    @transactional
    def fail() -> None:
        search.index("ticket", 1, 1, "환불")
        raise RuntimeError("as a later step may")

    with pytest.raises(RuntimeError):
        fail()
    assert ids("환불") == []


def test_services_and_subjects_do_not_see_each_other(database: Settings) -> None:
    search.index("ticket", 1, 1, "환불")
    search.index("ticket", 2, 2, "환불")
    search.index("notice", 3, 1, "환불")
    assert [ids("환불"), ids("환불", service_id=2), ids("환불", subject="notice")] == [[1], [2], [3]]


@pytest.mark.parametrize("common_hits", [2, search.COMMON_HITS])
def test_what_is_found_chooses_rows_of_another_table(
    database: Settings, monkeypatch: pytest.MonkeyPatch, common_hits: int
) -> None:
    monkeypatch.setattr(search, "COMMON_HITS", common_hits)
    for number, text in enumerate(["환불", "배송", "환불 요청"], 1):
        Counter.insert(name=text, service_id=1, value=number).execute()
        search.index("ticket", number, 1, text)
    found = search.only_found(
        Counter.select(), "환불", key=Counter.value, service=Counter.service_id, subject="ticket", service_id=1
    )
    assert [row.name for row in found.order_by(Counter.value)] == ["환불", "환불 요청"]


def test_a_very_long_text_is_findable_at_both_ends(database: Settings) -> None:
    syllables = "".join(chr(0xAC00 + (number * 7919) % 11172) for number in range(60_000))
    search.index("ticket", 1, 1, f"처음 {syllables} 마지막")
    search.extend("ticket", 1, 1, f"{'긴말 ' * 20_000} zebra {'𠀀' * 30_000}")
    assert [ids(query) for query in ("처음", "마지막", "zebra", "긴말 긴말")] == [[1]] * 4
    assert ids(syllables[50_000:50_010]) == [1]


def test_a_long_word_is_found_by_itself(database: Settings) -> None:
    assert is_found(f"{'x' * 150}@mail.example {'가' * 150}", f"{'x' * 150}")
    assert ids("가" * 150) == [1]


def test_a_query_that_is_too_long_is_refused(database: Settings) -> None:
    ids("가" * 200)
    with pytest.raises(LimitExceeded, match="200 characters"):
        ids("가" * 201)


def test_indexing_takes_two_statements_at_most(database: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    statements: list[str] = []
    execute = desk_database.execute_sql

    def counted(sql: str, *arguments: Any) -> Any:
        statements.append(sql)
        return execute(sql, *arguments)

    with transaction():
        monkeypatch.setattr(desk_database.obj, "execute_sql", counted)
        for write in (search.index, search.extend):
            write("ticket", 1, 1, "환불 요청")
            assert 1 <= len(statements) <= 2
            statements.clear()
        monkeypatch.undo()


letters = st.sampled_from("가나다라각간 \n환불aAbBß1한ㅋé@.-_+%*\"'\\():^{}[]😀漢か") | st.characters(
    exclude_categories=["Cs"]
)
texts = st.lists(
    st.text(letters, max_size=12)
    | st.sampled_from(["가나다", "나다라", "ab", "a1", "a@b.a", "010-1234-5678", "OR", "NEAR("]),
    max_size=5,
).map(" ".join)


def expected(text: str, query: str) -> bool:
    """Say what the definition says: every word of the query occurs, the last (if Latin) by its beginning."""
    runs, words = [], []
    for kind, chunk in search.chunks_of(text):
        runs += [chunk] if kind == "paired" else []
        words += search._TERMS[kind](chunk)
    chunks = list(search.chunks_of(query))

    def begins(start: str, *, is_open: bool) -> bool:
        return any(word.startswith(start) if is_open else word == start for word in words)

    def occurs(kind: str, chunk: str, *, is_last: bool) -> bool:
        if kind == "paired":
            return begins(chunk, is_open=True) if len(chunk) == 1 else any(chunk in run for run in runs)
        if kind != "phone":
            return begins(chunk, is_open=is_last)
        parts = "".join(letter if letter in "0123456789" else " " for letter in chunk).split()
        separately = all(begins(part, is_open=is_last and part is parts[-1]) for part in parts)
        return separately or begins(search._digits(chunk), is_open=is_last)

    return bool(chunks) and all(occurs(*chunk, is_last=place == len(chunks)) for place, chunk in enumerate(chunks, 1))


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), written=st.lists(texts, min_size=1, max_size=4), added=texts)
def test_any_query_finds_what_its_definition_says(
    database: Settings, data: st.DataObject, written: list[str], added: str
) -> None:
    parts = st.sampled_from(written).flatmap(
        lambda text: st.tuples(st.integers(0, len(text)), st.integers(0, len(text))).map(
            lambda cut: text[min(cut) : max(cut)]
        )
    )
    query = data.draw(parts | texts)
    with transaction():
        for number, text in enumerate(written):
            search.index("ticket", number, 1, text)
        search.extend("ticket", 0, 1, added)
        found = ids(query)
        for number in range(len(written)):
            search.remove("ticket", number)
    whole = [f"{written[0]}\n\n{added}", *written[1:]]
    assert found == [number for number, text in enumerate(whole) if expected(text, query)]
