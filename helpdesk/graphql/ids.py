"""Global ids: opaque outside, a type and a row inside, and the way back to what the actor may see.

A wrong type, another service's row and a missing one all decode to the same nothing.
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import strawberry

from helpdesk.graphql.context import Context
from helpdesk.kernel.errors import HelpdeskError, NotFound
from helpdesk.kernel.rows import Row

LARGEST = 2**63


@dataclass(frozen=True, slots=True)
class NodeKind:
    """A type that ids can name: its rows, the right to read it, and how to load rows by their ids.

    ``owner`` is the column that says whose a row is: a service's, an organization's, or a service itself by its ``id``.
    """

    name: str
    row_type: type[Row]
    right: str
    load: Callable[[Sequence[int | None]], Sequence[Any]]
    owner: str = "service_id"


_by_name: dict[str, NodeKind] = {}
_by_row: dict[type[Row], NodeKind] = {}


def declare(kind: NodeKind) -> None:
    """Let ids name the type."""
    _by_name[kind.name] = kind
    _by_row[kind.row_type] = kind


def rights() -> dict[str, str]:
    """Return the right to read each type that ids can name, by the type's name."""
    return {name: kind.right for name, kind in _by_name.items()}


def may_see(context: Context, thing: object) -> bool:
    """Return whether whoever asks has the right to what is shown; what ids cannot name has none."""
    kind = _by_row.get(type(thing))  # type: ignore[arg-type]  # of other types there is none
    return kind is None or context.actor.may(kind.right)


def encode(name: str, row_id: int) -> strawberry.ID:
    """Return the global id of a row."""
    text = f"{name}:{row_id}".encode()  # of letters, digits and a colon come no signs that a URL would mind
    return strawberry.ID(binascii.b2a_base64(text, newline=False).rstrip(b"=").decode())


def id_of(row: Row) -> strawberry.ID:
    """Return the global id of a row whose type was declared."""
    return encode(_by_row[type(row)].name, row.id)


def ids_of(rows: Sequence[Row]) -> list[str]:
    """Return the global ids of rows of one type."""
    if not rows:
        return []
    name = _by_row[type(rows[0])].name
    texts = [f"{name}:{row.id}" for row in rows]
    length = len(texts[0])
    if any(len(text) != length for text in texts):
        return [encode(name, row.id) for row in rows]
    # All of one length are encoded at once: filled up to threes, each stands in the same number of signs, of which
    # the fill's are cut off.
    fill = "\0" * (-length % 3)
    signs = binascii.b2a_base64(fill.join([*texts, ""]).encode(), newline=False).decode()
    width, kept = (length + len(fill)) * 4 // 3, -(-length * 4 // 3)
    return [signs[start : start + kept] for start in range(0, len(signs), width)]


def decode(global_id: str) -> tuple[str, int] | None:
    """Return type name and row id, or None for what is no id of ours."""
    try:
        text = base64.b64decode(
            global_id.encode() + b"=" * (-len(global_id) % 4), altchars=b"-_", validate=True
        ).decode()
    except (binascii.Error, UnicodeError):
        return None
    name, _, number = text.partition(":")
    if not (number.isascii() and number.isdigit() and len(number) <= 19 and int(number) < LARGEST):
        return None
    return (name, int(number)) if encode(name, int(number)) == global_id else None


def row_id(global_id: str | None, name: str, *, path: str) -> int | None:
    """Return the row id that an input names, None for no id. Raises NotFound for an id of another type."""
    if global_id is None:
        return None
    found = decode(global_id)
    if found is None or found[0] != name:
        raise NotFound(f"There is no such {name}.", path=(path,))
    return found[1]


def required_row_id(global_id: str, name: str, *, path: str) -> int:
    """Return the row id that an input names. Raises NotFound for an id of another type."""
    found = row_id(global_id, name, path=path)
    if found is None:
        raise NotFound(f"There is no such {name}.", path=(path,))
    return found


def load(context: Context, global_ids: Sequence[str]) -> list[Any]:
    """Return rows aligned with the ids, None for each that the actor may not know of; one statement a type."""
    found = [decode(global_id) for global_id in global_ids]
    rows: dict[tuple[str, int], Any] = {}
    for name in {item[0] for item in found if item is not None}:
        wanted = [item[1] for item in found if item is not None and item[0] == name]
        rows |= {(name, row.id): row for row in _visible(context, name, wanted)}
    return [rows.get(item) if item is not None else None for item in found]


def _visible(context: Context, name: str, row_ids: Sequence[int]) -> list[Any]:
    kind = _by_name.get(name)
    if kind is None:
        return []
    try:
        context.actor.require(kind.right)
    except HelpdeskError:
        return []
    rows = [row for row in kind.load(row_ids) if row is not None]
    here = context.service.organization_id if kind.owner == "organization_id" else context.service.id
    return [row for row in rows if getattr(row, kind.owner) == here]
