"""Makes up what customers and agents write: phrases of words that are as common as words are (Zipf), in two languages.

The words are in words.toml. A phrase is four to six words, made once, with its search terms; a message is some phrases
in a row, so that writing a million of them costs no more than joining them.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path
from random import Random

from helpdesk.kernel.search_pieces import Piece, piece

FILE = Path(__file__).with_name("words.toml")
SEED = 20_261_101
PHRASES = {"ko": 6_000, "en": 3_000}
SUBJECTS = {"ko": 2_000, "en": 1_000}
DOMAIN_SHARE = 0.35
PARTICLES = {
    "을": "를",
    "이": "가",
    "은": "는",
    "에서": "에서",
    "으로": "로",
    "도": "도",
    "만": "만",
    "에": "에",
    "과": "와",
    "": "",
}
"""What stands after a consonant, and what after a vowel."""


@dataclass(frozen=True, slots=True)
class Speech:
    """What is said in one language: subjects of tickets, and phrases of messages."""

    subjects: Sequence[Piece]
    phrases: Sequence[Piece]


class Words:
    """Words in the order of how common they are; the tenth comes up a quarter as often as the first."""

    def __init__(self, text: str) -> None:
        self._words = [word.replace("_", " ") for word in text.split()]
        self._weights = list(accumulate(1 / (rank + 2) for rank in range(len(self._words))))

    def one(self, random: Random) -> str:
        """Return one."""
        return random.choices(self._words, cum_weights=self._weights)[0]


@cache
def words() -> dict[str, dict[str, str]]:
    """Return the lists of words.toml."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


@cache
def speech(language: str) -> Speech:
    """Return what is said in a language, ko or en: the same whenever it is asked for."""
    random = Random(f"{SEED} {language}")  # noqa: S311  # no secret
    known = {name: Words(text) for name, text in words()[language].items()}
    say, name = {"ko": (_korean, _korean_subject), "en": (_english, _english_subject)}[language]
    return Speech(
        subjects=[piece(name(known, random)) for _ in range(SUBJECTS[language])],
        phrases=[piece(say(known, random)) for _ in range(PHRASES[language])],
    )


def _korean(known: dict[str, Words], random: Random) -> str:
    topic = known["domain" if random.random() < DOMAIN_SHARE else "nouns"].one(random)
    said = [_with_particle(topic, random), _with_particle(known["nouns"].one(random), random)]
    if random.random() < 0.5:
        said.append(_with_particle(known["nouns"].one(random), random))
    return f"{known['adverbs'].one(random)} {' '.join(said)} {known['verbs'].one(random)}."


def _korean_subject(known: dict[str, Words], random: Random) -> str:
    about = known["domain"].one(random)
    return f"{_with_particle(known['nouns'].one(random), random)} {about} {known['verbs'].one(random)}"


def _with_particle(noun: str, random: Random) -> str:
    """Return a noun with one of the particles, as its last sound wants it."""
    closed, opened = random.choice([*PARTICLES.items()])
    ending = (ord(noun[-1]) - 0xAC00) % 28
    if closed == "으로":
        return noun + (opened if ending in {0, 8} else closed)  # 8 is the consonant ㄹ
    return noun + (closed if ending else opened)


def _english(known: dict[str, Words], random: Random) -> str:
    noun = known["domain" if random.random() < DOMAIN_SHARE else "nouns"].one(random)
    first, second = known["verbs"].one(random), known["adverbs"].one(random)
    thing = f"{known['adjectives'].one(random)} {noun}"
    return random.choice(
        (
            f"I {first} the {thing} {second}.",
            f"Could you {first} my {thing}?",
            f"The {thing} did not {first} {second}.",
            f"We {first} the {noun} and the {known['nouns'].one(random)}.",
        )
    )


def _english_subject(known: dict[str, Words], random: Random) -> str:
    about = known["domain"].one(random).capitalize()
    return f"{about} of the {known['adjectives'].one(random)} {known['nouns'].one(random)}"
