"""Owns delivery reports (RFC 3464): what became of a mail that we sent.

Believed only if the Message-ID of the mail that it brings back has the shape of ours. What mail systems
write in words alone is read in ``plain_bounces``; everything else stays a message, marked as automatic.
"""

import re

from helpdesk.sdk.channel import DeliveryReport, RecipientVerdict, Verdict
from helpdesk_email.addresses import parse_mailboxes
from helpdesk_email.cleaning import single_line
from helpdesk_email.headers import Headers, read_headers
from helpdesk_email.originals import original_id
from helpdesk_email.structure import Part

MAX_RECIPIENTS = 500
MAX_REASON = 500

_REPORTS = frozenset({"message/delivery-status", "message/global-delivery-status"})
_VERDICTS = {
    "failed": Verdict.FAILED,
    "delayed": Verdict.DELAYED,
    "delivered": Verdict.ACCEPTED,
    "relayed": Verdict.ACCEPTED,
    "expanded": Verdict.ACCEPTED,
}
# The address is wrong or closed; a full mailbox (5.2.2) or a policy (5.7) is not the address's fault.
_DEAD = re.compile(r"5\.(?:1\.(?:1|2|3|6|10)|2\.1|4\.4)(?![0-9])")
_BLANK_LINE = re.compile(rb"\n[ \t\r]*\n")


def is_dead_address(status: str) -> bool:
    """Return whether an enhanced status code (RFC 3463), alone or within a reply, says that the address is no good."""
    return _DEAD.search(status) is not None


def read_report(root: Part, *, text: str) -> DeliveryReport | None:
    """Return the report that the mail, whose text is given, is, or None if it is none about a mail of ours."""
    statuses = [leaf for leaf in root.leaves() if leaf.content_type in _REPORTS]
    if not statuses:
        return None
    verdicts = [verdict for status in statuses for verdict in _verdicts(status.data)]
    if not verdicts:
        return None
    original = original_id(root, text=text)
    return DeliveryReport(original, tuple(verdicts[:MAX_RECIPIENTS])) if original else None


def _verdicts(data: bytes) -> list[RecipientVerdict]:
    """Read the groups of fields, one a recipient; a group without a recipient is about the whole mail."""
    groups = [read_headers(group)[0] for group in _BLANK_LINE.split(data.strip())[: MAX_RECIPIENTS + 1]]
    return [verdict for group in groups if (verdict := _verdict(group)) is not None]


def _verdict(group: Headers) -> RecipientVerdict | None:
    recipient = _recipient(group, "original-recipient") or _recipient(group, "final-recipient")
    verdict = _VERDICTS.get(group.value("action").value)
    if not recipient or verdict is None:
        return None
    status, diagnostic = group.text("status", limit=20), group.text("diagnostic-code").partition(";")[2]
    reason = single_line(f"{status} {diagnostic}", limit=MAX_REASON)
    is_permanent = verdict is Verdict.FAILED and is_dead_address(status if status.count(".") == 2 else diagnostic)
    return RecipientVerdict(recipient, verdict, reason, is_permanent)


def _recipient(group: Headers, name: str) -> str:
    """Return the address behind its type, as in ``rfc822; a@b.example``."""
    value = group.first(name) or b""
    found = parse_mailboxes(value.partition(b";")[2] or value)
    return found[0].address if found else ""
