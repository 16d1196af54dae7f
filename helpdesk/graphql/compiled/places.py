"""Where the values of a column stand in the answer. Worked out for errors only; a run without one never asks.

A place is told in two ways: as the *path* that a client reads (names and list indexes), and as the *position* in
which the reference executor would come by (ordinals of fields in place of their names), by which errors are sorted.
"""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

Path = list[str | int]
Position = tuple[int, ...]


class Places:
    """The places of one column: each the item of a list, the field of a row, or (around is None) the whole answer.

    ``sizes`` are the lengths of the lists around, for items; ``picked`` are those places of the column that are
    left, when some are not.
    """

    __slots__ = ("_around", "_ends", "_key", "_ordinal", "_picked", "_sizes", "is_nullable")

    def __init__(
        self,
        around: "Places | None" = None,
        *,
        key: str = "",
        ordinal: int = 0,
        sizes: Sequence[int] | None = None,
        is_nullable: bool = True,
    ) -> None:
        self._around, self._key, self._ordinal, self._sizes = around, key, ordinal, sizes
        self._picked: Sequence[int] | None = None
        self._ends: list[int] = []
        self.is_nullable = is_nullable

    def only(self, picked: Sequence[int]) -> "Places":
        """Return these places alone."""
        made = Places(
            self._around, key=self._key, ordinal=self._ordinal, sizes=self._sizes, is_nullable=self.is_nullable
        )
        made._picked = picked if self._picked is None else [self._picked[place] for place in picked]
        return made

    def path(self, place: int) -> Path:
        """Return the path of a place, as a client is told it."""
        if self._around is None:
            return []
        outer, index = self._step(place)
        return [*self._around.path(outer), self._key if index is None else index]

    def position(self, place: int) -> Position:
        """Return where a place comes in the order of execution; a place within it has a longer one."""
        if self._around is None:
            return ()
        outer, index = self._step(place)
        return (*self._around.position(outer), self._ordinal if index is None else index)

    def nulled(self, place: int) -> Position:
        """Return the position that becomes null when there is no value for a place: its own, or one around it."""
        if self.is_nullable or self._around is None:
            return self.position(place)
        return self._around.nulled(self._step(place)[0])

    def survivors(self, lost: Sequence[int], count: int) -> list[int]:
        """Return which of ``count`` places go on when some are lost.

        The others are those lost, and what comes after one of them in that which its loss makes null.
        """
        gone, left = set(lost), []
        end: Position | None = None
        for place in range(count):
            if place in gone:
                end = self.nulled(place)
            elif end is None or not is_within(self.position(place), end):
                left.append(place)
        return left

    def _step(self, place: int) -> tuple[int, int | None]:
        """Return the place around it, and the index in the list that this is."""
        if self._picked is not None:
            place = self._picked[place]
        if self._sizes is None:
            return place, None
        if not self._ends:
            self._ends = list(accumulate(self._sizes))
        outer = bisect_right(self._ends, place)
        return outer, place - (self._ends[outer] - self._sizes[outer])


def is_within(position: Position, around: Position) -> bool:
    """Return whether a position is another, or lies in it."""
    return position[: len(around)] == around
