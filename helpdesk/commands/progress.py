"""Shows how far long work is, on stderr: nothing under --json, and nothing where nobody looks."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from helpdesk.commands.asking import Asked


@contextmanager
def progress(asked: Asked, label: str, length: int) -> Iterator[Callable[[int], None]]:
    """Show a bar of that length for the time; gives what is called with each step's size."""
    is_hidden = asked.is_json or not sys.stderr.isatty()
    with click.progressbar(length=length, label=label, file=sys.stderr, hidden=is_hidden, show_pos=True) as bar:
        yield bar.update
