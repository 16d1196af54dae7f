"""The README's theme works as it stands there: it is taken from it, not copied."""

from pathlib import Path

from helpdesk.helpcenter.rendering import Renderer
from helpdesk.helpcenter.themes import Themes
from helpdesk.helpcenter.views import ServiceView
from tests.helpcenter.desks import MemoryDesk, application
from tests.house.readme import blocks
from tests.house.tree import ROOT

README = (ROOT / "README.md").read_text()


def example(language: str, words: str) -> str:
    """Return the README's block of a language that holds the words."""
    (text,) = [block.text for block in blocks(README) if block.language == language and words in block.text]
    return text


def test_theme_of_the_readme_is_found_and_differs_where_it_says(tmp_path: Path) -> None:
    folder = tmp_path / "harbour"
    (folder / "templates/pages").mkdir(parents=True)
    (folder / "theme.toml").write_text(example("toml", "harbour"))
    (folder / "templates/pages/home.html").write_text(example("jinja", "block banner"))
    themes = Themes({"default": ROOT / "themes/default", "harbour": folder}, core_version="0.1.0")
    assert themes.problems == {}
    line = themes.line("harbour")
    assert (line.name, line.settings["brand_color"].default) == ("harbour", "#0b6e6e")
    shop = ServiceView(slug="shop", name="Harbour Shop", theme="harbour", default_language="en")
    client = application(MemoryDesk({"shop": shop}), renderer=Renderer(themes)).test_client()
    assert "<p>Harbour Shop</p>" in client.get("/shop/hc/en").get_data(as_text=True)
