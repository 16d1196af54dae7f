"""A condition means the same to Python, SQLite and PostgreSQL, and a wrong one is refused with what to mend."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any

import peewee
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from helpdesk.kernel import conditions
from helpdesk.kernel.columns import EPOCH, EnumColumn, TimeColumn
from helpdesk.kernel.conditions import Field, FieldKind, Operator
from helpdesk.kernel.db import Model, transaction
from helpdesk.kernel.errors import HelpdeskError, Invalid, LimitExceeded
from helpdesk.kernel.settings import Settings


class Status(StrEnum):
    """The words of a keyword field."""

    NEW = "NEW"
    OPEN = "OPEN"
    ON_HOLD = "ON_HOLD"


SEOUL = timezone(timedelta(hours=9))
WORDS = tuple(str(status) for status in Status)


class Thing(Model):
    """A row with one column of each kind."""

    id = peewee.BigAutoField()
    subject = peewee.TextField(null=True)
    status = EnumColumn(Status, null=True)
    size = peewee.BigIntegerField(null=True)
    at = TimeColumn(null=True)
    important = peewee.BooleanField(null=True)
    owner = peewee.BigIntegerField(null=True)

    class Meta:
        table_name = "condition_thing"


Same = Thing.alias()
FIELDS: dict[str, Field] = {
    "subject": Field(FieldKind.TEXT, Thing.subject),
    "status": Field(FieldKind.KEYWORD, Thing.status, choices=WORDS),
    "size": Field(FieldKind.NUMBER, Thing.size),
    "at": Field(FieldKind.TIME, Thing.at),
    "important": Field(FieldKind.BOOLEAN, Thing.important),
    "owner": Field(FieldKind.REFERENCE, Thing.owner),
    "selected": Field(FieldKind.TEXT, Same.select(Same.subject).where(Same.id == Thing.id)),
    "isOpenNow": Field(FieldKind.BOOLEAN),
}
NAMES = tuple(name for name, field in FIELDS.items() if field.column is not None)


@pytest.fixture
def things(database: Settings) -> Iterator[None]:
    """An empty table of things."""
    Thing.create_table()
    yield
    Thing.drop_table()


def holds(value: Any, after: dict[str, Any], before: dict[str, Any] | None = None) -> bool:
    """Read the condition and ask it about the facts."""
    return conditions.predicate(conditions.parse(value, FIELDS), FIELDS)(after, before)


def of(field: str, op: str, value: Any) -> dict[str, Any]:
    return {"field": field, "op": op, "value": value}


# What a person may write: letters that fold in some places and not in others, wildcards, Korean, emoji.
letters = st.sampled_from("aAbBßÄäIıİſKk가각나 다%_\\'\"😀\n") | st.characters(
    exclude_categories=["Cs"], exclude_characters="\0"
)
texts = st.text(letters, max_size=6)
numbers = st.sampled_from([0, 1, -1, 2**53, 2**53 + 1, 2**63 - 1, -(2**63)]) | st.integers(-(2**63), 2**63 - 1)
moments = st.sampled_from([EPOCH, EPOCH + timedelta(microseconds=1), datetime(1900, 1, 1, tzinfo=UTC)]) | st.datetimes(
    min_value=datetime(1, 1, 3),  # noqa: DTZ001  # hypothesis takes it without a zone
    max_value=datetime(9999, 12, 29),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, SEOUL]),
)
VALUES: dict[FieldKind, st.SearchStrategy[Any]] = {
    FieldKind.TEXT: texts,
    FieldKind.KEYWORD: st.sampled_from(WORDS),
    FieldKind.NUMBER: numbers,
    FieldKind.TIME: moments,
    FieldKind.BOOLEAN: st.booleans(),
    FieldKind.REFERENCE: st.integers(1, 3),
}
NULLABLE = {"is", "isNot", "in", "notIn"}
rows = st.lists(
    st.fixed_dictionaries({name: st.none() | VALUES[FIELDS[name].kind] for name in NAMES if name != "selected"}),
    min_size=1,
    max_size=6,
)


@st.composite
def comparisons(draw: st.DrawFn, present: list[dict[str, Any]]) -> dict[str, Any]:
    """Draw a comparison, half of the time with a value (or a part of a text) that some row has."""
    name = draw(st.sampled_from(NAMES))
    kind = FIELDS[name].kind
    op = str(draw(st.sampled_from([op for op in conditions.OPERATORS[kind] if not op.startswith("changed")])))
    known = [row["subject" if name == "selected" else name] for row in present]
    value = VALUES[kind] | st.sampled_from([each for each in known if each is not None] or [draw(VALUES[kind])])
    if op in NULLABLE:
        value = value | st.none()
    if op in {"in", "notIn"}:
        return of(name, op, draw(st.lists(value, min_size=1, max_size=3)))
    if op in {"isEmpty", "isNotEmpty"}:
        return {"field": name, "op": op}
    drawn = draw(value)
    if op in {"contains", "notContains", "startsWith"}:
        drawn = drawn[draw(st.integers(0, 2)) :].swapcase() if draw(st.booleans()) else drawn
        assume(drawn)
    return of(name, op, drawn.isoformat() if isinstance(drawn, datetime) else drawn)


def trees(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3).map(lambda parts: {"all": parts}),
            st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any": parts}),
            inner.map(lambda part: {"not": part}),
        ),
        max_leaves=6,
    )


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), present=rows)
def test_sql_chooses_exactly_the_rows_that_the_predicate_accepts(
    things: None, data: st.DataObject, present: list[dict[str, Any]]
) -> None:
    condition = conditions.parse(data.draw(trees(comparisons(present))), FIELDS)
    predicate = conditions.predicate(condition, FIELDS)
    with transaction():
        Thing.delete().execute()
        Thing.insert_many([{"id": number, **row} for number, row in enumerate(present)]).execute()
    found: Any = Thing.select(Thing.id).where(conditions.expression(condition, FIELDS)).tuples()
    accepted = {number for number, row in enumerate(present) if predicate({**row, "selected": row["subject"]}, None)}
    assert {row[0] for row in found} == accepted


def test_a_query_ignores_the_case_of_a_to_z_and_of_no_other_letter(things: None) -> None:
    written = ["Äa", "äA", "İa", "100%_a", "100xxa"]
    Thing.insert_many([{"subject": subject} for subject in written]).execute()
    found = {}
    for part in ("ä", "Ä", "A", "%_A", "i"):
        condition = conditions.parse(of("subject", "contains", part), FIELDS)
        query: Any = Thing.select(Thing.subject).where(conditions.expression(condition, FIELDS)).order_by(Thing.id)
        found[part] = [row.subject for row in query]
    assert found == {"ä": ["äA"], "Ä": ["Äa"], "A": written, "%_A": ["100%_a"], "i": []}


@pytest.mark.parametrize(
    ("op", "value", "expected"),
    [
        ("is", "환불 요청", True),
        ("is", "환불", False),
        ("contains", "불 요", True),
        ("startsWith", "환불", True),
        ("startsWith", "불", False),
        ("in", ["배송", "환불 요청"], True),
        ("notIn", ["배송"], True),
        ("isNot", "배송", True),
    ],
)
def test_korean_text_is_compared(op: str, value: Any, expected: bool) -> None:
    assert holds(of("subject", op, value), {"subject": "환불 요청"}) is expected


def test_contains_ignores_the_case_of_a_to_z_and_of_no_other_letter() -> None:
    assert holds(of("subject", "contains", "REFUND"), {"subject": "a refund, please"})
    assert not holds(of("subject", "contains", "Ä"), {"subject": "ä"})
    assert not holds(of("subject", "is", "REFUND"), {"subject": "refund"})


def test_what_has_no_value_is_not_anything_and_is_empty() -> None:
    for facts in ({"owner": None}, {}):
        assert holds(of("owner", "isNot", 3), facts)
        assert holds({"not": of("size", "lessThan", 3)}, facts)
        assert holds({"field": "owner", "op": "isEmpty"}, facts)
        assert holds(of("owner", "in", [3, None]), facts)
        assert not holds(of("owner", "notIn", [3, None]), facts)
    assert holds({"field": "subject", "op": "isEmpty"}, {"subject": ""})


def test_times_are_compared_across_zones() -> None:
    nine_in_seoul = datetime(2026, 3, 1, 9, tzinfo=SEOUL)
    assert holds(of("at", "is", "2026-03-01T00:00:00Z"), {"at": nine_in_seoul})
    assert holds(of("at", "after", "2026-02-28T23:59:59.999999+00:00"), {"at": nine_in_seoul})
    assert not holds(of("at", "before", "2026-03-01T09:00:00+09:00"), {"at": nine_in_seoul})


def test_changes_compare_before_and_after() -> None:
    before, after = {"status": "NEW", "owner": None}, {"status": "OPEN", "owner": None}
    assert holds({"field": "status", "op": "changed"}, after, before)
    assert holds(of("status", "changedTo", "OPEN"), after, before)
    assert holds(of("status", "changedFrom", "NEW"), after, before)
    assert not holds(of("status", "changedTo", "NEW"), after, before)
    assert not holds({"field": "owner", "op": "changed"}, after, before)
    assert not holds(of("owner", "changedTo", None), after, before)
    assert holds(of("owner", "changedTo", None), {"owner": None}, {"owner": 7})


def test_without_a_before_nothing_has_changed() -> None:
    for comparison in ({"field": "status", "op": "changed"}, of("status", "changedTo", "NEW")):
        assert not holds(comparison, {"status": "NEW"})


@pytest.mark.parametrize(
    ("comparison", "reason"),
    [({"field": "status", "op": "changed"}, "changed"), (of("isOpenNow", "is", True), "isOpenNow")],
)
def test_a_list_refuses_what_only_an_event_can_answer(comparison: Any, reason: str) -> None:
    condition = conditions.parse({"not": comparison}, FIELDS)
    with pytest.raises(Invalid, match=reason):
        conditions.expression(condition, FIELDS)


def test_a_comparison_in_a_list_can_use_an_index(things: None) -> None:
    condition = conditions.parse({"all": [of("status", "is", "OPEN"), of("owner", "in", [1, 2])]}, FIELDS)
    sql, parameters = Thing.select(Thing.id).where(conditions.expression(condition, FIELDS)).sql()
    assert "COALESCE" not in sql.upper()
    assert "NULL" not in sql.upper()
    assert list(parameters) == ["OPEN", 1, 2]


@pytest.mark.parametrize(
    ("required", "optional", "expected"),
    [
        ([], [], True),
        ([1], [], True),
        ([0, 1], [], False),
        ([1], [0, 0], False),
        ([1], [0, 1], True),
        ([0], [1], False),
        ([], [0], False),
    ],
)
def test_rows_need_all_required_and_one_optional_if_there_is_any(
    required: list[int], optional: list[int], expected: bool
) -> None:
    def row(is_true: int) -> dict[str, Any]:
        return of("size", "is", is_true)

    value = conditions.from_rows(required=[row(each) for each in required], optional=[row(each) for each in optional])
    assert holds(value, {"size": 1}) is expected


@pytest.mark.parametrize(
    ("value", "path", "message"),
    [
        (None, (), "object"),
        ([], (), "object"),
        ({}, (), "exactly one of"),
        ({"all": [], "any": []}, (), "exactly one of"),
        ({"or": []}, ("or",), "write all, any, not"),
        ({"all": {}}, ("all",), "list"),
        ({"any": []}, ("any",), "at least one"),
        ({"all": [of("size", "is", 1), 5]}, ("all", "1"), "object"),
        ({"not": {"any": [of("stauts", "is", "NEW")]}}, ("not", "any", "0", "field"), "Did you mean “status”"),
        (of("size", "contains", "1"), ("op",), "lessThan"),
        (of("status", "IS", "NEW"), ("op",), "isNot"),
        ({"field": "size", "op": ["is"], "value": 1}, ("op",), "is one of"),
        ({"op": "is", "value": 1}, ("field",), "name of a field"),
        ({"field": "size", "op": "is", "value": 1, "or": 2}, ("or",), "no part"),
        ({"field": "size", "op": "is"}, ("value",), "needs a value"),
        (of("size", "isEmpty", 1), ("value",), "takes no value"),
        (of("size", "is", "1"), ("value",), "whole number"),
        (of("size", "is", True), ("value",), "whole number"),
        (of("size", "is", 1.0), ("value",), "whole number"),
        (of("size", "atLeast", 2**63), ("value",), "64 bits"),
        (of("size", "atLeast", None), ("value",), "isEmpty"),
        (of("size", "in", 1), ("value",), "list"),
        (of("size", "in", []), ("value",), "at least one"),
        (of("size", "in", [1, "2"]), ("value", "1"), "whole number"),
        (of("subject", "is", 3), ("value",), "text"),
        (of("subject", "contains", ""), ("value",), "one character"),
        (of("subject", "is", "a\0b"), ("value",), "null character"),
        (of("subject", "is", "\ud800"), ("value",), "surrogate"),
        (of("status", "is", "OPNE"), ("value",), "Did you mean “OPEN”"),
        (of("important", "is", 1), ("value",), "true or false"),
        (of("owner", "is", "x"), ("value",), "id"),
        (of("at", "after", "2026-03-01T09:00:00"), ("value",), "zone"),
        (of("at", "after", "yesterday"), ("value",), "zone"),
        (of("at", "after", 5), ("value",), "zone"),
        (of("at", "after", "0001-01-01T00:00:00+09:00"), ("value",), "zone"),
    ],
)
def test_a_wrong_condition_is_refused_with_its_place_and_what_to_mend(
    value: Any, path: tuple[str, ...], message: str
) -> None:
    with pytest.raises(Invalid, match=message) as refused:
        conditions.parse(value, FIELDS, path=("where",))
    assert refused.value.path == ("where", *path)


def _nested(depth: int) -> Any:
    value: Any = of("size", "is", 1)
    for _ in range(depth - 1):
        value = {"not": value}
    return value


@pytest.mark.parametrize(
    ("allowed", "refused"),
    [
        (_nested(8), _nested(9)),
        (_nested(8), _nested(5000)),
        ({"all": [of("size", "is", 1)] * 99}, {"all": [of("size", "is", 1)] * 100}),
        (of("size", "in", list(range(100))), of("size", "in", list(range(101)))),
        (of("subject", "is", "가" * 1000), of("subject", "is", "가" * 1001)),
    ],
    ids=["depth", "great depth", "parts", "values", "text"],
)
def test_a_condition_has_limits(allowed: Any, refused: Any) -> None:
    conditions.parse(allowed, FIELDS)
    with pytest.raises(LimitExceeded) as error:
        conditions.parse(refused, FIELDS, path=("where",))
    assert error.value.path[0] == "where"


def test_a_value_may_be_written_otherwise_outside() -> None:
    def number(value: Any) -> int:
        if not str(value).startswith("agent:"):
            raise Invalid("This is no agent.")
        return int(str(value).removeprefix("agent:"))

    fields = {"assignee": Field(FieldKind.REFERENCE, convert=number)}
    condition = conditions.parse(of("assignee", "is", "agent:7"), fields)
    assert conditions.predicate(condition, fields)({"assignee": 7}, None)
    with pytest.raises(Invalid, match="no agent") as refused:
        conditions.parse(of("assignee", "in", ["agent:7", "8"]), fields)
    assert refused.value.path == ("value", "1")


json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from([*NAMES, *Operator]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["all", "any", "not", "field", "op", "value", "x"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@settings(max_examples=300)
@given(value=json)
def test_any_json_is_either_read_or_refused(value: Any) -> None:
    try:
        condition = conditions.parse(value, FIELDS)
    except HelpdeskError:
        return
    assert conditions.predicate(condition, FIELDS)({}, None) in {True, False}
