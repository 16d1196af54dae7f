"""Links to files: signed, expiring, and never a secret that lasts."""

import html
import re
from collections.abc import Sequence
from urllib.parse import quote

from helpdesk.graphql.context import Context
from helpdesk.kernel.crypto import keyring
from helpdesk.tickets import queries
from helpdesk.tickets.attachments import DOWNLOAD, upload_token
from helpdesk.tickets.queries import AttachmentRow, MessageRow

_CID = re.compile(r'src="cid:([^"]{1,400})"')


def attachment(context: Context, row: AttachmentRow) -> str:
    """Return where the file can be downloaded for an hour."""
    token = keyring().sign(row.id, purpose=DOWNLOAD)
    return f"{context.url}/files/{token}/{quote(row.filename)}"


def upload(context: Context, upload_id: int) -> str:
    """Return where the bytes of an upload can be PUT, once, within the hour."""
    return f"{context.url}/uploads/{upload_token(upload_id)}"


def with_inline_images(context: Context, rows: Sequence[MessageRow]) -> list[str | None]:
    """Return each message's HTML with ``cid:`` images replaced by links, in one statement at most."""
    showing = [row.id for row in rows if row.body_html and "cid:" in row.body_html]
    files = dict(zip(showing, queries.attachments_of_messages(showing) if showing else (), strict=True))
    return [_linked(context, row.body_html, files.get(row.id, [])) for row in rows]


def _linked(context: Context, body: str | None, files: Sequence[AttachmentRow]) -> str | None:
    by_content_id = {file.content_id: file for file in files if file.content_id}

    def link(match: re.Match[str]) -> str:
        file = by_content_id.get(html.unescape(match.group(1)))
        return f'src="{html.escape(attachment(context, file))}"' if file else 'src=""'

    return _CID.sub(link, body) if body else body
