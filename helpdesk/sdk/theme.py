"""What a theme author brings: a folder, and an entry point of the group ``helpdesk.themes`` that names it.

The folder holds ``theme.toml`` (name, version, parent, settings), ``templates/``, ``assets/`` and
``locales/``, and only what differs from its parent; no Python runs. The entry point leads to the
folder as a ``Path``::

    FOLDER: Theme = Path(__file__).parent

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
