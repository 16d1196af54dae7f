"""A storage for tests that keeps bytes in memory; every fault can be ordered."""

import io
from collections.abc import Callable
from typing import Any, BinaryIO, ClassVar

from pydantic import SecretStr

from helpdesk.sdk.storage import Missing, Storage, StorageSettings


class MemorySettings(StorageSettings):
    """Which shelf, and a key to it."""

    shelf: str = "files"
    key: SecretStr = SecretStr("")


class Memory(Storage):
    """Keeps contents in ``kept``; asks ``on_call`` first, which may raise or answer instead."""

    title: ClassVar = {"en": "Memory", "ko": "메모리"}
    Settings: ClassVar = MemorySettings
    kept: ClassVar[dict[str, bytes]] = {}
    on_call: ClassVar[Callable[[str], Any] | None] = None

    @classmethod
    def reset(cls) -> None:
        """Forget what was kept and which faults were ordered."""
        cls.kept.clear()
        cls.on_call = None

    def write(self, name: str, content: BinaryIO, *, size: int) -> None:
        self._asked("write")
        data = content.read()
        assert len(data) == size
        self.kept[name] = data

    def open(self, name: str) -> BinaryIO:
        answer: BinaryIO | None = self._asked("open")
        if answer is not None:
            return answer
        if name not in self.kept:
            raise Missing(name)
        return io.BytesIO(self.kept[name])

    def exists(self, name: str) -> bool:
        answer: bool | None = self._asked("exists")
        return name in self.kept if answer is None else answer

    def delete(self, name: str) -> None:
        self._asked("delete")
        self.kept.pop(name, None)

    def _asked(self, method: str) -> Any:
        return type(self).on_call(method) if type(self).on_call else None  # type: ignore[misc]  # no method
