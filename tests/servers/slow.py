"""Owns a server that takes every connection and never says a word, as one does that is far too busy."""

import socket
import threading
from typing import Self

from tests.servers.ports import free_port


class SlowServer:
    """A listening port of 127.0.0.1 and a thread that accepts; ``connections`` counts."""

    def __init__(self) -> None:
        self.port = free_port()
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._taken: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread, which closing would not
        self._thread.join()
        for one in (self._listener, *self._taken):
            one.close()

    def _accept(self) -> None:
        while True:
            try:
                taken, _ = self._listener.accept()
            except OSError:
                return  # it is over
            self._taken.append(taken)
            self.connections += 1
