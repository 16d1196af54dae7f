"""A storage that works, until the file beside its contents says otherwise."""

import os
import time
from pathlib import Path

from helpdesk.sdk.storage import Missing, Storage


class Endless:
    """A stream without end."""

    def read(self, size):
        time.sleep(0.01)
        return b"x"


BEHAVIOURS = {"nothing": lambda: None, "wrong": object, "endless": Endless}


class Vault(Storage):
    title = {"en": "Vault"}

    def write(self, name, content, *, size):
        self.fail()
        (self.folder / name).write_bytes(content.read())

    def open(self, name):
        self.fail()
        if self.behaviour in BEHAVIOURS:
            return BEHAVIOURS[self.behaviour]()
        if not (self.folder / name).exists():
            raise Missing
        return (self.folder / name).open("rb")

    def exists(self, name):
        self.fail()
        return (self.folder / name).exists()

    def delete(self, name):
        self.fail()
        (self.folder / name).unlink(missing_ok=True)

    @property
    def folder(self):
        return Path(os.environ["VAULT"])

    @property
    def behaviour(self):
        file = self.folder / "behaviour"
        return file.read_text() if file.exists() else ""

    def fail(self):
        if self.behaviour == "raises":
            raise RuntimeError("chaos")
        if self.behaviour == "exits":
            raise SystemExit(3)
        if self.behaviour == "sleeps":
            time.sleep(3600)
