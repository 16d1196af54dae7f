"""Owns what a mail says: its text, its HTML and its files, out of the tree of parts.

A mail is a row of segments, each with text and perhaps HTML, because mailers put footers and pictures
between them; an alternative is one segment. Nothing is dropped: what can't be shown becomes a file.
"""

import re
from dataclasses import dataclass, field, replace
from urllib.parse import unquote

from helpdesk.sdk.channel import File
from helpdesk.sdk.html import is_bearable
from helpdesk_email import markup
from helpdesk_email.charsets import codec_of, decode, decode_html, page_label
from helpdesk_email.cleaning import clean, single_line
from helpdesk_email.encodings import without_uuencoded
from helpdesk_email.filenames import safe_name, unique_name
from helpdesk_email.folding import NO_FOLD, Fold, fold
from helpdesk_email.headers import read_headers
from helpdesk_email.notices import HTML_ATTACHED, NOTHING_VISIBLE
from helpdesk_email.structure import MAX_PARTS, Part
from helpdesk_email.words import base64_bytes

MAX_TEXT = 1_000_000
MAX_READ = 8_388_608  # bytes of a text that are read; a longer one is a file, with its beginning shown

_SHOWN = frozenset({"text/plain", "text/html"})
_CONTENT_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,80}/[a-z0-9!#$&^_.+-]{1,80}")
_PASTED_PICTURE = re.compile(r"data:image/(png|jpe?g|gif|webp);base64,([A-Za-z0-9+/=\s%]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Content:
    """What a mail says. ``html`` is sanitised; inline pictures stand in it as ``cid:`` addresses.

    From ``html_quoted_from`` on, the HTML only quotes. Where something ``is_answered_below``, nothing may be cut.
    """

    text: str
    html: str | None
    files: tuple[File, ...]
    html_quoted_from: int | None = None
    is_answered_below: bool = False


@dataclass(frozen=True, slots=True)
class _Segment:
    text: str
    html: str | None = None
    is_beginning: bool = False  # of HTML that is not shown: any text beside it is better
    fold: Fold = NO_FOLD


@dataclass(slots=True)
class _Room:
    """How many more files may stand within the texts of a mail: they count as parts of it."""

    left: int


@dataclass(slots=True)
class _Collector:
    hint: str
    room: _Room
    segments: list[_Segment] = field(default_factory=list)
    files: list[File] = field(default_factory=list)

    def take(self, part: Part, *, is_root: bool = False) -> None:
        if part.content_type == "multipart/alternative" and part.parts:
            self._take_alternative(part)
        elif part.parts:
            for child in part.parts:
                self.take(child)
        elif _is_shown(part, is_root=is_root):
            self._take_shown(part)
        else:
            self.files.append(self._file(part))

    def _take_alternative(self, part: Part) -> None:
        """Make one segment of the last text and the last HTML among the children: the last is the richest."""
        text, is_beginning, html = "", False, None
        for child in part.parts:
            inner = _Collector(self.hint, self.room, files=self.files)
            inner.take(child)
            shown = _joined(inner.segments)
            is_text = shown.html is None and shown.text.strip() and not (shown.is_beginning and text)
            text, is_beginning = (shown.text, shown.is_beginning) if is_text else (text, is_beginning)
            html = shown if shown.html is not None else html
        if html is not None:
            self.segments.append(replace(html, text=text if text.strip() else html.text))
        elif text:
            self.segments.append(_Segment(text, is_beginning=is_beginning))

    def _take_shown(self, part: Part) -> None:
        if part.content_type == "text/html":
            self._take_html(part)
            return
        body = part.data
        text = clean(decode(body[:MAX_READ], part.content.text("charset")))
        text, files = without_uuencoded(text, most=self.room.left)
        self.room.left -= len(files)
        for name, data in files:
            self.files.append(File(name, "application/octet-stream", data))
        if len(text) > MAX_TEXT or len(body) > MAX_READ:
            self.files.append(self._file(part))
        self.segments.append(_Segment(text[:MAX_TEXT].strip("\n")))

    def _take_html(self, part: Part) -> None:
        body = part.data
        text = decode_html(body[:MAX_READ], part.content.text("charset"))
        if len(body) <= MAX_READ:
            text = self._without_pictures(text)
        if len(body) > MAX_READ or not is_bearable(text):
            self.files.append(self._file(part))
            beginning = f"{HTML_ATTACHED}\n{markup.beginning_of(text)}".strip()
            self.segments.append(_Segment(beginning, is_beginning=True))
            return
        if self.room.left <= 0 and _PASTED_PICTURE.search(text):
            self.files.append(self._file(part))  # pictures as data are not shown, and must not be lost
        html = markup.sanitise(text)
        if markup.shows_something(html):
            self.segments.append(_Segment(markup.text_of(html)[:MAX_TEXT], html, fold=fold(html, text)))

    def _without_pictures(self, text: str) -> str:
        """Return HTML with addresses of files in place of the pictures that stand in it as data, as far as may be."""
        if self.room.left > 0:
            text, count = _PASTED_PICTURE.subn(self._pasted, text, count=self.room.left)
            self.room.left -= count
        return text

    def _pasted(self, match: re.Match[str]) -> str:
        """Make a file of a picture that stands in the HTML as data; its scheme is not let through."""
        content_id = f"pasted-{len(self.files) + 1}"
        data = base64_bytes(unquote(match[2]))
        self.files.append(File("", f"image/{match[1].lower().replace('jpg', 'jpeg')}", data, content_id))
        return f"cid:{content_id}"

    def _file(self, part: Part) -> File:
        content_type = part.content_type if _CONTENT_TYPE.fullmatch(part.content_type) else "application/octet-stream"
        content_id = single_line(part.headers.text("content-id").strip("<> "), limit=markup.MAX_CONTENT_ID)
        return File(self._name(part), content_type, part.data, content_id or None)

    def _name(self, part: Part) -> str:
        hint = part.content.text("charset") or self.hint
        disposition = part.headers.value("content-disposition")
        name = disposition.text("filename", hint=hint) or part.content.text("name", hint=hint)
        if not name and part.content_type == "message/rfc822":
            subject = read_headers(part.body)[0].text("subject", limit=100)
            return re.sub(r"[/\\]", "_", subject) + ".eml" if subject else ""
        return name


def charset_hint(root: Part) -> str:
    """Return the charset of the mail's first text, in which raw 8-bit headers are likely written too."""
    for part in root.leaves():
        label = part.content.text("charset") or (page_label(part.body) if part.content_type == "text/html" else "")
        if part.content_type.startswith("text/") and codec_of(label) not in (None, "utf-8"):
            return label
    return ""


def read_content(root: Part, *, hint: str) -> Content:
    """Return what the mail says."""
    collector = _Collector(hint, _Room(MAX_PARTS - len(root.leaves())))
    collector.take(root, is_root=True)
    shown = _joined(collector.segments)
    ids = {file.content_id for file in collector.files if file.content_id}
    halves, place = [shown.html or ""], shown.fold.place
    if place is not None:
        halves = [halves[0][:place], halves[0][place:]]
    halves = [markup.with_content_ids(half, ids) for half in halves]
    html = None if shown.html is None else "".join(halves)
    text = shown.text if shown.text.strip() or html or not collector.files else NOTHING_VISIBLE.strip()
    quoted_from = len(halves[0]) if len(halves) > 1 else None
    return Content(text, html, _named(collector.files, html), quoted_from, shown.fold.is_answered_below)


def _is_shown(part: Part, *, is_root: bool) -> bool:
    if part.content_type not in _SHOWN:
        return False
    disposition = part.headers.value("content-disposition")
    if disposition.value == "attachment":
        return False
    return is_root or not (disposition.parameters.get("filename") or part.content.parameters.get("name"))


def _joined(segments: list[_Segment]) -> _Segment:
    text = "\n\n".join(segment.text for segment in segments if segment.text.strip())
    if all(segment.html is None for segment in segments):
        return _Segment(text, is_beginning=any(segment.is_beginning for segment in segments))
    seen = [segment for segment in segments if segment.html is not None or segment.text.strip()]
    shown = [markup.from_text(segment.text) if segment.html is None else segment.html for segment in seen]
    folds = [segment.fold for segment in seen]
    if any(one.is_answered_below for one in folds) or any(one.place is not None for one in folds[:-1]):
        whole = Fold(is_answered_below=True)
    elif folds[-1].place is not None:
        whole = Fold(folds[-1].place + sum(len(one) + 1 for one in shown[:-1]))
    else:
        whole = NO_FOLD
    return _Segment(text, "\n".join(shown), fold=whole)


def _named(files: list[File], html: str | None) -> tuple[File, ...]:
    """Give each file its name, and leave the content id to those that the HTML shows: no file is shown twice."""
    shown = markup.content_ids(html or "")
    taken: dict[str, int] = {}
    named = []
    for position, file in enumerate(files, start=1):
        name = unique_name(safe_name(file.filename, content_type=file.content_type, position=position), taken)
        named.append(File(name, file.content_type, file.data, file.content_id if file.content_id in shown else None))
    return tuple(named)
