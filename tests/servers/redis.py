"""Owns a real Redis for tests: nothing on disk, a loopback port that stays the same over restarts."""

import shutil
from typing import Self

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.retry import Retry

from tests.servers.ports import free_port
from tests.servers.processes import Account, ServerProcess, find_program


class RedisServer:
    """A Redis of its own; what it holds is gone whenever it stops."""

    def __init__(self) -> None:
        account = Account.for_server()
        program = find_program("redis-server", package="redis-server")
        self.port = free_port()
        self._folder = account.make_folder("redis")
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._process = ServerProcess(
            [program, *options, "--dir", str(self._folder)],
            account=account,
            folder=self._folder,
            is_ready=self._answers,
        )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def url(self) -> str:
        """Return the address of database 0."""
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def is_running(self) -> bool:
        """Return whether the server runs."""
        return self._process.is_running

    def start(self) -> None:
        """Start on the same port, empty, and return once it answers."""
        self._process.start()

    def stop(self) -> None:
        """End the server; connections break and what it held is lost."""
        self._process.stop()

    def kill(self) -> None:
        """Kill the server at once."""
        self._process.kill()

    def restart(self) -> None:
        """Come back empty on the same port."""
        self.stop()
        self.start()

    def flush(self) -> None:
        """Forget everything that is held."""
        with self.connect() as connection:
            connection.flushall()

    def connect(self) -> Redis:
        """Return a client that never tries again by itself; close it after use."""
        return Redis(host="127.0.0.1", port=self.port, socket_timeout=5, retry=Retry(NoBackoff(), 0))

    def _answers(self) -> bool:
        try:
            with self.connect() as connection:
                return bool(connection.ping())
        except RedisConnectionError:
            return False
