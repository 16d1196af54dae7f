"""Owns the question which mail of ours another mail brings back, as bounces and complaints do.

The mail that is attached decides; then the ``Message-ID`` in headers that are quoted as text; then what the
mail says that it answers; at last an id that stands alone somewhere in the text. The ids of the whole
conversation stand in the quoted ``References``, so that the first one found anywhere would often be another mail's.
"""

import re

from helpdesk_email.headers import Headers, read_headers
from helpdesk_email.identifiers import answered_ids, is_own_id, message_ids, own_ids
from helpdesk_email.structure import Part

_ORIGINALS = frozenset({
    "message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers", "message/global-headers",
})  # fmt: skip
_QUOTED_ID = re.compile(r"^[>| \t]*message-id[ \t]*:\s*<?([^\s<>]{1,250})", re.IGNORECASE | re.MULTILINE)
_QUOTED_TO = re.compile(r"^[>| \t]*(?:to|cc)[ \t]*:[ \t]*(.{1,2000})$", re.IGNORECASE | re.MULTILINE)


def original_of(root: Part) -> Headers:
    """Return the headers of the mail that is attached; none where there is none."""
    for leaf in root.leaves():
        if leaf.content_type in _ORIGINALS:
            data = leaf.data.lstrip(b"\r\n")
            return read_headers(data)[0]
    return Headers()


def original_id(root: Part, *, text: str) -> str | None:
    """Return the Message-ID of the mail of ours that this one, whose text is given, brings back; None for no such."""
    attached = message_ids(original_of(root).text("message-id"))
    quoted = [match[1] for match in _QUOTED_ID.finditer(text)]
    named = attached or quoted
    if named:
        return named[0] if is_own_id(named[0]) else None
    answered = [found for found in answered_ids(root.headers) if is_own_id(found)]
    written = own_ids(text)
    if answered:
        return answered[0]
    return written[0] if len(written) == 1 else None


def original_recipients(root: Part, *, text: str) -> list[str]:
    """Return to whom the mail that is brought back went, in lower case, as far as its headers are there."""
    original = original_of(root)
    if not original.fields:
        quoted = "\r\n".join(f"To: {match[1]}" for match in _QUOTED_TO.finditer(text))[:20_000].encode()
        original = read_headers(quoted)[0]
    people = [*original.mailboxes("to"), *original.mailboxes("cc")]
    return list(dict.fromkeys(mailbox.address.lower() for mailbox in people if mailbox.address))
