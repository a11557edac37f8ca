"""Checkpoints: a mind's tree head as a C2SP signed note.

Formats: c2sp.org/tlog-checkpoint for the text, c2sp.org/signed-note for signatures and verifier keys (Ed25519). The
origin of a mind's checkpoints, and the name of the keys that sign them, is ``<log name>/<mind_id>``.

While a signing key is being replaced, checkpoints carry an extension line ``key <verifier key>`` for the new one, so
that whoever trusts the old key learns the new one from a signature that it can check.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_ED25519 = b"\x01"
_KEY_ID_BYTES = 4
_PUBLIC_KEY_BYTES = 32
_SIGNATURE = "— "
_NEXT_KEY = "key "


class CheckpointError(ValueError):
    """A note that is no checkpoint, or that none of the trusted keys has signed. The message says why."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree head."""

    origin: str
    """``<log name>/<mind_id>``"""
    size: int
    """Number of leaves, which is the seq of the last event."""
    root: bytes
    """32 bytes."""
    next_keys: tuple[str, ...] = ()
    """Verifier keys that take over."""

    def text(self) -> str:
        """What is signed."""
        root = base64.b64encode(self.root).decode()
        lines = [self.origin, str(self.size), root, *(_NEXT_KEY + key for key in self.next_keys)]
        return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """The public half of a signing key under a name, written ``<name>+<key id>+<base64>``."""

    name: str
    public: bytes
    """32 bytes."""

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """From its written form. Raises CheckpointError."""
        try:
            name, key_id, encoded = text.strip().split("+", 2)
            data = base64.b64decode(encoded, validate=True)
        except (ValueError, binascii.Error):
            raise CheckpointError(
                f"{text!r} is no verifier key: it should be <name>+<key id>+<base64>"
            ) from None
        key = cls(name, data[1:])
        if data[:1] != _ED25519 or len(key.public) != _PUBLIC_KEY_BYTES or key.key_id.hex() != key_id:
            raise CheckpointError(f"{text!r} is no Ed25519 verifier key, or was mistyped")
        return key

    @property
    def key_id(self) -> bytes:
        """The 4 bytes by which a signature names its key."""
        data = self.name.encode() + b"\n" + _ED25519 + self.public
        return hashlib.sha256(data).digest()[:_KEY_ID_BYTES]

    def __str__(self) -> str:
        encoded = base64.b64encode(_ED25519 + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{encoded}"


def verifier_key(name: str, private: Ed25519PrivateKey) -> VerifierKey:
    """The public half of a key under a name."""
    return VerifierKey(name, private.public_key().public_bytes_raw())


def sign(checkpoint: Checkpoint, keys: Iterable[Ed25519PrivateKey]) -> str:
    """The signed note; without keys the text alone."""
    text = checkpoint.text()
    note = text + "\n"
    for private in keys:
        key_id = verifier_key(checkpoint.origin, private).key_id
        signature = base64.b64encode(key_id + private.sign(text.encode())).decode()
        note += f"{_SIGNATURE}{checkpoint.origin} {signature}\n"
    return note


def parse(note: str) -> Checkpoint:
    """The checkpoint of a note, its signatures unchecked. Raises CheckpointError."""
    text, _, _ = note.partition("\n\n")
    lines = text.split("\n")
    if len(lines) < 3 or not lines[0] or not _is_decimal(lines[1]):
        raise CheckpointError("the note is no checkpoint: it should begin with origin, size and root")
    root = _decode(lines[2])
    if len(root) != 32:
        raise CheckpointError("the root of the checkpoint is not 32 bytes of base64")
    next_keys = tuple(line.removeprefix(_NEXT_KEY) for line in lines[3:] if line.startswith(_NEXT_KEY))
    return Checkpoint(lines[0], int(lines[1]), root, next_keys)


def verify(note: str, trusted: Sequence[VerifierKey]) -> Checkpoint:
    """The checkpoint of a note that one of the trusted keys has signed. Raises CheckpointError."""
    checkpoint = parse(note)
    text, _, signatures = note.partition("\n\n")
    signed = (text + "\n").encode()
    by_id = {(key.name, key.key_id): key for key in trusted}
    for name, data in [_signature(line) for line in signatures.splitlines()]:
        key = by_id.get((name, data[:_KEY_ID_BYTES]))
        if key is None:
            continue
        try:
            Ed25519PublicKey.from_public_bytes(key.public).verify(data[_KEY_ID_BYTES:], signed)
        except InvalidSignature:
            raise CheckpointError(f"the signature of {name} is not one of this checkpoint") from None
        if name != checkpoint.origin:
            raise CheckpointError(f"a key of {name} has signed a checkpoint of {checkpoint.origin}")
        return checkpoint
    raise CheckpointError(f"no trusted key has signed the checkpoint of {checkpoint.origin}")


def _signature(line: str) -> tuple[str, bytes]:
    name, _, encoded = line.removeprefix(_SIGNATURE).rpartition(" ")
    if not line.startswith(_SIGNATURE) or not name:
        raise CheckpointError("the note has a line among its signatures that is none")
    return name, _decode(encoded)


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        raise CheckpointError("the note holds base64 that is none") from None


def _is_decimal(text: str) -> bool:
    return text.isascii() and text.isdigit() and (text == "0" or not text.startswith("0"))
