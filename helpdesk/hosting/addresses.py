"""Owns where people reach the desk, as this process was told; plugins build their links from it.

A Host is made in many places, so this is set once for the process, like the database and the keyring.
"""

from urllib.parse import quote

from helpdesk.kernel.settings import Settings


class _Desk:
    """Where people reach the desk of this process."""

    def __init__(self) -> None:
        self.url: str = Settings.model_fields["base_url"].default


_desk = _Desk()


def use(settings: Settings) -> None:
    """Build every address of this process from the base URL of the settings."""
    _desk.url = settings.base_url


def of_service(slug: str, path: str) -> str:
    """Return the public URL of a path of the service; without a path, of the service itself."""
    service = f"{_desk.url.rstrip('/')}/{quote(slug, safe='')}"
    return f"{service}/{path.lstrip('/')}" if path else service
