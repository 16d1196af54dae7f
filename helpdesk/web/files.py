"""Bytes in and out: uploads that were announced, and attachments and raw messages by signed, expiring links.

Files come from strangers: they are always a download, never a page of ours, whatever they claim to
be. Raster images keep their type, so that a message's HTML can show them.
"""

from typing import BinaryIO, cast
from urllib.parse import quote

from flask import Blueprint, Response, request
from werkzeug.wsgi import wrap_file

from helpdesk.channels import queries as channels
from helpdesk.channels.rules import RAW, RAW_SECONDS, raw_name
from helpdesk.kernel import crypto, db
from helpdesk.kernel.errors import Conflict, HelpdeskError, LimitExceeded, NotFound, Unauthenticated, Unavailable
from helpdesk.kernel.settings import Settings
from helpdesk.kernel.storage import storage
from helpdesk.organization import queries as organization
from helpdesk.tickets import attachments, queries
from helpdesk.tickets.attachments import DOWNLOAD, LINK_SECONDS
from helpdesk.web.replies import plain

SHOWN = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
POLICY = "default-src 'none'; sandbox"


def blueprint(settings: Settings) -> Blueprint:
    """Return the routes ``/<service>/uploads/<token>``, ``/<service>/files/<token>/<name>`` and the inbox's."""
    routes = Blueprint("files", __name__)

    @routes.put("/<service>/uploads/<token>")
    def upload(service: str, token: str) -> Response:
        """Take the bytes of an announced file."""
        if (request.content_length or 0) > settings.max_file_bytes:
            raise LimitExceeded(f"A file has at most {settings.max_file_bytes} bytes.", code="FILE_TOO_LARGE")
        with db.connection():
            attachments.fill_upload(token, cast("BinaryIO", request.stream), service_id=_service_id(service))
        return Response(status=204)

    @routes.get("/<service>/files/<token>/<name>")
    def download(service: str, token: str, name: str) -> Response:  # noqa: ARG001  # the name is for people
        """Give out an attachment to whoever has a link that still holds."""
        file_id = crypto.keyring().unsign(token, purpose=DOWNLOAD, max_age_seconds=LINK_SECONDS)
        with db.connection():
            file = queries.attachments_by_ids([file_id if isinstance(file_id, int) else None])[0]
            if file is None or file.service_id != _service_id(service):
                raise NotFound("There is no such file.")
        return _given_out(file.storage_key, file.filename, file.size, shown_as=file.content_type)

    @routes.get("/<service>/inbox/<token>/<name>")
    def raw(service: str, token: str, name: str) -> Response:  # noqa: ARG001  # as above
        """Give out what came in, byte for byte, to whoever has a link that still holds."""
        row_id = crypto.keyring().unsign(token, purpose=RAW, max_age_seconds=RAW_SECONDS)
        with db.connection():
            row = channels.inbox_by_ids([row_id if isinstance(row_id, int) else None])[0]
            if row is None or row.service_id != _service_id(service):
                raise NotFound("There is no such message.")
            (driver,) = channels.drivers_of_accounts([row.account_id])
        return _given_out(row.storage_key, raw_name(driver, row.digest), row.size)

    @routes.errorhandler(HelpdeskError)
    def refused(error: HelpdeskError) -> Response:
        """Say in a sentence what is wrong."""
        statuses = {Unauthenticated: 403, NotFound: 404, Conflict: 409, LimitExceeded: 413, Unavailable: 503}
        return plain(error.message, next((code for kind, code in statuses.items() if isinstance(error, kind)), 400))

    return routes


def _given_out(storage_key: str, filename: str, size: int, *, shown_as: str = "") -> Response:
    """Return the bytes as a download, whatever they are; what is ``shown_as`` an image may also be part of a page.

    Browsers show a download where an ``img`` names it and nowhere else, so what is both image and page is run by none.
    """
    response = Response(wrap_file(request.environ, storage().open(storage_key)), direct_passthrough=True)
    response.headers["Content-Type"] = shown_as if shown_as in SHOWN else "application/octet-stream"
    response.headers["Content-Length"] = str(size)
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(filename, safe='')}"
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, max-age=3600"
    return response


def _service_id(slug: str) -> int:
    service = organization.service_by_slug(slug)
    if service is None:
        raise NotFound("There is no such service.")
    return service.id
