"""A virtual environment of a test's own, in which the desk runs and into which plugins are installed by pip.

It sees what this one has installed, so that making it takes a moment, and keeps for itself what comes later.
"""

import subprocess
import sysconfig
import venv
from pathlib import Path

from tests.house.programs import fresh_environment

SCRIPT = """#!{python}
import sys

from helpdesk.cli import main

sys.exit(main())
"""


class FreshEnvironment:
    """One environment; ``helpdesk`` is its program."""

    def __init__(self, folder: Path) -> None:
        venv.create(folder, with_pip=False, symlinks=True)
        self.python = folder / "bin" / "python"
        self.helpdesk = folder / "bin" / "helpdesk"
        self.helpdesk.write_text(SCRIPT.format(python=self.python))
        self.helpdesk.chmod(0o755)
        (own,) = folder.glob("lib/python*/site-packages")
        shared = sysconfig.get_path("purelib")
        (own / "shared.pth").write_text(f"import site; site.addsitedir({shared!r})\n")

    def install(self, *folders: Path, editable: bool = False) -> None:
        """Install distributions from their folders, as pip does it."""
        targets = [part for folder in folders for part in (("-e", str(folder)) if editable else (str(folder),))]
        self._pip("install", "--no-deps", "--no-index", "--no-build-isolation", *targets)

    def uninstall(self, *names: str) -> None:
        """Take distributions away again."""
        self._pip("uninstall", "--yes", *names)

    def _pip(self, verb: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self.python), "-m", "pip", verb, "--quiet", "--disable-pip-version-check", *arguments],
            env=fresh_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
