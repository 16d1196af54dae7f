"""Types hold everywhere: mypy is strict over the core, the plugins, the themes and what tests are built on."""

import os
import subprocess
import sys

from tests.house.tree import ROOT, package_folders

TESTS = ("tests/servers", "tests/factories")


def test_mypy_finds_no_error() -> None:
    sources = [str(folder) for folder in package_folders()]
    tests = [path for name in TESTS for path in (name, f"{name}.py") if (ROOT / path).exists()]
    assert len(tests) == len(TESTS), f"One of {TESTS} is missing."
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "helpdesk", *sources, *tests],
        cwd=ROOT,
        env={**os.environ, "MYPYPATH": os.pathsep.join(sources)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
