"""Owns the addresses of help center pages. Refuses the Host header: links come from the base URL of the settings."""

from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit

PATHS = {"home": "", "inquiry": "inquiry", "inquiry_done": "inquiry/done"}
"""The pages that a template may link to, and where they are below the language."""


@dataclass(frozen=True, slots=True)
class Links:
    """Make addresses. Those within the site have no host, so that they hold behind any proxy."""

    base_url: str

    @property
    def is_secure(self) -> bool:
        """Whether visitors come by https."""
        return urlsplit(self.base_url).scheme == "https"

    @property
    def prefix(self) -> str:
        """The path under which the whole desk is mounted; empty or without a slash at its end."""
        return urlsplit(self.base_url).path.rstrip("/")

    def page(self, service: str, locale: str, page: str, **parameters: str) -> str:
        """Return the path of a page. Raises KeyError for a page that there is not."""
        query = f"?{urlencode(parameters)}" if parameters else ""
        return f"{self.prefix}/{quote(service, safe='')}/hc/{quote(locale, safe='')}/{PATHS[page]}{query}"

    def absolute(self, path: str) -> str:
        """Return a path of this site with scheme and host, for what leaves the site."""
        parts = urlsplit(self.base_url)
        return f"{parts.scheme}://{parts.netloc}{path}"

    def asset(self, theme: str, fingerprint: str, path: str) -> str:
        """Return the path of a theme's file."""
        return f"{self.prefix}/_t/{theme}/{fingerprint}/{quote(path)}"
