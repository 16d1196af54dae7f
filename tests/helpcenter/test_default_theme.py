"""The default theme as a distribution: it works from the project's folder and from a wheel."""

import gzip
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

from hatchling.builders.wheel import WheelBuilder

from helpdesk.helpcenter import pages
from helpdesk.helpcenter.links import Links
from helpdesk.helpcenter.pages import Place
from helpdesk.helpcenter.rendering import Renderer
from helpdesk.helpcenter.rules import Entry, Problem
from helpdesk.helpcenter.themes import Themes
from tests.helpcenter.desks import ACME, DEFAULT, all_themes

PRINT_FOLDER = "from helpdesk_theme_default import FOLDER; print(FOLDER)"


def folder_seen_from(*places: Path) -> Path:
    """Return what the package says when it is imported with ``places`` as the path of modules."""
    environment = {"PYTHONPATH": os.pathsep.join(map(str, places))}
    command = [sys.executable, "-c", PRINT_FOLDER]
    shown = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return Path(shown.stdout.strip())


def install(target: Path, *, version: str) -> Path:
    """Build the wheel of that kind and unpack it as an installer does; return the folder of modules."""
    (wheel,) = WheelBuilder(str(DEFAULT)).build(directory=str(target), versions=[version])
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target / "site")
    return target / "site"


def render(folder: Path, page: str) -> str:
    renderer = Renderer(Themes({"default": folder}, core_version="0.1.0"))
    place = Place(ACME, "ko", Links("https://desk.example"))
    return renderer.render(renderer.themes.line("default"), page, lambda line: pages.home(place, line))


def test_editable_install_finds_the_theme_at_the_top_of_the_project(tmp_path: Path) -> None:
    site = install(tmp_path, version="editable")
    (added,) = (Path(file.read_text().strip()) for file in site.glob("*.pth"))
    assert folder_seen_from(site, added) == DEFAULT


def test_wheel_carries_the_whole_theme_and_renders(tmp_path: Path) -> None:
    folder = folder_seen_from(install(tmp_path, version="standard"))
    assert folder == tmp_path / "site" / "helpdesk_theme_default"
    parts = ("templates", "assets", "locales")
    assert {path.relative_to(DEFAULT) for part in parts for path in (DEFAULT / part).rglob("*")} == {
        path.relative_to(folder) for part in parts for path in (folder / part).rglob("*")
    }
    assert "무엇을 도와드릴까요?" in render(folder, "home")


def test_style_sheet_is_small_and_loads_nothing_from_elsewhere() -> None:
    sheet = (DEFAULT / "assets/css/theme.css").read_bytes()
    assert len(gzip.compress(sheet)) < 20 * 1024
    assert re.findall(rb"https?:|@import", sheet) == []


def test_every_code_that_a_template_asks_for_has_words() -> None:
    texts = all_themes().line("default").texts
    asked = {
        code
        for file in (DEFAULT / "templates").rglob("*.html")
        for code in re.findall(r"""\bt\(["']([\w.]+)["'][,)]""", file.read_text("utf-8"))
    }
    assert "hc.home.heading" in asked
    assert {code for code in asked if not {code, f"{code}.other"} & set(texts["en"])} == set()


MAIN_HOOKS = [".main_banner", ".main_banner img", ".carousel-caption", "title_txt", "sub_txt", 'id="supports"',
              "container-con", "support__item", "card-title", "btn", "card-text", 'id="sec_contact-news"',
              "textArea", "text-item"]  # fmt: skip
INQUIRY_HOOKS = ["el-breadcrumb", "tit_txt", "inquiry-con", "inquiry-con_table", "bl_ess", "error_txt", "inquiry-btn",
                 "upload-text-memo", "check_area_wrap", "td-radio", "layui-form-checkbox",
                 'lay-skin="primary"']  # fmt: skip


def test_pages_keep_the_hooks_of_the_described_product() -> None:
    renderer = Renderer(all_themes())
    line, place = renderer.themes.line("default"), Place(ACME, "ko", Links("https://desk.example"))
    home = renderer.render(line, "home", lambda theme: pages.home(place, theme))
    problems = [Problem("email", "email_required")]
    form = renderer.render(
        line,
        "inquiry",
        lambda theme: pages.inquiry(place, theme, entry=Entry(), token="t", problems=problems, notices=()),
    )
    assert [hook for hook in MAIN_HOOKS if hook.removeprefix(".").split()[0] not in home] == []
    assert [hook for hook in INQUIRY_HOOKS if hook not in form] == []
    kinds = re.findall(r'data-kind="(\w+)"', home)
    assert kinds == ["notice", "faq", "inquiry", "history"]
