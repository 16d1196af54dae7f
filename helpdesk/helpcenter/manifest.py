"""Owns the form of ``theme.toml``: what a theme says of itself. Refuses, with the place and what is allowed there.

A key that is not known is an error, because a misspelt setting is a setting ignored.
"""

import re
import tomllib
from pathlib import Path
from typing import Annotated, Literal, Self

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError, field_validator, model_validator

from helpdesk.kernel.errors import Invalid
from helpdesk.kernel.versions import APIS
from helpdesk.plugins.kinds import OTHER_API

FILE_NAME = "theme.toml"

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,31}$")]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?$")]
AssetPath = Annotated[str, StringConstraints(pattern=r"^[\w-][\w.-]*(/[\w-][\w.-]*)*$")]

CSS_KINDS = frozenset({"color", "int", "range", "select"})
_COLOR = re.compile(r"#([0-9a-fA-F]{3}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})")
_WORD = re.compile(r"[\w-]+")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Setting(_Part):
    """One setting of the theme. ``css`` names the custom property that carries its value into the style sheets."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
    type: Literal["bool", "text", "textarea", "int", "range", "color", "select", "url"]
    default: bool | int | str
    title: str = ""
    options: tuple[str, ...] = ()
    min: int | None = None
    max: int | None = None
    css: Annotated[str, StringConstraints(pattern=r"^--[a-z][a-z0-9-]*$")] | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.css and self.type not in CSS_KINDS:
            raise ValueError(f"“css” goes with {', '.join(sorted(CSS_KINDS))}, not with {self.type}")
        if self.css and self.type == "select" and not all(_WORD.fullmatch(option) for option in self.options):
            raise ValueError("options that become CSS are made of letters, digits, “-” and “_”")
        self.checked(self.default)
        return self

    def checked(self, value: bool | int | str) -> bool | int | str:
        """Return the value if it fits the setting. Raises ValueError otherwise."""
        expected = {"bool": bool, "int": int, "range": int}.get(self.type, str)
        if type(value) is not expected:
            raise ValueError(f"“{self.id}” takes a value of type {expected.__name__}, not {value!r}")
        if self.type == "color" and not _COLOR.fullmatch(str(value)):
            raise ValueError(f"“{self.id}” takes a colour such as #2f5bea, not {value!r}")
        if self.type == "select" and value not in self.options:
            raise ValueError(f"“{self.id}” takes one of {', '.join(self.options)}, not {value!r}")
        if self.type == "url" and not re.match(r"https?://|/(?!/)", str(value)):
            raise ValueError(f"“{self.id}” takes an address that begins with https:// or /, not {value!r}")
        if expected is int and not self._is_within(int(value)):
            raise ValueError(f"“{self.id}” takes a number from {self.min} to {self.max}, not {value!r}")
        return value

    def _is_within(self, number: int) -> bool:
        return (self.min is None or number >= self.min) and (self.max is None or number <= self.max)


class SettingGroup(_Part):
    """Settings that a form shows together."""

    id: str
    title: str = ""
    field: tuple[Setting, ...] = ()


class Settings(_Part):
    """The settings section."""

    group: tuple[SettingGroup, ...] = ()


class Assets(_Part):
    """Style sheets and scripts that every page loads, after those of the parent."""

    css: tuple[AssetPath, ...] = ()
    js: tuple[AssetPath, ...] = ()


class Identity(_Part):
    """The theme section: who the theme is and what it needs. An empty ``parent`` means the default theme."""

    name: Name
    title: str
    version: str
    api: int
    parent: Name | Literal[""] = ""
    variants: tuple[Literal["responsive", "pc", "mobile"], ...] = ("responsive",)
    locales: tuple[Code, ...] = ()
    requires: str = ""
    license: str = ""

    @field_validator("api")
    @classmethod
    def _check_api(cls, value: int) -> int:
        if value not in APIS:
            spoken = " and ".join(map(str, APIS))
            raise ValueError(f"{OTHER_API} template API {spoken}; the theme is written for {value}")
        return value

    @field_validator("version")
    @classmethod
    def _check_version(cls, value: str) -> str:
        try:
            return str(Version(value))
        except InvalidVersion as error:
            raise ValueError(f"a version looks like 1.2.0, not {value!r}") from error

    @field_validator("requires")
    @classmethod
    def _check_requires(cls, value: str) -> str:
        try:
            SpecifierSet(value.removeprefix("helpdesk"))
        except InvalidSpecifier as error:
            raise ValueError(f"“requires” looks like helpdesk>=0.1,<1, not {value!r}") from error
        return value

    def fits(self, version: str) -> bool:
        """Return whether the theme can be used with this version of the core."""
        return SpecifierSet(self.requires.removeprefix("helpdesk")).contains(Version(version), prereleases=True)


class Manifest(_Part):
    """All of ``theme.toml``."""

    theme: Identity
    settings: Settings = Settings()
    assets: Assets = Assets()

    def fields(self) -> tuple[Setting, ...]:
        """Return the settings of all groups, in order."""
        return tuple(setting for group in self.settings.group for setting in group.field)


def read(folder: Path) -> Manifest:
    """Read the manifest of the theme in ``folder``. Raises Invalid with the place of the mistake."""
    file = folder / FILE_NAME
    try:
        return Manifest.model_validate(tomllib.loads(file.read_text("utf-8")))
    except FileNotFoundError as error:
        raise Invalid(f"{file} is missing; a theme is a folder with a {FILE_NAME}.", code="BAD_THEME") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Invalid(f"{file} cannot be read: {error}.", code="BAD_THEME") from error
    except ValidationError as error:
        raise Invalid(f"{file}: {_sentence(error)}.", code="BAD_THEME") from error


def _sentence(error: ValidationError) -> str:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return f"“{place}” is not known here; remove it or mend its spelling"
    return f"“{place}”: {first['msg'].removeprefix('Value error, ')}"
