"""Owns HTML of mails: the text that it says, and the pictures that it shows.

What of it may be shown is the desk's to say (``helpdesk.sdk.html``), which has one list for all channels. Pictures
from afar keep their address: the API leaves them out unless a reader asks for them.
"""

import html as entities
import re
from collections.abc import Set
from urllib.parse import unquote

from inscriptis import get_text  # type: ignore[import-untyped]
from inscriptis.css_profiles import CSS_PROFILES  # type: ignore[import-untyped]
from inscriptis.model.config import ParserConfig  # type: ignore[import-untyped]

from helpdesk.sdk import html as html_of_the_desk
from helpdesk_email.cleaning import clean, single_line

MAX_LENGTH = 2_000_000
MAX_LAID_OUT = 1_000_000  # what is longer would take its reader a second for how its text is spaced
MAX_BEGINNING = 100_000
MAX_CONTENT_ID = 200

_OF_QUOTATIONS = {"*": {"class", "id"}, "blockquote": {"type"}}
_MARKUP = re.compile(r"<[^<>]*>")
_UNSEEN = re.compile(
    r"<!--.*?(?:-->|\Z)|<(script|style|title|template|svg)\b.*?(?:</\1\b[^<>]*>?|\Z)", re.DOTALL | re.IGNORECASE
)
_BREAKS = re.compile(r"<(?:br|hr|/(?:p|div|tr|li|h[1-6]|blockquote|pre|table))\b[^<>]{0,200}>", re.IGNORECASE)
_CONTENT_ID = re.compile(r'\bsrc="\s{0,9}cid:([^"]*)"', re.IGNORECASE)
_BLANK_LINES = re.compile(r"\n\s*\n\s*\n")
_PLAIN_SPACING = ParserConfig(css=CSS_PROFILES["strict"].copy())


def sanitise(html: str) -> str:
    """Return what of the HTML may be shown to an agent."""
    return html_of_the_desk.sanitise(clean(html))


def sanitise_with_marks(html: str) -> str:
    """Return the same tags as ``sanitise``, with the attributes by which clients mark quotations. Not to be shown."""
    return html_of_the_desk.sanitise_with(clean(html), _OF_QUOTATIONS)


def text_of(sanitised: str) -> str:
    """Return the text that sanitised HTML shows."""
    is_laid_out = sanitised.strip() and len(sanitised) <= MAX_LAID_OUT
    text = str(get_text(sanitised, _PLAIN_SPACING)) if is_laid_out else ""
    if not text.strip():  # lxml gives up on what is nested deeper than 256
        text = "\n".join(line.strip() for line in _without_layout(sanitised))
    lines = "\n".join(line.rstrip() for line in text.replace("\xa0", " ").splitlines())
    return clean(_BLANK_LINES.sub("\n\n", lines)).strip()


def beginning_of(html: str) -> str:
    """Return the beginning of the text in HTML that is not bearable, without taking it apart."""
    seen = html[:MAX_LENGTH]
    cut = seen.rfind("<")
    seen = seen[:cut] if cut > seen.rfind(">") else seen  # a tag that has no end
    lines = (line.strip() for line in _without_layout(_UNSEEN.sub("", seen)))
    return clean("\n".join(line for line in lines if line))[:MAX_BEGINNING].strip()


def shows_something(sanitised: str) -> bool:
    """Return whether a reader would see anything: a word or a picture."""
    return "<img" in sanitised or bool(re.sub(r"[\s\u200b-\u200d\ufeff]", "", _stripped(sanitised)))


def with_content_ids(sanitised: str, known: Set[str]) -> str:
    """Return the HTML whose pictures name the files by their content ids, as the desk looks for them.

    Mailers write the scheme in any case, and the id with percent signs or without.
    """

    def address(match: re.Match[str]) -> str:
        named = entities.unescape(match[1]).strip()
        content_id = named if named in known else single_line(unquote(named), limit=MAX_CONTENT_ID)
        return f'src="cid:{entities.escape(content_id)}"'

    return _CONTENT_ID.sub(address, sanitised)


def content_ids(sanitised: str) -> set[str]:
    """Return the content ids of the pictures that the HTML shows."""
    return {entities.unescape(found) for found in _CONTENT_ID.findall(sanitised)}


def from_text(text: str) -> str:
    """Return text as HTML, for a mail that goes on in text beside its HTML."""
    return f'<div style="white-space: pre-wrap">{entities.escape(text, quote=False)}</div>'


def _without_layout(html: str) -> list[str]:
    """Return the lines of the text in HTML, as its breaks and the ends of its blocks divide it."""
    return _stripped(_BREAKS.sub("\n", html)).replace("\xa0", " ").splitlines()


def _stripped(sanitised: str) -> str:
    return re.sub(r"[ \t]+", " ", entities.unescape(_MARKUP.sub(" ", sanitised)))
