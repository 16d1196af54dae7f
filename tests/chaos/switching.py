"""Switches many plugins at once, as ``python -m tests.chaos.switching on KIND/NAME …`` in the desk's environment.

By the commands each one would have the running desk look at all of them again, those too that cannot be
used, each in a process of its own. No code of theirs runs here.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import orjson

from helpdesk import starting
from helpdesk.kernel import settings
from helpdesk.kernel.actors import system
from helpdesk.kernel.db import connection, transactional
from helpdesk.plugins import operations
from helpdesk.plugins.guard import Ref
from helpdesk.plugins.kinds import Kind
from tests.factories.processes import Site
from tests.house.tree import ROOT

SECONDS = 60


def switch_all(python: Path, site: Site, plugins: Sequence[tuple[str, str]], *, is_on: bool) -> None:
    """Switch the plugins (kind and name) in one change, which the running desk follows."""
    names = [f"{kind}/{name}" for kind, name in plugins]
    command = [str(python), "-m", __name__, "on" if is_on else "off", *names]
    environment = {**site.environment, "HELPDESK_DISABLE": orjson.dumps(names).decode()}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@transactional
def _switch(names: Sequence[str], *, is_on: bool) -> None:
    for kind, _, name in (one.partition("/") for one in names):
        operations.switch(system(0), Ref(Kind(kind), name), is_on=is_on, everywhere=True)


def main(word: str, *names: str) -> None:
    """Join the desk, switch, and leave."""
    starting.start(settings.load(), migrate=False)
    with connection():
        _switch(names, is_on=word == "on")
    sys.stdout.flush()
    os._exit(0)  # what connected itself here has nothing to do


if __name__ == "__main__":
    main(*sys.argv[1:])
