"""Every code that a plugin's author or an administrator can meet is told in the reference, and no other."""

import ast
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import pytest

from helpdesk.channels import codes as channels
from helpdesk.fields import codes as fields
from helpdesk.graphql import plugin_codes
from helpdesk.helpcenter import codes as helpcenter
from helpdesk.hosting import codes as hosting
from helpdesk.hosting import denials
from helpdesk.kernel.errors import Unavailable
from helpdesk.kit import reference
from helpdesk.kit.codes import CHECKS
from helpdesk.organization import codes as organization
from helpdesk.plugins import codes as plugins
from helpdesk.triggers import codes as triggers
from tests.house.tree import CORE, parse

TEXT = reference.markdown()
CODE = re.compile(r"[A-Z][A-Z_]+")
ROOMS: Mapping[str, Mapping[str, str]] = {
    "plugins": plugins.CODES,
    "hosting": hosting.CODES,
    "channels": channels.CODES,
    "triggers": triggers.CODES,
    "fields": fields.CODES,
    "helpcenter": helpcenter.CODES,
}
SHEET = ("plugin*.py", "settings_forms.py", "customers.py")


def said(files: Iterator[Path]) -> set[str]:
    """Return the codes that the files give to errors: ``code="…"``, and ``code = "…"`` of a class or before use."""
    found = set()
    for file in files:
        for node in ast.walk(parse(file)):
            if isinstance(node, ast.keyword) and node.arg == "code":
                found |= words(node.value)
            if isinstance(node, ast.Assign) and [getattr(one, "id", "") for one in node.targets] == ["code"]:
                found |= words(node.value)
    return found


def words(value: ast.expr) -> set[str]:
    """Return the codes that an expression may be."""
    constants = [node.value for node in ast.walk(value) if isinstance(node, ast.Constant)]
    return {one for one in constants if isinstance(one, str) and CODE.fullmatch(one)}


def check_codes() -> set[str]:
    """Return the codes of rules that stand in the kit's code."""
    texts = (file.read_text() for file in (CORE / "kit").glob("*.py") if file.name != "codes.py")
    return {code for text in texts for code in re.findall(r'"(CHECK-[A-Z-]+)"', text)}


@pytest.mark.parametrize("room", ROOMS)
def test_room_declares_just_the_codes_that_it_says(room: str) -> None:
    extra = {*denials.CODES.values(), Unavailable.code} if room == "hosting" else set()
    assert said((CORE / room).rglob("*.py")) | extra == set(ROOMS[room])


def test_organization_says_what_it_declares_of_themes() -> None:
    assert set(organization.CODES) <= said((CORE / "organization").rglob("*.py"))


def test_api_tells_no_code_of_plugins_that_nobody_declares() -> None:
    found = said(file for pattern in SHEET for file in (CORE / "graphql").glob(pattern))
    known = {code for codes in (*ROOMS.values(), plugin_codes.CODES) for code in codes}
    assert found <= known
    assert set(plugin_codes.CODES) <= found


def test_checks_are_just_those_that_are_declared() -> None:
    assert check_codes() == set(CHECKS)


@pytest.mark.parametrize(
    "codes", [CHECKS, plugin_codes.CODES, organization.CODES, *ROOMS.values()], ids=lambda codes: next(iter(codes))
)
def test_reference_tells_every_code(codes: Collection[str]) -> None:
    assert [code for code in codes if f"| `{code}` |" not in TEXT] == []
