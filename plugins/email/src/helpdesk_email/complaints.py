"""Owns complaints (RFC 5965): a recipient has told their provider that a mail of ours is unwanted.

Only a report that brings back a Message-ID of ours is believed. A report that a mail is no spam, and one about
authentication, is no complaint.
"""

from helpdesk.sdk.channel import DeliveryReport, RecipientVerdict, Verdict
from helpdesk_email.addresses import parse_mailboxes
from helpdesk_email.cleaning import single_line
from helpdesk_email.headers import Headers, read_headers
from helpdesk_email.originals import original_id, original_recipients
from helpdesk_email.structure import Part

MAX_RECIPIENTS = 20
MAX_REASON = 200

_KINDS = frozenset({"abuse", "fraud", "virus", "opt-out", "opt-out-list", "miscategorized"})


def read_complaint(root: Part, *, text: str) -> DeliveryReport | None:
    """Return the complaint that the mail, whose text is given, is, or None if it is none about a mail of ours."""
    reports = [leaf for leaf in root.leaves() if leaf.content_type == "message/feedback-report"]
    if not reports:
        return None
    data = reports[0].data.lstrip(b"\r\n")
    report = read_headers(data)[0]
    kind = report.value("feedback-type").value
    original = original_id(root, text=text)
    if original is None or kind not in _KINDS:
        return None
    reporter = report.text("user-agent") or report.text("reporting-mta")
    reason = single_line(f"complaint: {kind} {reporter}", limit=MAX_REASON)
    people = _complainers(report, original_recipients(root, text=text))
    return DeliveryReport(original, tuple(RecipientVerdict(one, Verdict.COMPLAINED, reason, True) for one in people))


def _complainers(report: Headers, addressed: list[str]) -> list[str]:
    """Return who complains: whom the report names, unless it hides them, as many do; then whom the mail went to.

    One empty address where neither says who.
    """
    named = [one.address for value in report.all("original-rcpt-to") for one in parse_mailboxes(value) if one.address]
    known = [address for address in named if address.lower() in addressed]
    if known or (named and len(addressed) != 1):
        return (known or named)[:MAX_RECIPIENTS]
    return addressed if len(addressed) == 1 else [""]
