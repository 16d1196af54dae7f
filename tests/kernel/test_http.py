"""Outgoing calls reach the open internet and nothing else, and end in time and within their size."""

import gzip
import ipaddress
import re
import socket
import socketserver
import ssl
import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.kernel import clock, http
from helpdesk.kernel.errors import HelpdeskError, Invalid, LimitExceeded, Unavailable
from helpdesk.kernel.http import OutgoingClient
from tests.servers.certificates import make_certificate

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
Answer = Callable[[socket.socket], None]


class Server(socketserver.TCPServer):
    """A real server on loopback that notes what it was asked and answers each call with the same function."""

    def __init__(self, answer: Answer, *, context: ssl.SSLContext | None = None) -> None:
        self.asked: list[bytes] = []
        self._answer = answer
        self._context = context
        super().__init__(("127.0.0.1", 0), socketserver.BaseRequestHandler)
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.serve_forever, args=[0.01])
        self.thread.start()

    def finish_request(self, request: Any, client_address: Any) -> None:
        request.settimeout(10)
        with suppress(OSError):  # a client that hangs up is what most of these tests are about
            stream = self._context.wrap_socket(request, server_side=True) if self._context else request
            with closing(stream):
                self.asked.append(read_request(stream))
                self._answer(stream)


def read_request(stream: socket.socket) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received:
        received += (chunk := stream.recv(65_536))
        if not chunk:
            return received
    length = re.search(rb"content-length: (\d+)", received.lower())
    while length and len(received.partition(b"\r\n\r\n")[2]) < int(length[1]):
        received += stream.recv(65_536)
    return received


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    started: list[Server] = []

    def start(answer: Answer, *, context: ssl.SSLContext | None = None) -> Server:
        started.append(Server(answer, context=context))
        return started[-1]

    yield start
    for server in started:
        server.shutdown()
        server.thread.join()
        server.server_close()


def saying(head: str, body: bytes = b"") -> Answer:
    return lambda stream: stream.sendall(head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body)


OK = saying("HTTP/1.1 200 OK\nContent-Length: 2\nX-Kind: test", b"ok")


@contextmanager
def refused_as(code: str, kind: type[HelpdeskError]) -> Iterator[None]:
    with pytest.raises(kind) as refused:
        yield
    assert refused.value.code == code


def at(*addresses: str) -> http.Resolver:
    return lambda host, port: addresses


def test_an_allowed_network_is_reached_with_the_host_name_of_the_address(serve: Callable[..., Server]) -> None:
    server = serve(OK)
    client = OutgoingClient(LOOPBACK, resolver=at("127.0.0.1"))
    answer = client.request("POST", f"http://api.example:{server.port}/v1?q=두", json={"a": 1}, headers={"X-Key": "k"})
    assert (answer.status, answer.headers["x-kind"], answer.body) == (200, "test", b"ok")
    head, _, body = server.asked[0].partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    assert lines[0] == b"post /v1?q=%eb%91%90 http/1.1"
    assert {f"host: api.example:{server.port}".encode(), b"x-key: k", b"content-type: application/json"} <= set(lines)
    assert body == b'{"a":1}'


BLOCKED_HOSTS = """
    127.0.0.1 127.1 127.0.1 2130706433 0x7f000001 0x7f.1 0177.0.0.1 017700000001 127。0。0。1 localhost LOCALHOST 0
    0.0.0.0 10.0.0.1 172.16.0.1 172.31.255.255 192.168.0.1
    100.64.0.1 169.254.169.254 0xa9fea9fe 192.0.0.8 192.88.99.1 198.18.0.1
    224.0.0.1 240.0.0.1 255.255.255.255 [::] [::1] [0:0:0:0:0:0:0:1] [::ffff:127.0.0.1] [::ffff:7f00:1] [::127.0.0.1]
    [::ffff:169.254.169.254] [64:ff9b::7f00:1] [64:ff9b::a9fe:a9fe] [64:ff9b:1::1] [2002:7f00:1::] [2002:a00:1::1]
    [2001:0:1::1] [2001:db8::1] [3fff::1] [fe80::1] [fec0::1] [fc00::1] [fd00:ec2::254] [ff02::1] [100::1]
""".split()  # noqa: SIM905  # one line an address is longer


@pytest.mark.parametrize("host", BLOCKED_HOSTS)
def test_every_spelling_of_a_private_address_is_refused(host: str) -> None:
    with refused_as("OUTGOING_BLOCKED", Invalid):
        OutgoingClient().request("GET", f"http://{host}:8123/latest/meta-data")


