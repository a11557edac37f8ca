"""Rows, vectors and the processed position in one LMDB environment, so that none is ever ahead of another.

Tables (keys big-endian; ``mind`` is a 4-byte number given to a mind at its first event):

    meta      b"place"              → [store_id, position]
              b"erased"             → there while what was erased may still be on a free page
    minds     mind_id               → Mind
    rows      mind, ordinal(8)      → Row, one a version of a memory
    vectors   mind, ordinal(8)      → float32 coordinates
    ids       mind, memory_id       → ordinals of its versions, oldest first
    sources   mind, seq(8), ordinal → nothing: which rows came from which event
"""

from __future__ import annotations

import os
import struct
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from services.memory import rows
from services.memory.embedder import Vectors
from services.memory.rows import Row
from services.runtime.projection_file import ProjectionFile

MAP_BYTES = 256 * 2**30
"""Address space, not disk: the file grows as it is written."""

_MIND = struct.Struct(">I")
_ROW = struct.Struct(">IQ")
_SOURCE = struct.Struct(">IQQ")
_PLACE = b"place"
_ERASED = b"erased"
TABLES = ("meta", "minds", "rows", "vectors", "ids", "sources")


class Mind(msgspec.Struct, array_like=True):
    """What the store knows of a mind as a whole."""

    number: int
    key: bytes
    """For keyed hashes of its texts; goes with the mind."""
    seq: int = 0
    """Processed up to here."""
    next_ordinal: int = 0
    held: int = 0
    """Memories that hold now."""
    changes: int = 0
    """How often a row was ended or erased: a loaded index that has seen fewer is stale."""
    deleted: bool = False


class Store:
    """Rows, vectors and position in one file. One writer at a time; readers anywhere."""

    def __init__(self, folder: Path) -> None:
        # A projection may lose its last transactions to a power cut, never its integrity: no metasync.
        self._file = ProjectionFile(folder, TABLES, map_size=MAP_BYTES, metasync=False, max_readers=256)

    def close(self) -> None:
        """Sync and close. No transaction may be open."""
        self._file.close()

    @contextmanager
    def read(self) -> Generator[Reader]:
        """A consistent view; keep it short, and never nest it."""
        with self._file.read() as txn:
            yield Reader(self._file, txn)

    @contextmanager
    def write(self) -> Generator[Batch]:
        """Changes that become visible together, or not at all."""
        with self._file.write() as txn:
            batch = Batch(self._file, txn)
            yield batch
            batch.flush()

    def disk_bytes(self) -> int:
        """Bytes in use by live pages."""
        with self._file.read():
            info, stat = self._file.env.info(), self._file.env.stat()
        return (info["last_pgno"] + 1) * stat["psize"]

    def clear(self) -> None:
        """Drop everything: the ledger has become another one."""
        with self._file.write() as txn:
            for table in TABLES:
                txn.drop(self._file.table(table), delete=False)
            txn.put(_ERASED, b"1", db=self._file.table("meta"))

    def holds_erased(self) -> bool:
        """Whether something was erased, and its bytes may still be in the file."""
        with self._file.read() as txn:
            return txn.get(_ERASED, db=self._file.table("meta")) is not None

    def compact(self) -> None:
        """Write the file anew without what was erased. In the writer's thread."""
        self._file.compact()
        with self._file.write() as txn:
            txn.delete(_ERASED, db=self._file.table("meta"))


