"""The ledger on LMDB: the one module that knows the engine.

Tables (integers big-endian; ``mind`` is a 4-byte number given to a mind at its first event):

    meta       b"store_id"                     → 32 hex digits
    minds      mind_id                         → MindState
    names      mind                            → mind_id
    events     mind, seq(8)                    → record (encoding.py)
    positions  position(8)                     → mind, seq(8)
    kinds      mind, kind, 0x00, seq(8)        → nothing
    sessions   mind, session_id, 0x00, seq(8)  → nothing
    tree       mind, level(1), index(8)        → hash of a complete subtree, from level 1 up
    keys_seen  mind, HMAC of an idempotency key → Receipt
    redacted   mind, seq(8)                    → seq(8) of the event_redacted

docs/ledger-format.md describes them for whoever reads the files without this module.
"""

from __future__ import annotations

import errno
import os
import struct
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import lmdb
import msgspec

from services.ledger import encoding
from services.ledger.encoding import Record
from services.ledger.errors import broken_event, broken_mind
from services.ledger.gate import MapGate
from services.ledger.keys import KeySegments, sync_folder
from services.ledger.room import Room

T = TypeVar("T")
_U32 = struct.Struct(">I")
_U64 = struct.Struct(">Q")
_EVENT = struct.Struct(">IQ")
_NODE = struct.Struct(">IBQ")
_STORE_ID = b"store_id"
_COMMIT_PAGES = 64
"""At most so many pages that a commit changes whatever is in it: roots, branches and the list of free pages."""
_DEPTH = 5
"""Levels of a table, from root to leaf: more than a billion rows have."""
_INLINE_BYTES = 1_000
"""A longer record may get pages of its own."""
_SPILL_PAGES = 16_384
"""LMDB may write so many changed pages before the commit: room is taken for each of these portions."""
_TABLES = (
    "meta",
    "minds",
    "names",
    "events",
    "positions",
    "kinds",
    "sessions",
    "tree",
    "keys_seen",
    "redacted",
)


class MindState(msgspec.Struct, array_like=True):
    """A mind's head and what is counted."""

    number: int
    head_seq: int = 0
    head_hash: bytes = encoding.GENESIS
    head_position: int = 0
    head_ns: int = 0
    created_ns: int = 0
    payload_bytes: int = 0
    is_deleted: bool = False


class Receipt(msgspec.Struct, array_like=True):
    """What an idempotency key got the first time."""

    digest: bytes
    """HMAC of the body that came with it."""
    seqs: list[int]
    head_seq: int = 0
    """The mind's head after it."""


class StorageFull(Exception):
    """The disk has no room; nothing was written."""


class Store:
    """One LMDB environment and its key segments. One writer at a time, any number of readers."""

    def __init__(self, folder: Path, map_bytes: int) -> None:
        self._gate = MapGate()
        self._env = lmdb.open(str(folder), map_size=map_bytes, max_dbs=16, max_readers=1024, mode=0o600)
        self.tables: dict[str, Any] = {name: self._env.open_db(name.encode()) for name in _TABLES}
        self.event_keys = KeySegments(folder / "keys", "events")
        self.mind_keys = KeySegments(folder / "keys", "minds")
        with self._env.begin(write=True) as txn:
            stored = txn.get(_STORE_ID, db=self.tables["meta"])
            if stored is None:
                stored = os.urandom(16).hex().encode()
                txn.put(_STORE_ID, stored, db=self.tables["meta"])
        self.store_id = bytes(stored).decode()
        sync_folder(folder)
        self.page_bytes: int = self._env.stat()["psize"]
        self._room = Room(folder / "data.mdb", self.page_bytes)

    def close(self) -> None:
        """Close every file."""
        self._env.close()
        self._room.close()
        self.event_keys.close()
        self.mind_keys.close()

    @contextmanager
    def read(self) -> Generator[Reader]:
        """A consistent view. Keep it short, for it holds back the reuse of pages, and never nest it."""
        with self._gate.shared(), self._env.begin() as txn:
            yield Reader(self, txn)

    @contextmanager
    def write(self) -> Generator[Batch]:
        """Changes that reach the disk together before this returns, or not at all.

        Raises StorageFull, with nothing written; lmdb.MapFullError, after which ``grow`` and the same again.
        Anything else means that the disk cannot be trusted: stop.
        """
        try:
            with self._env.begin(write=True) as txn:
                batch = Batch(self, txn)
                yield batch
                self.take_room(batch)
                # The keys first: a sealed payload must never be on disk without its key.
                self.event_keys.sync()
                self.mind_keys.sync()
        except lmdb.MapFullError:
            raise
        except (lmdb.Error, OSError) as error:
            if is_full(error):
                raise StorageFull from error
            raise

    def take_room(self, batch: Batch) -> None:
        """Make the file as long as a commit of the batch needs it. Raises OSError, ENOSPC where there is no room."""
        used = self._env.info()["last_pgno"] + 1
        if not self._room.holds(used + batch.most_pages()):
            self._room.ensure(used + batch.pages())

    def grow(self) -> None:
        """Double the map, once no reader is in it. The caller must be in no transaction itself."""
        with self._gate.alone():
            self._env.set_mapsize(2 * self._env.info()["map_size"])


