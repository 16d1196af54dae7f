"""A theme: a folder that holds only what differs from the default one."""

from pathlib import Path

from helpdesk.sdk.theme import Theme

FOLDER: Theme = Path(__file__).parent / "theme"
