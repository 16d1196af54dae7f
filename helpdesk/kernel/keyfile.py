"""Where the keyring lies: in ``HELPDESK_KEYS``, else in ``keys.json`` in the data folder.

The file is followed: a process that runs sees a rotated ring before it meets what was sealed or signed by its new key.
It looks at each use whether the file is another one, which takes a microsecond or two. To read it anew at an unknown
key alone lost: a link signed with a new key tells no id. What comes from the environment ends with the process.
"""

import logging
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from helpdesk.kernel.crypto import Keyring
from helpdesk.kernel.errors import Invalid, Unavailable
from helpdesk.kernel.settings import Settings
from helpdesk.kernel.storage import sync_folder

log = logging.getLogger(__name__)

Stamp = tuple[int, int, int]


def follow(settings: Settings) -> Callable[[], Keyring]:
    """Return what gives the desk's keyring, for ``crypto.use``; made if there is none. Raises Invalid."""
    path = _keys_path(settings)
    stamp, found = _stamp(path), load_or_make(settings)
    if settings.keys.get_secret_value().strip():
        return lambda: found
    return _Followed(path, stamp, found)


class _Followed:
    """Gives the ring in a file; while that is away or cannot be used, the one that was last there."""

    def __init__(self, path: Path, stamp: Stamp | None, keyring: Keyring) -> None:
        self._path, self._known, self._failed = path, (stamp, keyring), stamp

    def __call__(self) -> Keyring:
        stamp = _stamp(self._path)
        known, keyring = self._known
        if stamp is None or stamp == known:
            return keyring
        try:
            keyring = _read_keys(self._path) or keyring
        except Invalid:
            if stamp != self._failed:
                log.exception("the keys were changed and cannot be used; those from before are")
            self._failed = stamp  # it is read again, and told of once
        else:
            self._known = stamp, keyring  # at once, so that no thread takes an old ring for the new one
        return keyring


def _stamp(path: Path) -> Stamp | None:
    """Return what is another when the file is; None while there is none to look at."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def load_or_make(settings: Settings) -> Keyring:
    """Return the keyring of ``HELPDESK_KEYS``, else of ``keys.json`` in the data folder, made if there is none.

    Raises Invalid when what is there cannot be read, and then changes nothing.
    """
    text = settings.keys.get_secret_value()
    if text.strip():
        return Keyring.load(text)
    path = _keys_path(settings)
    found = _read_keys(path)
    if found is not None:
        return found
    _write_keys(path, Keyring.generate(), replace=False)
    made = _read_keys(path)  # not what was generated here: another process may have been first
    if made is None:
        raise _unreadable_keys(path, "it was removed while the desk was starting")
    return made


def save(settings: Settings, keyring: Keyring) -> None:
    """Put a rotated ring in the place of ``keys.json``, in one step.

    Raises Invalid when the keys come from ``HELPDESK_KEYS``, or when the old file cannot be read.
    """
    if settings.keys.get_secret_value().strip():
        raise Invalid("The keys come from HELPDESK_KEYS; change that setting instead.", code="BAD_KEYRING")
    path = _keys_path(settings)
    _read_keys(path)
    _write_keys(path, keyring, replace=True)


def _keys_path(settings: Settings) -> Path:
    return settings.data_dir / "keys.json"


def _read_keys(path: Path) -> Keyring | None:
    try:
        return Keyring.load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unreadable_keys(path, error.strerror or "it cannot be opened") from error
    except UnicodeError as error:
        raise _unreadable_keys(path, "it is no text") from error
    except Invalid as error:
        raise _unreadable_keys(path, error.message) from error


def _unreadable_keys(path: Path, reason: str) -> Invalid:
    return Invalid(
        f"{path} holds the keys of this desk and cannot be used: {reason.rstrip('.')}. Nothing was changed;"
        " restore the file from a backup. Without it every sealed secret is lost.",
        code="BAD_KEYRING",
    )


def _write_keys(path: Path, keyring: Keyring, *, replace: bool) -> None:
    """Write a whole file of mode 0600 and give it its name at once; without ``replace`` the first of two wins."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".keys-")
        temporary = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(keyring.dump())
                file.flush()
                os.fsync(file.fileno())
            if replace:
                temporary.replace(path)
            else:
                with suppress(FileExistsError):
                    os.link(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
        sync_folder(path.parent)
    except OSError as error:
        raise Unavailable(
            f"The keys cannot be written to {path}: {error.strerror}. Mend that, or set HELPDESK_KEYS.",
            code="NO_KEYRING",
        ) from error