def is_full(error: BaseException) -> bool:
    """Whether an error of the disk says that there is no room, and nothing worse."""
    return getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT) or "No space left" in str(error)


def _decode(data: bytes, form: type[T], mind_id: str) -> T:
    try:
        return msgspec.msgpack.decode(data, type=form)
    except msgspec.DecodeError:
        raise broken_mind(mind_id, f"its {form.__name__} is not one") from None


class Reader:
    """Reads of one transaction. What cannot be as it was written raises DataLoss."""

    def __init__(self, store: Store, txn: Any) -> None:
        self._store = store
        self._txn = txn
        self._tables = store.tables
        self._erasures: int | None = None

    def mind(self, mind_id: str) -> MindState | None:
        """The mind's state."""
        data = self._txn.get(mind_id.encode(), db=self._tables["minds"])
        return None if data is None else _decode(data, MindState, mind_id)

    def minds_from(self, name: str) -> Iterator[tuple[str, MindState]]:
        """Minds by name, from a name on."""
        cursor = self._txn.cursor(db=self._tables["minds"])
        if cursor.set_range(name.encode()):
            for key, value in cursor:
                mind_id = bytes(key).decode()
                yield mind_id, _decode(value, MindState, mind_id)

    def name(self, number: int) -> str:
        """A mind's id from its number."""
        return bytes(self._txn.get(_U32.pack(number), db=self._tables["names"])).decode()

    def raw_event(self, mind: MindState, seq: int) -> bytes | None:
        """A stored record. Raises BrokenEvent where it was cut short."""
        data = self._txn.get(_EVENT.pack(mind.number, seq), db=self._tables["events"])
        if data is not None and len(data) < encoding.RECORD_BYTES:
            raise broken_event(self.name(mind.number), seq, "it was cut short")
        return data

    def record_hash(self, mind: MindState, seq: int) -> bytes | None:
        """The chain hash in a stored record; None where there is none."""
        data = self._txn.get(_EVENT.pack(mind.number, seq), db=self._tables["events"])
        return encoding.hash_of(data) if data is not None and len(data) >= encoding.RECORD_BYTES else None

    def events_from(self, mind: MindState, first: int, last: int) -> Iterator[tuple[int, bytes]]:
        """Stored records from a seq up to another, ascending."""
        cursor = self._txn.cursor(db=self._tables["events"])
        found = cursor.set_range(_EVENT.pack(mind.number, first))
        while found:
            number, seq = _EVENT.unpack(cursor.key())
            if number != mind.number or seq > last:
                return
            yield seq, cursor.value()
            found = cursor.next()

    def indexed(
        self, table: str, mind: MindState, value: str, low: int, high: int, *, reverse: bool
    ) -> Iterator[int]:
        """Seqs between low and high of the events with this kind or session."""
        prefix = _U32.pack(mind.number) + value.encode() + b"\x00"
        cursor = self._txn.cursor(db=self._tables[table])
        if reverse:
            found = cursor.set_range(prefix + _U64.pack(high))
            exact = found and cursor.key() == prefix + _U64.pack(high)
            found = exact or (cursor.prev() if found else cursor.last())
        else:
            found = cursor.set_range(prefix + _U64.pack(low))
        while found:
            key = cursor.key()
            if not key.startswith(prefix) or len(key) != len(prefix) + 8:
                return
            seq = _U64.unpack(key[-8:])[0]
            if not low <= seq <= high:
                return
            yield seq
            found = cursor.prev() if reverse else cursor.next()

    def custom_kinds(self, mind: MindState) -> list[str]:
        """Every ``custom.…`` kind that the mind has."""
        kinds: list[str] = []
        cursor = self._txn.cursor(db=self._tables["kinds"])
        start = _U32.pack(mind.number) + b"custom."
        while cursor.set_range(start) and cursor.key().startswith(_U32.pack(mind.number) + b"custom."):
            kind = cursor.key()[4:-9]
            kinds.append(kind.decode())
            start = _U32.pack(mind.number) + kind + b"\x01"
        return kinds

    def head_position(self) -> int:
        """The last position of the store, 0 when it is empty."""
        cursor = self._txn.cursor(db=self._tables["positions"])
        return _U64.unpack(cursor.key())[0] if cursor.last() else 0

    def places_from(self, position: int) -> Iterator[tuple[int, int, int]]:
        """(position, mind number, seq) from a position on."""
        cursor = self._txn.cursor(db=self._tables["positions"])
        if cursor.set_range(_U64.pack(position)):
            for key, value in cursor:
                number, seq = _EVENT.unpack(value)
                yield _U64.unpack(key)[0], number, seq

    def event_at(self, number: int, seq: int) -> bytes | None:
        """A stored record by its mind's number."""
        return self._txn.get(_EVENT.pack(number, seq), db=self._tables["events"])

    def is_redacted(self, number: int, seq: int) -> bool:
        """Whether the payload was erased on purpose."""
        if self._erasures is None:
            self._erasures = self._txn.stat(db=self._tables["redacted"])["entries"]
        return (
            bool(self._erasures)
            and self._txn.get(_EVENT.pack(number, seq), db=self._tables["redacted"]) is not None
        )

    def receipt(self, mind: MindState, key_digest: bytes) -> Receipt | None:
        """What an idempotency key got."""
        data = self._txn.get(_U32.pack(mind.number) + key_digest, db=self._tables["keys_seen"])
        return None if data is None else _decode(data, Receipt, self.name(mind.number))

    def subtree(self, mind: MindState, level: int, index: int) -> bytes | None:
        """The hash of a complete subtree of 2**level leaves."""
        return self._txn.get(_NODE.pack(mind.number, level, index), db=self._tables["tree"])


