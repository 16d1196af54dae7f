"""What a theme owes: every page in every language of the service, by its own templates, from its own files.

::

    class TestSunrise(ThemeContract):
        theme = FOLDER
"""

import re
import tomllib
from pathlib import Path
from typing import Any, ClassVar

from helpdesk.sdk.testing.contract import LANGUAGES, Contract
from helpdesk.sdk.testing.kit import Kit
from helpdesk.sdk.testing.rules import ensure, rule
from helpdesk.sdk.theme import API

PAGES = ("home", "inquiry", "inquiry_done", "error")
LARGEST_SHEET = 256 * 1024
_ELSEWHERE = re.compile(r"""url\(\s*["']?(?:https?:)?//|@import|expression\(""", re.IGNORECASE)
_INLINE = re.compile(r"<script(?![^>]*\bsrc=)|\son\w+\s*=\s*[\"']|javascript:", re.IGNORECASE)
_PICTURE = re.compile(r"<img\b(?![^>]*\balt=)[^>]*>", re.IGNORECASE)


class ThemeContract(Contract):
    """The rules of one theme; ``theme`` is what its entry point leads to."""

    kind = "theme"
    theme: ClassVar[Path]

    def called(self) -> str:
        """Return the name in the theme's manifest, which its entry point has too."""
        return str(self.name or self._manifest().get("theme", {}).get("name", "theme"))

    @rule("TH-MANIFEST", fix="Write theme.toml with name, title, version and api = 1 under [theme].")
    def test_manifest_is_read(self, kit: Kit) -> None:
        """The folder has a manifest that the desk takes."""
        ensure((self.value() / "theme.toml").is_file(), f"{self.value().name} has no theme.toml.")
        api = self._manifest().get("theme", {}).get("api")
        ensure(api == API, f"It is written for template API {api!r}; spoken is {API}.")
        self.install(kit)
        kit.page(self.called(), "home", language="en")

    @rule("TH-PAGES", fix="Mend the template that the reason names; what is not overridden comes from the parent.")
    def test_every_page_is_made_by_the_theme(self, kit: Kit) -> None:
        """Each page is made in Korean and English, and no parent has to stand in."""
        self.install(kit)
        for page in PAGES:
            for language in LANGUAGES:
                html = kit.page(self.called(), page, language=language)
                ensure(f'lang="{language}"' in html, f"The page {page} does not say that it is in {language}.")

    @rule("TH-SCRIPTS", fix="Put scripts into assets and name them in theme.toml; the browser runs no others.")
    def test_pages_hold_no_inline_scripts(self, kit: Kit) -> None:
        """No page has a script in itself, which the browser would refuse."""
        self.install(kit)
        for page in PAGES:
            found = _INLINE.search(kit.page(self.called(), page, language="ko"))
            ensure(found is None, f"The page {page} has {found[0].strip() if found else ''!r} in it.")

    @rule("TH-PICTURES", fix='Give each img an alt text, or alt="" for one that only decorates.')
    def test_pictures_have_words(self, kit: Kit) -> None:
        """Who cannot see a picture is told what it shows."""
        self.install(kit)
        for page in PAGES:
            found = _PICTURE.search(kit.page(self.called(), page, language="ko"))
            ensure(found is None, f"The page {page} has a picture without alt: {found[0] if found else ''}.")

    @rule("TH-ELSEWHERE", fix="Bring fonts and pictures in assets; visitors of the desk are not told to others.")
    def test_style_sheets_load_nothing_from_elsewhere(self, kit: Kit) -> None:
        """Style sheets load from the theme's own folder, and are no larger than they must be."""
        for sheet in sorted(self.value().glob("assets/**/*.css")):
            text = sheet.read_text("utf-8")
            found = _ELSEWHERE.search(text)
            ensure(found is None, f"{sheet.name} has {found[0] if found else ''!r} in it.")
            ensure(len(text.encode()) <= LARGEST_SHEET, f"{sheet.name} has {len(text.encode())} bytes.")

    @rule("TH-TEXTS", fix="Write each text in every language that locales/ has a file for.")
    def test_languages_have_the_same_texts(self, kit: Kit) -> None:
        """A text that is there in one language is there in all that the theme has."""
        files = {file.stem: _codes(tomllib.loads(file.read_text("utf-8"))) for file in self._locales()}
        every = set().union(*files.values())
        lacking = [f"{language}: {', '.join(sorted(every - codes))}" for language, codes in files.items()]
        lacking = [text for text in lacking if not text.endswith(": ")]
        ensure(not lacking, f"Texts are missing in {'; '.join(lacking)}.")

    @rule("TH-NO-CODE", fix="Keep Python out of the theme's folders; what must run is a plugin.")
    def test_theme_runs_no_code(self, kit: Kit) -> None:
        """Templates, assets and locales hold no Python."""
        folders = [self.value() / name for name in ("templates", "assets", "locales")]
        found = [file.name for folder in folders for file in folder.rglob("*.py")]
        ensure(not found, f"It has {', '.join(found)}.")

    @rule("TH-BESIDE", fix="Let a slot be empty or full, whatever fills it: write {{ slot(name) }} and no more.")
    def test_works_beside_all_others(self, kit: Kit) -> None:
        """Each page is made beside every installed plugin, and beside ones whose slots fail or are full."""
        kit.crowd()
        self.install(kit)
        for page in PAGES:
            kit.page(self.called(), page, language="ko")

    def _manifest(self) -> dict[str, Any]:
        file = self.value() / "theme.toml"
        return tomllib.loads(file.read_text("utf-8")) if file.is_file() else {}

    def _locales(self) -> list[Path]:
        return sorted((self.value() / "locales").glob("*.toml"))


def _codes(table: dict[str, Any], prefix: str = "") -> set[str]:
    """Return the codes of a table of texts; the forms of a plural count as one, since languages differ in them."""
    found: set[str] = set()
    for key, value in table.items():
        if isinstance(value, dict):
            is_plural = "other" in value and not any(isinstance(one, dict) for one in value.values())
            found |= {f"{prefix}{key}"} if is_plural else _codes(value, f"{prefix}{key}.")
        else:
            found.add(f"{prefix}{key}")
    return found
