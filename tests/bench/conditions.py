"""A hundred triggers of five conditions each, three that all must hold and two of which one must, on one change.

They are decided by the condition language's predicates, over the facts before and after; no trigger is carried out.
The raw limit is the same written in Python by hand.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from helpdesk.kernel import conditions as language
from helpdesk.kernel.clock import now
from helpdesk.tickets.queries import FIELDS
from tests.bench.measuring import Row, Variant, compare

TRIGGERS = 100
CHANNELS = ("email", "web", "phone", "kakao", "api")
TIMES = 20

Facts = dict[str, Any]
Holds = Callable[[Facts, Facts], bool]


def conditions(*, rounds: int) -> list[Row]:
    """Compare the compiled conditions with plain Python; a row's time is that of one change."""
    after, before = _facts()
    desk, bare = [_compiled(place) for place in range(TRIGGERS)], [_by_hand(place) for place in range(TRIGGERS)]

    def decide(triggers: list[Holds]) -> list[bool]:
        return [holds(after, before) for holds in triggers]

    assert decide(desk) == decide(bare)
    assert 0 < sum(decide(desk)) < TRIGGERS
    ways = [
        Variant("Python by hand", lambda: decide(bare)),
        Variant("desk", lambda: decide(desk), goal="≤ 50 µs", note=f"{sum(decide(desk))} of {TRIGGERS} hold"),
    ]
    return compare("conditions", "none", ways, rounds=rounds * TIMES, clock="cpu")


def _facts() -> tuple[Facts, Facts]:
    after = {
        "number": 4711, "subject": "환불 요청: 배송 지연", "status": "OPEN", "priority": "HIGH", "externalRef": None,
        "channel": "email", "language": "ko", "customer": 7, "assignee": 3, "group": 2,
        "createdAt": now() - timedelta(hours=1), "updatedAt": now(),
    }  # fmt: skip
    return after, after | {"status": "NEW"}


def _compiled(place: int) -> Holds:
    one_of = [
        {"field": "subject", "op": "contains", "value": f"{place}번"},
        {"field": "priority", "op": "isNot", "value": "LOW" if place % 3 else "HIGH"},
    ]
    wanted = {
        "all": [
            {"field": "status", "op": "changedTo", "value": "OPEN"},
            {"field": "channel", "op": "in", "value": [CHANNELS[place % 5], CHANNELS[place * 2 % 5]]},
            {"field": "number", "op": "greaterThan", "value": place * 50},
            {"any": one_of},
        ]
    }
    return language.predicate(language.parse(wanted, FIELDS, path=("condition",)), FIELDS)


def _by_hand(place: int) -> Holds:
    channels, number, word = {CHANNELS[place % 5], CHANNELS[place * 2 % 5]}, place * 50, f"{place}번"
    priority = "LOW" if place % 3 else "HIGH"

    def holds(after: Facts, before: Facts) -> bool:
        return (
            after["status"] == "OPEN"
            and before["status"] != "OPEN"
            and after["channel"] in channels
            and after["number"] > number
            and (word in after["subject"] or after["priority"] != priority)
        )

    return holds
