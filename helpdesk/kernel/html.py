"""HTML from outside, made harmless, and the text in it.

Everything that is stored as HTML passes ``sanitise`` on its way in, whichever channel it came by:
a plugin's own cleaning is welcome and not relied upon. What would keep its reader busy for seconds,
because it is endless or nested as no page is, is reduced to its text instead: nh3 takes quadratic
time on nesting, and repeats each unclosed ``<b>`` in every paragraph. Refusing it lost: a message
that came in has to be readable.

Kept is what lays out a table, colours and spaces text. What moves text out of its place is not: margins and
positions, and also ``text-indent`` and ``letter-spacing``, which may be negative.
"""

import html as escapes
import re
import secrets
from collections import Counter
from collections.abc import Iterator, Mapping, Set

import nh3

LONGEST = 2_000_000
DEEPEST = 2_000
MOST_REPEATED = 300_000
MOST_READINGS = 5

TAGS = (nh3.ALLOWED_TAGS | {"font", "big", "section", "article"}) - {"map", "area"}
DROPPED_WHOLE = {"script", "style", "title", "template", "noscript", "iframe", "object", "svg", "math", "xml"}
_SIDES = ("top", "right", "bottom", "left")
_CELL = {"colspan", "rowspan", "headers", "width", "height", "bgcolor", "nowrap"}
ATTRIBUTES: Mapping[str, Set[str]] = {
    **{tag: names - {"cite"} for tag, names in nh3.ALLOWED_ATTRIBUTES.items()},  # a URL whose scheme nh3 does not check
    "*": {"style", "dir", "lang", "title", "align", "valign"},
    "img": {"src", "alt", "width", "height", "border"},
    "font": {"color", "size", "face"},
    "a": {"href", "title"},
    "table": {"summary", "border", "cellpadding", "cellspacing", "width", "bgcolor"},
    "tr": {"bgcolor"},
    "td": _CELL,
    "th": _CELL | {"scope"},
    "col": {"span", "width"},
    "colgroup": {"span", "width"},
    "ol": {"start", "type"},
    "time": {"datetime"},
}
STYLES = {
    "color", "background-color", "font-size", "font-weight", "font-style", "font-family", "font-variant", "text-align",
    "text-decoration", "line-height", "white-space", "word-break", "border", "border-collapse", "border-spacing",
    "border-color", "border-style", "border-width", "border-radius", "padding", "width", "height", "max-width",
    "min-width", "vertical-align", "list-style-type",
    *(f"padding-{side}" for side in _SIDES), *(f"border-{side}" for side in _SIDES),
}  # fmt: skip
SCHEMES = {"http", "https", "mailto", "tel", "cid"}

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,20})|<!--")
VOID = frozenset({"br", "hr", "img", "input", "meta", "link", "col", "wbr", "base", "area"})
_CLOSED_BY_THEMSELVES = VOID | {"p", "li", "td", "tr", "th", "dt", "dd", "option"}
_REPEATED = {"a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"}
_BREAKS = re.compile(r"<(?:br|/p|/div|/tr|/li|/h[1-6]|/blockquote|/pre|/table|hr)\b[^>]{0,200}>", re.IGNORECASE)
_MARKUP = re.compile(r"<(?:[^<>\"]|\"[^\"]*\")*+>")
_UNSEEN = re.compile(
    rf"<!--.*?(?:-->|\Z)|<({'|'.join(sorted(DROPPED_WHOLE))})\b.*?(?:</\1\b[^<>]*>?|\Z)", re.DOTALL | re.IGNORECASE
)
_SANITISED_TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)(?:[^<>\"]|\"[^\"]*\")*+>")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_BLANKS = re.compile(r"\n{3,}")


def sanitise(html: str) -> str:
    """Return the HTML without anything that runs, loads by itself, or leaves its place on the page.

    What is returned stays as it is: where tags that went leave others as none would read them, it is read again.
    """
    if not html:
        return ""
    if not is_bearable(html):
        return _words_only(html)
    for _time in range(MOST_READINGS):
        before, html = html, _CLEANER.clean(html)
        if html == before:
            return html
    return _words_only(html)


def sanitise_with(html: str, attributes: Mapping[str, Set[str]]) -> str:
    """Return the same tags as ``sanitise``, with more attributes by tag, to be read. It is not to be shown."""
    kept = {tag: ATTRIBUTES.get(tag, set()) | attributes.get(tag, set()) for tag in {*ATTRIBUTES, *attributes}}
    return _cleaner(kept).clean(html) if is_bearable(html) else _words_only(html)


def _cleaner(attributes: Mapping[str, Set[str]] = ATTRIBUTES, *, are_comments_kept: bool = False) -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=TAGS,
        clean_content_tags=DROPPED_WHOLE,
        attributes=dict(attributes),
        url_schemes=SCHEMES,
        url_relative="deny",
        filter_style_properties=STYLES,
        link_rel="noopener noreferrer nofollow",
        strip_comments=not are_comments_kept,
    )


