"""Keeps everything that is logged, before it is masked: what a mask must hide should not have been logged."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

TALKATIVE = ("peewee", "peewee.pool", "huey", "httpx2", "httpcore2", "asyncio", "stevedore")
"""Below warnings they write every statement and step."""


class Log(logging.Handler):
    """The records of a test, as lines with their facts and traces."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self._format = logging.Formatter("%(levelname)s %(name)s: %(message)s")
        self._known = frozenset(vars(logging.LogRecord("", 0, "", 0, "", (), None)))

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the record."""
        facts = {name: value for name, value in vars(record).items() if name not in self._known}
        try:
            text = self._format.format(record)
        except Exception as error:  # the arguments of somebody's record do not fit its text
            text = f"{record.levelname} {record.name}: {record.msg!r} {record.args!r} ({error})"
        self.lines.append(f"{text} {facts}" if facts else text)


@contextmanager
def kept() -> Iterator[Log]:
    """Keep what is logged inside, of every level."""
    root, log = logging.getLogger(), Log()
    levels = {logger: logger.level for logger in (root, *map(logging.getLogger, TALKATIVE))}
    for logger in levels:
        logger.setLevel(logging.WARNING)
    root.addHandler(log)
    root.setLevel(logging.DEBUG)
    try:
        yield log
    finally:
        root.removeHandler(log)
        for logger, level in levels.items():
            logger.setLevel(level)
