"""The explorer: GraphiQL for a browser that opens the GraphQL address, from our own origin alone.

Owns the page and its files. Refuses inline scripts, eval and foreign hosts by its content security
policy, which is why a CDN, strawberry's way, is no choice. Styles need a nonce: a part of GraphiQL
writes style elements.

GraphiQL's files are not in the repository: hatch_build.py fetches them by npm when the distribution is
built. Where that could not be done the page says so, says how to do it, and offers the schema as text.
GraphiQL 3.9 and React 18 because they come as single files; 5 needs a bundler and 6 MB.
"""

import secrets
from pathlib import Path

from flask import Blueprint, Request, Response, render_template, request, send_from_directory

ROOT = Path(__file__).parent / "static"
BUILT = ROOT / "graphiql"
OURS = ROOT / "explorer"
NEEDED = ("graphiql.min.js", "graphiql.min.css", "react.production.min.js", "react-dom.production.min.js")
MAX_AGE_SECONDS = 3_600
JSON_TYPES = ("application/json", "application/graphql-response+json")


def is_wanted(request: Request) -> bool:
    """Return whether a browser opened the address, rather than a client sending a query."""
    if request.method not in {"GET", "HEAD"} or "query" in request.args:
        return False
    named = {value.partition(";")[0].strip().lower(): quality for value, quality in request.accept_mimetypes}
    html = named.get("text/html", 0)  # a client that takes anything, such as curl, does not name it
    return html > 0 and html >= max(named.get(other, 0) for other in JSON_TYPES)


def page() -> Response:
    """Return the explorer, or the page that says what is missing."""
    nonce = secrets.token_urlsafe(16)
    is_built = all((BUILT / name).is_file() for name in NEEDED)
    response = Response(render_template("explorer.html", is_built=is_built, nonce=nonce, address=request.path))
    response.headers["Content-Security-Policy"] = _policy(nonce)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Vary"] = "Accept"
    return response


def turned_off() -> Response:
    """Return the answer to a browser where the explorer is not served."""
    text = "The explorer is turned off here. This is a GraphQL address: send queries by POST, as application/json.\n"
    response = Response(text, 404, content_type="text/plain; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    response.headers["Vary"] = "Accept"
    return response


def add_files(blue: Blueprint) -> None:
    """Add the routes of the explorer's files, ours and those that were built."""

    def send(folder: Path, filename: str) -> Response:
        response = send_from_directory(folder, filename, max_age=MAX_AGE_SECONDS)
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    blue.add_url_rule("/static/explorer/<path:filename>", "explorer_file", lambda filename: send(OURS, filename))
    blue.add_url_rule("/static/graphiql/<path:filename>", "graphiql_file", lambda filename: send(BUILT, filename))


def _policy(nonce: str) -> str:
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            f"style-src 'self' 'nonce-{nonce}'",
            "img-src 'self' data:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )
