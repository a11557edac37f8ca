"""The keys that sign checkpoints: Ed25519, one in use, those that it replaced until they retire.

Each lies in a file of its own, ``signing/<created, ns>.json``, for its owner alone. The newest signs; so does an older
one until it retires, so that whoever trusts it learns of the new one from a signature that it can check.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pmm_client import checkpoints
from pmm_client.checkpoints import Checkpoint
from services.runtime.durable import write_durably

_FOREVER = 0


class SigningKey(msgspec.Struct, frozen=True):
    """As it is stored."""

    seed: str
    """The 32 bytes of the private key (RFC 8032), hex."""
    created_ns: int
    retires_ns: int = _FOREVER
    """UTC, ns since 1970; 0 for a key that nothing has replaced."""


class SigningKeys:
    """The keys of a folder. Other processes may rotate them meanwhile."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True, mode=0o700)
        self._folder = folder
        self._read_at = 0
        self._keys: list[SigningKey] = []
        if not self.active():
            self._add(SigningKey(os.urandom(32).hex(), time.time_ns()))

    def active(self) -> list[SigningKey]:
        """Those that sign now, the newest first."""
        changed_at = self._folder.stat().st_mtime_ns
        if changed_at != self._read_at:
            found = [msgspec.json.decode(path.read_bytes(), type=SigningKey) for path in self._paths()]
            self._keys = sorted(found, key=lambda key: -key.created_ns)
            self._read_at = changed_at
        now = time.time_ns()
        return [key for key in self._keys if key.retires_ns == _FOREVER or key.retires_ns > now]

    def rotate(self, overlap_seconds: float) -> None:
        """Begin a new key; the others go on signing for as long as the overlap."""
        now = time.time_ns()
        self._add(SigningKey(os.urandom(32).hex(), now))
        for path in self._paths():
            key = msgspec.json.decode(path.read_bytes(), type=SigningKey)
            if key.created_ns < now and key.retires_ns == _FOREVER:
                retired = msgspec.structs.replace(key, retires_ns=now + int(overlap_seconds * 1e9))
                self._write(path, retired)

    def take_over(self, other: Path) -> None:
        """Add the keys of another folder, which knows better when one retires."""
        for path in other.glob("*.json"):
            self._write(self._folder / path.name, msgspec.json.decode(path.read_bytes(), type=SigningKey))

    def sign(self, origin: str, size: int, root: bytes) -> tuple[str, list[str]]:
        """The signed note of a tree head, and the verifier keys of its signatures, the newest first."""
        keys = [Ed25519PrivateKey.from_private_bytes(bytes.fromhex(key.seed)) for key in self.active()]
        names = [str(checkpoints.verifier_key(origin, key)) for key in keys]
        successors = tuple(names[:1]) if len(names) > 1 else ()
        return checkpoints.sign(Checkpoint(origin, size, root, successors), keys), names

    def _paths(self) -> list[Path]:
        return sorted(self._folder.glob("*.json"))

    def _add(self, key: SigningKey) -> None:
        self._write(self._folder / f"{key.created_ns}.json", key)

    def _write(self, path: Path, key: SigningKey) -> None:
        write_durably(path, msgspec.json.encode(key) + b"\n")
