"""``helpdesk search rebuild``: makes anew what is searched, beside a running desk."""

import time
from collections.abc import Callable

import click

from helpdesk.commands.asking import Asked, verb
from helpdesk.commands.opening import opened, service_named
from helpdesk.commands.progress import progress
from helpdesk.organization import queries as organization
from helpdesk.tickets import counting, searching

REST = 0.25
"""How long it lets others write after each lot, against how long the lot took."""


@verb("rebuild")
@click.option("--service", metavar="ID", help="The service's id; all of them unless told.")
def rebuild(asked: Asked, *, service: str | None) -> None:
    """Make all search entries anew from the tickets. May run beside the desk, be interrupted, and run again."""
    with opened(asked):
        rows = organization.services() if service is None else [service_named(service)]
        lengths = {row.id: counting.of_service(row.id).total for row in rows}
        with progress(asked, "Tickets", sum(lengths.values())) as shown:
            done = {row.slug: _rebuilt(row.id, shown) for row in rows}
    words = ", ".join(f"{count:,} tickets of {slug}" for slug, count in done.items())
    asked.answer({"tickets": done}, f"Search entries were made anew: {words}.")


def _rebuilt(service_id: int, shown: Callable[[int], None]) -> int:
    """Make the service's entries anew and return of how many tickets."""
    after, count = 0, 0
    while True:
        began = time.monotonic()
        lot = searching.renew(service_id, after=after)
        if lot is None:
            return count
        after, count = lot.last_id, count + lot.count
        shown(lot.count)
        time.sleep((time.monotonic() - began) * REST)
