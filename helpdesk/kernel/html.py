"""HTML from outside, made harmless, and the text in it.

Everything that is stored as HTML passes ``sanitise`` on its way in, whichever channel it came by:
a plugin's own cleaning is welcome and not relied upon.
"""

import html as escapes
import re

import nh3

TAGS = nh3.ALLOWED_TAGS | {"font", "section", "article"} - {"map", "area"}
ATTRIBUTES = {
    **{tag: set(names) for tag, names in nh3.ALLOWED_ATTRIBUTES.items()},
    "*": {"style", "dir", "lang", "title"},
    "img": {"src", "alt", "width", "height"},
    "font": {"color", "size"},
    "a": {"href", "title"},
}
STYLES = {
    "color", "background-color", "font-size", "font-weight", "font-style", "font-family", "text-align",
    "text-decoration", "line-height", "white-space", "border", "border-left", "border-collapse", "padding",
    "padding-left", "margin", "margin-left", "width", "height", "vertical-align", "list-style-type",
}  # fmt: skip
SCHEMES = {"http", "https", "mailto", "tel", "cid"}

_BREAKS = re.compile(r"<(?:br|/p|/div|/tr|/li|/h[1-6]|/blockquote|/pre|/table|hr)\b[^>]{0,200}>", re.IGNORECASE)
_BLANKS = re.compile(r"\n{3,}")


def sanitise(html: str) -> str:
    """Return the HTML without anything that runs, loads by itself, or leaves its place on the page."""
    return nh3.clean(
        html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes=SCHEMES,
        filter_style_properties=STYLES,
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    )


def text_of(html: str) -> str:
    """Return the readable text of the HTML, blocks on lines of their own."""
    broken = _BREAKS.sub("\n", html)
    lines = (line.strip() for line in escapes.unescape(nh3.clean(broken, tags=set())).splitlines())
    return _BLANKS.sub("\n\n", "\n".join(lines)).strip()
