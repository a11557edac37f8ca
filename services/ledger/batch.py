"""The writes of one transaction, into the tables of ``tables.py``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from pmm_client.merkle import leaf_hash, node_hash
from services.ledger import encoding
from services.ledger.encoding import Record
from services.ledger.errors import broken_mind
from services.ledger.tables import EVENT, NODE, TABLES, U32, U64, Erasure, MindState, Reader, Receipt, decode

if TYPE_CHECKING:
    from services.ledger.store import Store

_COMMIT_PAGES = 64
"""At most so many pages that a commit changes whatever is in it: roots, branches and the list of free pages."""
_DEPTH = 5
"""Levels of a table, from root to leaf: more than a billion rows have."""
_INLINE_BYTES = 1_000
"""A longer record may get pages of its own."""
_SPILL_PAGES = 16_384
"""LMDB may write so many changed pages before the commit: room is taken for each of these portions."""


class Batch(Reader):
    """Reads and writes of one transaction."""

    def __init__(self, store: Store, txn: Any) -> None:
        super().__init__(store, txn)
        self._store = store
        self._position = self.head_position()
        self._rows = 0
        self._own_pages = 0
        self._next_portion = _SPILL_PAGES
        self._changed: dict[str, MindState] = {}

    def mind(self, mind_id: str) -> MindState | None:
        return self._changed.get(mind_id) or super().mind(mind_id)

    def next_position(self) -> int:
        """The place in the store that the next event takes."""
        return self._position + 1

    def new_mind(self, mind_id: str, hmac_key: bytes) -> MindState:
        """Give a mind its number and its key."""
        state = MindState(number=self._txn.stat(db=self._tables["names"])["entries"])
        self._txn.put(U32.pack(state.number), mind_id.encode(), db=self._tables["names"])
        self._store.mind_keys.write(state.number, [hmac_key])
        return state

    def put_meta(self, key: bytes, value: bytes) -> None:
        """Write what is kept of the store as a whole."""
        self._txn.put(key, value, db=self._tables["meta"])

    def void_receipts(self) -> None:
        """Take their digests from all receipts: the keys alone say then what was seen."""
        for key, data in list(self._txn.cursor(db=self._tables["keys_seen"])):
            seen = msgspec.structs.replace(decode(data, Receipt, ""), digest=b"")
            self._count(data)
            self._txn.put(key, msgspec.msgpack.encode(seen), db=self._tables["keys_seen"])

    def put_mind(self, mind_id: str, state: MindState) -> None:
        """Change a mind's state. Written once, by ``flush``: a group may append to one mind many times."""
        self._changed[mind_id] = state

    def flush(self) -> None:
        """Write the states of the minds that were changed."""
        for mind_id, state in self._changed.items():
            self._txn.put(mind_id.encode(), msgspec.msgpack.encode(state), db=self._tables["minds"])

    def put_event(self, mind: MindState, record: Record) -> None:
        """Write the event after the head, its indexes, and what it completes of the tree."""
        header = record.header
        place = EVENT.pack(mind.number, header.seq)
        number, seq = U32.pack(mind.number), U64.pack(header.seq)
        put, tables = self._txn.put, self._tables
        data = encoding.encode_record(record)
        self._count(data)
        put(place, data, db=tables["events"])
        put(U64.pack(record.position), place, db=tables["positions"], append=True)
        put(number + header.kind.encode() + b"\x00" + seq, b"", db=tables["kinds"])
        if header.session_id:
            put(number + header.session_id.encode() + b"\x00" + seq, b"", db=tables["sessions"])
        self._extend_tree(mind, header.seq - 1, record)
        self._position = record.position

    def put_redacted(self, mind: MindState, seq: int, by_seq: int) -> None:
        """Note that a payload was erased, and by which event_redacted."""
        self._count(b"")
        self._txn.put(EVENT.pack(mind.number, seq), U64.pack(by_seq), db=self._tables["redacted"])

    def put_erasure(self, mind: MindState, seq: int, erasure: Erasure) -> None:
        """Write how far an erasure is."""
        self._count(b"")
        data = msgspec.msgpack.encode(erasure)
        self._txn.put(EVENT.pack(mind.number, seq), data, db=self._tables["erasures"])

    def remove_events(self, mind: MindState, first: int, last: int) -> None:
        """Remove events and what points to them."""
        for seq, data in list(self.events_from(mind, first, last)):
            place, number = EVENT.pack(mind.number, seq), U32.pack(mind.number)
            self._txn.delete(place, db=self._tables["events"])
            self._count(b"")
            try:
                record = encoding.decode_record("", seq, data)
            except ValueError:
                # Damage is no reason to keep an event: what points to it points to nothing then.
                continue
            header = record.header
            self._txn.delete(U64.pack(record.position), db=self._tables["positions"])
            self._txn.delete(number + header.kind.encode() + b"\x00" + place[4:], db=self._tables["kinds"])
            if header.session_id:
                session = number + header.session_id.encode() + b"\x00" + place[4:]
                self._txn.delete(session, db=self._tables["sessions"])

    def remove_traces(self, mind: MindState, limit: int) -> int:
        """Remove tree nodes, receipts and redactions of a mind, so many at most; how many there were."""
        prefix, removed = U32.pack(mind.number), 0
        for name in ("tree", "keys_seen", "redacted"):
            cursor = self._txn.cursor(db=self._tables[name])
            there = cursor.set_range(prefix)
            while there and removed < limit and cursor.key().startswith(prefix):
                there = cursor.delete()
                removed += 1
                self._count(b"")
        return removed

    def put_receipt(self, mind: MindState, key_digest: bytes, receipt: Receipt) -> None:
        """Remember what an idempotency key got."""
        data = msgspec.msgpack.encode(receipt)
        self._count(data)
        self._txn.put(U32.pack(mind.number) + key_digest, data, db=self._tables["keys_seen"])

    def most_pages(self) -> int:
        """A bound on ``pages`` that costs nothing."""
        return _COMMIT_PAGES + self._rows * len(TABLES) * _DEPTH + self._own_pages

    def pages(self) -> int:
        """At most so many pages the commit adds: copies of those that it changes, and new ones."""
        stats = [self._txn.stat(db=table) for table in self._tables.values()]
        # A row changes a path from the root to a leaf of each table, and no more than there is.
        changed = sum(
            min(self._rows * (stat["depth"] + 1), stat["branch_pages"] + stat["leaf_pages"]) for stat in stats
        )
        return _COMMIT_PAGES + changed + self._own_pages

    def _count(self, data: bytes) -> None:
        self._rows += 1
        if len(data) > _INLINE_BYTES:
            self._own_pages += 2 + len(data) // self._store.page_bytes
        if self.most_pages() > self._next_portion:
            self._store.take_room(self)
            self._next_portion = self.most_pages() + _SPILL_PAGES

    def _extend_tree(self, mind: MindState, leaf: int, record: Record) -> None:
        if leaf % 2 == 0:
            return
        node = node_hash(leaf_hash(record.header.prev_hash), leaf_hash(record.hash))
        level, index = 1, leaf // 2
        while True:
            self._txn.put(NODE.pack(mind.number, level, index), node, db=self._tables["tree"])
            if index % 2 == 0:
                return
            left = self.subtree(mind, level, index - 1)
            if left is None:
                raise broken_mind(self.name(mind.number), f"its tree lacks node {level}/{index - 1}")
            node = node_hash(left, node)
            level, index = level + 1, index // 2
