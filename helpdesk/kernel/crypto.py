"""Secrets: a ring of keys that seals, signs and indexes, tokens, and password hashes.

Owns every use of a key; refuses to know what is sealed: the caller gives a context, such as
``channel_account:12:password``, which is bound into the ciphertext, so that one that was swapped
with another row's or field's does not open (Source: SECURITY R7).

The keys of the ring are never used themselves: each purpose derives its own by HKDF. New things
are sealed and signed with the newest key, old ones open with any. What has to stay the same
across a rotation (blind indexes, ``secret_for``) derives from the **oldest** key: dropping that key
means to build the indexes anew. A separate index key lost, as a second thing to keep and to lose.

AES-256-GCM with random nonces and key ids was chosen over Fernet, which binds no context.
"""

import base64
import binascii
import hashlib
import hmac
import json
import os
import re
import secrets
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Self

from argon2 import PasswordHasher
from argon2.exceptions import HashingError, InvalidHashError, VerificationError, VerifyMismatchError
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from itsdangerous import BadData, URLSafeTimedSerializer

from helpdesk.kernel import clock
from helpdesk.kernel.errors import Invalid, Unauthenticated, Unavailable

_KEY_BYTES = 32
_NONCE_BYTES = 12
_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")
_CLOCK_SKEW_SECONDS = 60
_LONGEST_PASSWORD = 1024


class UnreadableSecret(Unavailable):
    """A sealed value does not open: its key is missing, or it was changed or moved."""

    code = "UNREADABLE_SECRET"


@dataclass(frozen=True, slots=True)
class Key:
    """One key of the ring; printing it shows the id alone."""

    id: str
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Keyring:
    """Keys, newest first; at least one."""

    keys: tuple[Key, ...]

    @classmethod
    def load(cls, json_text: str) -> Self:
        """Read ``[{"id": "k2", "key": "<32 bytes in base64>"}, …]``, newest first. Raises Invalid, quoting no key."""
        try:
            entries = json.loads(json_text)
        except (ValueError, RecursionError) as error:
            raise _bad_keyring("it is no JSON") from error
        if not isinstance(entries, list) or not entries:
            raise _bad_keyring("it is no list with at least one key")
        keys = tuple(_read_key(entry, number) for number, entry in enumerate(entries, start=1))
        if len({key.id for key in keys}) < len(keys):
            raise _bad_keyring("two keys have the same id")
        return cls(keys)

    @classmethod
    def generate(cls) -> Self:
        """Make a ring with one new key."""
        return cls((_new_key(),))

    def dump(self) -> str:
        """Return the JSON that ``load`` reads. It holds the keys in the clear."""
        entries = [{"id": key.id, "key": base64.b64encode(key.secret).decode()} for key in self.keys]
        return json.dumps(entries, indent=2) + "\n"

    def rotated(self) -> Self:
        """Return a ring with a new key in front; the others stay, to open what they sealed."""
        return type(self)((_new_key(), *self.keys))

    def seal(self, plain: bytes, *, context: str) -> str:
        """Encrypt into a text ``key_id.nonce.ciphertext`` that opens with the same context only."""
        newest = self.keys[0]
        nonce = os.urandom(_NONCE_BYTES)
        cipher = AESGCM(_derive(newest.secret, "seal"))
        return ".".join((newest.id, _encode(nonce), _encode(cipher.encrypt(nonce, plain, context.encode()))))

    def open(self, token: str, *, context: str) -> bytes:
        """Decrypt what ``seal`` made. Raises UnreadableSecret."""
        key_id, _, rest = token.partition(".")
        nonce_text, _, cipher_text = rest.partition(".")
        key = next((key for key in self.keys if key.id == key_id), None)
        if key is None:
            raise UnreadableSecret(
                "A secret was sealed with a key that the keyring lacks; restore the old key, or enter the secret anew."
            )
        try:
            cipher = AESGCM(_derive(key.secret, "seal"))
            return cipher.decrypt(_decode(nonce_text), _decode(cipher_text), context.encode())
        except (InvalidTag, ValueError) as error:
            raise UnreadableSecret(
                "A sealed secret is damaged or stands in another's place; restore it from a backup, or enter it anew."
            ) from error

    def is_current(self, token: str) -> bool:
        """Return whether the newest key sealed this; what is not current is to be sealed again after a rotation."""
        return token.partition(".")[0] == self.keys[0].id

    def blind_index(self, value: str, *, context: str) -> str:
        """Return a keyed hash by which an exact value is found without decrypting.

        Equal for equal value and context, also after a rotation. Normalizing the value is the caller's part.
        """
        secret = _derive(self.keys[-1].secret, f"blind index {context}")
        return hmac.digest(secret, value.encode("utf-8", "surrogatepass"), "sha256").hex()

    def secret_for(self, purpose: str) -> bytes:
        """Return 32 bytes for one purpose, such as signing jobs; the same after a rotation."""
        return _derive(self.keys[-1].secret, f"secret {purpose}")

    def sign(self, data: Any, *, purpose: str) -> str:
        """Return a url-safe text that carries the data (JSON values) readably and proves that we wrote it, and when."""
        return _text(self._signer(purpose).dumps(data))

    def unsign(self, token: str, *, purpose: str, max_age_seconds: float) -> Any:
        """Return the data of ``sign`` for the same purpose.

        Raises Unauthenticated: ``EXPIRED_TOKEN``, or ``BAD_TOKEN`` for whatever we did not sign.
        A minute from the future is let pass: the clocks of two machines never agree.
        """
        try:
            data, signed_at = self._signer(purpose).loads(token, return_timestamp=True)
        except (BadData, ValueError) as error:
            raise Unauthenticated("This link is not valid; ask for a new one.", code="BAD_TOKEN") from error
        # The stamp is cut to whole seconds, so the age is too.
        age = int(clock.now().timestamp()) - signed_at.timestamp()
        if not -_CLOCK_SKEW_SECONDS <= age <= max_age_seconds:
            raise Unauthenticated("This link has expired; ask for a new one.", code="EXPIRED_TOKEN")
        return data

    def _signer(self, purpose: str) -> URLSafeTimedSerializer:
        oldest_first = [_derive(key.secret, "sign") for key in reversed(self.keys)]  # itsdangerous signs with the last
        return URLSafeTimedSerializer(
            oldest_first, salt=purpose, signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256}
        )


