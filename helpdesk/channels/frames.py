"""What goes through the pipes between the desk and a channel's own process: JSON, each frame with its length before it.

Pickle lost: whoever reads it does what the writer says. Times are ISO texts, bytes are base64, and a
frame has an end: a process that writes more than LARGEST is not listened to. ``json`` and not orjson,
because a text from outside may hold half of a surrogate pair, and is to arrive as it is.
"""

import json
import os
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Any, get_args, get_origin

from helpdesk.channels.answers import hints_of, without_none

LARGEST = 128 * 2**20
LENGTH_BYTES = 4
MOST_AT_ONCE = 2**20

Frame = dict[str, Any]


class TooLarge(Exception):
    """A frame would be larger than the other side takes."""


class Broken(Exception):
    """What came is no frame."""


def pack(frame: Mapping[str, Any]) -> bytes:
    """Return the frame as bytes. Raises TooLarge."""
    body = json.dumps(frame).encode("ascii")
    if len(body) > LARGEST:
        raise TooLarge(f"more than {LARGEST // 2**20} MiB")
    return len(body).to_bytes(LENGTH_BYTES, "big") + body


def read(pipe: int) -> Frame | None:
    """Return the next frame of the pipe; None when it has ended. Raises Broken."""
    head = _exactly(pipe, LENGTH_BYTES)
    if head is None:
        return None
    length = int.from_bytes(head, "big")
    if length > LARGEST:
        raise Broken(f"it wrote a frame of more than {LARGEST // 2**20} MiB")
    body = _exactly(pipe, length)
    if body is None:
        return None
    try:
        frame = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Broken("it wrote what is no JSON") from error
    if not isinstance(frame, dict):
        raise Broken("it wrote what is no frame")
    return frame


def _exactly(pipe: int, count: int) -> bytes | None:
    """Return so many bytes; None when the pipe ends before."""
    got = bytearray()
    while len(got) < count:
        some = os.read(pipe, min(count - len(got), MOST_AT_ONCE))
        if not some:
            return None
        got += some
    return bytes(got)


def plain(value: Any) -> Any:
    """Return a value of the SDK as JSON has it; ``made`` is the way back."""
    if is_dataclass(value):
        return {one.name: plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, tuple | list):
        return [plain(one) for one in value]
    if isinstance(value, bytes):
        return b64encode(value).decode("ascii")
    if isinstance(value, datetime):
        return value.isoformat()
    return value.value if isinstance(value, Enum) else value


def made(kind: Any, value: Any) -> Any:
    """Return the value of the SDK that JSON stands for. Raises Broken when it stands for none of the kind."""
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
    if kind is bytes:
        return b64decode(value)
    if kind is datetime:
        return datetime.fromisoformat(value)
    return kind(value) if isinstance(kind, type) and issubclass(kind, Enum) else value
