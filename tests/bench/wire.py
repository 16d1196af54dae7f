"""A client of HTTP that does as little as it can, since it runs on the same cores as what it measures."""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

SECONDS = 60.0
TICKS = os.sysconf("SC_CLK_TCK")
LOT = 262_144


@dataclass(slots=True)
class Server:
    """Something that answers JSON on a port of this machine, and what is asked of it."""

    name: str
    port: int
    body: bytes
    path: str = "/graphql"
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "POST"
    goal: str = ""
    note: str = ""
    pid: int = 0

    def cpu_seconds(self) -> float:
        """Return the CPU time that its process and those that it has started have had until now."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return sum(map(_ticks, [self.pid, *map(int, children)])) / TICKS

    def request(self) -> bytes:
        """Return the request as it goes over the wire."""
        lines = {
            "Host": f"127.0.0.1:{self.port}", "Content-Type": "application/json", "Accept": "application/json",
            "Content-Length": str(len(self.body)), **self.headers,
        }  # fmt: skip
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        return f"{self.method} {self.path} HTTP/1.1\r\n{head}\r\n".encode() + self.body


def _ticks(pid: int) -> int:
    """Return how long a process, all its threads, has run, in ticks of the system. Source: proc(5)."""
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(after_name[11]) + int(after_name[12])


class Client:
    """One connection that is kept."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self) -> None:
        """End the connection."""
        self._socket.close()

    def ask(self, request: bytes) -> bytes:
        """Return the body of the answer, which must be a success; of one in chunks, the chunks as they came."""
        self._socket.sendall(request)
        got = b""
        while b"\r\n\r\n" not in got:
            got += self._received()
        head, _, body = got.partition(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        assert lines[0].split()[1] in {b"200", b"201"}, got[:2000]
        lengths = [int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length:")]
        return self._whole(body, lengths[0]) if lengths else self._chunks(body)

    def _whole(self, body: bytes, length: int) -> bytes:
        parts, size = [body], len(body)
        while size < length:
            parts.append(self._received())
            size += len(parts[-1])
        return b"".join(parts)

    def _chunks(self, body: bytes) -> bytes:
        while not body.endswith(b"0\r\n\r\n"):
            body += self._received()
        return body

    def _received(self) -> bytes:
        got = self._socket.recv(LOT)
        if not got:
            raise ConnectionError("The server has closed the connection.")
        return got
