"""Reads that only a check of the whole store makes; see ``fsck``."""

from __future__ import annotations

from collections.abc import Iterator

from services.ledger.encoding import Header
from services.ledger.tables import EVENT, U32, U64, MindState, Reader, Receipt, decode


class Inspector(Reader):
    """What only a check of the whole store looks at."""

    def entries(self) -> dict[str, int]:
        """How many rows each table has."""
        return {name: self._txn.stat(db=table)["entries"] for name, table in self._tables.items()}

    def missing_indexes(self, mind: MindState, header: Header, position: int) -> list[str]:
        """Indexes that do not lead to an event."""
        place = EVENT.pack(mind.number, header.seq)
        number, seq = place[:4], place[4:]
        expected = {
            "positions": (U64.pack(position), place),
            "kinds": (number + header.kind.encode() + b"\x00" + seq, b""),
        }
        if header.session_id:
            expected["sessions"] = (number + header.session_id.encode() + b"\x00" + seq, b"")
        return [
            name
            for name, (key, value) in expected.items()
            if self._txn.get(key, db=self._tables[name]) != value
        ]

    def redactions(self) -> Iterator[tuple[str, int, int]]:
        """Mind, seq and event_redacted of every payload that was erased."""
        for key, value in self._txn.cursor(db=self._tables["redacted"]):
            number, seq = EVENT.unpack(key)
            yield self.name(number), seq, U64.unpack(value)[0]

    def bad_receipts(self) -> Iterator[tuple[str, str]]:
        """Mind and what is wrong, of every receipt that cannot be right."""
        for key, value in self._txn.cursor(db=self._tables["keys_seen"]):
            mind_id = self.name(U32.unpack(key[:4])[0])
            state = self.mind(mind_id)
            receipt = decode(value, Receipt, mind_id)
            if state is None or max(receipt.seqs, default=0) > state.head_seq:
                yield mind_id, "an idempotency key got events that are not there"
