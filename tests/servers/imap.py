"""Owns a small IMAP server for tests that breaks the protocol as it is told; what is right is Dovecot's.

It knows one folder, INBOX, whose mails only ``Gone`` changes, and speaks as much of RFC 3501 as a mail program needs to
fetch from it. What a test scripts stands in place of the answer to a command.
"""

import asyncio
import re
import threading
from collections.abc import Mapping
from typing import Self

from tests.servers.ports import free_port

GREETING = b"* OK ready\r\n"
UIDPLUS = "IMAP4rev1 UIDPLUS"
CAME = "01-Nov-2026 00:00:00 +0900"


class Hang:
    """In place of an answer: say nothing more, and keep the connection open."""


class Drip:
    """In place of an answer: one byte of it at a time, with pauses."""

    def __init__(self, answer: bytes, *, seconds: float = 0.05) -> None:
        self.answer, self.seconds = answer, seconds


class Close:
    """In place of an answer: say the last words, and end the connection."""

    def __init__(self, words: bytes = b"") -> None:
        self.words = words


class Gone:
    """In place of an answer: somebody has taken the mail away, so there is nothing to tell."""

    def __init__(self, uid: int) -> None:
        self.uid = uid


Answer = bytes | Hang | Drip | Close | Gone


class ScriptedImap:
    """A mailbox on a loopback port; ``faults`` are answers by the beginning of a command, such as ``UID FETCH 2 ``."""

    host = "127.0.0.1"

    def __init__(self, mails: Mapping[int, bytes], *, greeting: Answer = GREETING, capability: str = UIDPLUS) -> None:
        self.port = free_port()
        self.mails = dict(mails)
        self.faults: dict[str, Answer] = {}
        self.commands: list[str] = []
        self.flagged: set[int] = set()
        self._greeting, self._capability = greeting, capability
        self._talks: set[asyncio.Task[None] | None] = set()  # the loop keeps none of those that only wait
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._listener = self._loop.run_until_complete(asyncio.start_server(self._talk, self.host, self.port))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.run_until_complete(self._finish())
        self._loop.close()

    async def _finish(self) -> None:
        self._listener.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._talks.add(asyncio.current_task())
        try:
            await self._converse(reader, writer)
        except ConnectionError:
            pass  # whoever breaks it off, it is over
        finally:
            writer.transport.abort()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._say(writer, self._greeting)
        while line := await reader.readline():
            tag, _, command = line.decode("ascii", "replace").strip().partition(" ")
            self.commands.append(command)
            fault = next((fault for begin, fault in self.faults.items() if command.startswith(begin)), None)
            if isinstance(fault, Gone):
                self.mails.pop(fault.uid, None)
                fault = None
            if fault is None:
                await self._say(writer, self._right(command) + f"{tag} OK done\r\n".encode())
            elif isinstance(fault, bytes):
                await self._say(writer, fault.replace(b"TAG", tag.encode()))
            else:
                await self._say(writer, fault)
            if command.startswith("LOGOUT"):
                break

    async def _say(self, writer: asyncio.StreamWriter, answer: Answer) -> None:
        if isinstance(answer, Hang):
            await asyncio.Event().wait()
        if isinstance(answer, Close):
            writer.write(answer.words)
            await writer.drain()
            writer.close()
            await writer.wait_closed()
            raise ConnectionResetError
        if isinstance(answer, Drip):
            for byte in answer.answer:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(answer.seconds)
        elif isinstance(answer, bytes):
            writer.write(answer)
            await writer.drain()

    def _right(self, command: str) -> bytes:
        """Return the untagged part of the right answer."""
        if command.startswith("CAPABILITY"):
            return f"* CAPABILITY {self._capability}\r\n".encode()
        if command.startswith("SELECT"):
            return f"* {len(self.mails)} EXISTS\r\n* OK [UIDVALIDITY 7] valid\r\n".encode()
        if command.startswith("UID SEARCH"):
            return f"* SEARCH {' '.join(map(str, self.mails))}\r\n".encode()
        if command.startswith("UID STORE"):
            self.flagged.add(int(command.split()[2]))
            return b""
        fetched = re.match(r"UID FETCH (\d+) \((.*)\)", command)
        return self._fetched(int(fetched[1]), fetched[2]) if fetched and int(fetched[1]) in self.mails else b""

    def _flags(self, uid: int) -> str:
        return r"\Seen \Deleted" if uid in self.flagged else ""

    def _fetched(self, uid: int, what: str) -> bytes:
        raw = self.mails[uid]
        if what == "FLAGS":
            return f"* {uid} FETCH (UID {uid} FLAGS ({self._flags(uid)}))\r\n".encode()
        if what.startswith("RFC822.SIZE"):
            return f'* {uid} FETCH (UID {uid} RFC822.SIZE {len(raw)} INTERNALDATE "{CAME}")\r\n'.encode()
        return f"* {uid} FETCH (UID {uid} BODY[] {{{len(raw)}}}\r\n".encode() + raw + b")\r\n"
