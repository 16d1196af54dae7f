"""Owns the building of views: from a service, a language and a form to what a template is given. Refuses HTTP.

Everything here is made anew for each page and each line of themes, because a theme brings its own texts.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from babel import Locale, UnknownLocaleError
from markupsafe import Markup

from helpdesk.helpcenter.links import PATHS, Links
from helpdesk.helpcenter.rules import FILE_TYPES, LARGEST_FILE, LONGEST, MOST_FILES, REQUIRED, Entry, Problem
from helpdesk.helpcenter.slots import PageSlots, empty
from helpdesk.helpcenter.texts import Translator, order
from helpdesk.helpcenter.themes import Line
from helpdesk.helpcenter.views import (
    Alternate,
    Consent,
    Failure,
    FormField,
    FormProblem,
    InquiryForm,
    Language,
    MenuEntry,
    Page,
    Receipt,
    ServiceView,
    Site,
    ThemeView,
)

TRAP = "website"
SETTINGS_SHEET = "settings.css"
_KINDS = {"name": "text", "email": "email", "subject": "text", "content": "textarea"}
_AUTOCOMPLETE = {"name": "name", "email": "email"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page stands: in which service (None: in none), in which language, among which links, with which slots."""

    service: ServiceView | None
    locale: str
    links: Links
    slots: PageSlots | None = None

    def translator(self, line: Line) -> Translator:
        """Return the finder of texts for this place."""
        default = self.service.default_language if self.service else self.locale
        return Translator(line.texts, order(self.locale, default))

    def url(self, page: str) -> str:
        """Return the path of another page of the same service and language."""
        return self.links.page(self.service.slug, self.locale, page) if self.service else ""


def consent_text(service: ServiceView, locale: str, translate: Translator) -> str:
    """Return the service's consent text, or the theme's where the service has none."""
    own = _first(service.consent, locale, service.default_language)
    return own or translate("hc.consent.text", service=service.name_in(locale))


def common(place: Place, line: Line, *, kind: str, title: str, has_errors: bool = False) -> dict[str, Any]:
    """Return what every page is given: site, page, theme, and the functions ``t``, ``url``, ``asset``, ``slot``."""
    translate = place.translator(line)
    return {
        "site": _site(place, kind),
        "page": _page(place, translate, kind=kind, title=title, has_errors=has_errors),
        "theme": theme_view(line, place.links),
        "t": translate,
        "url": _url_of(place),
        "asset": lambda path: _asset(line, place.links, path),
        "slot": place.slots.on(kind) if place.slots else empty,
    }


def home(place: Place, line: Line) -> dict[str, Any]:
    """Return the context of the home page."""
    return common(place, line, kind="home", title=place.translator(line)("hc.home.title"))


def inquiry(
    place: Place, line: Line, *, entry: Entry, token: str, problems: list[Problem], notices: tuple[str, ...]
) -> dict[str, Any]:
    """Return the context of the inquiry form; ``notices`` are codes of problems that concern no field."""
    translate = place.translator(line)
    assert place.service is not None
    told = [*(FormProblem(_tell(translate, Problem("", code))) for code in notices)]
    told += [FormProblem(_tell(translate, problem), problem.field) for problem in problems]
    form = InquiryForm(
        action=place.url("inquiry"),
        fields=tuple(_fields(translate, entry, told)),
        consent=Consent(
            label=translate("hc.consent.label"),
            text=consent_text(place.service, place.locale, translate),
            is_given=entry.is_consent_given,
            error=_error("consent", told),
        ),
        trap=TRAP,
        problems=tuple(told),
    )
    hidden = Markup('<input type="hidden" name="form_token" value="{}">').format(token)
    context = common(place, line, kind="inquiry", title=translate("hc.inquiry.title"), has_errors=bool(told))
    return context | {"form": form, "csrf_field": lambda: hidden}


def done(place: Place, line: Line, *, receipt: Receipt) -> dict[str, Any]:
    """Return the context of the page after an inquiry."""
    context = common(place, line, kind="inquiry_done", title=place.translator(line)("hc.done.title"))
    return context | {"receipt": receipt}


def error(place: Place, line: Line, *, status: int, request_id: str, hint: str = "", code: str = "") -> dict[str, Any]:
    """Return the context of an error page, with the texts for the code if there are any, else for the status."""
    translate = place.translator(line)
    known = (one for one in (code, str(status)) if one and translate.find(f"hc.failure.{one}.title"))
    code = next(known, "other")
    title = translate(f"hc.failure.{code}.title")
    failure = Failure(status, title, hint or translate(f"hc.failure.{code}.hint"), request_id)
    return common(place, line, kind="error", title=title) | {"failure": failure}


def settings_sheet(line: Line) -> str:
    """Return the style sheet that carries the settings with a ``css`` property; the values were checked when read."""
    lines = (f"  {setting.css}: {setting.default};" for setting in line.settings.values() if setting.css)
    return "@layer settings {\n :root {\n" + "\n".join(lines) + "\n }\n}\n"


