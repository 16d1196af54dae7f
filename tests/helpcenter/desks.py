"""A desk that keeps its services and inquiries in memory, and the small application that tests visit."""

from dataclasses import dataclass, field
from pathlib import Path

from flask import Flask

from helpdesk.helpcenter import themes
from helpdesk.helpcenter.rendering import Renderer
from helpdesk.helpcenter.rules import Inquiry
from helpdesk.helpcenter.slots import Fill
from helpdesk.helpcenter.themes import Themes
from helpdesk.helpcenter.views import ServiceView
from helpdesk.web.helpcenter import blueprint

HERE = Path(__file__).resolve().parent
DEFAULT = HERE.parents[1] / "themes" / "default"
CHILDREN = HERE / "themes"

ACME = ServiceView(slug="acme", name="Acme Store", company={"ko": "에이콤 스토어", "en": "Acme Store Ltd."})
SUNNY = ServiceView(slug="sunny", name="Sunny Side", theme="sunrise", default_language="en")


@dataclass
class MemoryDesk:
    """Services by slug, and what was sent; the same key gives the same number, as the desk's own operation does."""

    services: dict[str, ServiceView] = field(default_factory=lambda: {"acme": ACME, "sunny": SUNNY})
    inquiries: list[tuple[str, Inquiry]] = field(default_factory=list)
    refusal: Exception | None = None

    def service(self, slug: str) -> ServiceView | None:
        return self.services.get(slug)

    def create_inquiry(self, slug: str, inquiry: Inquiry) -> int:
        if self.refusal is not None:
            raise self.refusal
        keys = [kept.key for _, kept in self.inquiries]
        if inquiry.key not in keys:
            self.inquiries.append((slug, inquiry))
            keys.append(inquiry.key)
        return 1001 + keys.index(inquiry.key)


def all_themes(*more: Path) -> Themes:
    """Return the default theme, the children kept beside this file, and the themes in the folders ``more``."""
    folders = {"default": DEFAULT, **themes.find(CHILDREN)}
    for folder in more:
        folders |= themes.find(folder)
    return Themes(folders, core_version="0.1.0")


def application(
    desk: MemoryDesk,
    *,
    renderer: Renderer | None = None,
    base_url: str = "http://desk.example",
    fill: Fill | None = None,
) -> Flask:
    """Return an application with nothing but the help center."""
    app = Flask("helpcenter_under_test")
    made = renderer or Renderer(all_themes())
    app.register_blueprint(
        blueprint(desk, renderer=made, base_url=base_url, secret=b"a secret of the tests", fill=fill)
    )
    return app
