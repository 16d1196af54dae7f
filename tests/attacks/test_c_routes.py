"""Every address of the desk, with every method, by somebody who has nothing in hand. Source: SECURITY C8."""

import pytest
from flask import Flask
from werkzeug.routing import Rule as Route

from helpdesk.access.rules import rights_of_agent
from helpdesk.agents.rules import Role
from helpdesk.plugins import registry
from helpdesk.plugins.kinds import Kind
from helpdesk.sdk.plugin import hooks_of
from helpdesk.web import doors
from helpdesk.web.doors import PLUGIN_HOOKS, ROUTES, Rule
from tests.access.matrix.world import OWN, Service, World, dump, furnish, make_world
from tests.factories.client import Caller
from tests.factories.desk import Desk

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")
GUARDED = {Rule.RIGHT, Rule.LINK, Rule.SIGNED}
MADE_UP = {
    "filename": "graphiql.js", "fingerprint": "x", "hook_token": "x", "locale": "en", "name": "a.txt", "path": "rate",
    "plugin": "example", "rest": "en/nowhere", "service": "demo", "theme": "default", "token": "x",
}  # fmt: skip


def address(route: Route) -> str:
    """Return the route's address with something made up in each of its places."""
    path = route.rule
    for name in route.arguments - (route.defaults or {}).keys():
        assert name in MADE_UP, f"Say in MADE_UP what may stand for <{name}> of {route.rule}."
        path = path.replace(f"<path:{name}>", MADE_UP[name]).replace(f"<{name}>", MADE_UP[name])
    return path


def test_every_route_has_a_rule_and_every_rule_a_route(app: Flask) -> None:
    assert {route.endpoint for route in app.url_map.iter_rules()} == ROUTES.keys()


def test_desk_does_not_start_with_a_route_that_nobody_has_declared(app: Flask) -> None:
    stray = Flask("stray", static_folder=None)
    stray.add_url_rule("/backdoor", "backdoor", lambda: "come in")
    with pytest.raises(RuntimeError, match=r"who is let in by backdoor\."):
        doors.check(stray)
    doors.check(app)


def test_stranger_gets_and_changes_nothing_by_any_route_and_method(app: Flask, desk: Desk, stranger: Caller) -> None:
    furnish(Service(desk, "demo"), OWN)
    before, tried = dump(), 0
    for route in app.url_map.iter_rules():
        rule = ROUTES[route.endpoint]
        for method in METHODS:
            answer = stranger.send(method, address(route), data=b"{}", content_type="application/json")
            told = f"{method} {address(route)}: {answer.status} {answer.data[:200]!r}"
            assert answer.status_code < 500, told
            assert method in (route.methods or ()) or answer.status_code in {400, 404, 405}, told
            if rule in GUARDED:
                assert answer.status_code >= 400 or (method == "OPTIONS" and not answer.data), told
            assert rule is Rule.INSIDE or OWN.encode() not in answer.data, told
            tried += 1
    assert dump() == before
    assert tried >= 180


def test_schema_is_for_those_who_hold_its_right_alone(app: Flask, desk: Desk) -> None:
    world = make_world(app, desk)
    assert "service.read" in rights_of_agent(Role.AGENT)
    allowed = {"agent", "administrator", "organization administrator", "service key"}
    for role, caller in world.callers.items():
        status = caller.send("GET", "/demo/graphql/schema.graphql").status_code
        assert (status == 200) if role in allowed else (status in {401, 403}), role


def test_token_for_one_thing_opens_nothing_else(app: Flask, desk: Desk) -> None:
    world = make_world(app, desk)
    for shown in tokens(world):
        for route in app.url_map.iter_rules():
            if ROUTES[route.endpoint] is Rule.LINK and "token" in route.arguments:
                for method in ("GET", "PUT"):
                    path = address(route).replace("/x", f"/{shown['token']}", 1)
                    answer = world.callers["anonymous"].send(method, path, data=b"a")
                    is_its_own = (route.endpoint, method) == (shown["endpoint"], shown["method"])
                    assert (answer.status_code < 300) == is_its_own, f"{method} {path}: {answer.status}"


LINKS = (
    """mutation { uploadCreate(input: {filename: "a.txt", size: 1}) { upload { url } } }""",
    """{
  tickets { nodes { messages { nodes { attachments { url } } } } } inbox(first: 1) { nodes { rawUrl } }
}""",
)


def tokens(world: World) -> list[dict[str, str]]:
    """Return one token of each sort of link, with the endpoint and the method that it is for."""
    administrator = world.callers["administrator"]
    upload = administrator.post(LINKS[0]).get_json()["data"]["uploadCreate"]["upload"]["url"]
    data = administrator.post(LINKS[1]).get_json()["data"]
    messages = [one for ticket in data["tickets"]["nodes"] for one in ticket["messages"]["nodes"]]
    file = next(one["attachments"][0]["url"] for one in messages if one["attachments"])
    raw = data["inbox"]["nodes"][0]["rawUrl"]
    return [
        {"endpoint": "files.download", "method": "GET", "token": file.split("/")[-2]},
        {"endpoint": "files.raw", "method": "GET", "token": raw.split("/")[-2]},
        {"endpoint": "files.upload", "method": "PUT", "token": upload.split("/")[-1]},
    ]


def test_every_address_of_a_plugin_has_a_rule_and_lets_no_stranger_in_by_a_webhook(
    stranger: Caller, administrator: Caller
) -> None:
    tried = 0
    assert stranger.send("GET", "/demo/p/example/rate").status_code == 404  # nobody has enabled it
    administrator.done("PluginEnable", kind="plugin", name="example")
    for name, plugin in registry.named(Kind.PLUGIN).items():
        for hook in hooks_of(plugin):
            if "path" not in hook.facts:
                continue
            assert hook.kind in PLUGIN_HOOKS, f"Say in PLUGIN_HOOKS of helpdesk/web/doors.py who {hook.kind} lets in."
            before = dump()
            for method in METHODS:
                answer = stranger.send(method, f"/demo/p/{name}/{hook.facts['path']}", data=b"{}")
                refused = 401 if method == "POST" else 405
                assert answer.status_code < 500
                assert PLUGIN_HOOKS[hook.kind] is not Rule.SIGNED or answer.status_code == refused, (name, method)
                tried += 1
            assert dump() == before
    assert tried >= 18
    administrator.done("PluginDisable", kind="plugin", name="example")
    assert stranger.send("GET", "/demo/p/example/rate").status_code == 404
