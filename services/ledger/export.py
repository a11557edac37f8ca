"""Exports: JSON Lines, an event a line, exact bytes and salts, so that an auditor needs none of our code."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Iterator
from typing import Any

from services.ledger import encoding
from services.ledger.encoding import Header
from services.ledger.errors import BrokenExport
from services.ledger.events import StoredEvent
from services.runtime.errors import Violation


def line(event: StoredEvent) -> bytes:
    """One event as a line, ending in a newline. Bytes are base64, hashes hex, times nanoseconds."""
    header = event.header
    fields: dict[str, Any] = {
        "mind_id": header.mind_id,
        "seq": header.seq,
        "kind": header.kind,
        "recorded_at_ns": header.recorded_ns,
        "session_id": header.session_id,
        "actor": header.actor,
        "causation_seq": header.causation_seq,
        "trace_id": header.trace_id,
        "remember": header.remember,
        "payload_digest": header.payload_digest.hex(),
        "prev_hash": header.prev_hash.hex(),
        "hash": event.hash.hex(),
    }
    if event.payload is None or event.salt is None:
        fields["redacted"] = True
    else:
        fields["payload"] = base64.b64encode(event.payload).decode()
        fields["salt"] = base64.b64encode(event.salt).decode()
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def events(lines: Iterable[bytes], mind_id: str) -> Iterator[StoredEvent]:
    """The events of an export, each checked against the one before. Raises BrokenExport at the first bad one."""
    previous, seq = encoding.GENESIS, 0
    for number, text in enumerate(lines, 1):
        event = _parse(text, number)
        seq += 1
        _check(event, mind_id, seq, previous, number)
        previous = event.hash
        yield event
    if seq == 0:
        raise _broken(1, 0, "the export holds no event")


def _parse(text: bytes, number: int) -> StoredEvent:
    try:
        fields: dict[str, Any] = json.loads(text)
        header = Header(
            fields["mind_id"],
            int(fields["seq"]),
            fields["kind"],
            int(fields["recorded_at_ns"]),
            fields["session_id"],
            fields["actor"],
            None if fields["causation_seq"] is None else int(fields["causation_seq"]),
            fields["trace_id"],
            bool(fields["remember"]),
            bytes.fromhex(fields["payload_digest"]),
            bytes.fromhex(fields["prev_hash"]),
        )
        redacted = bool(fields.get("redacted"))
        payload = None if redacted else base64.b64decode(fields["payload"], validate=True)
        salt = None if redacted else base64.b64decode(fields["salt"], validate=True)
        return StoredEvent(header, bytes.fromhex(fields["hash"]), 0, payload, salt)
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error):
        raise _broken(number, 0, "it is not an event") from None


def _check(event: StoredEvent, mind_id: str, seq: int, previous: bytes, number: int) -> None:
    header = event.header
    if header.mind_id != mind_id:
        raise _broken(
            number, header.seq, f"it belongs to mind {header.mind_id!r}: restore it under that name"
        )
    if header.seq != seq:
        raise _broken(number, header.seq, f"its seq should be {seq}")
    if header.prev_hash != previous:
        raise _broken(number, seq, "its prev_hash is not the hash of the event before")
    if encoding.header_hash(header) != event.hash:
        raise _broken(number, seq, "its hash is not the hash of its header")
    if event.payload is None or event.salt is None:
        return
    if encoding.payload_digest(event.salt, event.payload) != header.payload_digest:
        raise _broken(number, seq, "its payload does not match payload_digest")


def _broken(number: int, seq: int, why: str) -> BrokenExport:
    error = BrokenExport([Violation("lines", f"line {number}: {why}")])
    error.metadata.update({"line": str(number), "seq": str(seq)})
    return error
