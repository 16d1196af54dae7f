"""What of a plugin's HTML may stand in a page: it adds, runs nothing, and ends where it began.

Owns the lists of what is kept. The page around must be whole whatever a plugin writes: an unclosed
comment or a closing tag too many would otherwise swallow what follows. Forms are refused because a form
inside the inquiry form would end it, and ids because they would take over the page's own labels.
"""

from collections.abc import Iterator
from html import escape
from html.parser import HTMLParser

import nh3
from markupsafe import Markup

from helpdesk.kernel.html import DROPPED_WHOLE, is_bearable
from helpdesk.plugins.guard import WrongAnswer

TAGS = nh3.ALLOWED_TAGS | {"section"} - {"map", "area"}
ATTRIBUTES = {
    "*": {"class", "title", "lang", "dir", "role", "hidden"},
    "a": {"href", "hreflang"},
    "img": {"src", "alt", "width", "height", "loading"},
    "details": {"open"},
    "ol": {"start", "type"},
    "td": {"colspan", "rowspan", "headers"},
    "th": {"colspan", "rowspan", "headers", "scope"},
    "time": {"datetime"},
}
SCHEMES = {"http", "https", "mailto", "tel"}

META_ATTRIBUTES = ("name", "property", "content")
RESERVED_META = frozenset({"referrer", "viewport", "color-scheme", "robots"})
LINK_ATTRIBUTES = ("rel", "href", "hreflang", "type", "title")
LINKS = frozenset({"alternate", "author", "help", "license", "me", "next", "prev", "search"})


def body(html: str) -> Markup:
    """Return what may stand in the body: texts, links, pictures, lists and tables, all closed. Raises WrongAnswer."""
    if not is_bearable(html):
        raise WrongAnswer("its HTML is nested deeper than any page")
    cleaned = nh3.clean(
        html,
        tags=TAGS,
        clean_content_tags=DROPPED_WHOLE,
        attributes=ATTRIBUTES,
        generic_attribute_prefixes={"data-", "aria-"},
        url_schemes=SCHEMES,
        strip_comments=True,
    )
    return Markup(cleaned)  # noqa: S704 - it was just cleaned


def head(html: str) -> Markup:
    """Return the meta elements with a name or property, and the links that load nothing; all else is dropped."""
    parser = _Head()
    parser.feed(html)
    return Markup("\n").join(Markup(element) for element in parser.kept)  # noqa: S704 - written here, values escaped


class _Head(HTMLParser):
    """Gathers the elements of a head that may be kept, written anew."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the element if it is one of ours."""
        given = {name: value or "" for name, value in attrs}
        if tag == "meta" and _may_be_meta(given):
            self.kept.append(_written(tag, META_ATTRIBUTES, given))
        if tag == "link" and _may_be_link(given):
            self.kept.append(_written(tag, LINK_ATTRIBUTES, given))


def _may_be_meta(given: dict[str, str]) -> bool:
    name = given.get("name") or given.get("property", "")
    return bool(name.strip()) and "content" in given and name.strip().lower() not in RESERVED_META


def _may_be_link(given: dict[str, str]) -> bool:
    relations = set(given.get("rel", "").lower().split())
    address = given.get("href", "").strip()
    is_ours = address.startswith("/") and not address.startswith(("//", "/\\"))
    return bool(relations) and relations <= LINKS and (is_ours or address.startswith("https://"))


def _written(tag: str, names: tuple[str, ...], given: dict[str, str]) -> str:
    return f"<{tag}{''.join(_attributes(names, given))}>"


def _attributes(names: tuple[str, ...], given: dict[str, str]) -> Iterator[str]:
    for name in names:
        if name in given:
            yield f' {name}="{escape(given[name].strip())}"'
