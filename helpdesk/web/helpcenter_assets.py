"""Sends the files of themes. Refuses types that are not named here, and everything outside a theme's assets."""

from pathlib import PurePosixPath

from flask import Response

from helpdesk.helpcenter import pages
from helpdesk.helpcenter.themes import Themes
from helpdesk.web import helpcenter_answers as answers

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".ico": "image/x-icon",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
}
IMMUTABLE = "public, max-age=31536000, immutable"
"""For an address that carries the hash of what it answers."""
REVALIDATED = "no-cache"
"""For an old hash: while a new version is rolled out, old pages still get a style sheet, but nobody keeps it."""


def asset(themes: Themes, name: str, *, fingerprint: str, path: str) -> Response:
    """Return the file of the theme ``name``; its settings' style sheet is made, not read."""
    theme = themes.theme(name)
    content_type = TYPES.get(PurePosixPath(path).suffix.lower())
    if theme is None or content_type is None:
        answers.refuse(404)
    if path == pages.SETTINGS_SHEET:
        line = themes.line(name)
        current = pages.settings_fingerprint(line)
        body = pages.settings_sheet(line).encode()
    else:
        file = theme.file("assets", path)
        if file is None:
            answers.refuse(404)
        current, body = theme.fingerprint, file.read_bytes()
    response = Response(body, content_type=content_type)
    response.headers["Cache-Control"] = IMMUTABLE if fingerprint == current else REVALIDATED
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    return response