def test_the_refusal_does_not_tell_what_a_name_resolves_to() -> None:
    with pytest.raises(Invalid) as refused:
        OutgoingClient(resolver=at("10.1.2.3")).request("GET", "http://inner.example/")
    assert "inner.example" in refused.value.message
    assert "10.1.2.3" not in refused.value.message


def test_a_refused_address_is_never_connected_to(serve: Callable[..., Server]) -> None:
    server = serve(OK)
    for host in ("localhost", "127.1", "[::ffff:127.0.0.1]"):
        with pytest.raises(Invalid):
            OutgoingClient().request("GET", f"http://{host}:{server.port}/")
    OutgoingClient(LOOPBACK).request("GET", f"http://127.0.0.1:{server.port}/last")
    assert [asked.split(b" ")[1] for asked in server.asked] == [b"/last"]


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "64:ff9b::808:808", "2002:808:808::1"]
)
def test_public_addresses_are_public_also_when_wrapped(address: str) -> None:
    assert http.is_public(ipaddress.ip_address(address))


@given(st.ip_addresses(v=4))
def test_wrapping_an_ipv4_address_changes_no_verdict(address: ipaddress.IPv4Address) -> None:
    verdict = http.is_public(address)
    wrapped = [
        f"::ffff:{address}",
        f"64:ff9b::{address}",
        str(ipaddress.IPv6Address((0x2002 << 112) | int(address) << 80)),
    ]
    assert [http.is_public(ipaddress.ip_address(text)) for text in wrapped] == [verdict] * 3


def test_a_name_that_turns_to_loopback_after_the_check_is_refused(serve: Callable[..., Server]) -> None:
    """DNS rebinding: what was judged public before is judged anew, on the address that would be connected to."""
    server = serve(OK)
    turns = [["127.0.0.1"], ["93.184.215.14"]]
    assert http.is_public(ipaddress.ip_address(turns.pop()[0])), "what whoever checks the name beforehand gets to see"
    client = OutgoingClient(resolver=lambda host, port: turns.pop())
    with refused_as("OUTGOING_BLOCKED", Invalid):
        client.request("GET", f"http://rebinding.example:{server.port}/")
    assert server.asked == []


def test_the_name_is_looked_up_once_and_that_very_address_is_connected_to(serve: Callable[..., Server]) -> None:
    server = serve(OK)
    looked_up: list[str] = []

    def resolver(host: str, port: int) -> Sequence[str]:
        looked_up.append(host)
        return ["127.0.0.1"] if len(looked_up) == 1 else ["127.9.9.9"]

    client = OutgoingClient([ipaddress.ip_network("127.0.0.1/32")], resolver=resolver)
    assert client.request("GET", f"http://once.example:{server.port}/").status == 200
    assert looked_up == ["once.example"]


def test_of_mixed_addresses_only_the_permitted_one_is_used(serve: Callable[..., Server]) -> None:
    server = serve(OK)
    client = OutgoingClient([ipaddress.ip_network("127.0.0.1/32")], resolver=at("10.0.0.1", "::1", "127.0.0.1"))
    assert client.request("GET", f"http://mixed.example:{server.port}/").body == b"ok"


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "gopher://x.example/", "ftp://x.example/", "//x.example/", "x.example", "", "http://", "http:///x",
     "http://x.example:22/", "http://x.example:6379/", "https://x.example:25/", "http://x.example:99999/", "http://x.example:0/",
     "http://user:password@x.example/", "http://x.example\\@y.example:bad/", "http://\x00/", "http://①②⑦.0.0.1/"],
)  # fmt: skip
def test_what_is_no_plain_web_address_is_refused(url: str) -> None:
    looked_up: list[str] = []

    def resolver(host: str, port: int) -> Sequence[str]:
        looked_up.append(host)
        return []

    client = OutgoingClient(LOOPBACK, resolver=resolver)
    with refused_as("OUTGOING_BLOCKED", Invalid):
        client.request("GET", url)
    assert looked_up == []


@given(st.text(max_size=40))
def test_any_text_as_address_or_header_gives_an_expected_error(text: str) -> None:
    client = OutgoingClient(resolver=at())
    for url in (text, f"http://{text}/"):
        with pytest.raises(HelpdeskError):
            client.request("GET", url)
    with pytest.raises(HelpdeskError):
        client.request("GET", "http://x.example/", headers={"X-Note": text})


