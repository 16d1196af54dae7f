"""How fields of a plugin are answered: rights, what it is given, what it may answer, and what its failures cost."""

import logging
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from helpdesk.graphql.context import Context
from helpdesk.graphql.execution import GraphQLRequest, Outcome
from helpdesk.graphql.serving import Serving
from helpdesk.kernel import db
from helpdesk.kernel.actors import Actor, ActorKind
from helpdesk.organization import queries as organization
from helpdesk.plugins import guard, registry
from helpdesk.plugins.guard import Ref
from helpdesk.plugins.kinds import Kind
from helpdesk.tickets.rules import Asker
from tests.factories import tickets
from tests.factories.desk import Desk
from tests.graphql.visits import AT, Mood, Page, Visits

VISITS = Ref(Kind.PLUGIN, "visits")
TICKETS = "query ($n: Int!) { tickets(first: $n) { nodes { number visitsCount(plus: 1) } } }"


class Asking:
    """Somebody who asks the schema with the plugin in it."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.serving = Serving()

    def outcome(self, document: str, actor: Actor | None = None, **variables: Any) -> Outcome:
        """Return what becomes of the document."""
        service = organization.service_by_id(self.desk.service_id)
        assert service is not None
        context = Context(actor or self.desk.administrator, service, self.desk.settings, "127.0.0.1")
        return self.serving.served.executor.execute(
            GraphQLRequest(document, variables), context=context, may_introspect=True, is_read_only=False
        )

    def data(self, document: str, **variables: Any) -> Any:
        """Return the data of a document that succeeds."""
        found = self.outcome(document, **variables)
        assert found.errors == []
        return found.data

    def code(self, document: str, actor: Actor | None = None, **variables: Any) -> tuple[str, str]:
        """Return code and text of the one error."""
        (error,) = self.outcome(document, actor, **variables).errors
        return error["extensions"]["code"], error["message"]


@pytest.fixture
def asking(desk: Desk) -> Iterator[Asking]:
    registry.register(Kind.PLUGIN, "visits", Visits)
    Visits.called.clear()
    Visits.answers.clear()
    guard.forget(VISITS)
    yield Asking(desk)
    guard.forget(VISITS)


def test_answer_comes_as_the_dataclass_says(asking: Asking, desk: Desk) -> None:
    document = "{ visitsLastPage(mood: BAD) { __typename url mood seenAt linked { url linked { url } } } }"
    assert asking.data(document)["visitsLastPage"] == {
        "__typename": "VisitsPage",
        "url": "/cart",
        "mood": "BAD",
        "seenAt": "2026-05-01T09:00:00+00:00",
        "linked": [{"url": "/pay", "linked": []}],
    }
    assert Visits.called == [("last_page", desk.service_id, Mood.BAD)]


def test_default_of_the_author_holds_where_nothing_is_given(asking: Asking, desk: Desk) -> None:
    assert asking.data("{ visitsLastPage { mood } }")["visitsLastPage"] == {"mood": "GOOD"}
    Visits.answers["last_page"] = lambda: None
    assert asking.data("{ visitsLastPage { mood } }") == {"visitsLastPage": None}


def test_input_becomes_the_dataclass(asking: Asking, desk: Desk) -> None:
    document = "query ($wish: VisitsWishInput) { visitsPages(wish: $wish) { url } }"
    asking.data(document, wish={"moods": ["GOOD", "BAD"], "since": "2026-05-01T18:00:00+09:00"})
    (_, _, wish) = Visits.called.pop()
    assert (wish.moods, wish.since, wish.most) == ([Mood.GOOD, Mood.BAD], AT, 10)
    asking.data(document)
    assert Visits.called == [("pages", desk.service_id, None)]


def test_time_without_its_zone_is_the_clients_mistake(asking: Asking) -> None:
    code, text = asking.code('{ visitsPages(wish: {moods: [], since: "2026-05-01T09:00:00"}) { url } }')
    assert (code, Visits.called) == ("INVALID", [])
    assert "without its zone" in text


def test_page_of_fifty_costs_one_call_as_one_of_five_does(asking: Asking, desk: Desk) -> None:
    for place in range(50):
        tickets.make(desk, asker=Asker(name=f"C{place}", email=f"c{place}@customer.example"))
    for size in (5, 50):
        Visits.called.clear()
        nodes = asking.data(TICKETS, n=size)["tickets"]["nodes"]
        assert [node["visitsCount"] for node in nodes] == [
            node["number"] + 1 if node["number"] % 2 else None for node in nodes
        ]
        assert Visits.called == [("count", desk.service_id, size)]


def test_other_arguments_are_another_call(asking: Asking, desk: Desk) -> None:
    tickets.make(desk)
    fields = "a: visitsCount b: visitsCount(plus: 2) c: visitsCount(plus: 2) customer { visitsBackwards }"
    document = f"{{ tickets {{ nodes {{ {fields} }} }} }}"
    assert asking.data(document)["tickets"]["nodes"] == [
        {"a": 1, "b": 3, "c": 3, "customer": {"visitsBackwards": "aniM"}}
    ]
    assert [called[0] for called in Visits.called] == ["count", "count"]


def test_failing_field_costs_its_own_answers_and_one_call(asking: Asking, desk: Desk) -> None:
    for _ in range(5):
        tickets.make(desk)
    Visits.answers["count"] = lambda: 1 / 0
    found = asking.outcome(TICKETS, n=5)
    assert found.data is not None
    assert [node["visitsCount"] for node in found.data["tickets"]["nodes"]] == [None] * 5
    assert {error["extensions"]["code"] for error in found.errors} == {"PLUGIN_FAILED"}
    assert not any("division" in error["message"] for error in found.errors)
    assert len(Visits.called) == 1
    assert guard.gauge_of(VISITS, "count").errors == 1


@pytest.mark.parametrize(
    "answer",
    [
        "7", None, True, 7.5, 2**31, -(2**31) - 1, [7], lambda: {}["nothing"],
        lambda: exec("raise SystemExit"), lambda: exec("raise MemoryError"),
    ],
)  # fmt: skip
def test_wrong_answer_is_the_plugins_failure_and_is_told_without_its_words(asking: Asking, answer: Any) -> None:
    Visits.answers["number"] = answer
    if answer is None:
        Visits.answers["number"] = lambda: None
    assert asking.code("{ visitsNumber }") == (
        "PLUGIN_FAILED",
        "The plugin “visits” could not answer; its log says why.",
    )
    assert guard.gauge_of(VISITS, "number").errors == 1


@pytest.mark.parametrize(
    "answer",
    [
        Page(url=7),  # type: ignore[arg-type]
        Page("/", mood="GOOD"),  # type: ignore[arg-type]
        Page("/", seen_at=AT.replace(tzinfo=None)),
        Page("/", seen_at="2026-05-01"),  # type: ignore[arg-type]
        Page("/", linked=(Page("/", linked=None),)),  # type: ignore[arg-type]
        Page("/", linked=(Page("/"),) * 1001),
        Page("/" * 2_000_001),
        Page("half \ud83d"),
        {"url": "/"},
        Visits,
    ],
)  # fmt: skip
def test_answer_is_checked_all_the_way_down(asking: Asking, answer: Any) -> None:
    Visits.answers["last_page"] = lambda: answer
    assert asking.code("{ visitsLastPage { url } }")[0] == "PLUGIN_FAILED"


def test_answer_that_leads_to_itself_ends(asking: Asking) -> None:
    page = Page("/")
    object.__setattr__(page, "linked", (page,))
    Visits.answers["last_page"] = page
    assert asking.code("{ visitsLastPage { url } }")[0] == "PLUGIN_FAILED"


@pytest.mark.parametrize("answer", [[1], [1, 2, 3], (), None, 7, {}, "12", ["1", "2"]])
def test_batch_is_aligned_with_its_rows(asking: Asking, desk: Desk, answer: Any) -> None:
    tickets.make(desk)
    tickets.make(desk)
    Visits.answers["count"] = lambda: answer
    assert {error["extensions"]["code"] for error in asking.outcome(TICKETS, n=2).errors} == {"PLUGIN_FAILED"}


def test_endless_list_ends(asking: Asking) -> None:
    class Endless(list[Any]):
        def __iter__(self) -> Iterator[Any]:
            while True:
                yield Page("/")

    Visits.answers["pages"] = Endless()
    assert asking.code("{ visitsPages { url } }")[0] == "PLUGIN_FAILED"


def test_overrun_is_told_within_its_seconds(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("helpdesk.graphql.plugin_fields.SECONDS", 0.2)
    Visits.answers["number"] = lambda: time.sleep(1)
    started = time.monotonic()
    assert asking.code("{ visitsNumber }")[0] == "PLUGIN_OVERRAN"
    assert time.monotonic() - started < 0.9


@pytest.mark.parametrize(
    ("url", "code", "text"),
    [
        ("/denied", "NOT_FOUND", "There is no such page; look at the list."),
        ("/refused", "REFUSED", "Pages of today are kept."),
    ],
)
def test_refusal_reaches_whoever_asked_with_its_sentence(asking: Asking, url: str, code: str, text: str) -> None:
    document = "mutation ($url: String!) { visitsForget(url: $url) }"
    assert asking.code(document, url=url) == (code, text)
    assert guard.gauge_of(VISITS, "forget").errors == 0
    assert asking.data(document, url="/cart") == {"visitsForget": True}


@pytest.mark.parametrize(
    ("document", "lacking"),
    [
        ("{ visitsLastPage { url } }", "ticket.read"),
        ("{ visitsPages { url } }", "customer.read"),
        ('mutation { visitsForget(url: "/") }', "ticket.note"),
        ("{ tickets { nodes { visitsCount } } }", "customer.read"),
    ],
)
def test_who_lacks_the_right_is_refused_before_the_plugin_is_asked(
    asking: Asking, desk: Desk, document: str, lacking: str
) -> None:
    tickets.make(desk)
    actor = replace(desk.administrator, rights=desk.administrator.rights - {lacking})
    assert asking.code(document, actor)[0] == "FORBIDDEN"
    stranger = Actor(ActorKind.ANONYMOUS, desk.service_id)
    assert asking.code(document, stranger)[0] == "UNAUTHENTICATED"
    assert Visits.called == []


@pytest.mark.parametrize("document", ["{ visitsNumber }", "{ tickets { nodes { visitsCount } } }"])
def test_plugin_that_was_switched_off_says_so(asking: Asking, desk: Desk, document: str) -> None:
    tickets.make(desk)
    registry.quarantine(Kind.PLUGIN, "visits", "a test")  # the schema is not made anew yet
    assert asking.code(document)[0] == "PLUGIN_NOT_ENABLED"
    assert Visits.called == []


def test_request_of_many_calls_is_too_costly(asking: Asking) -> None:
    document = "{" + " ".join(f"a{place}: visitsNumber" for place in range(100)) + "}"
    assert asking.outcome(document).extensions["cost"]["requested"] == 5000
    assert asking.code(document.replace("a0:", "visitsLastPage { url } a0:"))[0] == "QUERY_TOO_COSTLY"


def test_page_costs_more_with_a_plugins_field(asking: Asking) -> None:
    def cost(document: str) -> int:
        requested: int = asking.outcome(document).extensions["cost"]["requested"]
        return requested

    assert (
        cost("{ tickets(first: 50) { nodes { number visitsCount } } }")
        == cost("{ tickets(first: 50) { nodes { number } } }") + 50 * 5
    )


def test_failing_plugin_rests_and_the_desk_goes_on(asking: Asking, desk: Desk) -> None:
    logging.getLogger("helpdesk.plugins.guard").setLevel(logging.CRITICAL)
    tickets.make(desk)
    Visits.answers["number"] = "seven"
    codes = [asking.code("{ visitsNumber }")[0] for _ in range(6)]
    assert codes == ["PLUGIN_FAILED"] * 5 + ["PLUGIN_RESTING"]
    assert asking.data("{ tickets { nodes { number visitsCount } } }")["tickets"]["nodes"] == [
        {"number": 1, "visitsCount": 1}
    ]
    logging.getLogger("helpdesk.plugins.guard").setLevel(logging.NOTSET)
    assert not db.database.is_closed()


def test_answers_are_copies_that_run_no_code_of_the_plugin_later(asking: Asking) -> None:
    ran: list[str] = []

    class Sly(str):
        __slots__ = ()

        def __str__(self) -> str:
            ran.append("str")
            return "sly"

        def encode(self, *_: Any) -> bytes:  # type: ignore[override]
            return b""

    Visits.answers["last_page"] = Page(Sly("/cart"))
    assert asking.data("{ visitsLastPage { url } }") == {"visitsLastPage": {"url": "/cart"}}
    assert ran == []
