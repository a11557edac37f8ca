"""The bytes that fix the ledger for good: sealing and records. The hashes are those of ``pmm_client.event_hash``.

docs/ledger-format.md is the specification, with test vectors that the tests run.
"""

from __future__ import annotations

import struct
from functools import lru_cache

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pmm_client import event_hash

SALT_BYTES = 32
KEY_BYTES = 32
GENESIS = event_hash.GENESIS
payload_digest = event_hash.payload_digest

_NONCE = bytes(12)
"""A key seals one payload and no other, so one nonce will do."""
U64 = struct.Struct(">Q")
"""An integer as it is stored and hashed."""
_RECORD = struct.Struct(">QqQB32s32s32sBBBB")
REMEMBER, HAS_CAUSATION = 1, 2
"""Flags of a stored record."""
RECORD_BYTES = _RECORD.size
"""No stored record is shorter."""
RECORDED, CAUSATION, FLAGS, DIGEST, PREV, HASH, LENGTHS = 8, 16, 24, 25, 57, 89, 121
"""Where the fields of a stored record begin."""
CUT_SHORT = "the record is cut short"
BAD_FLAGS = "the record has flags that nobody sets"


class Header(msgspec.Struct, frozen=True, gc=False):
    """What is chained of an event."""

    mind_id: str
    seq: int
    kind: str
    recorded_ns: int
    """UTC, nanoseconds since 1970."""
    session_id: str
    actor: str
    causation_seq: int | None
    trace_id: str
    remember: bool
    payload_digest: bytes
    prev_hash: bytes


class Record(msgspec.Struct, frozen=True, gc=False):
    """An event as it is stored: header, hash, place in the store, sealed payload."""

    header: Header
    hash: bytes
    position: int
    sealed: bytes


def header_hash(header: Header) -> bytes:
    """The chain hash; see ``pmm_client.event_hash``."""
    return event_hash.chain_hash(
        header.mind_id,
        header.seq,
        header.kind,
        header.recorded_ns,
        header.session_id,
        header.actor,
        header.causation_seq,
        header.trace_id,
        header.remember,
        header.payload_digest,
        header.prev_hash,
    )


def seal(key: bytes, mind_id: str, seq: int, salt: bytes, payload: bytes) -> bytes:
    """AES-256-GCM of salt and payload, bound to the event's place."""
    return AESGCM(key).encrypt(_NONCE, salt + payload, place_of(mind_id, seq))


def unseal(key: bytes, mind_id: str, seq: int, sealed: bytes) -> tuple[bytes, bytes]:
    """Salt and payload. Raises ValueError when key, place or bytes are not those that were sealed."""
    opened = unsealed(key, place_of(mind_id, seq), sealed)
    return opened[:SALT_BYTES], opened[SALT_BYTES:]


def unsealed(key: bytes, place: bytes, sealed: bytes) -> bytes:
    """Salt and payload joined, which is what ``payload_digest`` covers. Raises ValueError as ``unseal`` does."""
    try:
        return AESGCM(key).decrypt(_NONCE, sealed, place)
    except InvalidTag:
        raise ValueError("the payload cannot be opened with its key") from None


def place_of(mind_id: str, seq: int) -> bytes:
    """What binds a sealed payload to its event."""
    return mind_id.encode() + b"\x00" + U64.pack(seq)


def encode_record(record: Record) -> bytes:
    """The stored form. The mind and the seq stand in its key."""
    header = record.header
    kind, session = header.kind.encode(), header.session_id.encode()
    actor, trace = header.actor.encode(), header.trace_id.encode()
    flags = REMEMBER * header.remember | HAS_CAUSATION * (header.causation_seq is not None)
    return b"".join(
        (
            _RECORD.pack(
                record.position,
                header.recorded_ns,
                header.causation_seq or 0,
                flags,
                header.payload_digest,
                header.prev_hash,
                record.hash,
                len(kind),
                len(session),
                len(actor),
                len(trace),
            ),
            kind,
            session,
            actor,
            trace,
            record.sealed,
        )
    )


def decode_record(mind_id: str, seq: int, data: bytes) -> Record:
    """From the stored form. Raises ValueError where it is none."""
    try:
        position, recorded_ns, causation, flags, digest, prev, its_hash, k, s, a, t = _RECORD.unpack_from(
            data
        )
    except struct.error:
        raise ValueError(CUT_SHORT) from None
    # What no hash covers must be as it is written, or a changed byte would go unseen.
    if flags & ~(REMEMBER | HAS_CAUSATION) or (causation and not flags & HAS_CAUSATION):
        raise ValueError(BAD_FLAGS)
    end = _RECORD.size + k + s + a + t
    kind, session, actor, trace = _names(data[_RECORD.size : end], k, k + s, k + s + a)
    header = Header(
        mind_id,
        seq,
        kind,
        recorded_ns,
        session,
        actor,
        causation if flags & HAS_CAUSATION else None,
        trace,
        bool(flags & REMEMBER),
        digest,
        prev,
    )
    return Record(header, its_hash, position, data[end:])


@lru_cache(maxsize=4096)
def _names(data: bytes, session: int, actor: int, trace: int) -> tuple[str, str, str, str]:
    return (
        data[:session].decode(),
        data[session:actor].decode(),
        data[actor:trace].decode(),
        data[trace:].decode(),
    )


def recorded_ns_of(data: bytes) -> int:
    """The clock in a stored record, without decoding the rest."""
    return _RECORD.unpack_from(data)[1]


def position_of(data: bytes) -> int:
    """The position in a stored record, without decoding the rest."""
    return int.from_bytes(data[:RECORDED], "big")


def hash_of(data: bytes) -> bytes:
    """The chain hash in a stored record, without decoding the rest."""
    return data[HASH:LENGTHS]


def prev_hash_of(data: bytes) -> bytes:
    """The hash of the event before in a stored record, without decoding the rest."""
    return data[PREV:HASH]


def kind_of(data: bytes) -> str:
    """The kind in a stored record, without decoding the rest."""
    return data[RECORD_BYTES : RECORD_BYTES + data[LENGTHS]].decode()


def session_of(data: bytes) -> str:
    """The session in a stored record, without decoding the rest."""
    start = RECORD_BYTES + data[LENGTHS]
    return data[start : start + data[LENGTHS + 1]].decode()


def payload_digest_of(data: bytes) -> bytes:
    """The payload's digest in a stored record, without decoding the rest."""
    return data[DIGEST:PREV]
