"""Links to files: signed, expiring, and never a secret that lasts."""

import html
import re
from collections.abc import Sequence
from urllib.parse import quote, unquote

from helpdesk.channels.queries import InboxItemRow
from helpdesk.channels.rules import RAW
from helpdesk.graphql.context import Context
from helpdesk.kernel.crypto import keyring
from helpdesk.tickets import queries
from helpdesk.tickets.attachments import DOWNLOAD, upload_token
from helpdesk.tickets.queries import AttachmentRow, MessageRow

# Sanitised HTML alone is read so: its tags are closed, its values stand in double quotes and hold none.
_CID = re.compile(r'(<img(?:[^">]|"[^"]*")*?) src="cid:([^"]{1,1000})"', re.IGNORECASE)
_REMOTE = re.compile(r'(<img(?:[^">]|"[^"]*")*?) src="https?:[^"]*"', re.IGNORECASE)


def attachment(context: Context, row: AttachmentRow) -> str:
    """Return where the file can be downloaded for an hour."""
    token = keyring().sign(row.id, purpose=DOWNLOAD)
    return f"{context.url}/files/{token}/{quote(row.filename)}"


def raw(context: Context, row: InboxItemRow, name: str) -> str:
    """Return where the bytes that came in can be downloaded for an hour, under the name."""
    return f"{context.url}/inbox/{keyring().sign(row.id, purpose=RAW)}/{quote(name)}"


def upload(context: Context, upload_id: int) -> str:
    """Return where the bytes of an upload can be PUT, once, within the hour."""
    return f"{context.url}/uploads/{upload_token(upload_id)}"


def has_remote_images(body: str | None) -> bool:
    """Return whether a browser that shows the HTML would fetch images from elsewhere."""
    return body is not None and _REMOTE.search(body) is not None


def new_html(row: MessageRow, body: str | None) -> str | None:
    """Return the message's HTML without the quoted rest."""
    return body if body is None else body[: row.html_quoted_from]


def quoted_html(row: MessageRow, body: str | None) -> str | None:
    """Return the quoted rest of the message's HTML; None without any."""
    return None if body is None or row.html_quoted_from is None else body[row.html_quoted_from :]


def with_images(
    context: Context, rows: Sequence[MessageRow], bodies: Sequence[str | None], *, remote: bool
) -> list[str | None]:
    """Return the messages' HTML, or what of it is given, ``cid:`` images replaced by links, in one statement at most.

    Without ``remote`` an image from elsewhere shows its alternative text: fetching it would tell its owner that the
    mail is being read, by whom and when. Source: SECURITY A6.
    """
    showing = [row.id for row, body in zip(rows, bodies, strict=True) if body and _CID.search(body)]
    files = dict(zip(showing, queries.attachments_of_messages(showing) if showing else (), strict=True))
    shown = [body if remote or not body else _REMOTE.sub(r"\1", body) for body in bodies]
    return [_linked(context, body, files.get(row.id, [])) for row, body in zip(rows, shown, strict=True)]


def _linked(context: Context, body: str | None, files: Sequence[AttachmentRow]) -> str | None:
    by_content_id = {file.content_id: file for file in files if file.content_id}

    def link(match: re.Match[str]) -> str:
        file = next((by_content_id[one] for one in _meant(match) if one in by_content_id), None)
        return f'{match[1]} src="{html.escape(attachment(context, file)) if file else ""}"'

    return _CID.sub(link, body) if body else body


def _meant(match: re.Match[str]) -> tuple[str, str]:
    """Return the content id that an image names: as it stands there, and with its ``%40`` undone (RFC 2392)."""
    named = html.unescape(match[2])
    return named, unquote(named)


def are_inline(rows: Sequence[AttachmentRow]) -> list[bool]:
    """Return whether each file is an image that the HTML of its message shows, in one statement at most."""
    named = sorted({row.message_id for row in rows if row.content_id})
    shown = {
        message_id: _shown(body or "") for message_id, body in zip(named, queries.html_of_messages(named), strict=True)
    }
    return [row.content_id is not None and row.content_id in shown.get(row.message_id, ()) for row in rows]


def _shown(body: str) -> frozenset[str]:
    return frozenset(one for match in _CID.finditer(body) for one in _meant(match))
