"""Keeps a process small and quick to start: drivers that it does not use are left out, garbage is seldom looked for.

peewee and huey import each database driver that is installed, a tenth of a second and some megabytes for nothing
on an embedded desk. And Python looks for garbage in cycles after every 700 new objects, through all that is there:
a tenth of the time of a process that has imported what a desk is made of.

A driver that was left out can be imported as ever; only peewee's own classes for its database are without it.

``python -m helpdesk.kernel.footprint MODULE WORD…`` calls ``main(*words)`` of the module, imported so, without drivers.
"""

import gc
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module

NEW_OBJECTS = 10_000
TWENTIETH = 20  # one look in so many also takes in what is older


@contextmanager
def importing(environment: Mapping[str, str] = os.environ) -> Iterator[None]:
    """Import in the block: without the drivers that the settings do not ask for, and without looking for garbage.

    What is there afterwards is never looked at again, and what comes later less often.
    """
    gc.disable()
    hidden = [name for name in _unused(environment) if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None is how Python says "not to be had"
    try:
        yield
    finally:
        for name in hidden:
            sys.modules.pop(name, None)
        gc.freeze()
        gc.set_threshold(NEW_OBJECTS, TWENTIETH, TWENTIETH)
        gc.enable()


def _unused(environment: Mapping[str, str]) -> list[str]:
    is_postgres = environment.get("HELPDESK_DATABASE_URL", "").startswith("postgres")
    unused = [] if is_postgres else ["psycopg", "psycopg2"]
    return unused if environment.get("HELPDESK_REDIS_URL") else [*unused, "redis"]


def main(module: str, *words: str) -> None:
    """Run a module of the desk in this process."""
    with importing({}):
        found = import_module(module)
    found.main(*words)


if __name__ == "__main__":
    main(*sys.argv[1:])
