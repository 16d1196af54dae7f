"""Calls to the outside, for the core and for plugins: bounded in time and size, and never inwards.

Owns the only way out over HTTP. Refuses schemes but http and https, redirects, proxies of the
environment, ports where other protocols listen, and every address that is not public unless
``outgoing_allow`` names its network (Source: SECURITY F1, F2).

The address is judged **after** look-up, and the connection goes to exactly the address that was
judged: judging the host name lost, since a name may resolve to another address the next moment
and ``127.0.0.1`` has dozens of spellings. Nothing is kept between two calls, neither connection nor
cookie: a pool would save one round trip and share state between services.
"""

import ipaddress
import queue
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any

import httpcore2
import httpx2
import orjson

from helpdesk.kernel import clock
from helpdesk.kernel.errors import Invalid, LimitExceeded, Unavailable

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolver = Callable[[str, int], Sequence[str]]
"""From host and port to addresses; raises OSError when there are none."""

# Python 3.11 still takes these for public.
_ALSO_PRIVATE = (
    IPv4Network("192.0.0.0/24"),  # protocol assignments
    IPv4Network("192.88.99.0/24"),  # 6to4 relays
    IPv6Network("3fff::/20"),  # documentation
)
_PUBLIC_IPV6 = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")

# Where a line of HTTP may be taken for a command of another protocol; after the list of the Fetch standard.
_FOREIGN_PORTS = frozenset(
    {0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109}
    | {110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 445, 465, 512, 513, 514, 515, 526}
    | {530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 993, 995, 1433, 1521, 1719, 1720, 1723, 2049, 3306, 3389}
    | {3659, 4045, 4190, 5060, 5061, 5432, 5672, 6000, 6379, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697}
    | {10080, 11211}
)


_PORTS = {"http": 80, "https": 443}
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_OWN_HEADERS = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "accept-encoding"}
)
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e]*")
_DEFAULT_HEADERS = {"user-agent": "helpdesk", "accept-encoding": "gzip, deflate", "connection": "close"}


@dataclass(frozen=True, slots=True)
class Response:
    """What came back, whatever its status. Header names are lower case; the body is decompressed."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body read as JSON. Raises Unavailable when it is none: an outside system sent it."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError as error:
            raise _failed(f"The answer (status {self.status}) is not JSON.") from error


def resolve(host: str, port: int) -> Sequence[str]:
    """Look the host up in the system's way."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(address: Address) -> bool:
    """Return whether the address is one of the open internet, seen through what wraps IPv4 in IPv6."""
    inner = _unwrapped(address)
    if isinstance(inner, IPv6Address) and inner not in _PUBLIC_IPV6:
        return False
    if any(inner.version == network.version and inner in network for network in _ALSO_PRIVATE):
        return False
    return inner.is_global and not inner.is_multicast


def _unwrapped(address: Address) -> Address:
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


@dataclass(frozen=True)
class OutgoingClient:
    """Makes calls. One serves a whole process and many threads.

    ``allow`` are the private networks that may be reached all the same. ``connect_seconds`` bounds
    look-up and connection together, ``read_seconds`` all that follows, however slowly it drips.
    ``resolver`` and ``ssl_context`` are for tests and private authorities.
    """

    allow: Sequence[Network] = ()
    _: KW_ONLY
    connect_seconds: float = 2.0
    read_seconds: float = 18.0
    resolver: Resolver = resolve
    ssl_context: ssl.SSLContext | None = None

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        json: Any = None,
        max_bytes: int = 1_048_576,
    ) -> Response:
        """Call, and return the answer of whatever status; a redirect is an answer too.

        Raises Invalid ``OUTGOING_BLOCKED`` (address or headers are to be changed), LimitExceeded
        ``OUTGOING_TOO_LARGE``, Unavailable ``OUTGOING_TIMEOUT`` or ``OUTGOING_FAILED``.
        """
        request = prepare(method, url, headers=headers, content=content, json=json)
        target = httpcore2.URL(
            scheme=request.url.raw_scheme, host=request.url.raw_host, port=request.url.port, target=request.url.raw_path
        )
        with (
            _protocol_errors(),
            httpcore2.HTTPConnection(
                target.origin, ssl_context=self._trust, network_backend=_Guard(self)
            ) as connection,
        ):
            answer = connection.handle_request(
                httpcore2.Request(request.method, target, headers=request.headers.raw, content=request.read())
            )
            return _read(answer, max_bytes=max_bytes)

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        return self.ssl_context or httpcore2.default_ssl_context()


