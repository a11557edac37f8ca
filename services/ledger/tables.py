"""What LMDB holds, table by table, and the reads of one transaction.

Tables (integers big-endian; ``mind`` is a 4-byte number given to a mind at its first event):

    meta       b"store_id"                     → 32 hex digits
               b"receipts"                     → b"2": digests of receipts are under the keys of their events
    minds      mind_id                         → MindState
    names      mind                            → mind_id
    events     mind, seq(8)                    → record (encoding.py)
    positions  position(8)                     → mind, seq(8)
    kinds      mind, kind, 0x00, seq(8)        → nothing
    sessions   mind, session_id, 0x00, seq(8)  → nothing
    tree       mind, level(1), index(8)        → hash of a complete subtree, from level 1 up
    keys_seen  mind, HMAC of an idempotency key → Receipt
    redacted   mind, seq(8)                    → seq(8) of the event_redacted
    erasures   mind, seq(8) of the event that orders it → Erasure

docs/ledger-format.md describes them for whoever reads the files without this module.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from services.ledger import encoding
from services.ledger.errors import broken_event, broken_mind, mind_deleted, unknown_mind

if TYPE_CHECKING:
    from services.ledger.store import ReadOnlyStore

T = TypeVar("T")
U32 = struct.Struct(">I")
"""A mind's number."""
U64 = struct.Struct(">Q")
"""A seq or a position."""
EVENT = struct.Struct(">IQ")
"""A mind's number and a seq."""
NODE = struct.Struct(">IBQ")
"""A mind's number, and a level and an index of its tree."""
TABLES = (
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
    "erasures",
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
    restored_seq: int = 0
    """Up to here the events came with a restore."""


class Receipt(msgspec.Struct, array_like=True):
    """What an idempotency key got the first time."""

    digest: bytes
    """HMAC of the body that came with it, under the keys of its events; empty where nobody can tell any more."""
    seqs: list[int]
    head_seq: int = 0
    """The mind's head after it."""


class Erasure(msgspec.Struct, array_like=True):
    """An erasure that event_redacted or mind_deleted orders, and how far it is."""

    requested_ns: int
    erased_ns: int = 0
    """0 until the keys are gone from every file."""
    events: int = 0
    """How many payloads."""


def decode(data: bytes, form: type[T], mind_id: str) -> T:
    """A value as it is stored. Raises BrokenMind."""
    try:
        return msgspec.msgpack.decode(data, type=form)
    except msgspec.DecodeError:
        raise broken_mind(mind_id, f"its {form.__name__} is not one") from None


class Reader:
    """Reads of one transaction. What cannot be as it was written raises DataLoss."""

    def __init__(self, store: ReadOnlyStore, txn: Any) -> None:
        self._txn = txn
        self._tables = store.tables
        self._erasures: int | None = None

    def meta(self, key: bytes) -> bytes | None:
        """What is kept of the store as a whole."""
        return self._txn.get(key, db=self._tables["meta"])

    def mind(self, mind_id: str) -> MindState | None:
        """The mind's state."""
        data = self._txn.get(mind_id.encode(), db=self._tables["minds"])
        return None if data is None else decode(data, MindState, mind_id)

    def living(self, mind_id: str) -> MindState:
        """The state of a mind that goes on. Raises UnknownMind, MindDeleted."""
        state = self.mind(mind_id)
        if state is None:
            raise unknown_mind(mind_id)
        if state.is_deleted:
            raise mind_deleted(mind_id)
        return state

    def minds_from(self, name: str) -> Iterator[tuple[str, MindState]]:
        """Minds by name, from a name on."""
        cursor = self._txn.cursor(db=self._tables["minds"])
        if cursor.set_range(name.encode()):
            for key, value in cursor:
                mind_id = bytes(key).decode()
                yield mind_id, decode(value, MindState, mind_id)

    def name(self, number: int) -> str:
        """A mind's id from its number."""
        return bytes(self._txn.get(U32.pack(number), db=self._tables["names"])).decode()

    def raw_event(self, mind: MindState, seq: int) -> bytes | None:
        """A stored record. Raises BrokenEvent where it was cut short."""
        data = self._txn.get(EVENT.pack(mind.number, seq), db=self._tables["events"])
        if data is not None and len(data) < encoding.RECORD_BYTES:
            raise broken_event(self.name(mind.number), seq, "it was cut short")
        return data

    def record_hash(self, mind: MindState, seq: int) -> bytes | None:
        """The chain hash in a stored record; None where there is none."""
        data = self._txn.get(EVENT.pack(mind.number, seq), db=self._tables["events"])
        return encoding.hash_of(data) if data is not None and len(data) >= encoding.RECORD_BYTES else None

    def events_from(self, mind: MindState, first: int, last: int) -> Iterator[tuple[int, bytes]]:
        """Stored records from a seq up to another, ascending."""
        cursor = self._txn.cursor(db=self._tables["events"])
        if not cursor.set_range(EVENT.pack(mind.number, first)):
            return
        for key, value in cursor:
            number, seq = EVENT.unpack(key)
            if number != mind.number or seq > last:
                return
            yield seq, value

    def indexed(
        self, table: str, mind: MindState, value: str, low: int, high: int, *, reverse: bool
    ) -> Iterator[int]:
        """Seqs between low and high of the events with this kind or session."""
        prefix = U32.pack(mind.number) + value.encode() + b"\x00"
        cursor = self._txn.cursor(db=self._tables[table])
        if reverse:
            found = cursor.set_range(prefix + U64.pack(high))
            exact = found and cursor.key() == prefix + U64.pack(high)
            found = exact or (cursor.prev() if found else cursor.last())
        else:
            found = cursor.set_range(prefix + U64.pack(low))
        while found:
            key = cursor.key()
            if not key.startswith(prefix) or len(key) != len(prefix) + 8:
                return
            seq = U64.unpack(key[-8:])[0]
            if not low <= seq <= high:
                return
            yield seq
            found = cursor.prev() if reverse else cursor.next()

    def custom_kinds(self, mind: MindState) -> list[str]:
        """Every ``custom.…`` kind that the mind has."""
        kinds: list[str] = []
        cursor = self._txn.cursor(db=self._tables["kinds"])
        start = U32.pack(mind.number) + b"custom."
        while cursor.set_range(start) and cursor.key().startswith(U32.pack(mind.number) + b"custom."):
            kind = cursor.key()[4:-9]
            kinds.append(kind.decode())
            start = U32.pack(mind.number) + kind + b"\x01"
        return kinds

    def head_position(self) -> int:
        """The last position of the store, 0 when it is empty."""
        cursor = self._txn.cursor(db=self._tables["positions"])
        return U64.unpack(cursor.key())[0] if cursor.last() else 0

    def places_from(self, position: int) -> Iterator[tuple[int, int, int]]:
        """(position, mind number, seq) from a position on."""
        cursor = self._txn.cursor(db=self._tables["positions"])
        if cursor.set_range(U64.pack(position)):
            for key, value in cursor:
                number, seq = EVENT.unpack(value)
                yield U64.unpack(key)[0], number, seq

    def event_at(self, number: int, seq: int) -> bytes | None:
        """A stored record by its mind's number."""
        return self._txn.get(EVENT.pack(number, seq), db=self._tables["events"])

    def is_redacted(self, number: int, seq: int) -> bool:
        """Whether the payload was erased on purpose."""
        if self._erasures is None:
            self._erasures = self._txn.stat(db=self._tables["redacted"])["entries"]
        return (
            bool(self._erasures)
            and self._txn.get(EVENT.pack(number, seq), db=self._tables["redacted"]) is not None
        )

    def redacted_by(self, mind: MindState, seq: int) -> int | None:
        """The event_redacted that erased a payload; None where it stands."""
        data = self._txn.get(EVENT.pack(mind.number, seq), db=self._tables["redacted"])
        return U64.unpack(data)[0] if data else None

    def positions_of(self, mind: MindState, first: int, last: int, limit: int) -> Iterator[tuple[int, int]]:
        """(seq, position) of the events that are there, so many at most; position 0 where it cannot be read."""
        for seq, data in islice(self.events_from(mind, first, last), limit):
            yield seq, encoding.position_of(data) if len(data) >= encoding.RECORD_BYTES else 0

    def receipt(self, mind: MindState, key_digest: bytes) -> Receipt | None:
        """What an idempotency key got."""
        data = self._txn.get(U32.pack(mind.number) + key_digest, db=self._tables["keys_seen"])
        return None if data is None else decode(data, Receipt, self.name(mind.number))

    def erasure(self, mind: MindState, seq: int) -> Erasure | None:
        """The erasure that an event orders."""
        data = self._txn.get(EVENT.pack(mind.number, seq), db=self._tables["erasures"])
        return None if data is None else decode(data, Erasure, self.name(mind.number))

    def pending_erasures(self) -> list[tuple[str, int]]:
        """Mind and seq of every erasure that is not done."""
        pending: list[tuple[str, int]] = []
        for key, data in self._txn.cursor(db=self._tables["erasures"]):
            number, seq = EVENT.unpack(key)
            if not decode(data, Erasure, self.name(number)).erased_ns:
                pending.append((self.name(number), seq))
        return pending

    def subtree(self, mind: MindState, level: int, index: int) -> bytes | None:
        """The hash of a complete subtree of 2**level leaves."""
        return self._txn.get(NODE.pack(mind.number, level, index), db=self._tables["tree"])

    def subtrees(self, mind: MindState, level: int, first: int, count: int) -> list[bytes]:
        """The hashes of complete subtrees from an index on, as far as there are without a gap."""
        found: list[bytes] = []
        cursor = self._txn.cursor(db=self._tables["tree"])
        if cursor.set_range(NODE.pack(mind.number, level, first)):
            for key, value in islice(cursor, count):
                if key != NODE.pack(mind.number, level, first + len(found)):
                    break
                found.append(value)
        return found
