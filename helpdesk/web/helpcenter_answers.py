"""Owns what all answers of the help center share: headers, cookies, languages, refusals. Refuses to know pages."""

from html import escape
from http import HTTPStatus
from typing import Any, NoReturn

from flask import Response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound, abort

from helpdesk.helpcenter.pages import Place
from helpdesk.kernel import errors
from helpdesk.kernel.db import UNREACHABLE

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
)
LANGUAGE_COOKIE = "hd_language"
LANGUAGE_SECONDS = 365 * 24 * 3600
CHUNK = 64 * 1024

_STATUSES = {
    errors.Invalid: 422,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.LimitExceeded: 429,
    errors.Unavailable: 503,
    **dict.fromkeys(UNREACHABLE, 503),
}


def page(html: str, *, status: int = 200, caching: str = "no-store") -> Response:
    """Return the HTML with the headers that every page carries. Source: SECURITY A4."""
    response = Response(html, status, mimetype="text/html")
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Cache-Control"] = caching
    return response


def redirect(path: str, *, status: int) -> Response:
    """Lead to a path of this site; the address stays without a host."""
    response = page("", status=status)
    response.headers["Location"] = path
    return response


def plain_page(status: int, request_id: str) -> str:
    """Return a page that needs no theme, for when the default theme itself fails."""
    title = f"{status} {HTTPStatus(status).phrase}"
    hint = "This page cannot be shown at the moment. 지금은 이 페이지를 표시할 수 없습니다."
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f"<h1>{title}</h1><p>{hint}</p><p>{escape(request_id)}</p></html>"
    )


def allow(*methods: str) -> None:
    """Go on only for these methods."""
    if request.method not in methods:
        raise MethodNotAllowed(valid_methods=methods)


def refuse(status: int) -> NoReturn:
    """Answer with the error page of the status."""
    if status == 404:
        raise NotFound
    abort(status)


def status_of(error: Exception) -> int:
    """Return the HTTP status that an error is answered with; 500 for what nobody expected."""
    if isinstance(error, HTTPException):
        return error.code or 500
    return next((status for kind, status in _STATUSES.items() if isinstance(error, kind)), 500)


def language(offered: tuple[str, ...], default: str) -> str:
    """Return the visitor's language: what the cookie remembers, what the browser asks for, or ``default``."""
    remembered = request.cookies.get(LANGUAGE_COOKIE, "")
    if remembered in offered:
        return remembered
    return request.accept_languages.best_match(offered) or default


def remember_language(response: Response, place: Place) -> Response:
    """Keep the language in a cookie if the visitor chose another than the one we would have shown."""
    service = place.service
    if service is not None and language(service.languages, service.default_language) != place.locale:
        set_cookie(response, LANGUAGE_COOKIE, place.locale, place=place, max_age=LANGUAGE_SECONDS)
    return response


def set_cookie(response: Response, name: str, value: str, *, place: Place, **options: Any) -> None:
    """Set a cookie that no script reads and no other site sends along."""
    path = place.links.prefix or "/"
    is_secure = place.links.is_secure
    response.set_cookie(name, value, path=path, httponly=True, samesite="Lax", secure=is_secure, **options)


def drain(most: int) -> None:
    """Read away a body that is too large, up to twice ``most``: a browser shows no answer before it has sent all."""
    left = min(request.content_length or 0, 2 * most)
    stream = request.environ["wsgi.input"]
    while left > 0:
        chunk = stream.read(min(left, CHUNK))
        if not chunk:
            return
        left -= len(chunk)