def _new_key() -> Key:
    return Key(id=f"k{secrets.token_hex(6)}", secret=os.urandom(_KEY_BYTES))


def _read_key(entry: object, number: int) -> Key:
    if not isinstance(entry, dict):
        raise _bad_keyring(f"entry {number} is no object")
    key_id, text = entry.get("id"), entry.get("key")
    if not isinstance(key_id, str) or not _KEY_ID.fullmatch(key_id):
        raise _bad_keyring(f"the id of key {number} is not 1 to 32 letters, digits, _ or -")
    try:
        secret = base64.b64decode(text, validate=True) if isinstance(text, str) else b""
    except ValueError:
        secret = b""
    if len(secret) != _KEY_BYTES:
        raise _bad_keyring(f"key {number} is not 32 bytes in base64")
    return Key(id=key_id, secret=secret)


def _bad_keyring(reason: str) -> Invalid:
    return Invalid(
        f'The keyring cannot be used: {reason}. It is a JSON list, newest first: [{{"id": "k1", "key": "…"}}].',
        code="BAD_KEYRING",
    )


@lru_cache(maxsize=256)
def _derive(secret: bytes, purpose: str) -> bytes:
    info = f"helpdesk v1 {purpose}".encode()
    return HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=info).derive(secret)


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    """Undo ``_encode``; raises ValueError, and takes one spelling only, so that a token has no twin."""
    data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if _encode(data) != text:
        raise binascii.Error("not the canonical spelling")
    return data


def _text(signed: str | bytes) -> str:
    return signed if isinstance(signed, str) else signed.decode()


def new_token(prefix: str) -> str:
    """Make a token of 256 random bits behind the prefix, such as ``hdk_``, by which people and scanners know it."""
    return prefix + secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """Return what is stored of a token. Fast and without salt, so for tokens of ``new_token`` only, never passwords."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


class PasswordHashes:
    """Argon2id at a cost; ``memory_cost`` is in KiB. Tests take a low one, as the default takes 64 MiB a log-in.

    Passwords are compared in Unicode's NFKC form: keyboards write the same Hangul in two ways.
    """

    def __init__(self, *, time_cost: int = 3, memory_cost: int = 65_536, parallelism: int = 4) -> None:
        self._hasher = PasswordHasher(time_cost=time_cost, memory_cost=memory_cost, parallelism=parallelism)
        salt, tag = (base64.b64encode(os.urandom(size)).rstrip(b"=").decode() for size in (16, 32))
        self._decoy = f"$argon2id$v=19$m={memory_cost},t={time_cost},p={parallelism}${salt}${tag}"

    def hash(self, password: str) -> str:
        """Return what to store of a password. Raises Invalid past 1024 characters."""
        if len(password) > _LONGEST_PASSWORD:
            raise Invalid(f"The password is longer than {_LONGEST_PASSWORD} characters.", path=("password",))
        try:
            return self._hasher.hash(_normal(password))
        except HashingError as error:
            raise Unavailable("Passwords cannot be hashed now; try again in a moment.") from error

    def verify(self, stored: str | None, password: str) -> bool:
        """Return whether the password is the stored one; None (nobody there) takes as long and is false."""
        try:
            # The verdict stands apart: a decoy is never right, whatever its bytes.
            is_right = self._hasher.verify(stored or self._decoy, _normal(password[:_LONGEST_PASSWORD]))
        except VerifyMismatchError:
            return False
        except InvalidHashError:
            return self.verify(None, password)
        except VerificationError as error:
            raise Unavailable("The password cannot be checked now; try again, or have it reset.") from error
        return is_right and bool(stored) and len(password) <= _LONGEST_PASSWORD

    def needs_rehash(self, stored: str) -> bool:
        """Return whether the stored hash has another cost than this; hash again when the password is at hand."""
        return self._hasher.check_needs_rehash(stored)


def _normal(password: str) -> bytes:
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


_newest: Callable[[], Keyring] | None = None
_passwords = PasswordHashes()


def use(newest: Callable[[], Keyring]) -> None:
    """Set what gives the keyring of this process, asked at each use: a process serves one desk."""
    global _newest  # noqa: PLW0603  # one desk a process, as with the database and the settings
    _newest = newest


def keyring() -> Keyring:
    """Return the keyring of this process as it is now. Keep it for no longer than a use: keys may be rotated."""
    if _newest is None:
        raise RuntimeError("No keyring was set; create_app() and the commands call crypto.use() first.")
    return _newest()


def use_passwords(chosen: PasswordHashes) -> None:
    """Set the cost of password hashes in this process."""
    global _passwords  # noqa: PLW0603  # as above
    _passwords = chosen


def hash_password(password: str) -> str:
    """Return what to store of a password."""
    return _passwords.hash(password)


def verify_password(stored: str | None, password: str) -> bool:
    """Return whether the password is the stored one; None takes as long and is false."""
    return _passwords.verify(stored, password)


def password_needs_rehash(stored: str) -> bool:
    """Return whether the stored hash is of another cost than new ones; ask after a right password."""
    return _passwords.needs_rehash(stored)
