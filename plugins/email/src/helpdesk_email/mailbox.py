"""Owns fetching from IMAP: each mail once, stored before the server is told.

A mail is known by folder, UIDVALIDITY and UID, and never asked for again below the last UID; a new
UIDVALIDITY starts over, and so does a folder that was put back under its old one; the desk drops what it has by
the bytes. IDLE wakes the loop; a search
after every slice and a round through all folders each minute catch what a server forgets to push.
A mail that is too large, or that the server can't give, is stored as its headers with a notice. So is one at
which the conversation broke a few times in a row, or it would hold up all that come after it.
"""

import imaplib
import re
import ssl
import time
from collections.abc import Iterable, Mapping
from io import BufferedReader
from typing import Any, cast

from imap_tools import BaseMailBox
from imap_tools.errors import MailboxFetchError

from helpdesk.sdk.channel import Inlet, Refused, Retry
from helpdesk_email.connections import imap_connection, talking
from helpdesk_email.notices import headers_with_notice, too_large, unavailable
from helpdesk_email.settings import After, EmailSettings
from helpdesk_email.tokens import Tokens

SLICE_SECONDS = 5.0  # of waiting between two signs of life
ROUND_SECONDS = 60.0
BODY_SECONDS = 240.0
COMMAND_SECONDS = 120.0
MOST_AT_ONCE = 5_000  # of a folder, before the other folders have their turn
MOST_BREAKS = 3

_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
_CAME = re.compile(rb'INTERNALDATE "([^"]{1,40})"')


def listen(settings: EmailSettings, tokens: Tokens, inlet: Inlet) -> None:
    """Fetch until the inlet says stop. Raises Retry or Refused when the connection or the login fails."""
    with imap_connection(settings, tokens) as server:
        _make_target(server, settings)
        folders = [Folder(server, settings, inlet, name) for name in settings.imap_folders]
        for folder in folders:
            folder.finish_last()
        while inlet.alive():
            for folder in reversed(folders):  # the first one last: IDLE listens to the folder that is open
                if not folder.collect():
                    return
            if any(folder.has_more for folder in folders):
                continue
            if not _wait(server, folders[0], settings, inlet):
                return


def check_folders(settings: EmailSettings, tokens: Tokens) -> None:
    """Log in and look for the folders. Raises Refused with what to mend."""
    with imap_connection(settings, tokens) as server, talking(server, settings, seconds=COMMAND_SECONDS):
        for name in settings.imap_folders:
            if not server.folder.exists(name):
                known = ", ".join(folder.name for folder in server.folder.list()[:20])
                raise Refused(f"The mailbox has no folder “{name}”; it has: {known}.")


def _make_target(server: BaseMailBox, settings: EmailSettings) -> None:
    with talking(server, settings, seconds=COMMAND_SECONDS):
        if settings.imap_after is After.MOVE and not server.folder.exists(settings.imap_move_to):
            server.folder.create(settings.imap_move_to)


def _wait(server: BaseMailBox, folder: "Folder", settings: EmailSettings, inlet: Inlet) -> bool:
    """Wait a minute for mail, storing what comes to the open folder at once; False when it is time to stop."""
    until = time.monotonic() + ROUND_SECONDS
    can_idle = "IDLE" in server.client.capabilities
    while (left := until - time.monotonic()) > 0:
        if not inlet.alive():
            return False
        if can_idle:
            with talking(server, settings, seconds=2 * SLICE_SECONDS):
                _idle(server, seconds=min(SLICE_SECONDS, left))
        else:
            time.sleep(min(SLICE_SECONDS, left))  # nothing to wait on: this server pushes nothing
        if not folder.collect_open():
            return False
    return True


def _idle(server: BaseMailBox, *, seconds: float) -> None:
    """Wait until the server tells of something. It may do so in one packet with its consent to wait."""
    with server.idle as idle:
        if not _is_read_ahead(server.client):
            idle.poll(timeout=seconds)


def _is_read_ahead(client: imaplib.IMAP4) -> bool:
    """Return whether more has been read than was asked for: no poll of the socket would tell."""
    timeout = client.sock.gettimeout()
    client.sock.settimeout(0)
    try:
        return bool(cast("BufferedReader", client.file).peek(1))
    except (BlockingIOError, ssl.SSLWantReadError):
        return False
    finally:
        client.sock.settimeout(timeout)