_CLEANER = _cleaner()  # made once: it takes longer than a short text
_CLEANER_BUT_FOR_COMMENTS = _cleaner(are_comments_kept=True)


def is_bearable(html: str) -> bool:
    """Return whether the HTML is small and flat enough to be taken apart in reasonable time."""
    if len(html) > LONGEST:
        return False
    opened: Counter[str] = Counter()
    depth = formatting = repeated = 0
    for tag, change in _tags(html):
        repeated += formatting
        if depth > DEEPEST or repeated > MOST_REPEATED:
            return False
        if tag in _CLOSED_BY_THEMSELVES or (change < 0 and not opened[tag]):
            continue
        opened[tag] += change
        depth += change
        formatting += change if tag in _REPEATED else 0
    return depth <= DEEPEST


def _tags(html: str) -> Iterator[tuple[str, int]]:
    """Return the tags that a parser will see, as +1 and -1; not those in comments, nor closing ones inside a tag."""
    place = tag_end = 0
    while match := _TAG.search(html, place):
        place = match.end()
        if match[2] is None:
            place = html.find("-->", place) + 1 or len(html)
        elif not match[1] or match.start() >= tag_end:
            yield match[2].lower(), -1 if match[1] else 1
        if tag_end < place:
            tag_end = html.find(">", place) + 1 or len(html)


def sanitise_in_two(beginning: str, rest: str) -> tuple[str, int | None]:
    """Return HTML that comes in two parts, sanitised, and where in it the second begins.

    Each part is whole by itself: what is open between them is closed, and opened again. Without a place (None) for
    parts that cannot be told apart, such as two halves of a tag or of ``&amp;``, or of which one is nothing.
    """
    whole, mark = sanitise(beginning + rest), f"<!--{secrets.token_hex()}-->"
    if not beginning or not is_bearable(beginning + rest):
        return whole, None
    marked = _CLEANER_BUT_FOR_COMMENTS.clean(beginning + mark + rest)
    first, second = (_COMMENT.sub("", part) for part in marked.partition(mark)[::2])
    if first + second != whole:
        return whole, None
    first, second = sanitise(first), sanitise(_opened(first) + second)
    return (first + second, len(first)) if first and second else (whole, None)


def _opened(sanitised: str) -> str:
    """Return the tags that are open at the end of a beginning of sanitised HTML."""
    opened: list[tuple[str, str]] = []
    for match in _SANITISED_TAG.finditer(sanitised):
        name = match[2]
        if not match[1] and name not in VOID:
            opened.append((name, match[0]))
        elif match[1] and opened and opened[-1][0] == name:
            opened.pop()
    return "".join(tag for _, tag in opened)


def text_of(sanitised: str) -> str:
    """Return the readable text of sanitised HTML, blocks on lines of their own."""
    lines = (line.strip() for line in _without_markup(sanitised).splitlines())
    return _BLANKS.sub("\n\n", "\n".join(lines)).strip()


def _words_only(html: str) -> str:
    """Return the beginning of the text in the HTML as harmless HTML."""
    text = re.sub(r"\s*\n\s*", "\n", _without_markup(_UNSEEN.sub("", html[:LONGEST]))).strip()
    return f'<p style="white-space:pre-wrap">{escapes.escape(text)}</p>' if text else ""


def _without_markup(html: str) -> str:
    return escapes.unescape(_MARKUP.sub("", _BREAKS.sub("\n", html)))
