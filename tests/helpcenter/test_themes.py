"""Which theme's file is used, and what happens to themes that are wrong."""

from pathlib import Path

import pytest

from helpdesk.helpcenter.themes import LONGEST_LINE, Themes, find
from helpdesk.kernel.errors import Invalid
from tests.helpcenter.desks import CHILDREN, DEFAULT, all_themes


def write_theme(folder: Path, name: str, *, parent: str = "default", more: str = "", **files: str) -> Path:
    """Write the theme ``name``; ``files`` are texts by path, ``__`` for a slash and ``_html`` for ``.html``."""
    theme = folder / name
    theme.mkdir(parents=True)
    head = f'[theme]\nname = "{name}"\ntitle = "T"\nversion = "1.0"\napi = 1\nparent = "{parent}"\n'
    (theme / "theme.toml").write_text(head + more, "utf-8")
    for path, text in files.items():
        file = theme / path.replace("__", "/").replace("_html", ".html")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    return theme


def test_folders_with_a_manifest_are_found_by_name() -> None:
    assert find(CHILDREN) == {"sunrise": CHILDREN / "sunrise"}


def test_child_file_wins_and_what_it_lacks_comes_from_the_parent() -> None:
    line = all_themes().line("sunrise")
    assert line.find("templates", "pages/home.html") == (0, CHILDREN / "sunrise/templates/pages/home.html")
    assert line.find("templates", "pages/inquiry.html") == (1, DEFAULT / "templates/pages/inquiry.html")
    assert line.find("templates", "pages/none.html") is None


def test_texts_merge_code_by_code() -> None:
    texts = all_themes().line("sunrise").texts["en"]
    assert texts["hc.home.heading"] == "What can we do for you today?"
    assert texts["hc.done.number"] == "Your number"


def test_child_setting_stands_in_for_its_parents() -> None:
    settings = all_themes().line("sunrise").settings
    assert (settings["brand_color"].default, settings["brand_color_dark"].default) == ("#a63d00", "#9db8ff")


@pytest.mark.parametrize(
    "name",
    [
        "../theme.toml",
        "a/../../theme.toml",
        "/etc/passwd",
        "link.html",
        "",
        ".",
        "a//b",
        "..",
        ".hidden",
        "a\\b",
        "a\0b",
    ],
)
def test_nothing_outside_the_templates_is_reached(tmp_path: Path, name: str) -> None:
    theme = write_theme(tmp_path, "jailed", templates__a_html="a")
    (theme / "templates" / "link.html").symlink_to("/etc/passwd")
    (theme / "templates" / ".hidden").write_text("x")
    assert all_themes(tmp_path).line("jailed").themes[0].file("templates", name) is None


def test_parents_in_a_circle_are_refused_and_the_default_stands_in(tmp_path: Path) -> None:
    write_theme(tmp_path, "one_theme", parent="two_theme")
    write_theme(tmp_path, "two_theme", parent="one_theme")
    themes = all_themes(tmp_path)
    assert "circle: one_theme → two_theme → one_theme" in themes.problems["one_theme"]
    assert themes.line("one_theme").name == "default"


def test_too_many_parents_are_refused_and_the_nearest_sound_one_stands_in(tmp_path: Path) -> None:
    names = [f"level{number}" for number in range(LONGEST_LINE + 1)]
    for name, parent in zip(names, [*names[1:], "default"], strict=True):
        write_theme(tmp_path, name, parent=parent)
    themes = all_themes(tmp_path)
    assert "more than 2 parents" in themes.problems["level0"]
    assert themes.line("level0").name == "level1"
    assert len(themes.line("level1").themes) == LONGEST_LINE + 1


def test_parent_that_is_not_installed_is_named(tmp_path: Path) -> None:
    write_theme(tmp_path, "orphan", parent="nobody")
    assert "“nobody” is not installed" in all_themes(tmp_path).problems["orphan"]


def test_theme_for_another_version_is_shown_as_a_problem(tmp_path: Path) -> None:
    write_theme(tmp_path, "later", more='requires = "helpdesk>=9"\n')
    assert all_themes(tmp_path).problems["later"] == "It needs helpdesk>=9; this is helpdesk 0.1.0."


def test_setting_cannot_change_its_parents_type(tmp_path: Path) -> None:
    field = (
        '[[settings.group]]\nid = "g"\n[[settings.group.field]]\nid = "brand_color"\ntype = "bool"\ndefault = true\n'
    )
    write_theme(tmp_path, "changer", more=field)
    assert "its parent has it as color" in all_themes(tmp_path).problems["changer"]


def test_broken_theme_does_not_take_the_others_down(tmp_path: Path) -> None:
    (write_theme(tmp_path, "broken") / "theme.toml").write_text("[theme")
    themes = all_themes(tmp_path)
    assert set(themes.names()) == {"default", "sunrise"}
    assert "theme.toml cannot be read" in themes.problems["broken"]


def test_theme_under_another_name_is_refused(tmp_path: Path) -> None:
    write_theme(tmp_path, "pretender")
    themes = Themes({"default": DEFAULT, "sunrise": tmp_path / "pretender"}, core_version="0.1.0")
    assert "calls itself “pretender”" in themes.problems["sunrise"]


def test_desk_without_a_default_theme_says_what_to_install() -> None:
    with pytest.raises(Invalid, match="Install helpdesk-theme-default"):
        Themes({}, core_version="0.1.0")


def test_fingerprint_changes_with_an_asset(tmp_path: Path) -> None:
    theme = write_theme(tmp_path, "painted", assets__a="1")
    before = all_themes(tmp_path).line("painted").themes[0].fingerprint
    (theme / "assets" / "a").write_text("2")
    assert all_themes(tmp_path).line("painted").themes[0].fingerprint != before
