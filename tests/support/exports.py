"""Exports of minds to which things happened at moments that a test chooses, as docs/ledger-format.md has them."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Iterable
from datetime import datetime

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.mind.v1 import events_pb2 as mind
from pmm_client.event_hash import GENESIS, chain_hash, payload_digest
from pmm_client.raw import LedgerClient

SALT = bytes(32)


def export(mind_id: str, happened: Iterable[tuple[datetime, str, mind.Body]]) -> bytes:
    """Lines of events: when, in which conversation, and what; in order, and beginning with mind_created."""
    lines: list[bytes] = []
    prev = GENESIS
    for seq, (when, session_id, body) in enumerate(happened, 1):
        kind, payload = body.WhichOneof("kind") or "", body.SerializeToString()
        digest, recorded_ns = payload_digest(SALT, payload), int(when.timestamp()) * 1_000_000_000
        chained = chain_hash(
            mind_id, seq, kind, recorded_ns, session_id, "user", None, "", True, digest, prev
        )
        fields = {
            "mind_id": mind_id,
            "seq": seq,
            "kind": kind,
            "recorded_at_ns": recorded_ns,
            "session_id": session_id,
            "actor": "user",
            "causation_seq": None,
            "trace_id": "",
            "remember": True,
            "payload_digest": digest.hex(),
            "prev_hash": prev.hex(),
            "hash": chained.hex(),
            "payload": base64.b64encode(payload).decode(),
            "salt": base64.b64encode(SALT).decode(),
        }
        lines.append(json.dumps(fields).encode() + b"\n")
        prev = chained
    return b"".join(lines)


async def restore(client: LedgerClient, mind_id: str, lines: bytes) -> None:
    """Make the mind of an export."""

    async def parts() -> AsyncIterator[ledger.RestoreRequest]:
        yield ledger.RestoreRequest(mind_id=mind_id, lines=lines)

    await client.restore(parts())
