"""The build fetches the explorer's files, and goes on with a word of warning where it cannot."""

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hatchling.bridge.app import Application

import hatch_build
from tests.servers.processes import find_program

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project that has the package list and no files yet."""
    shutil.copytree(ROOT / hatch_build.SOURCE, tmp_path / hatch_build.SOURCE)
    return tmp_path


def hook(root: Path) -> hatch_build.GraphiqlHook:
    """Return the hook as hatchling makes it."""
    nothing: Any = SimpleNamespace()
    return hatch_build.GraphiqlHook(str(root), {}, nothing, nothing, str(root / "dist"), "wheel", Application())


def test_build_without_npm_goes_on_and_says_so(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(project))
    hook(project).initialize("standard", {})
    told = capsys.readouterr()
    assert "npm was not found" in told.out + told.err
    assert not (project / hatch_build.TARGET).exists()


@pytest.mark.npm
def test_build_whose_packages_cannot_be_had_goes_on_and_says_so(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    find_program("npm", package="npm")
    monkeypatch.setenv("npm_config_offline", "true")
    monkeypatch.setenv("npm_config_cache", str(project / "empty"))
    hook(project).initialize("standard", {})
    told = capsys.readouterr()
    assert "GraphiQL was not built" in told.out + told.err
    assert not (project / hatch_build.TARGET / hatch_build.STAMP).exists()


@pytest.mark.npm
def test_files_are_fetched_once_and_no_packages_are_left_behind(project: Path) -> None:
    find_program("npm", package="npm")
    hatch_build.fetch(project)
    target = project / hatch_build.TARGET
    assert {file.name for file in target.iterdir()} == {
        *(Path(name).name for name in hatch_build.FILES),
        hatch_build.STAMP,
    }
    assert list(project.rglob("node_modules")) == []
    (target / "graphiql.min.js").write_text("mine")
    hatch_build.fetch(project)
    assert (target / "graphiql.min.js").read_text() == "mine"


def test_lock_file_names_no_registry() -> None:
    for lock in (ROOT / hatch_build.SOURCE / "package-lock.json", ROOT / "tests/audits/package-lock.json"):
        text = lock.read_text()
        assert "resolved" not in text
        assert text.count('"integrity"') == text.count('"node_modules/')
