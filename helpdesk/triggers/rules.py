"""What an action may answer, looked through to the last value, and how often its work outside is tried. No database."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

import orjson

from helpdesk.kernel.condition_syntax import LARGEST_NUMBER
from helpdesk.plugins.guard import WrongAnswer, expect, listed
from helpdesk.sdk.action import AddNote, AddTags, Assign, Effect, Later, RemoveTags, Reply, SetStatus
from helpdesk.tickets.rules import LONGEST_BODY, LONGEST_TAG, MOST_TAGS, TicketStatus

MOST_EFFECTS = 20
MOST_DATA_BYTES = 65_536
MOST_TRIES = 20
LONGEST_REASON = 1000


class JobState(StrEnum):
    """How far an action's work outside is. Waiting ones are QUEUED or RETRYING, the others are at rest."""

    QUEUED = "QUEUED"
    RETRYING = "RETRYING"
    DONE = "DONE"
    FAILED = "FAILED"


def check_effects(answer: Any) -> list[Effect]:
    """Return an action's effects as plain values. Raises WrongAnswer for what is none, and for too many.

    To be called where the deadline holds.
    """
    return [_CHECKS[type(effect)](effect) for effect in listed(answer, *_CHECKS, most=MOST_EFFECTS)]


def _set_status(effect: Any) -> Effect:
    if expect(effect.status, str) not in set(TicketStatus):
        raise WrongAnswer(f"it answered the status {effect.status[:40]!r}, which there is not")
    return SetStatus(str(effect.status))


def _assign(effect: Any) -> Effect:
    return Assign(_id(effect.agent_id), _id(effect.group_id))


def _reply(effect: Any) -> Effect:
    return Reply(_text(effect.text))


def _add_note(effect: Any) -> Effect:
    return AddNote(_text(effect.text))


def _add_tags(effect: Any) -> Effect:
    return AddTags(_tags(effect.tags))


def _remove_tags(effect: Any) -> Effect:
    return RemoveTags(_tags(effect.tags))


def _later(effect: Any) -> Effect:
    data = dict(expect(effect.data, Mapping))
    try:
        written = orjson.dumps(data)
    except TypeError as error:
        raise WrongAnswer(f"it left data that is no JSON: {error}") from None
    if len(written) > MOST_DATA_BYTES:
        raise WrongAnswer(f"it left {len(written)} bytes of data; at most {MOST_DATA_BYTES} are kept")
    return Later(orjson.loads(written))


def _id(value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not 0 < expect(value, int) <= LARGEST_NUMBER:
        raise WrongAnswer("it answered an id that is none")
    return int(value)


def _text(value: Any) -> str:
    if not 1 <= len(expect(value, str).strip()) <= len(value) <= LONGEST_BODY:
        raise WrongAnswer(f"it answered a text that has not 1 to {LONGEST_BODY} characters")
    return str(value)


def _tags(value: Any) -> tuple[str, ...]:
    tags = listed(value, str, most=MOST_TAGS)
    if not tags or any(not 1 <= len(tag.strip()) <= LONGEST_TAG for tag in tags):
        raise WrongAnswer(f"it answered tags that are not all lines of 1 to {LONGEST_TAG} characters")
    return tuple(tags)


_CHECKS: Mapping[type, Callable[[Any], Effect]] = {
    SetStatus: _set_status,
    Assign: _assign,
    Reply: _reply,
    AddNote: _add_note,
    AddTags: _add_tags,
    RemoveTags: _remove_tags,
    Later: _later,
}