class Folder:
    """One folder of the mailbox, and the place reached in it."""

    def __init__(self, server: BaseMailBox, settings: EmailSettings, inlet: Inlet, name: str) -> None:
        self._server = server
        self._settings = settings
        self._inlet = inlet
        self._name = name
        self._validity = 0
        self._last = 0
        self._is_left = False  # the last mail is only on the server
        self._mark = self._seen = ""  # of the last mail, and of the one that is being fetched: size, and when it came
        self._lives = 0  # how often the folder was put back as it was before, under its old UIDVALIDITY
        self._broken, self._breaks = 0, 0  # the mail at which the conversation broke, and how often in a row
        self.has_more = False

    def collect(self) -> bool:
        """Open the folder and store what is new; False when it is time to stop."""
        self._open()
        return self.collect_open()

    def collect_open(self) -> bool:
        """Store what is new in the folder, which is open, as much as comes at once; False when it is time to stop."""
        left = MOST_AT_ONCE
        self.has_more = False
        while uids := self._new_uids():
            self.has_more = len(uids) > left
            for uid in uids[:left]:
                if not self._inlet.alive():
                    return False
                self._store(uid)
            left -= len(uids)
            if left <= 0:
                break
        return True

    def finish_last(self) -> None:
        """Do again what follows the storing of a mail, for the one at which a crash may have come between."""
        self._open()
        if self._last and not self._is_left and self._look(self._last) is not None:
            self._finish(self._last)

    def _open(self) -> None:
        with talking(self._server, self._settings, seconds=COMMAND_SECONDS):
            self._server.folder.set(self._name)
            (self._validity,) = self._numbers(self._server.client.response("UIDVALIDITY")[1][:1], what="UIDVALIDITY")
            following = self._server.client.response("UIDNEXT")[1][0]
        stored = self._inlet.cursor.get(self._name) or {}
        place = stored if stored.get("uidvalidity") == self._validity else {}
        self._last, self._is_left = int(place.get("uid", 0)), bool(place.get("is_left"))
        self._broken, self._breaks = place.get("broken") or (0, 0)
        self._mark, self._lives = place.get("mark", ""), int(place.get("lives", 0))
        if self._is_put_back(following):
            self._last, self._is_left, self._broken, self._mark = 0, False, 0, ""
            self._lives += 1
            self._inlet.reached(self._cursor())
        elif place is not stored:
            self._inlet.reached(self._cursor())

    def _is_put_back(self, following: bytes | None) -> bool:
        """Return whether the folder is an older state of itself, as after a restore of its files.

        Then UIDs are given anew that were read before. Either the next one is among those, or the last is another mail.
        """
        if following is not None and following.isdigit() and int(following) <= self._last:
            return True
        return bool(self._last and self._mark and self._look(self._last) and self._seen != self._mark)

    def _cursor(self) -> Mapping[str, Any]:
        place: dict[str, Any] = {"uidvalidity": self._validity, "uid": self._last}
        place |= {"is_left": True} if self._is_left else {}
        place |= {"mark": self._mark} if self._mark else {}
        place |= {"lives": self._lives} if self._lives else {}
        place |= {"broken": [self._broken, self._breaks]} if self._broken > self._last else {}
        return {**self._inlet.cursor, self._name: place}

    def _new_uids(self) -> list[int]:
        """Return the UIDs beyond the last, in order.

        ``n:*`` also finds the last mail when it is older than n. And a mail that arrives during the
        search is told of in its answer, once: IDLE would not tell again, so search again.
        """
        client = self._server.client
        with talking(self._server, self._settings, seconds=COMMAND_SECONDS):
            while True:
                client.response("EXISTS")
                found = self._server.uids(f"UID {self._last + 1}:*", charset=None)
                new = [uid for uid in sorted(self._numbers(found, what="UID")) if uid > self._last]
                if new or client.response("EXISTS")[1] == [None]:
                    return new

    def _store(self, uid: int) -> None:
        try:
            found = self._fetch(uid)
        except Retry:
            self._breaks = self._breaks + 1 if self._broken == uid else 1
            self._broken = uid
            self._inlet.reached(self._cursor())
            raise
        self._last, self._mark = uid, self._seen
        if found is None:  # gone between search and fetch
            self._inlet.reached(self._cursor())
            return
        raw, is_whole = found
        self._is_left = not is_whole
        life = f".{self._lives}" if self._lives else ""
        self._inlet.store(f"{self._name}:{self._validity}{life}:{uid}", raw, cursor=self._cursor())
        if is_whole:  # else the mail itself is only on the server: leave it as it is
            self._finish(uid)

    def _fetch(self, uid: int) -> tuple[bytes, bool] | None:
        """Return the mail, or its headers with a notice, and whether it is the mail; None when it is gone."""
        place, self._seen = f"{self._name}, UID {uid}", ""
        if self._broken == uid and self._breaks >= MOST_BREAKS:
            return headers_with_notice(b"", unavailable(place=place)), False
        size = self._look(uid)
        if size is None:
            return None
        most = self._settings.max_bytes
        raw = self._part(uid, "BODY.PEEK[]") if size <= most else None
        if raw is not None:
            return raw, True
        if self._look(uid) is None:  # somebody else took it away just now
            return None
        notice = unavailable(place=place) if size <= most else too_large(size, limit=most, place=place)
        return headers_with_notice(self._part(uid, "BODY.PEEK[HEADER]") or b"", notice), False

    def _look(self, uid: int) -> int | None:
        """Return the size of a mail and note what it is known by; None when it is gone. Raises Retry."""
        answer = self._answer(uid, "RFC822.SIZE INTERNALDATE")
        if answer is None:
            raise Retry(f"The IMAP server refuses to tell of a mail: {self._name}, UID {uid}.")
        told = b" ".join(item if isinstance(item, bytes) else item[0] for item in answer)
        size, came = _SIZE.search(told), _CAME.search(told)
        if size is None:
            return None
        self._seen = f"{int(size[1])} {came[1].decode('ascii', 'replace').strip()}" if came else ""
        return int(size[1])

    def _part(self, uid: int, what: str) -> bytes | None:
        return next((item[1] for item in self._answer(uid, what) or () if isinstance(item, tuple)), None)

    def _answer(self, uid: int, what: str) -> list[Any] | None:
        """Return what the server tells of a mail: nothing of one that is gone; None where it refuses to tell."""
        with talking(self._server, self._settings, seconds=BODY_SECONDS):
            status, items = self._server.client.uid("FETCH", str(uid), f"({what})")
        return [item for item in items if item is not None] if status == "OK" else None

    def _numbers(self, said: Iterable[bytes | str | None], *, what: str) -> list[int]:
        """Return what the server gave as numbers. Raises Retry: without them no mail is known from another."""
        words = [one.decode("ascii", "replace") if isinstance(one, bytes) else one or "nothing" for one in said]
        for word in words:
            if not (word.isascii() and word.isdigit()):
                raise Retry(
                    f"The IMAP server {self._settings.imap_host}:{self._settings.imap_port} gives {word[:50]!r} as"
                    f" {what} in the folder “{self._name}”, where a number must stand; nothing can be fetched so."
                )
        return [int(word) for word in words]

    def _finish(self, uid: int) -> None:
        """Tell the server that the mail is stored, as the settings ask; no other mail is removed with it."""
        after, client, target = self._settings.imap_after, self._server.client, self._settings.imap_move_to
        can_move, can_remove = "MOVE" in client.capabilities, "UIDPLUS" in client.capabilities
        is_to_be_copied = after is After.MOVE and not can_move and (can_remove or not self._is_deleted(uid))
        with talking(self._server, self._settings, seconds=COMMAND_SECONDS):
            if after is After.MOVE and can_move:
                self._server.move(str(uid), target)
                return
            if is_to_be_copied:
                self._server.copy(str(uid), target)
            flag = r"(\Seen)" if after is After.KEEP else r"(\Seen \Deleted)"
            self._expect(client.uid("STORE", str(uid), "+FLAGS.SILENT", flag))
            if after is not After.KEEP and can_remove:  # else what others have flagged would go too
                self._expect(client.uid("EXPUNGE", str(uid)))

    def _is_deleted(self, uid: int) -> bool:
        """Return whether the mail is flagged as deleted: then it was copied before, and could not be removed."""
        return any(isinstance(item, bytes) and rb"\Deleted" in item for item in self._answer(uid, "FLAGS") or ())

    @staticmethod
    def _expect(answer: tuple[str, Any]) -> None:
        if answer[0] != "OK":
            raise MailboxFetchError(answer, "OK")
