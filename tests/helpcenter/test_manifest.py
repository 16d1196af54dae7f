"""What ``theme.toml`` may say, and how it is told what is wrong."""

from pathlib import Path

import pytest

from helpdesk.helpcenter import manifest
from helpdesk.kernel.errors import Invalid
from tests.helpcenter.desks import CHILDREN, DEFAULT

GOOD = '[theme]\nname = "acme"\ntitle = "Acme"\nversion = "1.2.0"\napi = 1\n'
FIELD = '[[settings.group]]\nid = "brand"\n[[settings.group.field]]\nid = "size"\n'


def read(folder: Path, text: str) -> manifest.Manifest:
    (folder / "theme.toml").write_text(text, "utf-8")
    return manifest.read(folder)


def test_version_before_the_newest_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifest, "APIS", (1, 2))
    for api in (1, 2):
        (tmp_path / manifest.FILE_NAME).write_text(GOOD.replace("api = 1", f"api = {api}"))
        assert manifest.read(tmp_path).theme.api == api


@pytest.mark.parametrize("folder", [DEFAULT, CHILDREN / "sunrise"])
def test_bundled_manifests_are_good(folder: Path) -> None:
    assert manifest.read(folder).theme.api in manifest.APIS


def test_settings_are_read_in_order(tmp_path: Path) -> None:
    text = GOOD + FIELD + 'type = "range"\ndefault = 3\nmin = 1\nmax = 5\ncss = "--hd-size"\n'
    assert [(field.id, field.default) for field in read(tmp_path, text).fields()] == [("size", 3)]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (GOOD.replace("api = 1", "api = 2"), "speaks template API 1; the theme is written for 2"),
        (GOOD.replace("acme", "Acme Theme"), "theme.name"),
        (GOOD.replace("1.2.0", "one"), "a version looks like 1.2.0"),
        (GOOD + 'requires = "newest"\n', "looks like helpdesk>=0.1,<1"),
        (GOOD + 'colour = "red"\n', "“theme.colour” is not known here; remove it or mend its spelling"),
        (GOOD + '[assets]\ncss = ["../x.css"]\n', "assets.css.0"),
        (GOOD + FIELD + 'type = "color"\ndefault = "red; } body { display: none"\n', "takes a colour such as #2f5bea"),
        (GOOD + FIELD + 'type = "range"\ndefault = 9\nmin = 1\nmax = 5\n', "takes a number from 1 to 5"),
        (GOOD + FIELD + 'type = "select"\noptions = ["a"]\ndefault = "b"\n', "takes one of a"),
        (GOOD + FIELD + 'type = "bool"\ndefault = 1\n', "takes a value of type bool"),
        (GOOD + FIELD + 'type = "text"\ndefault = "x"\ncss = "--hd-x"\n', "“css” goes with color, int, range, select"),
        (GOOD + FIELD + 'type = "url"\ndefault = "javascript:alert(1)"\n', "begins with https:// or /"),
        (
            GOOD + FIELD + 'type = "select"\noptions = ["a;b"]\ndefault = "a;b"\ncss = "--x"\n',
            "options that become CSS",
        ),
        ("[theme", "cannot be read"),
    ],
)
def test_mistake_is_told_with_its_place(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(Invalid) as refusal:
        read(tmp_path, text)
    assert sentence in refusal.value.message
    assert "theme.toml" in refusal.value.message


def test_folder_without_manifest_says_what_a_theme_is(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="a theme is a folder with a theme"):
        manifest.read(tmp_path)
