"""Who comes in by which address: every route of the desk with its rule. Without a line here the desk does not start.

Owns the inventory; each blueprint keeps its own rule. tests/attacks/test_c_routes.py tries every route by every method
with nothing in hand. A check before each request lost: what is refused there would never have been noticed before.
Source: SECURITY C8.
"""

from collections.abc import Mapping
from enum import StrEnum

from flask import Flask

from helpdesk.sdk.plugin import HookKind


class Rule(StrEnum):
    """Who is let in."""

    ANYBODY = "anybody: it shows nothing that is somebody's"
    INSIDE = (
        "anybody who gets that far: your proxy keeps it inside, for it names what fails in the words of what failed"
    )
    FIELD = "anybody, and each field of the schema asks for its own right"
    RIGHT = "a session or a service key with the right that the route asks for"
    LINK = "whoever has the link: its token is signed, for one thing, and ends"
    SIGNED = "whoever signs the request as the channel or the plugin demands"
    PLUGIN = "whoever the plugin lets in, where it is enabled: the desk tells it nothing of who asks"


ROUTES: Mapping[str, Rule] = {
    "graphql.endpoint": Rule.FIELD,
    "graphql.schema": Rule.RIGHT,
    "graphql.explorer_file": Rule.ANYBODY,
    "graphql.graphiql_file": Rule.ANYBODY,
    "helpcenter.enter": Rule.ANYBODY,
    "helpcenter.home": Rule.ANYBODY,
    "helpcenter.inquiry": Rule.ANYBODY,
    "helpcenter.done": Rule.LINK,
    "helpcenter.lost": Rule.ANYBODY,
    "helpcenter.asset": Rule.ANYBODY,
    "health.healthz": Rule.ANYBODY,
    "health.readyz": Rule.INSIDE,
    "health.metrics": Rule.INSIDE,
    "files.upload": Rule.LINK,
    "files.download": Rule.LINK,
    "files.raw": Rule.LINK,
    "hooks.hook": Rule.SIGNED,
    "plugin_pages.page": Rule.PLUGIN,
    "front.enter": Rule.ANYBODY,
    "front.enter_service": Rule.ANYBODY,
}
"""Each endpoint, and who is let in."""

PLUGIN_HOOKS: Mapping[HookKind, Rule] = {HookKind.PAGE: Rule.PLUGIN, HookKind.WEBHOOK: Rule.SIGNED}
"""What plugins have at ``/{service}/p/{plugin}/…``, and who is let in."""


def check(app: Flask) -> None:
    """Raise RuntimeError for a route without a rule, which is a bug of ours."""
    undeclared = {rule.endpoint for rule in app.url_map.iter_rules()} - ROUTES.keys()
    if undeclared:
        named = ", ".join(sorted(undeclared))
        raise RuntimeError(f"Say in ROUTES of helpdesk/web/doors.py who is let in by {named}.")
