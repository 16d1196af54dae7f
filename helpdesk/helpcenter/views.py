"""Owns the frozen views that templates are given, field by field. Refuses rows of the database and anything that acts.

A template reads the fields of a ``View`` and nothing else: what is not written here cannot be shown.
The texts inside are ready for the visitor's language; the sandbox escapes them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


class View:
    """Mark a frozen dataclass as readable by templates."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Features(View):
    """Which parts of the help center this service has; a part that is off has no card and no menu entry."""

    notice: bool = False
    faq: bool = False
    inquiry: bool = True
    history: bool = False
    chat: bool = False


@dataclass(frozen=True, slots=True)
class ServiceView:
    """What a help center needs to know of its service, ``id`` for its plugins.

    ``languages`` stand in the order of the language menu.
    One that is not ``is_open`` shows a page that says so in place of every other.
    ``company`` and ``consent`` hold plain text by language; the theme's own text stands in for a missing consent.
    """

    slug: str
    name: str
    languages: tuple[str, ...] = ("ko", "en")
    default_language: str = "ko"
    theme: str = "default"
    features: Features = field(default_factory=Features)
    company: Mapping[str, str] = field(default_factory=dict)
    consent: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    id: int = 0
    is_open: bool = True

    def name_in(self, locale: str) -> str:
        """Return the service's name in a language, or the name it goes by where it has none."""
        return self.names.get(locale, self.name)


@dataclass(frozen=True, slots=True)
class Language(View):
    """One entry of the language menu; ``name`` is in the language itself and ``url`` is the same page in it."""

    code: str
    name: str
    url: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class Site(View):
    """The service whose help center this is; ``id`` is empty on a page that belongs to no service."""

    id: str
    name: str
    locale: str
    direction: str
    languages: tuple[Language, ...] = ()
    features: Features = field(default_factory=lambda: Features(inquiry=False))
    company: str = ""


@dataclass(frozen=True, slots=True)
class MenuEntry(View):
    """One entry of the main menu or of the breadcrumb."""

    title: str
    url: str
    is_current: bool = False


@dataclass(frozen=True, slots=True)
class Alternate(View):
    """The same page in another language, for search engines; ``url`` is absolute."""

    locale: str
    url: str


@dataclass(frozen=True, slots=True)
class Page(View):
    """The page itself. ``has_errors`` puts a word before the title; ``is_listed`` lets search engines list it."""

    kind: str
    title: str
    canonical: str = ""
    menu: tuple[MenuEntry, ...] = ()
    breadcrumbs: tuple[MenuEntry, ...] = ()
    alternates: tuple[Alternate, ...] = ()
    has_errors: bool = False
    is_listed: bool = False


@dataclass(frozen=True, slots=True)
class ThemeView(View):
    """The theme in use: its settings by id and the addresses of its style sheets and scripts, parents' first."""

    name: str
    version: str
    settings: Mapping[str, object]
    stylesheets: tuple[str, ...]
    scripts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FormField(View):
    """One field of a form. ``kind`` is text, email, textarea or file; ``longest`` is 0 where there is no limit."""

    code: str
    kind: str
    label: str
    value: str = ""
    help: str = ""
    error: str = ""
    is_required: bool = False
    longest: int = 0
    autocomplete: str = ""
    accept: str = ""


@dataclass(frozen=True, slots=True)
class Consent(View):
    """The consent to the use of personal data: the sentence beside the box and the full text."""

    label: str
    text: str
    is_given: bool = False
    error: str = ""


@dataclass(frozen=True, slots=True)
class FormProblem(View):
    """One line of the summary of errors; ``field`` is the code of the field it leads to, or empty."""

    text: str
    field: str = ""


@dataclass(frozen=True, slots=True)
class InquiryForm(View):
    """The inquiry form. ``trap`` names the field that people do not see and machines fill."""

    action: str
    fields: tuple[FormField, ...]
    consent: Consent
    trap: str
    problems: tuple[FormProblem, ...] = ()


@dataclass(frozen=True, slots=True)
class Receipt(View):
    """What the visitor keeps after an inquiry: its number and where the answer goes, masked."""

    number: int
    contact: str


@dataclass(frozen=True, slots=True)
class Failure(View):
    """Why there is no page: the HTTP status, two sentences, and what to quote to the desk."""

    status: int
    title: str
    hint: str
    request_id: str
