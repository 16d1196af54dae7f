"""Rows know their siblings, and what is asked of one is loaded once for all."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import peewee
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.kernel import rows
from helpdesk.kernel.db import Model
from helpdesk.kernel.rows import Row
from helpdesk.kernel.settings import Settings


class Animal(Model):
    """A table with more columns than anybody reads."""

    id = peewee.BigAutoField()
    name = peewee.CharField()
    weight = peewee.IntegerField(default=0)
    mother = peewee.ForeignKeyField("self", backref="+", null=True)

    class Meta:
        table_name = "test_animal"


@dataclass(slots=True, kw_only=True)
class AnimalRow(Row):
    """An animal as others see it."""

    name: str
    mother_id: int | None


def _repeat(answer: object, cohort: Sequence[object]) -> list[object]:
    return [answer] * len(cohort)


@pytest.fixture
def animals(database: Settings) -> Iterator[None]:
    """A mother with two young, and one of no family."""
    Animal.create_table()
    for name, mother in (("cow", None), ("calf", 1), ("bull", 1), ("cat", None)):
        Animal.insert(name=name, mother=mother).execute()
    yield
    Animal.drop_table()


def test_rows_hold_the_columns_that_their_type_names(animals: None) -> None:
    loaded = rows.load(AnimalRow, rows.select(AnimalRow, Animal).order_by(Animal.id).limit(2))
    assert loaded == [AnimalRow(id=1, name="cow", mother_id=None), AnimalRow(id=2, name="calf", mother_id=1)]


def test_rows_come_aligned_with_the_ids_asked_for(animals: None) -> None:
    found = rows.by_ids(AnimalRow, Animal, [4, None, 99, 1, 4])
    assert [row and row.name for row in found] == ["cat", None, None, "cow", "cat"]


def test_what_a_reader_does_to_his_list_leaves_the_cohort_as_it_was(animals: None) -> None:
    loaded = rows.load(AnimalRow, rows.select(AnimalRow, Animal).order_by(Animal.id))
    first = loaded[0]
    cohort = first.cohort
    assert cohort is not None
    loaded.reverse()
    del loaded[1:]
    assert cohort.get(first, "name", lambda members: [row.name for row in members]) == "cow"
    assert [cohort.place(row) for row in rows.together([first])] == [0]


def test_a_row_with_something_to_do_when_it_is_made_is_refused() -> None:
    def settle(self: AnimalRow) -> None: ...

    with pytest.raises(TypeError, match="Settled has a __post_init__"):
        type("Settled", (AnimalRow,), {"__post_init__": settle})


def test_no_id_asks_no_database() -> None:
    assert rows.by_ids(AnimalRow, Animal, [None, None]) == [None, None]
    assert rows.by_ids(AnimalRow, Animal, []) == []


def test_a_relation_is_loaded_once_for_the_whole_cohort(animals: None) -> None:
    asked: list[list[int]] = []

    def mothers(cohort: Sequence[AnimalRow]) -> list[AnimalRow | None]:
        asked.append([row.id for row in cohort])
        return rows.by_ids(AnimalRow, Animal, [row.mother_id for row in cohort])

    herd = rows.load(AnimalRow, rows.select(AnimalRow, Animal).order_by(Animal.id))
    names = []
    for row in herd:
        assert row.cohort is not None
        mother = row.cohort.get(row, "mother", mothers)
        names.append(mother and mother.name)
    assert (names, asked) == ([None, "cow", "cow", None], [[1, 2, 3, 4]])


def test_different_relations_of_a_cohort_are_apart() -> None:
    (row,) = rows.together([AnimalRow(id=1, name="cow", mother_id=None)])
    assert row.cohort is not None
    seen = []
    for key in ("a", ("a", 1), "a"):
        load = partial(_repeat, key)
        seen.append(row.cohort.get(row, key, load))
    assert seen == ["a", ("a", 1), "a"]


def test_a_loader_that_answers_too_few_is_a_bug() -> None:
    first, _ = rows.together([AnimalRow(id=number, name="", mother_id=None) for number in (1, 2)])
    assert first.cohort is not None
    with pytest.raises(ValueError, match="1 answers for 2 rows"):
        first.cohort.get(first, "x", lambda _cohort: [1])


@given(parents=st.lists(st.integers(1, 5)), mothers=st.lists(st.integers(1, 5)))
def test_grouped_rows_are_aligned_with_their_parents_and_keep_their_order(
    parents: list[int], mothers: list[int]
) -> None:
    young = [AnimalRow(id=number, name="", mother_id=mother) for number, mother in enumerate(mothers)]
    groups = rows.grouped(parents, young, lambda row: row.mother_id or 0)
    assert [[row.id for row in group] for group in groups] == [
        [row.id for row in young if row.mother_id == parent] for parent in parents
    ]


def test_rows_are_counted_by_their_parents(animals: None) -> None:
    assert rows.counts_by(Animal, Animal.mother, [4, 1, 99]) == [0, 2, 0]
    assert rows.counts_by(Animal, Animal.mother, [1], condition=Animal.name == "calf") == [1]
