"""The tree is written in one hand: ruff finds nothing to say and nothing to change."""

import subprocess
import sys

import pytest

from tests.house.tree import ROOT


@pytest.mark.parametrize("words", [("check",), ("format", "--check")], ids=" ".join)
def test_ruff_has_nothing_to_say(words: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "ruff", *words, "--no-cache", "--output-format=concise", "."]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
