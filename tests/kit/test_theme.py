"""A theme of an author's own: a small one keeps the contract, and each fault breaks the rule made for it."""

from pathlib import Path

import pytest

from helpdesk.kit.opening import opened
from helpdesk.sdk.testing.rules import Finding
from helpdesk.sdk.testing.rules import rules_of as rules
from helpdesk.sdk.testing.theme import ThemeContract

MANIFEST = """
[theme]
name = "dawn"
title = "Dawn"
version = "1.0"
api = 1

[assets]
css = ["dawn.css"]
"""
HOME = "{% extends 'parent:pages/home.html' %}\n"
FILES = {
    "theme.toml": MANIFEST,
    "templates/pages/home.html": HOME,
    "assets/dawn.css": "body { color: #123456; }\n",
    "locales/en.toml": '[dawn]\nhello = "Hello"\n',
    "locales/ko.toml": '[dawn]\nhello = "안녕하세요"\n',
}
BROKEN: dict[str, tuple[str, str]] = {
    "TH-MANIFEST": ("theme.toml", MANIFEST.replace("api = 1", "api = 9")),
    "TH-PAGES": ("templates/pages/home.html", "{% include 'nowhere.html' %}"),
    "TH-SCRIPTS": ("templates/pages/home.html", "<html lang='x'><script>alert(1)</script></html>"),
    "TH-PICTURES": ("templates/pages/home.html", "<html lang='x'><img src='/a.png'></html>"),
    "TH-ELSEWHERE": ("assets/dawn.css", "@import 'https://fonts.example/a.css';"),
    "TH-TEXTS": ("locales/ko.toml", '[dawn]\nbye = "안녕"\n'),
    "TH-BESIDE": (
        "templates/pages/home.html",
        "<html lang='x'>{% if slot('home.bottom') %}{% include 'nowhere.html' %}{% endif %}</html>",
    ),
    "TH-NO-CODE": ("templates/pages/code.py", "print(1)\n"),
}


def written(folder: Path, *more: tuple[str, str]) -> Path:
    for name, text in (*FILES.items(), *more):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return folder


def broken(folder: Path) -> set[str]:
    contract = type("Broken", (ThemeContract,), {"theme": folder})
    found = set()
    for rule in rules(contract):
        with opened() as desk:
            try:
                getattr(contract(), rule.method)(desk)
            except Finding as finding:
                found.add(finding.code)
    return found


def test_good_theme_keeps_the_contract(tmp_path: Path) -> None:
    assert broken(written(tmp_path)) == set()


@pytest.mark.parametrize("code", BROKEN)
def test_fault_breaks_its_rule(tmp_path: Path, code: str) -> None:
    assert code in broken(written(tmp_path, BROKEN[code]))


def test_every_rule_of_themes_has_one_that_breaks_it() -> None:
    assert {rule.code for rule in rules(ThemeContract)} == set(BROKEN) | {"SDK-ACCEPTED"}
