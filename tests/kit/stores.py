"""A good storage, a folder, and broken ones, each with one fault."""

import io
import logging
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

from pydantic import Field, SecretStr

from helpdesk.sdk.errors import Refused
from helpdesk.sdk.storage import Missing, Storage, StorageSettings
from helpdesk.sdk.testing.kit import Kit
from helpdesk.sdk.testing.storage import StorageContract


class FolderSettings(StorageSettings):
    folder: Path = Field(description="Where contents lie.")
    key: SecretStr = Field(SecretStr("a peculiar key"), description="Opens the folder.")


class Folder(Storage):
    """Contents as files of a folder."""

    title: ClassVar = {"en": "Folder"}
    Settings: ClassVar = FolderSettings

    def write(self, name: str, content: BinaryIO, *, size: int) -> None:
        half = self.settings.folder / f"{name}.{secrets.token_hex(8)}"
        with half.open("wb") as file:
            while piece := content.read(65_536):
                file.write(piece)
        half.rename(self.settings.folder / name)

    def open(self, name: str) -> BinaryIO:
        try:
            return (self.settings.folder / name).open("rb")
        except FileNotFoundError as error:
            raise Missing(name) from error

    def exists(self, name: str) -> bool:
        return bool((self.settings.folder / name).is_file())

    def delete(self, name: str) -> None:
        (self.settings.folder / name).unlink(missing_ok=True)


class Swallowing(Folder):
    def write(self, name: str, content: BinaryIO, *, size: int) -> None:
        super().write(name, content, size=size)
        (self.settings.folder / name).write_bytes((self.settings.folder / name).read_bytes().replace(b"\r\n", b"\n"))


class Greedy(Folder):
    def write(self, name: str, content: BinaryIO, *, size: int) -> None:
        half = self.settings.folder / f"{name}.{secrets.token_hex(8)}"
        half.write_bytes(content.read(size))
        half.rename(self.settings.folder / name)


class Jealous(Folder):
    def write(self, name: str, content: BinaryIO, *, size: int) -> None:
        if self.exists(name):
            raise Refused("It is here.")
        super().write(name, content, size=size)


class Erring(Folder):
    def open(self, name: str) -> BinaryIO:
        return (self.settings.folder / name).open("rb")


class Keeping(Folder):
    def delete(self, name: str) -> None:
        (self.settings.folder / name).unlink()


class Forgetful(Folder):
    """Keeps what it is given in memory, too, and believes that alone."""

    def __init__(self, settings: Any) -> None:
        super().__init__(settings)
        self.known: set[str] = set()

    def write(self, name: str, content: BinaryIO, *, size: int) -> None:
        super().write(name, content, size=size)
        self.known.add(name)

    def open(self, name: str) -> BinaryIO:
        if name not in self.known:
            raise Missing(name)
        return super().open(name)


class Halving(Folder):
    def write(self, name: str, content: BinaryIO, *, size: int) -> None:
        if not self.exists(name):
            with (self.settings.folder / name).open("wb") as file:
                while piece := content.read(65_536):
                    file.write(piece)


class Doubting(Folder):
    def check(self) -> None:
        raise Refused("Who knows?")


class Sharing(Folder):
    """Writes every content to the same place first."""

    def write(self, name: str, content: BinaryIO, *, size: int) -> None:
        half = self.settings.folder / "half"
        with half.open("wb") as file:
            while piece := content.read(65_536):
                file.write(piece)
        time.sleep(0.002)
        half.rename(self.settings.folder / name)


class Telling(Folder):
    def delete(self, name: str) -> None:
        logging.getLogger("folder").info("deleting by %s", self.settings.key.get_secret_value())
        super().delete(name)


class Choosy(Folder):
    """Takes contents that lie in memory alone."""

    def write(self, name: str, content: BinaryIO, *, size: int) -> None:
        if not isinstance(content, io.BytesIO):
            raise Refused("It does not lie in memory.")
        super().write(name, content, size=size)


class FolderContract(StorageContract):
    storage = Folder

    def settings_for(self, kit: Kit) -> Mapping[str, Any]:
        return {"folder": str(kit.folder)}