class Reader:
    """Reads of one transaction."""

    def __init__(self, file: ProjectionFile, txn: Any) -> None:
        self._file = file
        self._txn = txn

    def place(self) -> tuple[str, int]:
        """The ledger's store_id and the position processed in it."""
        data = self._txn.get(_PLACE, db=self._file.table("meta"))
        store_id, position = msgspec.msgpack.decode(data, type=tuple[str, int]) if data else ("", 0)
        return store_id, position

    def mind(self, mind_id: str) -> Mind | None:
        """The mind's record, if any event of it was processed."""
        data = self._txn.get(mind_id.encode(), db=self._file.table("minds"))
        return msgspec.msgpack.decode(data, type=Mind) if data else None

    def all_minds(self) -> Iterator[tuple[str, Mind]]:
        """Every mind, by id."""
        for key, value in self._txn.cursor(db=self._file.table("minds")):
            yield bytes(key).decode(), msgspec.msgpack.decode(value, type=Mind)

    def row(self, mind: Mind, ordinal: int) -> Row | None:
        """One version; None where it was erased."""
        data = self._txn.get(_ROW.pack(mind.number, ordinal), db=self._file.table("rows"))
        return rows.decode(data) if data else None

    def rows_from(self, mind: Mind, first: int) -> Iterator[tuple[int, Row]]:
        """Versions from an ordinal on, ascending."""
        yield from self._scan(mind, first, reverse=False)

    def rows_down_from(self, mind: Mind, last: int) -> Iterator[tuple[int, Row]]:
        """Versions from an ordinal down, descending."""
        yield from self._scan(mind, last, reverse=True)

    def _scan(self, mind: Mind, start: int, *, reverse: bool) -> Iterator[tuple[int, Row]]:
        cursor = self._txn.cursor(db=self._file.table("rows"))
        found = cursor.set_range(_ROW.pack(mind.number, start))
        if reverse:
            exact = found and cursor.key() == _ROW.pack(mind.number, start)
            found = exact or (cursor.prev() if found else cursor.last())
        while found:
            number, ordinal = _ROW.unpack(cursor.key())
            if number != mind.number:
                return
            yield ordinal, rows.decode(cursor.value())
            found = cursor.prev() if reverse else cursor.next()

    def vectors_from(self, mind: Mind, first: int, dimensions: int) -> tuple[list[int], Vectors]:
        """Ordinals and vectors from an ordinal on, ascending."""
        ordinals: list[int] = []
        parts: list[bytes] = []
        cursor = self._txn.cursor(db=self._file.table("vectors"))
        found = cursor.set_range(_ROW.pack(mind.number, first))
        while found:
            number, ordinal = _ROW.unpack(cursor.key())
            if number != mind.number:
                break
            ordinals.append(ordinal)
            parts.append(cursor.value())
            found = cursor.next()
        return ordinals, np.frombuffer(b"".join(parts), np.float32).reshape(len(parts), dimensions)

    def versions(self, mind: Mind, memory_id: str) -> list[int]:
        """Ordinals of a memory's versions, oldest first."""
        data = self._txn.get(_MIND.pack(mind.number) + memory_id.encode(), db=self._file.table("ids"))
        return msgspec.msgpack.decode(data, type=list[int]) if data else []

    def ordinals_of(self, mind: Mind, seq: int) -> list[int]:
        """Rows that came from an event."""
        found: list[int] = []
        cursor = self._txn.cursor(db=self._file.table("sources"))
        there = cursor.set_range(_SOURCE.pack(mind.number, seq, 0))
        while there:
            number, its_seq, ordinal = _SOURCE.unpack(cursor.key())
            if (number, its_seq) != (mind.number, seq):
                break
            found.append(ordinal)
            there = cursor.next()
        return found


