"""The optional master key: it wraps the keys of payloads, so that the data folder alone opens none of them.

Each key of 32 bytes is encrypted in place by AES-256 in XTS mode (IEEE 1619: storage whose place is the tweak), under
a key derived from the master key (HKDF, RFC 5869) for the kind of segment. The key's id is the first 8 hex digits of a
hash derived likewise.
"""

from __future__ import annotations

import base64
import binascii
import os
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from services.runtime.exits import DATA_FOLDER, StartupError

MASTER_KEY_BYTES = 32
_XTS_KEY_BYTES = 64
_TWEAK_BYTES = 16


class KeyWrap:
    """Wraps and unwraps keys by their place. This one leaves them as they are."""

    id = ""

    def wrap(self, prefix: str, slot: int, key: bytes) -> bytes:
        """The stored form of the key in a slot of the segments with this prefix."""
        del prefix, slot
        return key

    def unwrap(self, prefix: str, slot: int, stored: bytes) -> bytes:
        """The key from its stored form."""
        del prefix, slot
        return stored


PLAIN = KeyWrap()
"""No master key."""


class MasterKey(KeyWrap):
    """Wraps keys under a master key of 32 bytes."""

    def __init__(self, master: bytes) -> None:
        self.id = _derived(master, "id", 4).hex()
        self._master = master
        self._keys: dict[str, algorithms.AES] = {}

    def wrap(self, prefix: str, slot: int, key: bytes) -> bytes:
        return self._cipher(prefix, slot).encryptor().update(key)

    def unwrap(self, prefix: str, slot: int, stored: bytes) -> bytes:
        return self._cipher(prefix, slot).decryptor().update(stored)

    def _cipher(self, prefix: str, slot: int) -> Cipher[modes.XTS]:
        if prefix not in self._keys:
            self._keys[prefix] = algorithms.AES(_derived(self._master, prefix, _XTS_KEY_BYTES))
        return Cipher(self._keys[prefix], modes.XTS(slot.to_bytes(_TWEAK_BYTES, "little")))


@dataclass(frozen=True)
class MasterKeys:
    """The master key in use, and those that it replaces."""

    current: KeyWrap = PLAIN
    previous: tuple[KeyWrap, ...] = field(default=())

    def by_id(self, wrap_id: str, path: Path) -> KeyWrap:
        """The one that a segment is under. Raises StartupError where it was not given."""
        for wrap in (PLAIN, self.current, *self.previous):
            if wrap.id == wrap_id:
                return wrap
        raise StartupError(
            DATA_FOLDER,
            f"the keys in {path} are wrapped by master key {wrap_id}: name its file in ledger.master_key_file, or in "
            "ledger.previous_master_key_file when another takes its place; nothing was changed",
        )


NO_MASTER_KEY = MasterKeys()
"""Keys lie as they are."""


def load(current: Path | None, previous: Path | None) -> MasterKeys:
    """From files of 32 bytes in base64. Raises StartupError."""
    before = (_read(previous),) if previous else ()
    return MasterKeys(_read(current) if current else PLAIN, before)


def create(path: Path) -> None:
    """Write a new master key, for its owner alone. Raises FileExistsError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(base64.b64encode(os.urandom(MASTER_KEY_BYTES)) + b"\n")
        os.fsync(file.fileno())


def _read(path: Path) -> MasterKey:
    try:
        master = base64.b64decode(path.expanduser().read_bytes().strip(), validate=True)
    except (OSError, binascii.Error) as error:
        raise StartupError(DATA_FOLDER, f"the master key cannot be read from {path}: {error}") from None
    if len(master) != MASTER_KEY_BYTES:
        raise StartupError(
            DATA_FOLDER, f"the master key in {path} must be 32 bytes in base64: openssl rand -base64 32"
        )
    return MasterKey(master)


def _derived(master: bytes, purpose: str, length: int) -> bytes:
    return HKDF(SHA256(), length, salt=None, info=b"pmm.ledger.keys." + purpose.encode()).derive(master)
