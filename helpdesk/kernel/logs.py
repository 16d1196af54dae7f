"""Logs: one line a record on stderr, as text or JSON, with personal data and secrets masked.

Owns how a record is written; rooms call ``logging.getLogger(__name__)`` and name facts by
``extra={"ticket_id": 7}``. Refuses to write what breaks a line or moves a terminal (line breaks,
ANSI sequences, other control characters are escaped), mail addresses, phone, card and resident
registration numbers, tokens and passwords (Source: SECURITY section 5, E10, R8).

Masking works on every record that reaches the handler, so on a library's or a plugin's too. Asking
authors to log nothing personal lost: an exception's text quotes its input. People's names and
account numbers have no shape and stay the author's matter. It errs to the safe side: a number
that may be a phone number is masked.
"""

import contextvars
import json
import logging
import re
import sys
import threading
import traceback
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import TracebackType

import orjson

from helpdesk.kernel.settings import Settings

# --- What is masked. Every pattern has one way to match and a bounded look ahead: time is linear in the text. ---

_GAP = r"(?:[\s().,/_~-]|%20){0,3}"
_TIGHT = r"[\s()_~-]{0,3}"  # without a point: 0.212345678 is a duration
_AFTER_ZERO = rf"(?:1{_TIGHT}[016789]|2|[3-6]{_TIGHT}[1-5]|7{_TIGHT}0|8{_TIGHT}0|5{_TIGHT}0{_TIGHT}[0-9])"
_KOREAN_PHONE = (
    rf"(?:(?:\+|00){_TIGHT}8{_TIGHT}2(?:{_GAP}0)?{_GAP}{_AFTER_ZERO}|0{_TIGHT}{_AFTER_ZERO}|82{_GAP}1{_TIGHT}[016789])"
    rf"(?:{_GAP}[0-9]){{7,8}}"
)
_FOREIGN_PHONE = rf"\+{_TIGHT}[1-9](?:{_GAP}[0-9]){{7,14}}"
_PHONE_WITHOUT_ZERO = r"10[-. ]{1,3}[0-9]{4}[-. ]{1,3}[0-9]{4}"  # as a spreadsheet leaves it
_DAY = rf"(?:0{_TIGHT}[1-9]|1{_TIGHT}[0-2]){_TIGHT}(?:0{_TIGHT}[1-9]|[12]{_TIGHT}[0-9]|3{_TIGHT}[01])"
_RESIDENT_NUMBER = rf"[0-9]{_TIGHT}[0-9]{_TIGHT}{_DAY}{_TIGHT}[1-8](?:{_TIGHT}[0-9]){{6}}"

_PHONE = re.compile(rf"(?<![0-9])(?:{_KOREAN_PHONE}|{_FOREIGN_PHONE}|{_PHONE_WITHOUT_ZERO})(?![0-9])")
_RESIDENT = re.compile(rf"(?<![0-9]){_RESIDENT_NUMBER}(?![0-9])")
_SPELLED = re.compile(rf"{_RESIDENT_NUMBER}|{_KOREAN_PHONE}")
_CARD_RUN = re.compile(r"(?<![0-9])[0-9](?:[ -]{0,2}[0-9]){12,}(?![0-9])")
_CARD_LENGTHS = (16, 15, 14, 19, 13, 18, 17)  # the usual ones first, as one in ten passes the check by chance
_MAIL = re.compile(
    r"(?:(?<![\w.+%'-])[\w.+%'-]+|\"[^\"\r\n]{1,64}\")(@|%40)([\w-]{1,63}(?:\.[\w-]{1,63}){0,8}|\[[^\]\s]{1,64}\])"
)
_USER_IN_URL = re.compile(r"://[^\s/@:]{0,128}:[^\s/@]{1,512}@")
_BEARER = re.compile(r"(?i)\b(bearer\s{1,3})[\w.~+/=-]+")
_OWN_TOKEN = re.compile(r"(hd[ks]_)[A-Za-z0-9_-]+")
_COOKIE = re.compile(r"(?i)\b((?:set-)?cookie\s{0,2}:\s{0,2})[^\r\n]+")
_SECRET_NAME = re.compile(
    r"(?i)pass(?:word|wd|phrase)|pwd|secret|token|api[_-]?key|private[_-]?key|authorization|cookie|credential|비밀번호|비번|암호"
)
_SECRET = re.compile(
    rf"((?:{_SECRET_NAME.pattern[4:]})[\w-]{{0,20}}[\"'\\]{{0,4}}\s{{0,3}}[=:]\s{{0,3}})"
    r"(?:\\{0,3}\"(?:[^\"\\\r\n]|\\.)*\"?|'(?:[^'\\\r\n]|\\.)*'?|(?:(?:basic|bearer|digest|token)\s{1,3})?[^\s\"',;&]+)",
    re.IGNORECASE,
)

_HANGUL_DIGITS = {ord(sign): ord(digit) for sign, digit in zip("공영일이삼사오육륙칠팔구", "001234566789", strict=True)}
_DASHES = frozenset("−·・‧∙ㆍー∼〜")


