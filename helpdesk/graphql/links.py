"""Links to files: signed, expiring, and never a secret that lasts."""

import html
import re
from collections.abc import Sequence
from urllib.parse import quote

from helpdesk.channels.queries import InboxItemRow
from helpdesk.channels.rules import RAW
from helpdesk.graphql.context import Context
from helpdesk.kernel.crypto import keyring
from helpdesk.tickets import queries
from helpdesk.tickets.attachments import DOWNLOAD, upload_token
from helpdesk.tickets.queries import AttachmentRow, MessageRow

_CID = re.compile(r'src="cid:([^"]{1,400})"')
# Sanitised HTML alone is read so: its tags are closed, its values stand in double quotes and hold none.
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


def has_remote_images(row: MessageRow) -> bool:
    """Return whether a browser that shows the message's HTML would fetch images from elsewhere."""
    return row.body_html is not None and _REMOTE.search(row.body_html) is not None


def with_images(context: Context, rows: Sequence[MessageRow], *, remote: bool) -> list[str | None]:
    """Return each message's HTML, its ``cid:`` images replaced by links, in one statement at most.

    Without ``remote`` an image from elsewhere shows its alternative text: fetching it would tell its owner that the
    mail is being read, by whom and when. Source: SECURITY A6.
    """
    showing = [row.id for row in rows if row.body_html and "cid:" in row.body_html]
    files = dict(zip(showing, queries.attachments_of_messages(showing) if showing else (), strict=True))
    bodies = [row.body_html if remote or not row.body_html else _REMOTE.sub(r"\1", row.body_html) for row in rows]
    return [_linked(context, body, files.get(row.id, [])) for row, body in zip(rows, bodies, strict=True)]


def _linked(context: Context, body: str | None, files: Sequence[AttachmentRow]) -> str | None:
    by_content_id = {file.content_id: file for file in files if file.content_id}

    def link(match: re.Match[str]) -> str:
        file = by_content_id.get(html.unescape(match.group(1)))
        return f'src="{html.escape(attachment(context, file))}"' if file else 'src=""'

    return _CID.sub(link, body) if body else body
