"""Owns the fixtures that hand tests a real server: one a test worker, or for SMTP one a test."""

import hashlib
from collections.abc import Iterator

import pytest

from tests.servers.dovecot import DovecotServer
from tests.servers.postgres import PostgresServer
from tests.servers.redis import RedisServer
from tests.servers.smtp import SmtpServer
from tests.servers.tokens import TokenServer


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Give a running PostgreSQL; a test that stops it starts it again."""
    with PostgresServer() as server:
        yield server


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """Give a running Redis; a test that stops it starts it again, and flushes what it wrote."""
    with RedisServer() as server:
        yield server


@pytest.fixture(scope="session")
def dovecot() -> Iterator[DovecotServer]:
    """Give a running Dovecot; a test takes a user of its own from ``new_user``."""
    with DovecotServer() as server:
        yield server


@pytest.fixture
def token_server(dovecot: DovecotServer, request: pytest.FixtureRequest) -> Iterator[TokenServer]:
    """Give the provider whose tokens Dovecot believes, for a user of the test's own."""
    name = hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:16]
    with TokenServer(f"{name}@desk.example", port=dovecot.tokens_port) as server:
        yield server


@pytest.fixture
def smtp_server() -> Iterator[SmtpServer]:
    """Give a running mail server that has received nothing yet."""
    with SmtpServer() as server:
        yield server
