"""Verification re-reads the bytes: seqs, chain, hashes, payloads, tree. It names the first broken seq."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass

from pmm_client.merkle import leaf_hash, node_hash
from services.ledger import encoding
from services.ledger.proofs import root_of
from services.ledger.store import ReadOnlyStore
from services.ledger.tables import MindState, Reader

STEP = 2_000
"""Events in one transaction, and between two reports of progress."""


class Break(enum.Enum):
    """What is wrong with an event."""

    MISSING = "it is missing, or cannot be decoded"
    HASH = "its hash is not the hash of its header"
    CHAIN = "its prev_hash is not the hash of the event before"
    PAYLOAD = "its payload does not match payload_digest, or cannot be opened"
    KEY = "its key is gone without an erasure"
    TREE = "the Merkle tree does not match the chain"


@dataclass(frozen=True, slots=True)
class Progress:
    """So far, so good."""

    seq: int
    to_seq: int


@dataclass(frozen=True, slots=True)
class Verified:
    """All is well."""

    seq: int
    hash: bytes
    redacted: int
    root: bytes = b""
    """Of the Merkle tree up to there; empty for a mind that was deleted."""


@dataclass(frozen=True, slots=True)
class Broken:
    """The first event that does not verify."""

    seq: int
    kind: Break


Step = Progress | Verified | Broken


class Verification:
    """Checks the events from one seq to another, a step at a time."""

    def __init__(self, store: ReadOnlyStore, mind_id: str, first: int, last: int) -> None:
        self._store = store
        self._mind_id = mind_id
        self._next = first
        self._last = last
        self._hash: bytes | None = encoding.GENESIS if first == 1 else None
        self._redacted = 0

    def step(self) -> Step:
        """Check the next events. Progress means that there are more."""
        with self._store.read() as reader:
            mind = reader.mind(self._mind_id)
            assert mind is not None, "checked by the caller; minds are never removed"
            if mind.is_deleted:
                return self._check_tombstone(reader, mind)
            if self._hash is None:
                before = reader.record_hash(mind, self._next - 1)
                if before is None:
                    return Broken(self._next - 1, Break.MISSING)
                self._hash = before
            end = min(self._last, self._next + STEP - 1)
            for seq, data in self._dense(reader, mind, end):
                wrong = Break.MISSING if data is None else self._check(reader, mind, seq, data)
                if wrong is not None:
                    return Broken(seq, wrong)
            self._next = end + 1
            if end < self._last:
                return Progress(end, self._last)
            if end == mind.head_seq and mind.head_hash != self._hash:
                return Broken(end, Break.CHAIN)
            root = root_of(reader, self._mind_id, mind, end)
            return Verified(end, self._hash, self._redacted, root)

    def _check_tombstone(self, reader: Reader, mind: MindState) -> Step:
        """Of a mind that was deleted only the last event is left; what it is chained to went with the others."""
        seq = mind.head_seq
        data = reader.raw_event(mind, seq)
        try:
            record = encoding.decode_record(self._mind_id, seq, data or b"")
        except ValueError:
            return Broken(seq, Break.MISSING)
        if encoding.header_hash(record.header) != record.hash or record.hash != mind.head_hash:
            return Broken(seq, Break.HASH)
        wrong = self._check_payload(reader, mind, record)
        return Verified(seq, record.hash, 0) if wrong is None else Broken(seq, wrong)

    def _dense(self, reader: Reader, mind: MindState, end: int) -> Iterator[tuple[int, bytes | None]]:
        expected = self._next
        for seq, data in reader.events_from(mind, expected, end):
            if seq != expected:
                break
            yield seq, data
            expected += 1
        if expected <= end:
            yield expected, None

    def _check(self, reader: Reader, mind: MindState, seq: int, data: bytes) -> Break | None:
        try:
            record = encoding.decode_record(self._mind_id, seq, data)
        except ValueError:
            return Break.MISSING
        if record.header.prev_hash != self._hash:
            return Break.CHAIN
        if encoding.header_hash(record.header) != record.hash:
            return Break.HASH
        wrong = self._check_payload(reader, mind, record)
        if wrong is None and not self._tree_agrees(reader, mind, record):
            wrong = Break.TREE
        self._hash = record.hash
        return wrong

    def _check_payload(self, reader: Reader, mind: MindState, record: encoding.Record) -> Break | None:
        header = record.header
        key = self._store.event_keys.read(record.position - 1)
        if key is None:
            if not reader.is_redacted(mind.number, header.seq):
                return Break.KEY
            self._redacted += 1
            return None
        try:
            salt, payload = encoding.unseal(key, self._mind_id, header.seq, record.sealed)
        except ValueError:
            return Break.PAYLOAD
        return None if encoding.payload_digest(salt, payload) == header.payload_digest else Break.PAYLOAD

    def _tree_agrees(self, reader: Reader, mind: MindState, record: encoding.Record) -> bool:
        """Every second leaf completes a node, whose children have been checked by then."""
        leaf = record.header.seq - 1
        if leaf % 2 == 0 or self._hash is None:
            return True
        node = node_hash(leaf_hash(self._hash), leaf_hash(record.hash))
        level, index = 1, leaf // 2
        while reader.subtree(mind, level, index) == node:
            if index % 2 == 0:
                return True
            left = reader.subtree(mind, level, index - 1)
            if left is None:
                return False
            node = node_hash(left, node)
            level, index = level + 1, index // 2
        return False
