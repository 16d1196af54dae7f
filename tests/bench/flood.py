"""Run with ``python -m tests.bench.flood``: a mailbox full of mail at once, and how long the API takes meanwhile.

A real desk on SQLite (web and worker apart) and a real Dovecot, all on this machine. One caller asks for a page of
tickets at a steady pace, first while the desk idles and then until every mail is a ticket. Source: fault row 25.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from helpdesk.channels import accounts
from helpdesk.channels.models import InboxRow
from helpdesk.channels.rules import InboxState
from tests.factories.calls import Calls
from tests.factories.client import open_to_partners
from tests.factories.desk import make_desk
from tests.factories.processes import Site
from tests.faults.loads import queue_answers
from tests.servers.dovecot import DovecotServer

PACE_SECONDS = 0.05
PAGE = 50
LONGEST_SECONDS = 1800.0


def mail(number: int) -> bytes:
    """Return one customer's mail."""
    text = "주문한 상품이 아직 오지 않았습니다. 언제 도착하나요?\r\n" * 20
    return (
        f"From: customer{number}@shop.example\r\nTo: support@desk.example\r\nSubject: Inquiry {number}\r\n"
        f"Message-ID: <{number}@shop.example>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}"
    ).encode()


def report(folder: Path, *, mails: int, idle_seconds: float) -> Iterator[str]:
    """Yield the lines of the report."""
    with DovecotServer() as dovecot, closing(Site(folder)) as site, site.joined() as settings:
        desk = make_desk(settings)
        key, user = open_to_partners(desk), dovecot.new_user()
        queue_answers(desk, tickets_count=PAGE, each=1)
        accounts.create(
            desk.administrator, driver="email", name="Mail",
            settings={
                "address": "support@desk.example", "imap_host": dovecot.host, "imap_port": dovecot.port,
                "imap_security": "none", "imap_username": user, "imap_password": dovecot.password,
            },
        )  # fmt: skip
        site.web()
        dovecot.append_all(user, map(mail, range(mails)))
        with Calls(site.url, key) as calls:
            idle = list(_asked(calls, until=time.monotonic() + idle_seconds))
            site.worker()
            began = time.monotonic()
            busy = list(_asked(calls, until=began + LONGEST_SECONDS, mails=mails))
            took = time.monotonic() - began
        done = InboxRow.select().where(InboxRow.state == InboxState.PROCESSED).count()
    yield f"{mails} mails in a mailbox at once, {done} of them tickets after {took:.0f} s ({done / took:.0f} a second)"
    yield f"page of tickets, idle        median {_median(idle):6.1f} ms   p95 {_p95(idle):6.1f} ms"
    yield f"page of tickets, meanwhile   median {_median(busy):6.1f} ms   p95 {_p95(busy):6.1f} ms"
    yield f"p95 {_p95(busy) / _p95(idle):.1f} × idle (goal 2 ×)"


def _asked(calls: Calls, *, until: float, mails: int | None = None) -> Iterator[float]:
    """Ask at a steady pace until then, or until all mails are in; yield how long each answer took, in milliseconds."""
    while (started := time.monotonic()) < until:
        calls.ask("Tickets", first=PAGE)
        yield (time.monotonic() - started) * 1000
        if mails is not None and InboxRow.select().where(InboxRow.state == InboxState.PROCESSED).count() >= mails:
            return
        time.sleep(max(0.0, started + PACE_SECONDS - time.monotonic()))


def _median(times: list[float]) -> float:
    return statistics.median(times)


def _p95(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.95)]


def main() -> None:
    """Print the report."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.flood", description="Flood a desk with mail.")
    parser.add_argument("--mails", type=int, default=10_000, help="how many mails lie in the mailbox (10000)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="helpdesk-flood-") as folder:
        for line in report(Path(folder), mails=given.mails, idle_seconds=15):
            print(line, flush=True)


if __name__ == "__main__":
    main()