class Batch(Reader):
    """Reads and writes of one transaction."""

    def __init__(self, store: Store, txn: Any) -> None:
        super().__init__(store, txn)
        self._position = self.head_position()
        self._rows = 0
        self._own_pages = 0
        self._next_portion = _SPILL_PAGES

    def next_position(self) -> int:
        """The place in the store that the next event takes."""
        return self._position + 1

    def new_mind(self, mind_id: str, hmac_key: bytes) -> MindState:
        """Give a mind its number and its key."""
        state = MindState(number=self._txn.stat(db=self._tables["names"])["entries"])
        self._txn.put(_U32.pack(state.number), mind_id.encode(), db=self._tables["names"])
        self._store.mind_keys.write(state.number, [hmac_key])
        return state

    def put_mind(self, mind_id: str, state: MindState) -> None:
        """Write a mind's state."""
        self._txn.put(mind_id.encode(), msgspec.msgpack.encode(state), db=self._tables["minds"])

    def put_event(self, mind: MindState, record: Record) -> None:
        """Write the event after the head, its indexes, and what it completes of the tree."""
        header = record.header
        place = _EVENT.pack(mind.number, header.seq)
        number, seq = _U32.pack(mind.number), _U64.pack(header.seq)
        put, tables = self._txn.put, self._tables
        data = encoding.encode_record(record)
        self._count(data)
        put(place, data, db=tables["events"])
        put(_U64.pack(record.position), place, db=tables["positions"], append=True)
        put(number + header.kind.encode() + b"\x00" + seq, b"", db=tables["kinds"])
        if header.session_id:
            put(number + header.session_id.encode() + b"\x00" + seq, b"", db=tables["sessions"])
        self._extend_tree(mind, header.seq - 1, record)
        self._position = record.position

    def put_redacted(self, mind: MindState, seq: int, by_seq: int) -> None:
        """Note that a payload was erased, and by which event_redacted."""
        self._txn.put(_EVENT.pack(mind.number, seq), _U64.pack(by_seq), db=self._tables["redacted"])

    def put_receipt(self, mind: MindState, key_digest: bytes, receipt: Receipt) -> None:
        """Remember what an idempotency key got."""
        data = msgspec.msgpack.encode(receipt)
        self._count(data)
        self._txn.put(_U32.pack(mind.number) + key_digest, data, db=self._tables["keys_seen"])

    def most_pages(self) -> int:
        """A bound on ``pages`` that costs nothing."""
        return _COMMIT_PAGES + self._rows * len(_TABLES) * _DEPTH + self._own_pages

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
        node = encoding.node_hash(
            encoding.leaf_hash(record.header.prev_hash), encoding.leaf_hash(record.hash)
        )
        level, index = 1, leaf // 2
        while True:
            self._txn.put(_NODE.pack(mind.number, level, index), node, db=self._tables["tree"])
            if index % 2 == 0:
                return
            left = self.subtree(mind, level, index - 1)
            if left is None:
                raise broken_mind(self.name(mind.number), f"its tree lacks node {level}/{index - 1}")
            node = encoding.node_hash(left, node)
            level, index = level + 1, index // 2