_client: OutgoingClient | None = None


def use(chosen: OutgoingClient) -> None:
    """Set the client of this process: a process serves one desk."""
    global _client  # noqa: PLW0603  # one desk a process, as with the database and the settings
    _client = chosen


def client() -> OutgoingClient:
    """Return the client of this process."""
    if _client is None:
        raise RuntimeError("No client was set; create_app() and the commands call http.use() first.")
    return _client


def prepare(
    method: str, url: str, *, headers: Mapping[str, str] | None, content: bytes | None, json: Any
) -> httpx2.Request:
    """Put a request together and refuse what may not leave, whichever address it has. Raises Invalid."""
    if method not in _METHODS:
        raise _blocked(f"{method!r} is not a method that can be called; use one of {', '.join(sorted(_METHODS))}.")
    for name, text in (headers or {}).items():
        if name.lower() in _OWN_HEADERS:
            raise _blocked(f"The header {name!r} is written by the desk itself; leave it out.")
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(text):
            raise _blocked("A header has characters that are not allowed there, such as a line break; write it anew.")
    try:
        request = httpx2.Request(method, url, headers=_DEFAULT_HEADERS, content=content, json=json)
        request.headers.update(headers)
    except (httpx2.InvalidURL, UnicodeError) as error:
        raise _blocked("The address has characters that are not allowed there; write it anew.") from error
    _check(request.url)
    return request


def _check(url: httpx2.URL) -> None:
    if url.scheme not in _PORTS or not url.host:
        raise _blocked("Only addresses that begin with http:// or https:// and name a host can be called.")
    if url.userinfo:
        raise _blocked("The address holds a user name or password; send them in an Authorization header instead.")
    port = _PORTS[url.scheme] if url.port is None else url.port
    if port in _FOREIGN_PORTS or port > 65_535:
        raise _blocked(f"Port {port} is not one for HTTP; use 80, 443 or another one above 1024.")


class _Guard(httpcore2.NetworkBackend):
    """Opens the connection of one call, to an address that it has judged."""

    def __init__(self, client: OutgoingClient) -> None:
        self._client = client

    def connect_tcp(self, host: str, port: int, *_steps: Any, **_named: Any) -> httpcore2.NetworkStream:
        deadline = _Deadline(self._client.connect_seconds)
        permitted = [address for address in self._look_up(host, port, deadline) if self._is_permitted(address)]
        if not permitted:
            # No word about the address: it would map the inner network to whoever may enter a URL.
            raise _blocked(
                f"{host!r} is not on the open internet; an operator may allow its network in HELPDESK_OUTGOING_ALLOW."
            )
        return _Stream(_connect(permitted, port, deadline), _Deadline(self._client.read_seconds))

    def _is_permitted(self, address: Address) -> bool:
        inner = _unwrapped(address)
        return is_public(address) or any(
            inner.version == network.version and inner in network for network in self._client.allow
        )

    def _look_up(self, host: str, port: int, deadline: "_Deadline") -> list[Address]:
        """Resolve in a thread of its own, as the system's look-up knows no time-out."""
        answers: queue.SimpleQueue[Sequence[str] | Exception] = queue.SimpleQueue()

        def ask() -> None:
            try:
                answers.put(self._client.resolver(host, port))
            except Exception as error:  # raised again by whoever waits
                answers.put(error)

        threading.Thread(target=ask, name="look-up", daemon=True).start()
        try:
            found = answers.get(timeout=deadline.left())
        except queue.Empty:
            raise _timed_out() from None
        if isinstance(found, OSError | UnicodeError):
            raise _failed(f"{host!r} is not known; check its spelling.") from found
        if isinstance(found, Exception):
            raise found
        return [ipaddress.ip_address(text) for text in found]


def _connect(addresses: Sequence[Address], port: int, deadline: "_Deadline") -> socket.socket:
    """Try one address after the other, each with its share of the time, so that one dead one does not take it all."""
    reason = "it has no address"
    for number, address in enumerate(addresses):
        try:
            connected = socket.create_connection((str(address), port), deadline.left() / (len(addresses) - number))
        except TimeoutError:
            reason = ""
        except OSError as error:
            reason = error.strerror or "it refused the connection"
        else:
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return connected
    raise _failed(f"No connection: {reason}.") if reason else _timed_out()