class Batch(Reader):
    """Reads and writes of one transaction."""

    def __init__(self, file: ProjectionFile, txn: Any) -> None:
        super().__init__(file, txn)
        self._touched: dict[str, Mind] = {}

    def open_mind(self, mind_id: str) -> Mind:
        """The mind's record, made when it is not there; what is changed in it is written by ``flush``."""
        if mind_id not in self._touched:
            known = self.mind(mind_id)
            self._touched[mind_id] = known or Mind(number=self._next_number(), key=os.urandom(32))
        return self._touched[mind_id]

    def _next_number(self) -> int:
        stored = self._txn.stat(db=self._file.table("minds"))["entries"]
        return stored + sum(1 for mind_id in self._touched if self.mind(mind_id) is None)

    def add(self, mind: Mind, row: Row) -> int:
        """Store a version; returns its ordinal. A memory_id that holds is superseded."""
        ordinal = mind.next_ordinal
        mind.next_ordinal += 1
        mind.held += 1
        self._put(mind, ordinal, row)
        versions = [*self.versions(mind, row.memory_id), ordinal]
        self._txn.put(
            _MIND.pack(mind.number) + row.memory_id.encode(),
            msgspec.msgpack.encode(versions),
            db=self._file.table("ids"),
        )
        for seq in row.source_seqs:
            self._txn.put(_SOURCE.pack(mind.number, seq, ordinal), b"", db=self._file.table("sources"))
        return ordinal

    def current(self, mind: Mind, memory_id: str) -> tuple[int, Row] | None:
        """The version that holds now."""
        for ordinal in reversed(self.versions(mind, memory_id)):
            row = self.row(mind, ordinal)
            if row and row.ended_seq == 0:
                return ordinal, row
        return None

    def end(self, mind: Mind, ordinal: int, row: Row, seq: int, *, retracted: bool) -> None:
        """A version holds no longer from an event on."""
        self._put(mind, ordinal, msgspec.structs.replace(row, ended_seq=seq, retracted=retracted))
        mind.held -= 1
        mind.changes += 1

    def put_vector(self, mind: Mind, ordinal: int, vector: bytes) -> None:
        """Store a version's vector."""
        self._txn.put(_ROW.pack(mind.number, ordinal), vector, db=self._file.table("vectors"))

    def erase(self, mind: Mind, seqs: tuple[int, ...]) -> list[str]:
        """Remove every version of every memory that came from the events; returns the erased texts."""
        texts: list[str] = []
        for seq in seqs:
            for ordinal in self.ordinals_of(mind, seq):
                row = self.row(mind, ordinal)
                if row:
                    texts += self._erase_memory(mind, row.memory_id)
        if texts:
            self._txn.put(_ERASED, b"1", db=self._file.table("meta"))
        return texts

    def _erase_memory(self, mind: Mind, memory_id: str) -> list[str]:
        texts: list[str] = []
        for ordinal in self.versions(mind, memory_id):
            row = self.row(mind, ordinal)
            if row is None:
                continue
            texts.append(row.text)
            mind.held -= row.ended_seq == 0
            mind.changes += 1
            for seq in row.source_seqs:
                self._txn.delete(_SOURCE.pack(mind.number, seq, ordinal), db=self._file.table("sources"))
            self._txn.delete(_ROW.pack(mind.number, ordinal), db=self._file.table("rows"))
            self._txn.delete(_ROW.pack(mind.number, ordinal), db=self._file.table("vectors"))
        self._txn.delete(_MIND.pack(mind.number) + memory_id.encode(), db=self._file.table("ids"))
        return texts

    def erase_mind(self, mind: Mind) -> list[str]:
        """Remove everything but the record that the mind was there; returns the erased texts."""
        texts = [row.text for _, row in self.rows_from(mind, 0)]
        prefix = _MIND.pack(mind.number)
        for table in (
            self._file.table("rows"),
            self._file.table("vectors"),
            self._file.table("ids"),
            self._file.table("sources"),
        ):
            cursor = self._txn.cursor(db=table)
            there = cursor.set_range(prefix)
            while there and cursor.key().startswith(prefix):
                there = cursor.delete()
        mind.held, mind.changes, mind.deleted = 0, mind.changes + 1, True
        self._txn.put(_ERASED, b"1", db=self._file.table("meta"))
        return texts

    def advance(self, store_id: str, position: int) -> None:
        """Note how far the ledger has been processed."""
        self._txn.put(_PLACE, msgspec.msgpack.encode((store_id, position)), db=self._file.table("meta"))

    def flush(self) -> None:
        """Write the records of the minds that were touched."""
        for mind_id, mind in self._touched.items():
            self._txn.put(mind_id.encode(), msgspec.msgpack.encode(mind), db=self._file.table("minds"))

    def _put(self, mind: Mind, ordinal: int, row: Row) -> None:
        self._txn.put(_ROW.pack(mind.number, ordinal), rows.encode(row), db=self._file.table("rows"))
