"""Owns the marks that mail programs put before the subject of an answer, in English and Korean."""

import re

_MARKS = re.compile(r"\s*(?:(?:re|답장|회신)\s*[:：]\s*)+", re.IGNORECASE)


def is_answer(subject: str) -> bool:
    """Return whether the subject has a mark of an answer."""
    return _MARKS.match(subject) is not None


def without_marks(subject: str) -> str:
    """Return the subject without the marks of answers, however many there are."""
    found = _MARKS.match(subject)
    return subject[found.end() :] if found else subject