@pytest.mark.parametrize(
    "headers", [{"Host": "inner.example"}, {"content-length": "9"}, {"X": "a\r\nEvil: 1"}, {"X\n": "a"}, {"X": "가"}]
)
def test_headers_that_would_change_the_call_are_refused(serve: Callable[..., Server], headers: dict[str, str]) -> None:
    server = serve(OK)
    with refused_as("OUTGOING_BLOCKED", Invalid):
        OutgoingClient(LOOPBACK, resolver=at("127.0.0.1")).request(
            "GET", f"http://a.example:{server.port}/", headers=headers
        )
    assert server.asked == []


def test_other_methods_are_refused() -> None:
    for method in ("CONNECT", "TRACE", "get", "GET /x HTTP/1.1\r\nEvil: 1\r\n\r\nGET"):
        with refused_as("OUTGOING_BLOCKED", Invalid):
            OutgoingClient().request(method, "http://x.example/")


def test_a_redirect_is_an_answer_and_is_not_followed(serve: Callable[..., Server]) -> None:
    target = serve(OK)
    server = serve(saying(f"HTTP/1.1 302 Found\nLocation: http://127.0.0.1:{target.port}/\nContent-Length: 0"))
    answer = OutgoingClient(LOOPBACK).request("GET", f"http://127.0.0.1:{server.port}/")
    assert (answer.status, answer.headers["location"]) == (302, f"http://127.0.0.1:{target.port}/")
    assert target.asked == []


def test_a_proxy_of_the_environment_is_not_used(serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch) -> None:
    proxy, server = serve(OK), serve(OK)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    OutgoingClient(LOOPBACK).request("GET", f"http://127.0.0.1:{server.port}/")
    assert (len(server.asked), proxy.asked) == (1, [])


def test_cookies_of_one_call_are_not_sent_with_the_next(serve: Callable[..., Server]) -> None:
    server = serve(saying("HTTP/1.1 200 OK\nSet-Cookie: session=1\nContent-Length: 0"))
    client = OutgoingClient(LOOPBACK)
    for _ in range(2):
        client.request("GET", f"http://127.0.0.1:{server.port}/")
    assert len(server.asked) == 2
    assert not any(b"cookie" in asked.lower() for asked in server.asked)


def endless(stream: socket.socket) -> None:
    stream.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        stream.sendall(b"x" * 65_536)


def chunked_forever(stream: socket.socket) -> None:
    stream.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        stream.sendall(b"1000\r\n" + b"x" * 4096 + b"\r\n")


BOMB = gzip.compress(b"\0" * 300_000_000, compresslevel=1)
HEADS = "HTTP/1.1 200 OK\nContent-Encoding: "


@pytest.mark.parametrize(
    "answer",
    [endless, chunked_forever, saying("HTTP/1.1 200 OK\nContent-Length: 1000000000", b"x" * 1_200_000),
     saying(HEADS + "gzip", BOMB), saying(HEADS + "deflate", zlib.compress(b"\0" * 50_000_000)),
     saying(HEADS + "gzip", BOMB[:10] + b"\0\0\0\xff\xff" * 400_000)],
    ids=["endless", "chunked", "announced", "gzip bomb", "deflate bomb", "packed without end, empty when unpacked"],
)  # fmt: skip
def test_a_body_past_the_limit_is_cut_off(serve: Callable[..., Server], answer: Answer) -> None:
    server = serve(answer)
    with refused_as("OUTGOING_TOO_LARGE", LimitExceeded):
        OutgoingClient(LOOPBACK).request("GET", f"http://127.0.0.1:{server.port}/")


def test_a_body_of_exactly_the_limit_is_taken_and_unpacked(serve: Callable[..., Server]) -> None:
    packed = gzip.compress(b'{"a":"' + b"x" * 92 + b'"}')
    server = serve(saying(f"{HEADS}gzip\nContent-Length: {len(packed)}", packed))
    client = OutgoingClient(LOOPBACK)
    url = f"http://127.0.0.1:{server.port}/"
    assert client.request("GET", url, max_bytes=100).json() == {"a": "x" * 92}
    with refused_as("OUTGOING_TOO_LARGE", LimitExceeded):
        client.request("GET", url, max_bytes=99)


@pytest.mark.parametrize("coding", ["gzip, gzip", "br", "gzip, identity, deflate", "unheard-of"])
def test_a_body_packed_twice_or_in_a_strange_way_is_refused(serve: Callable[..., Server], coding: str) -> None:
    server = serve(saying(HEADS + coding, gzip.compress(gzip.compress(b"x"))))
    with refused_as("OUTGOING_FAILED", Unavailable):
        OutgoingClient(LOOPBACK).request("GET", f"http://127.0.0.1:{server.port}/")


