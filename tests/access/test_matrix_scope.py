"""What belongs to another service is not there: not by its id, wherever an id is taken, and not in what is counted.

Source: SECURITY C1, C2, C3.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from graphql import GraphQLSchema

from helpdesk.access.rules import ORGANIZATION_RIGHTS, RIGHTS
from helpdesk.channels.rules import RAW
from helpdesk.graphql import ids, permissions
from helpdesk.graphql.schema import build
from helpdesk.kernel import clock, crypto
from helpdesk.tickets.attachments import DOWNLOAD
from tests.access.matrix.asking import Cell, nested_cells, root_cell, root_cells, roots
from tests.access.matrix.insiders import Insider
from tests.access.matrix.values import MISSING, Values, id_of_nothing, id_places
from tests.access.matrix.world import FOREIGN, OWN, ROLES, Service, World, dump, furnish, make_world, undone
from tests.factories.client import app, chosen, desk, log_in
from tests.factories.desk import Desk, make_desk

__all__ = ["app", "chosen", "desk"]

KNOWN = {role: rights for role, rights in ROLES.items() if rights is not None}


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    """The core's schema."""
    return build()._schema


@pytest.fixture
def world(app: Flask, desk: Desk) -> World:
    """Two furnished services."""
    return make_world(app, desk)


FILTERED = {"connectionLog"}
"""Lists that take an id to look for: with one of nothing they are empty."""

RUN = "mutation ($i: TicketRunActionInput!) { ticketRunAction(input: $i) { errors { code message path } } }"


def foreign_and_missing(world: World, kind: str) -> Iterator[tuple[str, str]]:
    """Yield pairs of ids: one of a thing of another service, and one of nothing, of the type or of every type."""
    for name in [kind] if kind else ids.rights():
        yield world.other.things[name], id_of_nothing(name)


def test_foreign_id_is_answered_like_one_of_nothing_wherever_an_id_is_taken(
    world: World, schema: GraphQLSchema
) -> None:
    found, tried, before = [], 0, dump()
    values = Values(world.own.things)
    for _, kind, name, field in roots(schema):
        right = permissions.right_of(f"{kind.name}.{name}")
        askers = [role for role, rights in KNOWN.items() if right is None or right in rights]
        for place, named in id_places(name, field):
            for foreign, missing in foreign_and_missing(world, named):
                documents = [root_cell(kind, name, values, {place: one}).document for one in (foreign, missing)]
                for role in askers:
                    tried += 1
                    answers = [asked(world, role, document, before) for document in documents]
                    told = [answer.replace(foreign, "ID").replace(missing, "ID") for answer in answers]
                    if told[0] != told[1] or (name not in FILTERED and is_taken(told[0])):
                        found.append(f"{role}: {documents[0]}: {told[0]}, and for one of nothing {told[1]}")
    assert found == [], "\n".join(found)
    assert tried >= 100


def test_id_of_ones_own_is_read_at_each_of_these_places(world: World, schema: GraphQLSchema) -> None:
    before, values = dump(), Values(world.own.things)
    for _, kind, name, field in roots(schema):
        for place, named in id_places(name, field):
            if place[-1] == "attachments":  # a file that is part of a message already is no upload any more
                continue
            if name in FILTERED:
                continue
            if name == "memberDeactivate" and place[-1] == "handOverTo":  # the only other member is no agent
                continue
            thing = ids.encode("Agent", 1) if place[-1] == "handOverTo" else world.own.things[named or "Ticket"]
            own = root_cell(kind, name, values, {place: thing}).document
            none = root_cell(kind, name, values, {place: id_of_nothing(named or "Ticket")}).document
            right = permissions.right_of(f"{kind.name}.{name}")
            role = "organization administrator" if right in ORGANIZATION_RIGHTS else "administrator"
            answers = [asked(world, role, document, before) for document in (own, none)]
            assert answers[0] != answers[1], own


def test_foreign_id_in_the_settings_of_an_action_or_an_assigner_is_one_of_nothing(world: World) -> None:
    tried, before = 0, dump()
    kinds = world.callers["administrator"].post("{ actions { code settingsSchema } assigners { code settingsSchema } }")
    for one in [*kinds.get_json()["data"]["actions"], *kinds.get_json()["data"]["assigners"]]:
        properties = (one["settingsSchema"] or {}).get("properties", {})
        for key, named in ((key, what["reference"]) for key, what in properties.items() if "reference" in what):
            answers = []
            for placed in (world.other.things[named], id_of_nothing(named)):
                given = {"ticketId": world.own.things["Ticket"], "action": one["code"], "settings": {key: placed}}
                with undone():
                    answers.append(world.callers["administrator"].post(RUN, {"i": given}).get_json()["data"])
                    assert dump() == before
            assert answers[0] == answers[1]
            assert answers[0]["ticketRunAction"]["errors"]
            tried += 1
    assert tried >= 2


