"""The storage that comes with the desk: a folder on this machine, each content synced before it counts as kept."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, Self

from pydantic import Field, ValidationError

from helpdesk.kernel.errors import HelpdeskError, Invalid, NotFound
from helpdesk.kernel.storage import LocalStorage
from helpdesk.sdk.errors import Refused, Retry
from helpdesk.sdk.storage import Missing, Storage, StorageSettings

LOCAL = "local"


class LocalSettings(StorageSettings):
    """Where the folder is."""

    folder: Path = Field(description="The folder; `files` in the data folder when it is left out.")

    @classmethod
    def read(cls, given: Mapping[str, Any], *, default: Path) -> Self:
        """Return the settings, with the default folder where none is named. Raises Invalid."""
        try:
            return cls.model_validate({"folder": default, **given})
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            raise Invalid(f"HELPDESK_STORAGE_SETTINGS: {first['msg']}.", code="BAD_SETTING") from None


class Local(Storage):
    """A folder on this machine."""

    title: ClassVar = {"en": "Local folder", "ko": "로컬 폴더"}
    Settings: ClassVar = LocalSettings

    def __init__(self, settings: Any) -> None:
        super().__init__(settings)
        self._folder = LocalStorage(settings.folder)

    def write(self, name: str, content: BinaryIO, *, size: int) -> None:
        try:
            stored = self._folder.put(content, limit_bytes=size)
        except HelpdeskError as error:
            raise Retry(error.message) from error
        if stored.key != name:
            raise Refused("The content is not the one of this name.")

    def open(self, name: str) -> BinaryIO:
        try:
            return self._folder.open(name)
        except NotFound as error:
            raise Missing(error.message) from error
        except HelpdeskError as error:
            raise Retry(error.message) from error

    def exists(self, name: str) -> bool:
        return self._folder.exists(name)

    def delete(self, name: str) -> None:
        try:
            self._folder.delete(name)
        except HelpdeskError as error:
            raise Retry(error.message) from error
