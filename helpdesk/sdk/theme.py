"""What a theme author brings: a folder, and an entry point of the group ``helpdesk.themes`` that names it.

The folder holds ``theme.toml`` (name, version, parent, settings), ``templates/``, ``assets/`` and
``locales/``, and only what differs from its parent; no Python runs. The entry point leads to the
folder as a ``Path``::

    FOLDER: Theme = Path(__file__).parent

``theme.toml`` says who the theme is::

    [theme]
    name = "acme"               # as its entry point is called
    title = "Acme"
    version = "1.0.0"
    api = 1                     # of this page
    parent = "default"          # whose pages it falls back on; the default theme unless told
    variants = ["responsive"]   # or pc and mobile
    locales = ["ko", "en"]      # of which it brings texts
    requires = "helpdesk>=0.1"
    license = "MIT"

    [[settings.group]]          # what an administrator may set; a template reads it as settings.size
    id = "brand"
    [[settings.group.field]]
    id = "size"
    type = "int"

    [assets]                    # what every page loads, after those of the parent
    css = ["acme.css"]

A template of the same name as one of the parent's takes its place; one that begins with
``{% extends "parent:pages/home.html" %}`` takes over the blocks that it names, and the README of the default
theme lists the pages, their blocks and their values.

Templates are rendered in a sandbox, from frozen values, within limits; when one fails, visitors get
the parent's page.
"""

from pathlib import Path
from typing import TypeAlias

__all__ = ["API", "Theme"]

API = 1
"""The version of the template interface that ``theme.toml`` names with ``api``."""

Theme: TypeAlias = Path
"""What a theme's entry point leads to."""
