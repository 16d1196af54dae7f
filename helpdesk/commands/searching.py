"""``helpdesk search rebuild``: makes anew what is searched, beside a running desk."""

import time
from collections.abc import Callable

import click

from helpdesk.commands.asking import Asked, verb
from helpdesk.commands.opening import opened, service_named
from helpdesk.commands.progress import progress
from helpdesk.customers import searching as customers
from helpdesk.customers.operations import SERIES
from helpdesk.kernel.db import last_number
from helpdesk.kernel.renewing import Renewed
from helpdesk.organization import queries as organization
from helpdesk.tickets import counting
from helpdesk.tickets import searching as tickets

KINDS = ("tickets", "customers")
REST = 0.25
"""How long it lets others write after each lot, against how long the lot took."""

Renew = Callable[..., Renewed | None]


@verb("rebuild")
@click.option("--service", metavar="ID", help="The service's id; all of them unless told.")
def rebuild(asked: Asked, *, service: str | None) -> None:
    """Make all that tickets and customers are found by anew. May run beside the desk, be interrupted, and run again."""
    with opened(asked):
        rows = organization.services() if service is None else [service_named(service)]
        totals = (
            sum(counting.of_service(row.id).total for row in rows),
            sum(last_number(SERIES, row.id) for row in rows),
        )
        done: dict[str, dict[str, int]] = {}
        for things, total, renew in zip(KINDS, totals, (tickets.renew, customers.renew), strict=True):
            with progress(asked, things.capitalize(), total) as shown:
                done[things] = {row.slug: _rebuilt(row.id, renew, shown) for row in rows}
    words = ", ".join(f"{count:,} {things} of {slug}" for things in KINDS for slug, count in done[things].items())
    asked.answer(done, f"Search entries were made anew: {words}.")


def _rebuilt(service_id: int, renew: Renew, shown: Callable[[int], None]) -> int:
    """Make the service's entries anew and return of how many things."""
    after, count = 0, 0
    while True:
        began = time.monotonic()
        lot = renew(service_id, after=after)
        if lot is None:
            return count
        after, count = lot.last_id, count + lot.count
        shown(lot.count)
        time.sleep((time.monotonic() - began) * REST)
