"""What a storage author writes: where the bytes of attachments and raw mails live.

Contents are named by the SHA-256 of their bytes, in hex. The core works out the name, keeps the limit
on size, and calls ``write`` once per content; the desk's rows say what a content is and who may read
it. What ``write`` has returned from is safe: a row that names it is committed right after.

Name the class in the entry-point group ``helpdesk.storage`` and choose it with ``HELPDESK_STORAGE``.
One instance serves the process, in many threads at once.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, BinaryIO, ClassVar

from helpdesk.sdk.settings import PluginSettings

__all__ = ["Missing", "Storage", "StorageSettings"]


class StorageSettings(PluginSettings):
    """What the storage needs to know; set as JSON by ``HELPDESK_STORAGE_SETTINGS``."""


class Missing(Exception):
    """There is no content of this name."""


class Storage(ABC):
    """One place for bytes. A name is always 64 hex digits."""

    api: ClassVar[int] = 1
    """The version of this page that the storage was written for; the core keeps the newest and the one before."""

    title: ClassVar[Mapping[str, str]]
    """The name that people see, by language; ``en`` is required."""

    Settings: ClassVar[type[StorageSettings]] = StorageSettings
    """What the process tells it; an instance is here as ``self.settings``."""

    def __init__(self, settings: Any) -> None:
        self.settings = settings

    @abstractmethod
    def write(self, name: str, content: BinaryIO, *, size: int) -> None:
        """Keep the content and return once it is safe; writing the same again is fine. Raises Retry or Refused."""

    @abstractmethod
    def open(self, name: str) -> BinaryIO:
        """Return the content as a stream that the caller closes. Raises Missing or Retry."""

    @abstractmethod
    def exists(self, name: str) -> bool:
        """Return whether the content is here. Raises Retry."""

    @abstractmethod
    def delete(self, name: str) -> None:
        """Remove the content; removing what is not here is fine. Raises Retry."""

    def check(self) -> None:
        """Try the settings; raise with a sentence that says what is wrong."""