class _Deadline:
    """A moment by which all must be done, since single time-outs never end a drip."""

    def __init__(self, seconds: float) -> None:
        self._at = clock.monotonic() + seconds

    def left(self) -> float:
        """Return the seconds that are left; raises when there are none."""
        seconds = self._at - clock.monotonic()
        if seconds <= 0:
            raise _timed_out()
        return seconds


class _Stream(httpcore2.NetworkStream):
    """A connected socket that gives up at the deadline; the time-outs of single steps are not looked at."""

    def __init__(self, connected: socket.socket, deadline: _Deadline) -> None:
        self._socket = connected
        self._deadline = deadline

    def read(self, max_bytes: int, *_steps: Any, **_named: Any) -> bytes:
        with _socket_errors():
            self._socket.settimeout(self._deadline.left())
            return self._socket.recv(max_bytes)

    def write(self, buffer: bytes, *_steps: Any, **_named: Any) -> None:
        view = memoryview(buffer)
        while view:
            self._socket.settimeout(self._deadline.left())
            try:
                view = view[self._socket.send(view) :]
            except TimeoutError as error:
                raise _timed_out() from error
            except OSError as error:  # httpcore goes on to read: a server may answer before it has taken all
                raise httpcore2.WriteError(str(error)) from error

    def close(self) -> None:
        self._socket.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, *_steps: Any, **_named: Any
    ) -> httpcore2.NetworkStream:
        try:
            with _socket_errors():
                self._socket.settimeout(self._deadline.left())
                return _Stream(ssl_context.wrap_socket(self._socket, server_hostname=server_hostname), self._deadline)
        except BaseException:
            self.close()
            raise


class _Capped(httpx2.SyncByteStream):
    """The bytes as they come, up to a limit: what is small when unpacked may be endless when packed."""

    def __init__(self, chunks: Iterable[bytes], *, max_bytes: int) -> None:
        self._chunks = chunks
        self._max_bytes = max_bytes

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        for chunk in self._chunks:
            size += len(chunk)
            if size > self._max_bytes:
                raise _too_large(self._max_bytes)
            yield chunk


def _read(answer: httpcore2.Response, *, max_bytes: int) -> Response:
    """Read and unpack the body within the limit, before and after unpacking."""
    capped = _Capped(answer.iter_stream(), max_bytes=max_bytes)
    response = httpx2.Response(answer.status, headers=answer.headers, stream=capped)
    codings = [text.strip().lower() for text in response.headers.get_list("content-encoding", split_commas=True)]
    if codings not in ([], ["identity"], ["gzip"], ["deflate"]):  # layers multiply, so there is at most one
        raise _failed("The answer is packed in a way that was not asked for.")
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > max_bytes:
            raise _too_large(max_bytes)
    return Response(status=answer.status, headers=dict(response.headers.items()), body=bytes(body))


@contextmanager
def _socket_errors() -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        raise _timed_out() from error
    except ssl.SSLCertVerificationError as error:
        raise _failed(f"The certificate is not valid: {error.verify_message}.") from error
    except (OSError, ValueError) as error:
        raise _failed("The connection broke off.") from error


@contextmanager
def _protocol_errors() -> Iterator[None]:
    try:
        yield
    except httpcore2.LocalProtocolError as error:
        raise _blocked("The address or a header has characters that are not allowed there; write it anew.") from error
    except (httpcore2.ProtocolError, httpcore2.NetworkError, httpx2.DecodingError) as error:
        raise _failed("The answer is not HTTP, or broke off.") from error


def _blocked(sentence: str) -> Invalid:
    return Invalid(sentence, code="OUTGOING_BLOCKED")


def _failed(sentence: str) -> Unavailable:
    return Unavailable(sentence, code="OUTGOING_FAILED")


def _timed_out() -> Unavailable:
    return Unavailable("The other side did not answer in time; try again later.", code="OUTGOING_TIMEOUT")


def _too_large(max_bytes: int) -> LimitExceeded:
    return LimitExceeded(f"The answer is larger than {max_bytes} bytes.", code="OUTGOING_TOO_LARGE")
