"""The hashes of an event, as docs/ledger-format.md of the project specifies them.

The server chains events with what clients check them with.
"""

from __future__ import annotations

import hashlib
import struct
from functools import lru_cache

HASH_BYTES = 32
GENESIS = bytes(HASH_BYTES)
"""``prev_hash`` of a mind's first event."""

_U64 = struct.Struct(">Q")
DOMAIN = b"pmm.event.v1\x00"
"""What every hashed header begins with."""
ABSENT = _U64.pack(0)
"""A field that is not there."""
_INTEGER = struct.Struct(">QQ")
_SIGNED = struct.Struct(">Qq")
_END = struct.Struct(">QQQ32sQ32s")


def chain_hash(
    mind_id: str,
    seq: int,
    kind: str,
    recorded_ns: int,
    session_id: str,
    actor: str,
    causation_seq: int | None,
    trace_id: str,
    remember: bool,
    payload_digest: bytes,
    prev_hash: bytes,
) -> bytes:
    """SHA-256 over the domain and the fields, each as its 8-byte big-endian length and its bytes; 32 bytes."""
    causation = ABSENT if causation_seq is None else _INTEGER.pack(8, causation_seq)
    return hashlib.sha256(
        b"".join(
            (
                DOMAIN,
                field(mind_id),
                _INTEGER.pack(8, seq),
                field(kind),
                _SIGNED.pack(8, recorded_ns),
                field(session_id),
                field(actor),
                causation,
                field(trace_id),
                _END.pack(8, remember, HASH_BYTES, payload_digest, HASH_BYTES, prev_hash),
            )
        )
    ).digest()


def payload_digest(salt: bytes, payload: bytes) -> bytes:
    """SHA-256 of salt and payload."""
    return hashlib.sha256(salt + payload).digest()


# The same few names stand in event after event.
@lru_cache(maxsize=4096)
def field(value: str) -> bytes:
    """A field of text as it is hashed: its length in 8 bytes, and its bytes."""
    data = value.encode()
    return _U64.pack(len(data)) + data
