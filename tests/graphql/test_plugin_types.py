"""What a plugin adds to the schema, and what keeps it out."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, ClassVar

import pytest
from graphql import GraphQLObjectType, build_schema, extend_schema, get_introspection_query, graphql_sync, parse
from graphql import validate_schema as problems_of

from helpdesk.graphql import schema
from helpdesk.graphql.plugin_joining import plugin_sdl
from helpdesk.graphql.serving import Serving
from helpdesk.plugins import registry
from helpdesk.plugins.kinds import Kind
from helpdesk.plugins.rules import PluginState
from helpdesk.sdk.graphql import batched, choices, described, mutation, query
from helpdesk.sdk.plugin import Plugin
from tests.graphql.visits import Page, Visits

SNAPSHOT = Path(__file__).with_name("visits.graphql")


@pytest.fixture(autouse=True)
def _no_plugins() -> Iterator[None]:
    registry.load(safe_mode=True, looks=False)
    yield
    registry.load(safe_mode=True, looks=False)


def plugin(method: Callable[..., Any], **more: Any) -> type[Plugin]:
    """Return a plugin with one hook."""
    return type("One", (Plugin,), {"title": {"en": "One"}, method.__name__: method, **more})


def refused(value: type[Plugin], name: str = "one") -> str:
    """Return why the plugin was quarantined; the schema must stand without it, and with its sound neighbour."""
    registry.register(Kind.PLUGIN, name, value)
    registry.register(Kind.PLUGIN, "visits", Visits)
    built = schema.build(registry.named(Kind.PLUGIN))
    assert problems_of(built._schema) == []
    text = schema.sdl(built)
    assert "visitsLastPage" in text
    assert f"{name}Ask" not in text
    (found,) = [one for one in registry.plugins() if one.name == name]
    assert found.state is PluginState.QUARANTINED
    return found.reason


def test_what_a_plugin_adds_is_as_it_was_committed() -> None:
    text = plugin_sdl(schema.build(), "visits", Visits)
    assert text == SNAPSHOT.read_text()
    assert text == plugin_sdl(schema.build(), "visits", Visits)


def test_snapshot_extends_the_core_to_the_schema_that_is_served() -> None:
    whole = extend_schema(build_schema(schema.sdl(schema.build())), parse(SNAPSHOT.read_text()))
    served = build_schema(schema.sdl(schema.build({"visits": Visits})))
    assert set(whole.type_map) == set(served.type_map)
    tickets = [one.type_map["Ticket"] for one in (whole, served)]
    assert all(isinstance(one, GraphQLObjectType) and "visitsCount" in one.fields for one in tickets)


def test_core_schema_knows_no_plugin_even_after_one_was_joined() -> None:
    before = schema.sdl(schema.build())
    assert schema.sdl(schema.build({"visits": Visits})) != before
    assert schema.sdl(schema.build()) == before


def test_plugin_without_graphql_changes_nothing() -> None:
    class Silent(Plugin):
        title: ClassVar = {"en": "Silent"}

    assert schema.sdl(schema.build({"silent": Silent})) == schema.sdl(schema.build())
    assert plugin_sdl(schema.build(), "silent", Silent) == ""


def test_names_with_dashes_and_underscores_become_the_schemas() -> None:
    text = plugin_sdl(schema.build(), "web-visits_log", Visits)
    assert "webVisitsLogLastPage" in text
    assert "type WebVisitsLogPage {" in text


def test_everything_added_is_in_the_introspection() -> None:
    built = schema.build({"visits": Visits})
    data = graphql_sync(built._schema, get_introspection_query()).data
    assert data is not None
    assert {"VisitsPage", "VisitsMood", "VisitsWishInput"} <= {one["name"] for one in data["__schema"]["types"]}


def test_schema_is_exchanged_when_plugins_change() -> None:
    serving = Serving()
    first = serving.served
    serving.renew()
    assert serving.served is first
    registry.register(Kind.PLUGIN, "visits", Visits)
    serving.renew()
    assert "visitsLastPage" in serving.served.sdl
    assert serving.served.executor is not first.executor
    registry.quarantine(Kind.PLUGIN, "visits", "a test")
    serving.renew()
    assert serving.served.sdl == first.sdl


def test_broken_plugin_is_tried_once() -> None:
    def ask(self: Any, host: Any) -> bytes:
        return b""

    registry.register(Kind.PLUGIN, "one", plugin(query(right="ticket.read", description="Ask.")(ask)))
    serving = Serving()
    first = serving.served
    serving.renew()
    assert serving.served is first


# What keeps a plugin out


@dataclass
class Loose:
    """Not frozen."""

    url: str = described("Its address.")


@dataclass(frozen=True)
class Bare:
    """Has a field without a description."""

    url: str


@dataclass(frozen=True)
class Nameless:
    url: str = described("Its address.")


@dataclass(frozen=True)
class Empty:
    """Has no fields."""


@dataclass(frozen=True)
class Knotted:
    """Needs itself."""

    again: "Knotted" = described("Itself.")


@dataclass(frozen=True)
class Listing:
    """Has a default that is made anew each time."""

    urls: list[str] = field(default_factory=list, metadata={"description": "Addresses."})


@dataclass(frozen=True)
class Clumsy:
    """Has a name that GraphQL cannot spell."""

    größe: int = described("A size.")  # noqa: PLC2401 - the point of it


class Undescribed(Enum):
    """A choice."""

    LEFT = 1


@choices(true="As it is.")
class Forbidden(Enum):
    """A choice of a word that GraphQL keeps for itself."""

    true = 1


Number = Annotated[int, "A number."]
EXPLODING = "__import__('sys').exit(3)"


def _taking(annotation: Any, default: Any = ...) -> Callable[..., Any]:
    if default is ...:

        def ask(self: Any, host: Any, given) -> int:  # type: ignore[no-untyped-def]
            return 1
    else:

        def ask(self: Any, host: Any, given=default) -> int:  # type: ignore[no-untyped-def]
            return 1

    ask.__annotations__["given"] = annotation
    return ask


def _giving(annotation: Any) -> Callable[..., Any]:
    def ask(self: Any, host: Any):  # type: ignore[no-untyped-def]
        return 1

    ask.__annotations__["return"] = annotation
    return ask


@pytest.mark.parametrize(
    ("method", "words"),
    [
        (_giving(bytes), "the result of ask is annotated with bytes; use str, int"),
        (_giving(Any), "the result of ask is annotated with"),
        (_giving(dict[str, int]), "dict[str, int]"),
        (_giving(int | str), "int | str"),
        (_giving(list), "is annotated with list"),
        (_giving(None), "the result of ask"),
        (_giving("Nowhere"), "The annotations of ask cannot be read: NameError"),
        (_giving(EXPLODING), "SystemExit"),
        (_giving(Loose), "Loose must be a frozen dataclass"),
        (_giving(Bare), "Bare.url has no description"),
        (_giving(Nameless), "Nameless has no docstring"),
        (_giving(Empty), "Empty has no fields"),
        (_giving(Undescribed), "Undescribed.LEFT has no description"),
        (_giving(Forbidden), "true"),
        (_giving(Clumsy), "größe"),
        (_taking(int), "ask(given) has no description"),
        (_taking(Annotated[Knotted, "It."]), "Knotted"),
        (_taking(Annotated[Listing, "It."]), "The default of Listing.urls cannot be shown"),
        (_taking(Number, None), "has the default None and is not annotated so"),
        (_taking(Number, "7"), "The default of ask(given) cannot be shown in the schema: a str, not int"),
        (_taking(Annotated[Page | None, "It."], Page("/")), "no default but None"),
    ],
)
def test_what_cannot_be_built_is_named_and_left_out(method: Callable[..., Any], words: str) -> None:
    assert words in refused(plugin(query(right="ticket.read", description="Ask.")(method)))


def test_result_that_is_not_annotated_is_named() -> None:
    method = _giving(int)
    del method.__annotations__["return"]
    assert "does not annotate “return”" in refused(plugin(query(right="ticket.read", description="Ask.")(method)))


def test_unknown_right_and_missing_description_are_named() -> None:
    assert "the right “ticket.rule”" in refused(plugin(query(right="ticket.rule", description="Ask.")(_giving(int))))
    assert "ask has no description" in refused(plugin(mutation(right="ticket.read", description=" ")(_giving(int))))


def test_field_is_for_the_types_that_may_have_one_and_answers_a_list() -> None:
    def count(self: Any, host: Any, rows: Any) -> list[int]:
        return []

    def one(self: Any, host: Any, rows: Any) -> int:
        return 1

    ours = {"right": "ticket.read", "description": "Count."}
    assert "count is for “Query”; the types are Ticket" in refused(plugin(batched("Query", **ours)(count)))
    assert "one is batched" in refused(plugin(batched("Ticket", **ours)(one)))


def test_name_of_the_core_is_taken() -> None:
    def create(self: Any, host: Any) -> int:
        return 1

    registry.register(Kind.PLUGIN, "ticket", plugin(mutation(right="ticket.read", description="Mine.")(create)))
    built = schema.build(registry.named(Kind.PLUGIN))
    assert schema.sdl(built) == schema.sdl(schema.build())
    (found,) = [one for one in registry.plugins() if one.name == "ticket"]
    assert "the name “Mutation.ticketCreate” is taken already" in found.reason


def test_type_of_another_plugin_is_taken_and_leaves_nothing_behind() -> None:
    @dataclass(frozen=True)
    class LogPage:
        """A page of a log."""

        url: str = described("Its address.")

    def ask(self: Any, host: Any) -> LogPage | None:
        return None

    ask.__annotations__["return"] = LogPage | None
    registry.register(Kind.PLUGIN, "visits", plugin(query(right="ticket.read", description="Ask.")(ask)))
    registry.register(Kind.PLUGIN, "visits_log", Visits)
    text = schema.sdl(schema.build(registry.named(Kind.PLUGIN)))
    assert "visitsAsk: VisitsLogPage" in text
    assert "visitsLogCount" not in text
    (found,) = [one for one in registry.plugins() if one.name == "visits_log"]
    assert "the name “VisitsLogPage” is taken already" in found.reason


def test_name_that_graphql_cannot_spell_keeps_the_plugin_out() -> None:
    method = query(right="ticket.read", description="Ask.")(_giving(int))
    assert "9lives" in refused(plugin(method), name="9lives")
