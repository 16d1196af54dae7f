"""What one mail costs from its bytes to its ticket, and which share of it reading, sanitising and the database take.

One process and one core: the reader that works apart in a real desk reads in this process here.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial, wraps
from itertools import count
from typing import Any
from unittest.mock import patch

from helpdesk_email import markup
from helpdesk_email.channel import Email

from helpdesk.channels import inbox
from helpdesk.channels.rules import InboxOutcome
from helpdesk.graphql.context import Context
from helpdesk.kernel import db
from helpdesk.plugins import registry
from helpdesk.plugins.kinds import Kind
from helpdesk.tickets import rules
from tests.bench.desks import Place
from tests.bench.measuring import Row, Timed, Variant, clock_named, clock_of, row_of, spent

LARGEST = 10_000_000
_numbers = count(time.time_ns())  # a desk that is kept has had the mails of earlier runs

PLAIN = "주문한 상품이 아직 오지 않았습니다. 언제 도착하나요?\r\n주문 번호는 2026-1103입니다.\r\n" * 10
QUOTED = (
    PLAIN
    + "\r\n2026년 11월 3일 (화) 오후 3:12, 고객센터 <support@demo.example>님이 작성:\r\n"
    + "> 안녕하세요.\r\n" * 40
)
ROW = '<tr><td style="padding:4px;color:#333333" bgcolor="#ffffff"><b>상품</b></td><td align="right">12,000원</td></tr>'
PAGE = f'<div style="font-size:14px"><p>{PLAIN}</p><table width="600" border="0">{ROW * 60}</table></div>'
FILE = "QUJD" * 19 + "\r\n"


def mails() -> list[bytes]:
    """Return four mails as desks get them: a text, an answer with its quotation, a page, a page with a file."""
    page = f"Content-Type: text/html; charset=utf-8\r\n\r\n{PAGE}"
    file = "Content-Type: image/png\r\nContent-Disposition: attachment; filename=a.png"
    file += "\r\nContent-Transfer-Encoding: base64"
    both = (
        f'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n{page}\r\n--b\r\n{file}\r\n\r\n{FILE * 2000}--b--'
    )
    text = "Content-Type: text/plain; charset=utf-8\r\n\r\n"
    return [_mail(rest) for rest in (text + PLAIN, text + QUOTED, page, both)]


def _mail(rest: str) -> bytes:
    number = next(_numbers)
    head = (
        f"From: =?utf-8?B?7ZmN6ri464+Z?= <c{number}@customer.example>\r\nTo: support@demo.example\r\n"
        f"Subject: =?utf-8?B?67Cw7Iah?= {number}\r\nMessage-ID: <{number}@bench.example>\r\n"
        "Date: Tue, 3 Nov 2026 15:12:00 +0900\r\nMIME-Version: 1.0\r\n"
    )
    return (head + rest).encode()


@dataclass
class Watch:
    """The time that a part of the work has taken, in seconds; what it does within itself counts once."""

    now: Callable[[], float]
    seconds: float = 0.0
    is_running: bool = False

    def over(self, work: Callable[..., Any]) -> Callable[..., Any]:
        """Return the work, timed."""

        @wraps(work)
        def timed(*given: Any, **named: Any) -> Any:
            if self.is_running:
                return work(*given, **named)
            self.is_running, started = True, self.now()
            try:
                return work(*given, **named)
            finally:
                self.is_running = False
                self.seconds += self.now() - started

        return timed

    def pausing(self, work: Callable[..., Any]) -> Callable[..., Any]:
        """Return work that is done within this part and does not count for it."""
        other = Watch(self.now)
        timed = other.over(work)

        @wraps(work)
        def paused(*given: Any, **named: Any) -> Any:
            before = other.seconds
            try:
                return timed(*given, **named)
            finally:
                self.seconds -= other.seconds - before

        return paused


@contextmanager
def watched(now: Callable[[], float]) -> Iterator[dict[str, Watch]]:
    """Give watches over reading, sanitising and the database while the block runs; sanitising is not reading."""
    reading, sanitising, database = Watch(now), Watch(now), Watch(now)
    pool = db.database.obj
    with (
        patch.object(Email, "receive", reading.over(Email.receive)),
        patch.object(markup, "sanitise", reading.pausing(sanitising.over(markup.sanitise))),
        patch.object(rules, "sanitise_in_two", sanitising.over(rules.sanitise_in_two)),
        patch.object(pool, "execute", database.over(pool.execute)),  # the building of SQL in it
        patch.object(pool, "execute_sql", database.over(pool.execute_sql)),
        patch.object(pool, "commit", database.over(pool.commit)),
    ):
        yield {"reading": reading, "sanitising": sanitising, "database": database}


def ingest(context: Context, place: Place, *, rounds: int) -> list[Row]:
    """Feed four mails a round; the rows of the parts have the share of each as their ratio."""
    registry.load(safe_mode=True, looks=False)
    registry.register(Kind.CHANNEL, "email", Email)  # by hand, it reads in this process
    _feed(context, place, mails())
    fed = [mail for _ in range(rounds) for mail in mails()]
    clock = clock_of(place.database)
    now = clock_named(clock)
    with watched(now) as parts:
        seconds = [spent(partial(_feed, context, place, [raw]), now) for raw in fed]
    whole = Timed(Variant("desk, a mail", bytes, note="text, answer, page, and page with a file in turns"), seconds)
    shares = {name: watch.seconds / sum(seconds) for name, watch in parts.items()}
    shares["the rest"] = 1 - sum(shares.values())
    mean_ms = 1000 * sum(seconds) / len(seconds)
    return [row_of("ingest", place.database, whole, whole, clock=clock)] + [
        Row("ingest", place.database, f"of it {name}, mean", clock, share * mean_ms, None, None, share)
        for name, share in shares.items()
    ]


def _feed(context: Context, place: Place, fed: list[bytes]) -> None:
    """Do what ``helpdesk mail ingest`` does with each file."""
    for raw in fed:
        kept = inbox.store(place.account_id, place.service_id, raw, largest=LARGEST, once=True)
        assert inbox.settle(kept.row_id, context.settings).outcome is InboxOutcome.TICKET
