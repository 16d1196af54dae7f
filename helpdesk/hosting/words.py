"""A plugin's words: the texts of its ``locales``, and what it writes into its log, without secrets."""

import logging
from functools import lru_cache
from pathlib import Path

from helpdesk.helpcenter import texts
from helpdesk.helpcenter.texts import Translator
from helpdesk.kernel import logs
from helpdesk.kernel.errors import Invalid
from helpdesk.kernel.text import one_line
from helpdesk.plugins import guard

log = logging.getLogger(__name__)

LONGEST_LINE = 2000


def translated(folder: Path | None, key: str, *, language: str, default: str, values: dict[str, object]) -> str:
    """Return a text of the folder in the language, the default one or English; a key that is nowhere is itself."""
    if folder is None:
        return key
    return Translator(_texts(folder), texts.order(language, default))(key, **values)


@lru_cache(maxsize=64)
def _texts(folder: Path) -> dict[str, dict[str, str]]:
    try:
        return texts.read(folder)
    except Invalid as error:
        log.warning("the texts of a plugin cannot be read", extra={"reason": error.message})
        return {}


def log_line(message: str, facts: dict[str, object], secrets: list[str]) -> str:
    """Return what is kept of a line that a plugin writes: one line, masked like every log."""
    told = " ".join((message, *(f"{name}={value}" for name, value in facts.items())))
    return one_line(logs.mask(guard.blotted(told, secrets)), longest=LONGEST_LINE)