def test_every_answer_is_the_same_whatever_another_service_has(app: Flask, desk: Desk, schema: GraphQLSchema) -> None:
    own, other = Service(desk, "demo"), Service(make_desk(desk.settings, slug="elsewhere"), "elsewhere")
    furnish(own, OWN)
    cells = [*root_cells(schema, Values(own.things), "query"), *nested_cells(schema, Values(own.things))]
    insider, at = Insider(World(app, own, other, {})), clock.now() + timedelta(minutes=1)
    before = all_answers(insider, cells, at)
    furnish(other, FOREIGN)
    after = all_answers(insider, cells, at)
    for cell, one, two in zip(cells, before, after, strict=True):
        assert one == two, cell.document
    assert FOREIGN not in repr(after)
    assert OWN in repr(after)


def all_answers(insider: Insider, cells: Iterable[Cell], at: datetime) -> list[Any]:
    """Return what is answered at that moment to somebody with every right."""
    clock.hold(at)
    try:
        with time_machine.travel(at, tick=False):  # links are signed by the time of the machine
            return [insider.as_holder(cell.document, RIGHTS) for cell in cells]
    finally:
        clock.let_go()


WORDS = """query ($word: String!, $value: JSON!) {
  tickets(search: $word) { nodes { number } }
  customers(search: $word) { nodes { number } }
  by: tickets(where: {field: "subject", op: CONTAINS, value: $value}) { nodes { number } }
}"""


def test_no_search_finds_a_word_of_another_service(world: World) -> None:
    for role in KNOWN.keys() - {"organization administrator"}:
        found = world.callers[role].post(WORDS, {"word": FOREIGN, "value": FOREIGN}).get_json()["data"]
        assert [page["nodes"] for page in found.values()] == [[], [], []]
        found = world.callers[role].post(WORDS, {"word": OWN, "value": OWN}).get_json()["data"]
        assert all(page["nodes"] for page in found.values())


PAGES = """{ tickets { edges { cursor node { id } } } customers { edges { cursor node { id } } }
  inbox { edges { cursor node { id } } } deliveries { edges { cursor node { id } } } }"""


def test_page_after_a_cursor_of_another_service_has_things_of_ones_own_alone(world: World) -> None:
    here = world.callers["administrator"]
    own = here.post(PAGES).get_json()["data"]
    abroad = log_in(world.callers["anonymous"].but(slug="elsewhere"), "admin@demo.example").post(PAGES).get_json()
    for name, page in abroad["data"].items():
        ids_here = {edge["node"]["id"] for edge in own[name]["edges"]}
        assert page["edges"]
        for edge in page["edges"]:
            assert edge["node"]["id"] not in ids_here
            document = "query ($at: String!) { PAGE(after: $at) { nodes { id } } }".replace("PAGE", name)
            found = here.post(document, {"at": edge["cursor"]}).get_json()["data"][name]["nodes"]
            assert {one["id"] for one in found} <= ids_here


LINKS = "{ tickets { nodes { messages { nodes { attachments { url } } } } } inbox { nodes { rawUrl } } }"


def test_link_to_a_file_of_another_service_opens_what_a_link_to_nothing_opens(world: World) -> None:
    abroad = log_in(world.callers["anonymous"].but(slug="elsewhere"), "admin@demo.example")
    shown = abroad.post(LINKS).get_data(as_text=True)
    paths = [url.removeprefix(world.own.desk.settings.base_url) for url in re.findall(r'http[^"]+', shown)]
    assert len(paths) >= 5
    for path in paths:
        assert abroad.send("GET", path).status_code == 200
        here = path.replace("/elsewhere/", "/demo/", 1)
        *before, _, name = here.split("/")
        token = crypto.keyring().sign(MISSING, purpose=DOWNLOAD if "files" in before else RAW)
        told = [world.callers["administrator"].send("GET", one) for one in (here, "/".join([*before, token, name]))]
        assert [(one.status_code, one.data) for one in told] == [(404, told[1].data)] * 2


FOUND_BY = ("customer", "Customer"), ("assignee", "Agent"), ("group", "AgentGroup")


def test_condition_finds_nothing_by_the_id_of_a_foreign_thing(world: World) -> None:
    document = "query ($w: TicketWhere!) { tickets(where: $w) { nodes { number meets(condition: $w) } } }"
    for field, named in FOUND_BY:
        for operator in ("IS", "IS_NOT", "IN", "NOT_IN"):
            answers = []
            for placed in (world.other.things[named], id_of_nothing(named)):
                where = {"field": field, "op": operator, "value": [placed] if "IN" in operator else placed}
                answers.append(world.callers["agent"].post(document, {"w": where}).get_json()["data"])
            assert answers[0] == answers[1]
            assert bool(answers[0]["tickets"]["nodes"]) == ("NOT" in operator)


def asked(world: World, role: str, document: str, before: Any) -> str:
    """Return the answer as text, which has to leave everything as it was."""
    with undone():
        answer = world.callers[role].post(document).get_data(as_text=True)
        changed = [name for name, rows in dump().items() if rows != before[name]]
    return f"{answer} {'changed: ' if changed else ''}{', '.join(changed)}"


def is_taken(answer: str) -> bool:
    """Return whether an id of another service was as good as one's own."""
    return "changed: " in answer or '"__typename"' in answer
