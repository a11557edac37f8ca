"""Verification re-reads the bytes: seqs, chain, hashes, payloads, tree. It names the first broken seq."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from hashlib import sha256

from pmm_client.merkle import leaf_hash, node_hash
from services.ledger import encoding
from services.ledger.proofs import root_of
from services.ledger.store import ReadOnlyStore
from services.ledger.stored import StoredRecords
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
        self._is_begun = first == 1
        self._hash = encoding.GENESIS
        self._redacted = 0
        self._records = StoredRecords(mind_id)

    def step(self) -> Step:
        """Check the next events. Progress means that there are more."""
        with self._store.read() as reader:
            mind = reader.mind(self._mind_id)
            assert mind is not None, "checked by the caller; minds are never removed"
            if mind.is_deleted:
                return self._check_tombstone(reader, mind)
            if not self._is_begun:
                before = reader.record_hash(mind, self._next - 1)
                if before is None:
                    return Broken(self._next - 1, Break.MISSING)
                self._hash, self._is_begun = before, True
            end = min(self._last, self._next + STEP - 1)
            first, hashes = self._next, [self._hash]
            broken = self._check_events(reader, mind, end, hashes)
            wrong_seq = wrong_node(reader, mind, first, hashes)
            if wrong_seq and (broken is None or wrong_seq < broken.seq):
                broken = Broken(wrong_seq, Break.TREE)
            if broken is not None:
                return broken
            if end < self._last:
                return Progress(end, self._last)
            if end == mind.head_seq and mind.head_hash != self._hash:
                return Broken(end, Break.CHAIN)
            root = root_of(reader, self._mind_id, mind, end)
            return Verified(end, self._hash, self._redacted, root)

    def _check_tombstone(self, reader: Reader, mind: MindState) -> Step:
        """Of a mind that was deleted only the last event is left; what it is chained to went with the others."""
        data = reader.raw_event(mind, mind.head_seq) or b""
        self._hash = encoding.prev_hash_of(data)
        wrong = self._check(reader, mind, mind.head_seq, data)
        if wrong is None and self._hash != mind.head_hash:
            wrong = Break.CHAIN
        return Verified(mind.head_seq, self._hash, 0) if wrong is None else Broken(mind.head_seq, wrong)

    def _check_events(self, reader: Reader, mind: MindState, end: int, hashes: list[bytes]) -> Broken | None:
        """Check up to a seq, and add the hashes of those that are right."""
        for seq, data in reader.events_from(mind, self._next, end):
            wrong = self._check(reader, mind, seq, data) if seq == self._next else Break.MISSING
            if wrong is not None:
                return Broken(self._next, wrong)
            hashes.append(self._hash)
            self._next = seq + 1
        return Broken(self._next, Break.MISSING) if self._next <= end else None

    def _check(self, reader: Reader, mind: MindState, seq: int, data: bytes) -> Break | None:
        try:
            its_hash, sealed = self._records.chain_hash(seq, data)
        except ValueError:
            return Break.MISSING
        if encoding.prev_hash_of(data) != self._hash:
            return Break.CHAIN
        if its_hash != encoding.hash_of(data):
            return Break.HASH
        self._hash = its_hash
        return self._check_payload(reader, mind, seq, data, sealed)

    def _check_payload(
        self, reader: Reader, mind: MindState, seq: int, data: bytes, sealed: bytes
    ) -> Break | None:
        key = self._store.event_keys.read(encoding.position_of(data) - 1)
        if key is None:
            if not reader.is_redacted(mind.number, seq):
                return Break.KEY
            self._redacted += 1
            return None
        try:
            opened = encoding.unsealed(key, self._records.place(seq), sealed)
        except ValueError:
            return Break.PAYLOAD
        return None if sha256(opened).digest() == encoding.payload_digest_of(data) else Break.PAYLOAD


def wrong_node(reader: Reader, mind: MindState, first: int, hashes: list[bytes]) -> int:
    """The first event that completes a node of the tree which is not kept as it must be; 0 where there is none.

    ``hashes`` are those of the event before ``first`` and of the events from there on. The nodes before were checked.
    """
    level, start = 0, first - 1
    nodes = [leaf_hash(its_hash) for its_hash in hashes[1:]]
    wrong = 0
    while nodes:
        if start % 2:
            left = reader.subtree(mind, level, start - 1) if level else leaf_hash(hashes[0])
            nodes.insert(0, left or b"")
        level, start = level + 1, start // 2
        nodes = [node_hash(nodes[i], nodes[i + 1]) for i in range(0, len(nodes) - 1, 2)]
        kept = reader.subtrees(mind, level, start, len(nodes))
        if kept != nodes:
            offset = next(i for i, node in enumerate(nodes) if kept[i : i + 1] != [node])
            seq = start + offset + 1 << level
            wrong = min(wrong or seq, seq)
    return wrong
