"""One bounded cache: what is asked again is there, and a flood of strangers' documents neither fills nor empties it."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from graphql import GraphQLError, build_schema

from helpdesk.graphql.documents import MAX_CACHED_LENGTH, Documents

SCHEMA = build_schema("type Query { add(one: String): Int }")
ROOM = 2_000


@pytest.fixture
def documents() -> Documents:
    """An empty cache with room for some fifty small documents."""
    return Documents(SCHEMA, max_tokens=ROOM)


def test_same_text_is_read_once(documents: Documents) -> None:
    first = documents.prepare("{add}", may_introspect=False)
    assert documents.prepare("{add}", may_introspect=False) is first


def test_flood_of_documents_cannot_grow_the_cache(documents: Documents) -> None:
    for number in range(500):
        documents.prepare(f"{{a{number}: add}}", may_introspect=False)
    assert documents.weight() <= ROOM


def test_flood_cannot_drive_out_a_document_in_use(documents: Documents) -> None:
    kept = documents.prepare("{add}", may_introspect=False)
    documents.prepare("{add}", may_introspect=False)
    for number in range(500):
        documents.prepare(f"{{a{number}: add}}", may_introspect=False)
    assert documents.prepare("{add}", may_introspect=False) is kept


def test_even_documents_in_use_are_bounded(documents: Documents) -> None:
    for number in range(500):
        for _ in range(2):
            documents.prepare(f"{{a{number}: add}}", may_introspect=False)
    assert 0 < documents.weight() <= ROOM


def test_long_text_weighs_although_it_is_few_tokens(documents: Documents) -> None:
    documents.prepare('{add(one: "' + "x" * 10_000 + '")}', may_introspect=False)
    assert documents.weight() > 10_000 // 64


def test_very_long_document_is_not_kept(documents: Documents) -> None:
    text = "{add}" + " " * MAX_CACHED_LENGTH
    assert documents.prepare(text, may_introspect=False) is not documents.prepare(text, may_introspect=False)
    assert documents.weight() == 0


def test_errors_are_remembered_too(documents: Documents) -> None:
    first = documents.prepare("{subtract}", may_introspect=False)
    assert "subtract" in first.errors[0].message
    assert documents.prepare("{subtract}", may_introspect=False) is first


def test_what_an_anonymous_may_see_is_kept_apart(documents: Documents) -> None:
    query = "{__schema {queryType {name}}}"
    assert documents.prepare(query, may_introspect=True).errors == ()
    assert documents.prepare(query, may_introspect=False).errors != ()


def test_unreadable_text_is_not_kept(documents: Documents) -> None:
    with pytest.raises(GraphQLError):
        documents.prepare("{", may_introspect=False)
    assert documents.weight() == 0


def test_many_threads_share_the_cache(documents: Documents) -> None:
    texts = [f"{{a{number % 60}: add}}" for number in range(600)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda text: documents.prepare(text, may_introspect=False), texts))
    assert [prepared.text for prepared in found] == texts
    assert documents.weight() <= ROOM
