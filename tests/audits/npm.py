"""Installs locked npm packages outside the tree, once for each lock file."""

import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.servers.processes import find_program

SECONDS = 300


def install(folder: Path, cache: Path) -> Path:
    """Return a copy of the folder with ``node_modules`` beside it, kept in the cache until the lock changes.

    Made aside and renamed, so that parallel workers and a broken download leave nothing half done.
    """
    npm = find_program("npm", package="npm")
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in sorted(folder.glob("*.*js*")))).hexdigest()
    ready = cache / digest[:16]
    if ready.is_dir():
        return ready
    scratch = Path(tempfile.mkdtemp(dir=cache))
    for file in folder.glob("*.*js*"):
        shutil.copy(file, scratch)
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=scratch, capture_output=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
    try:
        scratch.rename(ready)
    except OSError:  # another worker was quicker
        shutil.rmtree(scratch)
    return ready