def drip(start: bytes) -> Answer:
    """Send one byte after the other, each well within any single time-out, until the client has gone."""

    def answer(stream: socket.socket) -> None:
        stream.sendall(start)
        gone = threading.Event()
        while not gone.wait(0.02):
            stream.sendall(b"x")

    return answer


@pytest.mark.parametrize(
    "answer",
    [drip(b"HTTP/1.1 200 OK\r\n\r\n"), drip(b"HTTP/1.1 200 OK\r\nX: "), drip(b""), lambda stream: stream.recv(1)],
    ids=["body", "header", "status line", "silence"],
)
def test_a_drip_ends_at_the_deadline(serve: Callable[..., Server], answer: Answer) -> None:
    server = serve(answer)
    started = clock.monotonic()
    with refused_as("OUTGOING_TIMEOUT", Unavailable):
        OutgoingClient(LOOPBACK, read_seconds=0.3).request("GET", f"http://127.0.0.1:{server.port}/")
    assert clock.monotonic() - started < 5


def test_a_server_that_never_takes_the_request_ends_at_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf, refused_as("OUTGOING_TIMEOUT", Unavailable):
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}/"
        OutgoingClient(LOOPBACK, read_seconds=0.3).request("POST", url, content=b"x" * 30_000_000)


def test_a_look_up_that_hangs_ends_in_time() -> None:
    hold = threading.Event()

    def hanging(host: str, port: int) -> Sequence[str]:
        hold.wait(30)
        return []

    with refused_as("OUTGOING_TIMEOUT", Unavailable):
        OutgoingClient(resolver=hanging, connect_seconds=0.1).request("GET", "http://slow.example/")
    hold.set()


def test_an_unknown_host_and_a_closed_port_are_told() -> None:
    def unknown(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with refused_as("OUTGOING_FAILED", Unavailable):
        OutgoingClient(resolver=unknown).request("GET", "http://unknown.example/")
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with refused_as("OUTGOING_FAILED", Unavailable):
        OutgoingClient(LOOPBACK).request("GET", f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize(
    "answer",
    [lambda stream: None, saying("SSH-2.0-OpenSSH"), saying("HTTP/1.1 200 OK\nContent-Length: 10", b"short"),
     saying(HEADS + "gzip", b"not gzip at all"), saying("HTTP/1.1 200 OK\nContent-Length: x"),
     saying("HTTP/1.1 200 OK\nX: " + "y" * 300_000)],
    ids=["closes", "no HTTP", "short", "not gzip", "bad length", "endless header"],
)  # fmt: skip
def test_a_broken_answer_is_told(serve: Callable[..., Server], answer: Answer) -> None:
    server = serve(answer)
    with refused_as("OUTGOING_FAILED", Unavailable):
        OutgoingClient(LOOPBACK).request("GET", f"http://127.0.0.1:{server.port}/")


def test_a_body_that_is_no_json_is_told(serve: Callable[..., Server]) -> None:
    server = serve(saying("HTTP/1.1 502 Bad Gateway\nContent-Length: 6", b"<html>"))
    answer = OutgoingClient(LOOPBACK).request("GET", f"http://127.0.0.1:{server.port}/")
    with refused_as("OUTGOING_FAILED", Unavailable):
        answer.json()


def test_tls_checks_the_name_that_was_asked_for_though_the_address_is_connected_to(
    serve: Callable[..., Server], tmp_path: Path
) -> None:
    certificate = make_certificate(tmp_path)
    context = certificate.server_context()
    names: list[str | None] = []
    context.sni_callback = lambda stream, name, used: names.append(name)
    server = serve(OK, context=context)
    client = OutgoingClient(LOOPBACK, resolver=at("127.0.0.1"), ssl_context=certificate.client_context())
    assert client.request("GET", f"https://localhost:{server.port}/").body == b"ok"
    assert names == ["localhost"]
    with refused_as("OUTGOING_FAILED", Unavailable):
        client.request("GET", f"https://other.example:{server.port}/")


def test_a_certificate_that_nobody_vouches_for_is_refused(serve: Callable[..., Server], tmp_path: Path) -> None:
    server = serve(OK, context=make_certificate(tmp_path).server_context())
    with pytest.raises(Unavailable, match="certificate is not valid"):
        OutgoingClient(LOOPBACK).request("GET", f"https://localhost:{server.port}/")
    assert server.asked == []
