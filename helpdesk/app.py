"""Puts the desk together: the only file, with the commands, that knows everything. ``create_app`` adds the web."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from flask import Flask, request

from helpdesk import starting
from helpdesk.access import authentication
from helpdesk.access.rules import guesser
from helpdesk.graphql.context import Context
from helpdesk.graphql.execution import GraphQLRequest, Outcome
from helpdesk.graphql.serving import Serving
from helpdesk.helpcenter.desk import HelpCenterDesk
from helpdesk.helpcenter.rendering import Renderer
from helpdesk.hosting import slots
from helpdesk.kernel import crypto, db, logs
from helpdesk.kernel.actors import ActorKind
from helpdesk.kernel.errors import NotFound
from helpdesk.kernel.settings import Settings
from helpdesk.organization import contracts
from helpdesk.organization import queries as organization
from helpdesk.organization.queries import ServiceRow
from helpdesk.plugins import registry, watching
from helpdesk.web import doors, files, front, health, helpcenter, hooks, plugin_pages
from helpdesk.web import graphql as graphql_edge
from helpdesk.web.reading import address_of_asker


def create_app(made: Settings | None = None, *, watches: bool = True) -> Flask:
    """Return the WSGI application of the desk; one that ``watches`` follows what other processes do to plugins."""
    chosen = starting.ready(made, migrate=True)
    app = Flask("helpdesk", static_folder=None)
    app.url_map.merge_slashes = False  # the redirect would be built from the Host header
    app.config.update(MAX_CONTENT_LENGTH=None, TRUSTED_HOSTS=None, PROPAGATE_EXCEPTIONS=False)
    serving = Serving()
    registry.on_change(serving.renew)
    execute = partial(_execute, serving, chosen)
    app.register_blueprint(
        graphql_edge.blueprint(
            execute,
            sdl=partial(_sdl, serving, chosen),
            is_graphiql_on=chosen.graphiql,
            max_body_bytes=chosen.max_body_bytes,
        )
    )
    renderer = Renderer(starting.read_themes())
    registry.on_change(partial(_renew_themes, renderer))
    app.register_blueprint(
        helpcenter.blueprint(
            HelpCenterDesk(chosen),
            renderer=renderer,
            base_url=chosen.base_url,
            secret=crypto.keyring().secret_for("helpcenter"),
            fill=slots.fill,
            asking=lambda: guesser(address_of_asker(chosen)),
        )
    )
    app.register_blueprint(health.blueprint(chosen))
    app.register_blueprint(files.blueprint(chosen))
    app.register_blueprint(hooks.blueprint(chosen))
    app.register_blueprint(plugin_pages.blueprint(chosen))
    app.register_blueprint(front.blueprint())
    front.answer_errors(app)
    doors.check(app)
    if watches:
        app.before_request(watching.ensure)  # not here: a server may fork after it has made the application
    return app


def _renew_themes(renderer: Renderer) -> None:
    """Let the help center wear the themes that there are now. A default theme that breaks leaves it as it was."""
    renderer.wear(starting.read_themes())


def _execute(serving: Serving, chosen: Settings, payload: Mapping[str, Any], *, is_read_only: bool) -> Outcome:
    """Find out who asks, and run the payload for them."""
    identity = graphql_edge.request_id()
    with logs.bind(request_id=identity), db.connection():
        context = _context(chosen)
        return serving.served.executor.execute(
            GraphQLRequest(
                payload["query"],
                payload.get("variables"),
                payload.get("operationName"),
                payload.get("extensions"),
                payload.get("digest"),
            ),
            context=context,
            may_introspect=context.actor.kind is not ActorKind.ANONYMOUS,
            is_read_only=is_read_only,
            request_id=identity,
        )


def _context(chosen: Settings) -> Context:
    service = _service()
    address = address_of_asker(chosen)
    token = _bearer()
    actor = authentication.authenticate(service.id, token, address=address)
    contracts.require_open(service, actor)
    return Context(actor, service, chosen, address, token, request.headers.get("User-Agent", ""))


def _service() -> ServiceRow:
    """Return the service of the URL, or the only one. Raises NotFound."""
    slug = (request.view_args or {}).get("service")
    service = organization.only_service() if slug is None else organization.service_by_slug(slug)
    if service is None:
        raise NotFound("There is no such service at this address." if slug else "Name the service: /{service}/graphql.")
    return service


def _bearer() -> str | None:
    """Return the token of the Authorization header; None when there is no such header."""
    header = request.headers.get("Authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _sdl(serving: Serving, chosen: Settings) -> str:
    """Return the schema as text, for those who may introspect it."""
    with db.connection():
        _context(chosen).actor.require("service.read")
    return serving.served.sdl