class _Fold(dict[int, int]):
    """Fold the spellings of digits, dashes and spaces, each to one character, so that positions stay."""

    def __missing__(self, code: int) -> int:
        folded = ord(_folded(chr(code)))
        if code < 0x10000:  # no endless memory for whoever logs all of Unicode
            self[code] = folded
        return folded


def _folded(sign: str) -> str:
    category = unicodedata.category(sign)
    if "\uff01" <= sign <= "\uff5e":
        return chr(ord(sign) - 0xFEE0)
    if (digit := unicodedata.digit(sign, None)) is not None:
        return str(digit)
    if category == "Pd" or sign in _DASHES:
        return "-"
    return " " if category in ("Zs", "Cf") else sign


_FOLD = _Fold()

Found = tuple[int, int, str]
"""Where a secret stands (start and end), and what stands there instead."""


def mask(text: str) -> str:
    """Return the text with personal numbers, mail addresses and secrets made unreadable."""
    plain = text if text.isascii() else text.translate(_FOLD)
    for find in _FINDERS:
        text, plain = _replace(text, plain, find(plain))
    return text


def _replace(text: str, plain: str, found: Iterable[Found]) -> tuple[str, str]:
    """Put the replacements into the text and into its folded twin alike."""
    texts: list[str] = []
    plains: list[str] = []
    at = 0
    for start, end, instead in found:
        texts += (text[at:start], instead)
        plains += (plain[at:start], instead)
        at = end
    if not at:
        return text, plain
    return "".join((*texts, text[at:])), "".join((*plains, plain[at:]))


def _by(pattern: re.Pattern[str], instead: Callable[[re.Match[str]], str]) -> Callable[[str], Iterator[Found]]:
    def find(plain: str) -> Iterator[Found]:
        for match in pattern.finditer(plain):
            yield match.start(), match.end(), instead(match)

    return find


def _stars(number: str, *, keep: int = 0) -> str:
    """Replace the digits but for the first few; what stands between shows the shape."""
    digits = iter(range(len(number)))
    return "".join("*" if sign.isdigit() and next(digits) >= keep else sign for sign in number)


def _find_cards(plain: str) -> Iterator[Found]:
    for run in _CARD_RUN.finditer(plain):
        yield from _cards_in(run[0], run.start())


def _cards_in(run: str, offset: int) -> Iterator[Found]:
    """Find what passes the check of cards in a run of digits, reaching over whole groups of digits."""
    places = [place for place, sign in enumerate(run) if sign.isdigit()]
    number = 0
    while number < len(places):
        start = places[number]
        begins = number == 0 or places[number - 1] < start - 1
        length = next(
            (size for size in _CARD_LENGTHS if begins and _is_card(run, places[number : number + size], size)), 0
        )
        if length:
            last = places[number + length - 1]
            shown = places[number + length - 4]
            yield offset + start, offset + last + 1, _stars(run[start:shown]) + run[shown : last + 1]
        number += length or 1


def _is_card(run: str, places: list[int], length: int) -> bool:
    if len(places) < length or run[places[0]] not in "234569" or run[places[-1] + 1 : places[-1] + 2].isdigit():
        return False
    digits = [int(run[place]) for place in reversed(places)]
    return (sum(digits[::2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])) % 10 == 0


def _find_spelled(plain: str) -> Iterator[Found]:
    """Find numbers in Hangul numerals. They run into the words around them, so no end is asked for."""
    digits = plain if plain.isascii() else plain.translate(_HANGUL_DIGITS)
    for match in _SPELLED.finditer(digits):
        spelled = plain[match.start() : match.end()]
        if sum(ord(sign) in _HANGUL_DIGITS for sign in spelled) >= 2:
            yield match.start(), match.end(), _stars(match[0])


_FINDERS: tuple[Callable[[str], Iterator[Found]], ...] = (
    _by(_USER_IN_URL, lambda _match: "://***@"),
    _by(_COOKIE, lambda match: f"{match[1]}***"),
    _by(_SECRET, lambda match: f"{match[1]}***"),
    _by(_BEARER, lambda match: f"{match[1]}***"),
    _by(_OWN_TOKEN, lambda match: f"{match[1]}***"),
    _by(_MAIL, lambda match: f"{match[0][0] if match[0][0] != chr(34) else ''}***{match[1]}{match[2]}"),
    _by(_RESIDENT, lambda match: _stars(match[0])),
    _find_cards,
    _by(_PHONE, lambda match: _stars(match[0], keep=3)),
    _find_spelled,
)

# --- How a record is written. ---

_LONGEST_TEXT = 16_384
_CUT_EDGE = 400  # longer than any number or address, which might stand half in the cut
_KNOWN = frozenset(logging.LogRecord("", 0, "", 0, "", (), None).__dict__) | {"message", "asctime", "taskName"}
_OUR_FIELDS = frozenset({"time", "level", "logger", "message", "exception", "stack"})
_HANDLER_NAME = "helpdesk"
# Below warnings they write queries, addresses and headers with what is in them; huey, a line for every task.
_TALKATIVE = ("httpx2", "httpcore2", "peewee", "huey")

