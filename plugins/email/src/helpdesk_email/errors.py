"""Owns the one error of reading: a mail that is not to be understood. Everything else is read somehow."""

from helpdesk.sdk.channel import Refused


class Unreadable(Refused):
    """The mail is built to break its reader, or is no mail; the same bytes would be refused again, so set it aside."""
