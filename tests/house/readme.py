"""Reads the code blocks of a README, each with the comment above it that says how it is proven.

Above a block of ``sh`` stands one of these, alone on its line:

    <!-- run -->                          it runs to its end and succeeds
    <!-- run: TEXT -->                    the same, and says TEXT
    <!-- run beside: TEXT -->             it serves; it says TEXT, goes on beside the blocks that follow, is
                                          interrupted after the last one, and ends with 0
    <!-- run until: TEXT -->              it serves; it says TEXT, is interrupted, and ends with 0
    <!-- run until: TEXT | add: WORDS --> the same, with words put behind its last line (a free port)
    <!-- not run: REASON -->              it is proven elsewhere, or can't be

Blocks that run one after the other share a shell, as they do on a reader's terminal; what serves has its own.

A second document with the same commands lost: what is not the text itself goes stale.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

MARK = re.compile(r"<!-- (run|run until|run beside|not run)(?:: (.+?))?(?: \| add: (.+?))? -->")
FENCE = re.compile(r"```(\w*)\s*")


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block; ``how`` is empty where no comment says how it is proven."""

    line: int
    language: str
    text: str
    how: str = ""
    detail: str = ""
    added: str = ""

    @property
    def script(self) -> str:
        """Return what bash is to run."""
        return f"{self.text} {self.added}".strip()


def blocks(markdown: str) -> Iterator[Block]:
    """Yield the fenced blocks in their order. Raises ValueError for one that is not closed."""
    lines = markdown.splitlines()
    at = 0
    while at < len(lines):
        opening = FENCE.fullmatch(lines[at])
        if opening is None:
            at += 1
            continue
        if "```" not in lines[at + 1 :]:
            raise ValueError(f"The block in line {at + 1} is not closed.")
        end = lines.index("```", at + 1)
        mark = MARK.fullmatch(lines[at - 1].strip()) if at else None
        how, detail, added = (part or "" for part in mark.groups()) if mark else ("", "", "")
        yield Block(at + 1, opening[1], "\n".join(lines[at + 1 : end]), how, detail, added)
        at = end + 1


def sessions(proven: Iterable[Block]) -> Iterator[list[Block]]:
    """Yield the blocks that share a shell: those that follow each other and run to their end, or one that serves."""
    for how, group in groupby(proven, key=lambda block: block.how):
        if how == "run":
            yield list(group)
        else:
            yield from ([block] for block in group)
