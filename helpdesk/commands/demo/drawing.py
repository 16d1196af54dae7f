"""What the demo's tickets draw from: their customers, agents, channels and lives, skewed as on a real desk."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from random import Random
from typing import Any

from helpdesk.commands.demo import phrases
from helpdesk.commands.demo.lives import LIVES
from helpdesk.tickets.rules import TicketPriority, sorted_tags

SAMPLES = 4_096
CHANNELS = {"email": 50, "web": 22, "phone": 10, "kakao": 10, "api": 5, "sms": 3}
PRIORITIES = {TicketPriority.NORMAL: 75, TicketPriority.HIGH: 12, TicketPriority.LOW: 9, TicketPriority.URGENT: 4}
LANGUAGES = {"ko": 70, "en": 30}
LENGTHS = {"ko": {2: 35, 3: 35, 4: 18, 5: 8, 6: 4}, "en": {2: 50, 3: 32, 4: 18}}
"""Phrases in a message: 8 to 30 words."""

PHONE_SHARE = 0.3


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who works at the desk, and for which group."""

    id: int
    name: str
    group_id: int | None


def customer_of(customer_id: int) -> tuple[str, str, str | None]:
    """Return name, address and perhaps phone number of a customer of the demo, by the id."""
    names, mixed = _names(), customer_id * 2_654_435_761 >> 8
    if customer_id % 10 < 7:
        given = mixed % len(names["given"])
        name = names["family"][mixed // 64 % len(names["family"])] + names["given"][given]
        local = names["latin"][given]
    else:
        first = names["first"][mixed % len(names["first"])]
        name, local = f"{first} {names['last'][mixed // 64 % len(names['last'])]}", first.lower()
    phone = f"+8210{20_000_000 + customer_id}" if customer_id % 100 < PHONE_SHARE * 100 else None
    return name, f"{local}{customer_id}@mail.example", phone


@cache
def _names() -> dict[str, list[str]]:
    return {name: text.split() for name, text in phrases.words()["names"].items()}


def _drawn(shares: Mapping[Any, int]) -> list[Any]:
    """Return so many of each that one taken anywhere is one by the shares."""
    total = sum(shares.values())
    ends = list(accumulate(shares.values()))
    return [
        choice
        for choice, end, share in zip(shares, ends, shares.values(), strict=True)
        for _ in range(end * SAMPLES // total - (end - share) * SAMPLES // total)
    ]


@dataclass(frozen=True, slots=True)
class Samples:
    """What tickets draw from, each SAMPLES long."""

    lives: list[int]
    channels: list[str]
    priorities: list[str]
    languages: list[str]
    lengths: dict[str, list[int]]
    tags: list[tuple[str, ...]]
    agents: list[Person]


@cache
def samples(agents: tuple[Person, ...]) -> Samples:
    """Return what tickets of these agents draw from."""
    tags = _names()["tags"]
    random = Random(phrases.SEED)  # noqa: S311  # no secret
    pairs = [sorted_tags({tags[int(len(tags) * random.random() ** 2)], random.choice(tags)}) for _ in range(40)]
    single: list[tuple[str, ...]] = [(tag,) for tag in tags]
    return Samples(
        lives=_drawn({place: life.share for place, life in enumerate(LIVES)}),
        channels=_drawn(CHANNELS),
        priorities=_drawn({str(name): share for name, share in PRIORITIES.items()}),
        languages=_drawn(LANGUAGES),
        lengths={language: _drawn(shares) for language, shares in LENGTHS.items()},
        tags=[random.choice(single if random.random() < 0.7 else pairs) for _ in range(SAMPLES)],
        agents=_drawn({person: 1000 // (place + 3) + 5 for place, person in enumerate(agents)}),
    )