def settings_fingerprint(line: Line) -> str:
    """Return a hash over the settings of the whole line, part of the style sheet's address."""
    return hashlib.sha256(settings_sheet(line).encode()).hexdigest()[:16]


def theme_view(line: Line, links: Links) -> ThemeView:
    """Return the theme with the addresses of its files."""
    own = line.themes[0]
    sheets = [_asset(line, links, name) for name in line.listed("css")]
    if any(setting.css for setting in line.settings.values()):
        sheets.append(links.asset(own.name, settings_fingerprint(line), SETTINGS_SHEET))
    return ThemeView(
        name=own.name,
        version=own.manifest.theme.version,
        settings={name: setting.default for name, setting in line.settings.items()},
        stylesheets=tuple(sheets),
        scripts=tuple(_asset(line, links, name) for name in line.listed("js")),
    )


def _asset(line: Line, links: Links, path: str) -> str:
    found = line.find("assets", path)
    if found is None:
        raise LookupError(f"The theme “{line.name}” and its parents have no file assets/{path}.")
    owner = line.themes[found[0]]
    return links.asset(owner.name, owner.fingerprint, path)


def _url_of(place: Place) -> Callable[[str], str]:
    def url(page: str) -> str:
        if page not in PATHS:
            raise LookupError(f"There is no page “{page}”; there are {', '.join(PATHS)}.")
        return place.url(page)

    return url


def _site(place: Place, kind: str) -> Site:
    known = _locale(place.locale)
    direction = known.text_direction if known else "ltr"
    service = place.service
    if service is None:
        return Site("", "", place.locale, direction)
    return Site(
        id=service.slug,
        name=service.name_in(place.locale),
        locale=place.locale,
        direction=direction,
        languages=tuple(_language(place, code, kind) for code in service.languages),
        features=service.features,
        company=_first(service.company, place.locale, service.default_language),
    )


def _first(texts: Mapping[str, str], locale: str, default: str) -> str:
    """Return the text in the language or the next best; empty for none."""
    return next((texts[code] for code in order(locale, default) if code in texts), "")


def _language(place: Place, code: str, kind: str) -> Language:
    assert place.service is not None
    target = kind if kind in {"home", "inquiry"} else "home"
    known = _locale(code)
    name = (known.get_display_name() or code) if known else code
    return Language(code, name, place.links.page(place.service.slug, code, target), is_current=code == place.locale)


def _locale(code: str) -> Locale | None:
    try:
        return Locale.parse(code, sep="-")
    except (UnknownLocaleError, ValueError):
        return None


def _page(place: Place, translate: Translator, *, kind: str, title: str, has_errors: bool) -> Page:
    service = place.service
    if service is None:
        return Page(kind, title)
    home_entry = MenuEntry(translate("hc.menu.home"), place.url("home"), is_current=kind == "home")
    menu = [home_entry]
    if service.features.inquiry:
        menu.append(MenuEntry(translate("hc.menu.inquiry"), place.url("inquiry"), is_current=kind == "inquiry"))
    is_listed = kind in {"home", "inquiry"}
    return Page(
        kind=kind,
        title=title,
        canonical=place.links.absolute(place.url(kind)) if is_listed else "",
        menu=tuple(menu),
        breadcrumbs=() if kind == "home" else (home_entry, MenuEntry(title, "", is_current=True)),
        alternates=tuple(_alternates(place, kind)) if is_listed else (),
        has_errors=has_errors,
        is_listed=is_listed,
    )


def _alternates(place: Place, kind: str) -> list[Alternate]:
    service = place.service
    assert service is not None
    pages = {code: place.links.page(service.slug, code, kind) for code in service.languages}
    return [Alternate(code, place.links.absolute(path)) for code, path in pages.items()]


def _fields(translate: Translator, entry: Entry, told: list[FormProblem]) -> list[FormField]:
    fields = [
        FormField(
            code=code,
            kind=kind,
            label=translate(f"hc.field.{code}"),
            value=getattr(entry, code),
            help=translate.find(f"hc.field.{code}_help") or "",
            error=_error(code, told),
            is_required=code in REQUIRED,
            longest=LONGEST[code],
            autocomplete=_AUTOCOMPLETE.get(code, ""),
        )
        for code, kind in _KINDS.items()
    ]
    limits: Mapping[str, object] = {"most": MOST_FILES, "megabytes": LARGEST_FILE // 1024**2}
    again = translate("hc.field.files_again") if told and entry.files else ""
    files = FormField(
        code="files",
        kind="file",
        label=translate("hc.field.files"),
        help=translate("hc.field.files_help", types=", ".join(FILE_TYPES), **limits),
        error=_error("files", told) or again,
        accept=",".join(f".{ending}" for ending in FILE_TYPES),
    )
    return [*fields, files]


def _error(field: str, told: list[FormProblem]) -> str:
    return " ".join(problem.text for problem in told if problem.field == field)


def _tell(translate: Translator, problem: Problem) -> str:
    values = dict(problem.values)
    if problem.code == "refused":  # a room refused with a sentence of its own
        return translate.find(f"hc.error.{str(values['code']).lower()}") or str(values["message"])
    return translate(f"hc.error.{problem.code}", **values)
