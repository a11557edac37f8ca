"""Stored records in Python; see the package."""

from __future__ import annotations

import io
from functools import lru_cache

from google.protobuf import proto

from pmm.mind.v1.events_pb2 import Event
from pmm_client import event_hash
from services.ledger import encoding
from services.ledger.encoding import U64

_FIELD_1 = b"\x0a"
"""The tag of a message in field 1."""
_LENGTH_8, _LENGTH_32 = U64.pack(8), U64.pack(32)
_NOT_REMEMBERED, _REMEMBERED = (_LENGTH_8 + U64.pack(remember) + _LENGTH_32 for remember in (0, 1))


def hashed_header(begin: bytes, seq: int, data: bytes) -> tuple[bytes, bytes]:
    """What the chain hash of a stored record covers, and its sealed payload.

    ``begin`` is the domain and the mind, as they are hashed. Raises ValueError where it is no record.
    """
    if len(data) < encoding.RECORD_BYTES:
        raise ValueError(encoding.CUT_SHORT)
    kind, session, actor, trace = data[encoding.LENGTHS : encoding.RECORD_BYTES]
    names = encoding.RECORD_BYTES + kind + session + actor
    end = names + trace
    if end > len(data):
        raise ValueError(encoding.CUT_SHORT)
    flags = data[encoding.FLAGS]
    causation = event_hash.ABSENT
    if flags & encoding.HAS_CAUSATION:
        causation = _LENGTH_8 + data[encoding.CAUSATION : encoding.FLAGS]
    elif data[encoding.CAUSATION : encoding.FLAGS] != event_hash.ABSENT:
        raise ValueError(encoding.BAD_FLAGS)
    if flags > encoding.REMEMBER | encoding.HAS_CAUSATION:
        raise ValueError(encoding.BAD_FLAGS)
    before_clock, after_clock = _around_the_clock(
        data[encoding.LENGTHS : encoding.RECORD_BYTES - 1] + data[encoding.RECORD_BYTES : names]
    )
    hashed = b"".join(
        (
            begin,
            _LENGTH_8,
            U64.pack(seq),
            before_clock,
            data[encoding.RECORDED : encoding.CAUSATION],
            after_clock,
            causation,
            U64.pack(trace),
            data[names:end],
            _REMEMBERED if flags & encoding.REMEMBER else _NOT_REMEMBERED,
            data[encoding.DIGEST : encoding.PREV],
            _LENGTH_32,
            data[encoding.PREV : encoding.HASH],
        )
    )
    return hashed, data[end:]


# The same few names stand in event after event.
@lru_cache(maxsize=4096)
def _around_the_clock(names: bytes) -> tuple[bytes, bytes]:
    """What is hashed between seq and clock, and between clock and causation. ``names`` with their lengths."""
    kind, session = names[0], names[1]
    texts = names[3 : 3 + kind], names[3 + kind : 3 + kind + session], names[3 + kind + session :]
    fields = [U64.pack(len(text)) + text for text in texts]
    return fields[0] + _LENGTH_8, fields[1] + fields[2]


def event_field(mind: bytes, seq: int, data: bytes, salted: bytes | None, *, raw: bool) -> bytes:
    """A record as a serialized ``Event`` in field 1 of the message around it: of a page, or of a single answer.

    ``salted`` is its salt and payload, None where they were erased; ``raw`` asks for these bytes instead of the body.
    Raises ValueError where it is no record.
    """
    record = encoding.decode_record(mind.decode(), seq, data)
    header = record.header
    message = Event(
        mind_id=header.mind_id,
        seq=header.seq,
        kind=header.kind,
        session_id=header.session_id,
        actor=header.actor,
        causation_seq=header.causation_seq,
        trace_id=header.trace_id,
        remember=header.remember,
        payload_digest=header.payload_digest,
        prev_hash=header.prev_hash,
        hash=record.hash,
        position=record.position,
    )
    recorded_at = message.recorded_at
    recorded_at.seconds, recorded_at.nanos = divmod(header.recorded_ns, 1_000_000_000)
    if salted is None:
        message.redacted = True
    elif raw:
        message.raw.payload = salted[encoding.SALT_BYTES :]
        message.raw.salt = salted[: encoding.SALT_BYTES]
    else:
        message.body.ParseFromString(salted[encoding.SALT_BYTES :])
    field = io.BytesIO()
    field.write(_FIELD_1)
    proto.serialize_length_prefixed(message, field)
    return field.getvalue()
