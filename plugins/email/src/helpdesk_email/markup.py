"""Owns HTML of mails: what of it may be shown, and the text that it says.

nh3 takes the tags apart by the rules of browsers and keeps a list of harmless ones. Styles keep what
colours and spaces text; what could cover the desk's own screen (position, margins, negative indents) or fetch
something (backgrounds) goes. The desk cleans again by its own list, ``helpdesk.kernel.html``, which keeps all
that this one keeps. Pictures from afar keep their address: the API leaves them
out unless a reader asks for them. What a parser would make of it is measured first: nh3 takes
quadratic time on nesting, and every unclosed ``<b>`` is repeated in each paragraph (12 KB become 6 MB).
"""

import html as entities
import re
from collections import Counter
from collections.abc import Mapping, Set
from urllib.parse import unquote

import nh3
from inscriptis import get_text  # type: ignore[import-untyped]
from inscriptis.css_profiles import CSS_PROFILES  # type: ignore[import-untyped]
from inscriptis.model.config import ParserConfig  # type: ignore[import-untyped]

from helpdesk_email.cleaning import clean, single_line

MAX_LENGTH = 2_000_000
MAX_DEPTH = 2_000
MAX_REPEATED = 300_000
MAX_BEGINNING = 100_000
MAX_CONTENT_ID = 200

_TAGS = (nh3.ALLOWED_TAGS | {"font", "big"}) - {"map", "area"}
_DROPPED_WITH_CONTENT = {"script", "style", "title", "template", "noscript", "iframe", "object", "svg", "math", "xml"}
_ATTRIBUTES = {
    "*": {"style", "dir", "lang", "title", "align", "valign"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height", "border"},
    "font": {"color", "face", "size"},
    "table": {"border", "cellpadding", "cellspacing", "width", "bgcolor"},
    "td": {"colspan", "rowspan", "width", "height", "bgcolor", "nowrap"},
    "th": {"colspan", "rowspan", "width", "height", "bgcolor", "nowrap", "scope"},
    "tr": {"bgcolor"},
    "col": {"span", "width"},
    "colgroup": {"span", "width"},
    "ol": {"start", "type"},
    "time": {"datetime"},
}
_SIDES = ("top", "right", "bottom", "left")
_STYLES = {
    "color", "background-color", "font-family", "font-size", "font-style", "font-weight", "font-variant", "line-height",
    "text-align", "text-decoration", "vertical-align", "white-space", "word-break",
    "width", "height", "max-width", "min-width", "border", "border-collapse", "border-spacing", "border-color",
    "border-style", "border-width", "border-radius", "padding",
    *(f"padding-{side}" for side in _SIDES), *(f"border-{side}" for side in _SIDES),
}  # fmt: skip
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,20})")
VOID = frozenset({"br", "hr", "img", "input", "meta", "link", "col", "wbr", "base", "area"})
_CLOSED_BY_THEMSELVES = VOID | {"p", "li", "td", "tr", "th", "dt", "dd", "option"}
_REPEATED = {"a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"}
_MARKUP = re.compile(r"<[^<>]*>")
_UNSEEN = re.compile(
    r"<!--.*?(?:-->|\Z)|<(script|style|title|template|svg)\b.*?(?:</\1\b[^<>]*>?|\Z)", re.DOTALL | re.IGNORECASE
)
_BREAKS = re.compile(r"<(?:br|hr|/(?:p|div|tr|li|h[1-6]|blockquote|pre|table))\b[^<>]{0,200}>", re.IGNORECASE)
_CONTENT_ID = re.compile(r'\bsrc="\s{0,9}cid:([^"]*)"', re.IGNORECASE)
_BLANK_LINES = re.compile(r"\n\s*\n\s*\n")
_PLAIN_SPACING = ParserConfig(css=CSS_PROFILES["strict"].copy())


def is_bearable(html: str) -> bool:
    """Return whether the HTML is small and flat enough to be read in reasonable time."""
    if len(html) > MAX_LENGTH:
        return False
    opened: Counter[str] = Counter()
    depth = formatting = repeated = 0
    for match in _TAG.finditer(html):
        tag = match[2].lower()
        change = -1 if match[1] else 1
        repeated += formatting
        if depth > MAX_DEPTH or repeated > MAX_REPEATED:
            return False
        if tag in _CLOSED_BY_THEMSELVES or (change < 0 and not opened[tag]):
            continue
        opened[tag] += change
        depth += change
        formatting += change if tag in _REPEATED else 0
    return True


def sanitise(html: str) -> str:
    """Return what of the HTML may be shown to an agent."""
    return _sanitised(html, _ATTRIBUTES)


def sanitise_with_marks(html: str) -> str:
    """Return the same tags as ``sanitise``, with the attributes by which clients mark quotations. Not to be shown."""
    return _sanitised(html, _ATTRIBUTES | {"*": {"class", "id"}, "blockquote": {"type"}})


def _sanitised(html: str, attributes: Mapping[str, Set[str]]) -> str:
    return nh3.clean(
        clean(html),
        tags=set(_TAGS),
        clean_content_tags=_DROPPED_WITH_CONTENT,
        attributes=dict(attributes),
        url_schemes={"http", "https", "mailto", "tel", "cid"},
        url_relative="deny",
        link_rel="noopener noreferrer nofollow",
        filter_style_properties=_STYLES,
    )


def text_of(sanitised: str) -> str:
    """Return the text that sanitised HTML shows."""
    text = str(get_text(sanitised, _PLAIN_SPACING)) if sanitised.strip() else ""
    if not text.strip():  # lxml gives up on what is nested deeper than 256
        text = _stripped(sanitised).strip()
    lines = "\n".join(line.rstrip() for line in text.replace("\xa0", " ").splitlines())
    return clean(_BLANK_LINES.sub("\n\n", lines)).strip()


def beginning_of(html: str) -> str:
    """Return the beginning of the text in HTML that is not bearable, without taking it apart."""
    seen = html[:MAX_LENGTH]
    cut = seen.rfind("<")
    seen = seen[:cut] if cut > seen.rfind(">") else seen  # a tag that has no end
    lines = (
        line.strip() for line in _stripped(_BREAKS.sub("\n", _UNSEEN.sub("", seen))).replace("\xa0", " ").splitlines()
    )
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


def _stripped(sanitised: str) -> str:
    return re.sub(r"[ \t]+", " ", entities.unescape(_MARKUP.sub(" ", sanitised)))
