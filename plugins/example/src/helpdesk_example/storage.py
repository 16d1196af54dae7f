"""A storage: a folder of one's own, such as a network drive, spread over 256 folders below it."""

import os
import shutil
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import BinaryIO, ClassVar

from pydantic import Field

from helpdesk.sdk.errors import Refused, Retry
from helpdesk.sdk.storage import Missing, Storage, StorageSettings


class FolderSettings(StorageSettings):
    """What the storage needs to know."""

    folder: Path = Field(description="Folder that keeps the files; it must be there, so that no unmounted drive fills.")


class Folder(Storage):
    """A content is written beside its place, made safe, and moved: it is there whole, or not at all."""

    title: ClassVar = {"en": "Folder", "ko": "폴더"}
    Settings = FolderSettings
    settings: FolderSettings

    def write(self, name: str, content: BinaryIO, *, size: int) -> None:
        """Keep a content."""
        place = self._place(name)
        try:
            place.parent.mkdir(exist_ok=True)
            with NamedTemporaryFile(dir=place.parent, delete=False) as file:
                shutil.copyfileobj(content, file)
                file.flush()
                os.fsync(file.fileno())
            Path(file.name).replace(place)
        except OSError as error:
            raise Retry(f"The folder takes nothing: {error.strerror}.") from error

    def open(self, name: str) -> BinaryIO:
        """Open a content."""
        try:
            return self._place(name).open("rb")
        except FileNotFoundError as error:
            raise Missing(name) from error
        except OSError as error:
            raise Retry(f"The folder gives nothing: {error.strerror}.") from error

    def exists(self, name: str) -> bool:
        """Say whether a content is here."""
        return self._place(name).is_file()

    def delete(self, name: str) -> None:
        """Remove a content."""
        try:
            self._place(name).unlink(missing_ok=True)
        except OSError as error:
            raise Retry(f"The folder lets nothing go: {error.strerror}.") from error

    def check(self) -> None:
        """See that the folder is there and can be written."""
        if not os.access(self.settings.folder, os.W_OK | os.X_OK):
            raise Refused(f"{self.settings.folder} is no folder that can be written; make it, or mount it.")

    def _place(self, name: str) -> Path:
        return self.settings.folder / name[:2] / name
