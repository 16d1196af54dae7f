"""What goes through the pipes between the desk and a channel's own process: frames of JSON, with bytes behind it.

Pickle lost: whoever reads it does what the writer says. Base64 lost: a mail of 50 MB was in memory six times. Times are
ISO texts; where bytes belong the JSON says how many, and they stand behind it in the same order. Before both stand
their lengths, and a frame has an end: a process that writes more than LARGEST is not listened to. ``json`` and not
orjson, because a text from outside may hold half of a surrogate pair, and is to arrive as it is.
"""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Any, BinaryIO, get_args, get_origin

from helpdesk.channels.answers import hints_of, without_none

LARGEST = 128 * 2**20
LENGTH_BYTES = 4
BYTES = "\0bytes"

Frame = dict[str, Any]


class TooLarge(Exception):
    """A frame would be larger than the other side takes."""


class Broken(Exception):
    """What came is no frame."""


def pack(frame: Mapping[str, Any]) -> list[bytes]:
    """Return the frame as the pieces that are to be written, one after the other. Raises TooLarge."""
    behind: list[bytes] = []

    def put(value: object) -> Frame:
        if not isinstance(value, bytes):
            raise TypeError(f"{type(value).__name__} is no value of a frame")
        behind.append(value)
        return {BYTES: len(value)}

    body = json.dumps(frame, default=put).encode("ascii")
    lengths = len(body), sum(map(len, behind))
    if sum(lengths) > LARGEST:
        raise TooLarge(f"more than {LARGEST // 2**20} MiB")
    return [b"".join(length.to_bytes(LENGTH_BYTES, "big") for length in lengths) + body, *behind]


def read(pipe: BinaryIO) -> Frame | None:
    """Return the next frame of a buffered pipe; None when it has ended. Raises Broken."""
    head = _exactly(pipe, 2 * LENGTH_BYTES)
    if head is None:
        return None
    lengths = int.from_bytes(head[:LENGTH_BYTES], "big"), int.from_bytes(head[LENGTH_BYTES:], "big")
    if sum(lengths) > LARGEST:
        raise Broken(f"it wrote a frame of more than {LARGEST // 2**20} MiB")
    body, behind = (_exactly(pipe, length) for length in lengths)
    if body is None or behind is None:
        return None
    return _frame(body, behind)


def _frame(body: bytes, behind: bytes) -> Frame:
    """Return the frame; each byte behind it is given out once, so that no small frame makes much."""
    place = 0

    def take(found: Frame) -> Any:
        nonlocal place
        if found.keys() != {BYTES}:
            return found
        length = found[BYTES]
        if not isinstance(length, int) or not 0 <= length <= len(behind) - place:
            raise Broken("it wrote fewer bytes than it says")
        place += length
        return behind[place - length : place]  # of all of them no copy is made

    try:
        frame = json.loads(body, object_hook=take)
    except (ValueError, RecursionError) as error:
        raise Broken("it wrote what is no JSON") from error
    if not isinstance(frame, dict):
        raise Broken("it wrote what is no frame")
    return frame


def _exactly(pipe: BinaryIO, count: int) -> bytes | None:
    """Return so many bytes; None when the pipe ends before."""
    got = pipe.read(count)
    return got if len(got) == count else None


def plain(value: Any) -> Any:
    """Return a value of the SDK as frames have it; ``made`` is the way back."""
    if is_dataclass(value):
        return {one.name: plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, tuple | list):
        return [plain(one) for one in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return value.value if isinstance(value, Enum) else value


def made(kind: Any, value: Any) -> Any:
    """Return the value of the SDK that stands in a frame. Raises Broken when there stands none of the kind."""
    try:
        return _made(kind, value)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise Broken("it wrote what does not fit") from error


def _made(kind: Any, value: Any) -> Any:
    kind, _ = without_none(kind)
    if value is None:
        return None
    if is_dataclass(kind) and isinstance(kind, type):
        hints = hints_of(kind)
        return kind(**{one.name: _made(hints[one.name], value[one.name]) for one in fields(kind)})
    if get_origin(kind) is tuple:
        return tuple(_made(get_args(kind)[0], one) for one in value)
    if kind is bytes and not isinstance(value, bytes):
        raise TypeError
    if kind is datetime:
        return datetime.fromisoformat(value)
    return kind(value) if isinstance(kind, type) and issubclass(kind, Enum) else value