_bound: contextvars.ContextVar[dict[str, object] | None] = contextvars.ContextVar("helpdesk_log_fields", default=None)


def configure(settings: Settings) -> None:
    """Write all records of this process to stderr, in the settings' level and format; calling again replaces."""
    handler = logging.StreamHandler(sys.stderr)
    handler.set_name(_HANDLER_NAME)
    handler.addFilter(Masking())
    handler.setFormatter(_Lines(is_json=settings.log_format == "json"))
    root = logging.getLogger()
    for old in [old for old in root.handlers if old.get_name() == _HANDLER_NAME]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(settings.log_level)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    logging.captureWarnings(capture=True)


def report_crashes() -> None:
    """Log what nobody caught, of the process and of its threads, instead of printing it unmasked."""

    def report(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
        if error is None or issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error or kind(), trace)
            return
        logging.getLogger("helpdesk").critical("Something failed that nobody caught.", exc_info=(kind, error, trace))

    sys.excepthook = report
    threading.excepthook = lambda crash: report(crash.exc_type, crash.exc_value, crash.exc_traceback)


@contextmanager
def bind(**fields: object) -> Iterator[None]:
    """Add the fields, such as ``request_id``, to every record that is logged inside, in this thread or task."""
    token = _bound.set({**(_bound.get() or {}), **fields})
    try:
        yield
    finally:
        _bound.reset(token)


class Masking(logging.Filter):
    """Mask a record in place: message, arguments, extras, exception. Put it on any other handler as well.

    It lets every record pass and never raises, whatever the arguments are.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        for name, value in (_bound.get() or {}).items():
            record.__dict__.setdefault(name, value)
        for name in record.__dict__.keys() - _KNOWN:
            record.__dict__[name] = _masked_value(name, record.__dict__[name])
        record.msg, record.args = _masked(_message(record)), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = "".join(traceback.format_exception(*record.exc_info))
        record.exc_info = None  # an error tracker would read the values from it
        record.exc_text = record.exc_text and _masked(record.exc_text, from_end=True)
        record.stack_info = record.stack_info and _masked(record.stack_info, from_end=True)
        return True


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception as error:  # a wrong format or a raising __str__ must not break whoever logs
        return f"{_text(record.msg)} (its arguments do not fit: {type(error).__name__})"


def _text(value: object) -> str:
    try:
        return value if isinstance(value, str) else str(value)
    except Exception as error:
        return f"({type(value).__name__} that cannot be written: {type(error).__name__})"


def _masked_value(name: str, value: object) -> object:
    if _SECRET_NAME.search(name):
        return "***"
    if value is None or isinstance(value, bool | float):
        return value
    text = _masked(_text(value))
    return value if isinstance(value, int) and text == str(value) and value.bit_length() < 64 else text


def _masked(text: str, *, from_end: bool = False) -> str:
    """Mask, and cut what is too long; of a trace the end tells most."""
    over = len(text) - _LONGEST_TEXT
    if over <= 0:
        return mask(text)
    note = f"… ({over} characters and some were left out) …"
    if from_end:
        return note + mask(text[over:])[_CUT_EDGE:]
    return mask(text[:_LONGEST_TEXT])[:-_CUT_EDGE] + note


class _Lines(logging.Formatter):
    """Write a masked record as one line."""

    def __init__(self, *, is_json: bool) -> None:
        super().__init__()
        self._is_json = is_json

    def format(self, record: logging.LogRecord) -> str:
        fields = {
            _one_line(f"{name}_" if name in _OUR_FIELDS else name): _one_line(value)
            if isinstance(value, str)
            else value
            for name, value in record.__dict__.items()
            if name not in _KNOWN
        }
        line = {
            "time": datetime.fromtimestamp(record.created, UTC)
            .isoformat(timespec="milliseconds")
            .replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": _one_line(record.name),
            "message": _one_line(record.getMessage()),
        }
        for name, text in (("exception", record.exc_text), ("stack", record.stack_info)):
            if text:
                line[name] = _one_line(text.rstrip("\n"))
        if self._is_json:
            return orjson.dumps(line | fields, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
        return _as_text(line, fields)


def _as_text(line: dict[str, str], fields: dict[str, object]) -> str:
    """Put the fields before the message: a message that looks like fields cannot pass for some."""
    named = "".join(f" {name}={json.dumps(value, ensure_ascii=False, default=str)}" for name, value in fields.items())
    trailing = "".join(f" | {line[name]}" for name in ("exception", "stack") if name in line)
    return f"{line['time']} {line['level']} {line['logger']}{named}: {line['message']}{trailing}"


def _one_line(text: str) -> str:
    """Escape line breaks, terminal sequences and whatever else is not to be seen."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)
