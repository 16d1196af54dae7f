"""Fetches GraphiQL by npm into helpdesk/web/static/graphiql when the distribution is built, wheel or editable.

A build without npm, or without a network, succeeds all the same: the explorer then says what is
missing. Committed copies lost: a megabyte of other people's minified code that nobody reviews.
``python hatch_build.py`` does the same by hand and fails loudly.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCE = Path("helpdesk/web/graphiql_assets")
TARGET = Path("helpdesk/web/static/graphiql")
STAMP = "built-from.txt"
FILES = (
    "graphiql/graphiql.min.js",
    "graphiql/graphiql.min.css",
    "react/umd/react.production.min.js",
    "react-dom/umd/react-dom.production.min.js",
)
TIMEOUT_SECONDS = 300


class GraphiqlHook(BuildHookInterface[Any]):
    """Put the explorer's files where the wheel takes them from."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Fetch the files unless they are there; tell, and go on, when they cannot be had."""
        try:
            fetch(Path(self.root))
        except (OSError, subprocess.SubprocessError) as error:
            self.app.display_warning(f"GraphiQL was not built, the explorer will say so: {explain(error)}")


def fetch(root: Path) -> None:
    """Install the locked packages in a scratch folder and copy what is needed; nothing when it is up to date.

    Raises OSError or SubprocessError; what was there before then stays.
    """
    lock = (root / SOURCE / "package-lock.json").read_bytes()
    stamp = hashlib.sha256(lock).hexdigest()
    target = root / TARGET
    if (target / STAMP).is_file() and (target / STAMP).read_text() == stamp:
        return
    npm = shutil.which("npm")
    if npm is None:
        raise FileNotFoundError("npm was not found; install Node.js with npm.")
    with tempfile.TemporaryDirectory() as scratch:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(root / SOURCE / name, scratch)
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(command, cwd=scratch, check=True, capture_output=True, timeout=TIMEOUT_SECONDS)  # noqa: S603
        target.mkdir(parents=True, exist_ok=True)
        for name in FILES:
            _place(Path(scratch, "node_modules", name), target / Path(name).name)
    (target / STAMP).write_text(stamp)


def _place(file: Path, target: Path) -> None:
    """Copy the file so that nobody ever reads half of it: two builds may run at once."""
    part = target.with_name(f".{target.name}.{os.getpid()}")
    shutil.copyfile(file, part)
    part.replace(target)


def explain(error: Exception) -> str:
    """Return the error with npm's last line, which is where it says what it wanted."""
    output = getattr(error, "stderr", None) or b""
    lines = output.decode("utf-8", "replace").strip().splitlines()
    return f"{error} {lines[-1]}" if lines else str(error)


if __name__ == "__main__":
    try:
        fetch(Path(__file__).parent)
    except (OSError, subprocess.SubprocessError) as problem:
        sys.exit(explain(problem))
