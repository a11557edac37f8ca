"""Rows, vectors and the processed position in one LMDB environment, so that none is ever ahead of another.

Tables (keys big-endian; ``mind`` is a 4-byte number given to a mind at its first event, ``space`` a 2-byte number
given to an embedder; ``digest`` is HMAC-SHA-256 under the mind's own key, so that a key betrays no text):

    meta      b"format"                   → the number below
              b"place"                    → [store_id, position]
              b"erased"                   → there while what was erased may still be on a free page
              b"space"                    → the number of the space that is searched
    minds     mind_id                     → Mind
    spaces    embedder id                 → Space
    embedded  space, mind                 → rows below this ordinal have their vector in the space
    rows      mind, ordinal(8)            → CRC-32 and Row, one a version of a memory
    vectors   space, mind, ordinal(8)     → CRC-32 and float16 coordinates
    ids       mind, memory_id             → ordinals of its versions, oldest first
    aliases   mind, memory_id             → the memory into which it was merged; its own row never held
    sources   mind, seq(8), ordinal       → which rows came from which event; "+" where it only said the same again
    words     mind, digest, ordinal       → which rows say, or said, the same in the same words
    claims    mind, digest                → ordinal of the row that says what now holds of one thing
    endings   mind, number(8)             → ordinal of the row that was ended as the number-th
    skipped   mind, seq(8)                → why the event could not be indexed
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
import shutil
import struct
import zlib
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import lmdb
import msgspec
import numpy as np

from services.memory import rows
from services.memory.embedder import Vectors
from services.memory.rows import Row
from services.runtime.projection_file import ProjectionFile

_log = logging.getLogger("pmm.memory")

DISK_ERRORS = (lmdb.Error, OSError)
"""What a full or failing disk shows as: nothing of the transaction was written."""
FORMAT = 3
OLDEST_FORMAT = 1
"""A folder of another format from here on is built anew from the ledger."""
MAP_BYTES = 256 * 2**30
"""Address space, not disk: the file grows as it is written."""

_MIND = struct.Struct(">I")
_ROW = struct.Struct(">IQ")
_SOURCE = struct.Struct(">IQQ")
_ORDINAL = struct.Struct(">Q")
_SPACE_MIND = struct.Struct(">HI")
_VECTOR = struct.Struct(">HIQ")
_CRC = struct.Struct(">I")
TABLES = (
    "meta",
    "minds",
    "spaces",
    "embedded",
    "rows",
    "vectors",
    "ids",
    "aliases",
    "sources",
    "words",
    "claims",
    "endings",
    "skipped",
)
_OF_A_MIND = ("rows", "ids", "aliases", "sources", "words", "claims", "endings", "skipped")
_AGAIN = b"+"
_WORDS, _CLAIM = b"words\0", b"claim\0"


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
    endings: int = 0
    """How many rows were ended."""
    erasures: int = 0
    """How often rows were erased: an index that has seen fewer holds what must not be found."""
    skipped: int = 0
    """How many of its events could not be indexed."""
    deleted: bool = False


class Space(msgspec.Struct, array_like=True):
    """The vectors of one embedder."""

    number: int
    dimensions: int
    settings: dict[str, Any]
    """How to make the embedder."""


class Damaged(Exception):
    """A stored value is not what was written: the file is to be built anew from the ledger."""


def _sealed(value: bytes) -> bytes:
    return _CRC.pack(zlib.crc32(value)) + value


def _unsealed(value: bytes) -> bytes:
    content = value[_CRC.size :]
    if len(value) < _CRC.size or _CRC.unpack_from(value)[0] != zlib.crc32(content):
        raise Damaged
    return content


class Store:
    """Rows, vectors and position in one file. One writer at a time; readers anywhere."""

    def __init__(self, folder: Path) -> None:
        # A projection may lose its last transactions to a power cut, never its integrity: no metasync.
        options: dict[str, Any] = {"map_size": MAP_BYTES, "metasync": False, "max_readers": 256}
        try:
            self._file = ProjectionFile(folder, TABLES, **options)
        except lmdb.Error as error:
            _log.warning("memory's file cannot be read (%s), and is built anew from the ledger", error)
            shutil.rmtree(folder)
            self._file = ProjectionFile(folder, TABLES, **options)
        with self._file.read() as txn:
            known = txn.get(b"format", db=self._file.table("meta")) == _ORDINAL.pack(FORMAT)
        if not known:
            self._drop(TABLES)

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
        """Drop everything but the spaces, which stay without vectors: the ledger has become another one."""
        self._drop([table for table in TABLES if table not in {"meta", "spaces"}])

    def _drop(self, tables: Sequence[str]) -> None:
        with self._file.write() as txn:
            was_empty = txn.stat(db=self._file.table("minds"))["entries"] == 0
            for table in tables:
                txn.drop(self._file.table(table), delete=False)
            txn.put(b"format", _ORDINAL.pack(FORMAT), db=self._file.table("meta"))
            if not was_empty:
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


_PLACE = b"place"
_ERASED = b"erased"
_SPACE = b"space"


class Reader:
    """Reads of one transaction."""

    def __init__(self, file: ProjectionFile, txn: Any) -> None:
        self._file = file
        self._txn = txn

    def _get(self, table: str, key: bytes) -> bytes | None:
        return self._txn.get(key, db=self._file.table(table))

    def place(self) -> tuple[str, int]:
        """The ledger's store_id and the position processed in it."""
        data = self._get("meta", _PLACE)
        store_id, position = msgspec.msgpack.decode(data, type=tuple[str, int]) if data else ("", 0)
        return store_id, position

    def mind(self, mind_id: str) -> Mind | None:
        """The mind's record, if any event of it was processed."""
        data = self._get("minds", mind_id.encode())
        return msgspec.msgpack.decode(data, type=Mind) if data else None

    def all_minds(self) -> Iterator[tuple[str, Mind]]:
        """Every mind, by id."""
        for key, value in self._txn.cursor(db=self._file.table("minds")):
            yield bytes(key).decode(), msgspec.msgpack.decode(value, type=Mind)

    def spaces(self) -> dict[str, Space]:
        """By embedder id: the spaces that there are."""
        found = self._txn.cursor(db=self._file.table("spaces"))
        return {bytes(key).decode(): msgspec.msgpack.decode(value, type=Space) for key, value in found}

    def searched_space(self) -> int:
        """The number of the space that is searched; 0 before there is one."""
        data = self._get("meta", _SPACE)
        return _ORDINAL.unpack(data)[0] if data else 0

    def embedded(self, space: int, mind: Mind) -> int:
        """Rows of the mind below this ordinal have their vector in the space."""
        data = self._get("embedded", _SPACE_MIND.pack(space, mind.number))
        return _ORDINAL.unpack(data)[0] if data else 0

    def row(self, mind: Mind, ordinal: int) -> Row | None:
        """One version; None where it was erased."""
        data = self._get("rows", _ROW.pack(mind.number, ordinal))
        return rows.decode(_unsealed(data)) if data else None

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
            yield ordinal, rows.decode(_unsealed(cursor.value()))
            found = cursor.prev() if reverse else cursor.next()

    def vectors(self, space: Space, mind: Mind, first: int, last: int) -> Vectors:
        """Vectors of the ordinals ``first`` to ``last`` (exclusive); zeros where there is none."""
        found = np.zeros((last - first, space.dimensions), np.float16)
        cursor = self._txn.cursor(db=self._file.table("vectors"))
        there = cursor.set_range(_VECTOR.pack(space.number, mind.number, first))
        while there:
            number, owner, ordinal = _VECTOR.unpack(cursor.key())
            if (number, owner) != (space.number, mind.number) or ordinal >= last:
                break
            found[ordinal - first] = np.frombuffer(_unsealed(cursor.value()), np.float16)
            there = cursor.next()
        return found.astype(np.float32)

    def versions(self, mind: Mind, memory_id: str) -> list[int]:
        """Ordinals of a memory's versions, oldest first."""
        target = self._get("aliases", _MIND.pack(mind.number) + memory_id.encode())
        return self._own_versions(mind, target.decode() if target else memory_id)

    def _own_versions(self, mind: Mind, memory_id: str) -> list[int]:
        data = self._get("ids", _MIND.pack(mind.number) + memory_id.encode())
        return msgspec.msgpack.decode(data, type=list[int]) if data else []

    def ordinals_of(self, mind: Mind, seq: int) -> list[int]:
        """Rows that came from an event, or whose words it said again."""
        return [ordinal for ordinal, _ in self._of_event(mind, seq)]

    def _of_event(self, mind: Mind, seq: int) -> list[tuple[int, bool]]:
        """Ordinals, and whether the event only said the same again."""
        found: list[tuple[int, bool]] = []
        cursor = self._txn.cursor(db=self._file.table("sources"))
        there = cursor.set_range(_SOURCE.pack(mind.number, seq, 0))
        while there:
            number, its_seq, ordinal = _SOURCE.unpack(cursor.key())
            if (number, its_seq) != (mind.number, seq):
                break
            found.append((ordinal, cursor.value() == _AGAIN))
            there = cursor.next()
        return found

    def current(self, mind: Mind, memory_id: str) -> tuple[int, Row] | None:
        """The version that holds now."""
        for ordinal in reversed(self.versions(mind, memory_id)):
            row = self.row(mind, ordinal)
            if row and row.ended_seq == 0:
                return ordinal, row
        return None

    def in_the_same_words(self, mind: Mind, words: str) -> tuple[int, Row] | None:
        """The row that holds now and says the same; ``words`` as of ``derive.sameness``."""
        return self._holding(mind, self.last_saying(mind, words, mind.next_ordinal))

    def last_saying(self, mind: Mind, words: str, size: int) -> int | None:
        """The newest of the first ``size`` rows that say the same, whether it holds or not."""
        digest = _digest(mind, _WORDS, words)
        cursor = self._txn.cursor(db=self._file.table("words"))
        there = cursor.prev() if cursor.set_range(digest + _ORDINAL.pack(size)) else cursor.last()
        if not there or not cursor.key().startswith(digest):
            return None
        return _ORDINAL.unpack(cursor.key()[len(digest) :])[0]

    def claiming(self, mind: Mind, claim: str) -> tuple[int, Row] | None:
        """The row that holds now and says something of the same thing; ``claim`` as of ``claims.py``."""
        data = self._get("claims", _digest(mind, _CLAIM, claim))
        return self._holding(mind, _ORDINAL.unpack(data)[0] if data else None)

    def _holding(self, mind: Mind, ordinal: int | None) -> tuple[int, Row] | None:
        if ordinal is None:
            return None
        row = self.row(mind, ordinal)
        return (ordinal, row) if row and row.ended_seq == 0 else None

    def endings(self, mind: Mind, first: int) -> Iterator[tuple[int, int]]:
        """Ordinal and the seq that ended it, of the rows that were ended as the ``first``-th or later."""
        for number in range(first, mind.endings):
            data = self._get("endings", _ROW.pack(mind.number, number))
            row = self.row(mind, _ORDINAL.unpack(data)[0]) if data else None
            if data and row:
                yield _ORDINAL.unpack(data)[0], row.ended_seq

    def skipped(self, mind: Mind | None, limit: int) -> list[tuple[int, int, str]]:
        """Mind number, seq and reason of events that could not be indexed, of one mind or all, oldest first."""
        found: list[tuple[int, int, str]] = []
        cursor = self._txn.cursor(db=self._file.table("skipped"))
        there = cursor.set_range(_ROW.pack(mind.number if mind else 0, 0))
        while there and len(found) < limit:
            number, seq = _ROW.unpack(cursor.key())
            if mind and number != mind.number:
                break
            found.append((number, seq, bytes(cursor.value()).decode()))
            there = cursor.next()
        return found


class Batch(Reader):
    """Reads and writes of one transaction."""

    def __init__(self, file: ProjectionFile, txn: Any) -> None:
        super().__init__(file, txn)
        self._touched: dict[str, Mind] = {}

    def _set(self, table: str, key: bytes, value: bytes) -> None:
        self._txn.put(key, value, db=self._file.table(table))

    def _delete(self, table: str, key: bytes) -> None:
        self._txn.delete(key, db=self._file.table(table))

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
        """Store a version; returns its ordinal."""
        ordinal = mind.next_ordinal
        mind.next_ordinal += 1
        mind.held += row.ended_seq == 0
        self._put(mind, ordinal, row)
        versions = [*self._own_versions(mind, row.memory_id), ordinal]
        self._set("ids", _MIND.pack(mind.number) + row.memory_id.encode(), msgspec.msgpack.encode(versions))
        for seq in row.source_seqs:
            self._set("sources", _SOURCE.pack(mind.number, seq, ordinal), b"")
        for seq in row.also_seqs:
            self._set("sources", _SOURCE.pack(mind.number, seq, ordinal), _AGAIN)
        return ordinal

    def say(self, mind: Mind, ordinal: int, words: str | None, claim: str | None) -> None:
        """Note what a row says, for those that come after it to be compared with."""
        value = _ORDINAL.pack(ordinal)
        if words is not None:
            self._set("words", _digest(mind, _WORDS, words) + value, b"")
        if claim is not None:
            self._set("claims", _digest(mind, _CLAIM, claim), value)

    def unsay(self, mind: Mind, ordinal: int, words: str | None, claim: str | None) -> None:
        """Forget what a row said: it is erased."""
        if words is not None:
            self._delete("words", _digest(mind, _WORDS, words) + _ORDINAL.pack(ordinal))
        if claim is not None:
            self._delete("claims", _digest(mind, _CLAIM, claim))

    def merge(self, mind: Mind, row: Row, target: str) -> Row:
        """Keep a row that says what another memory says already: it never holds, unless the other is erased.

        What is said of its memory from now on is said of the other. Returns the row as it is stored.
        """
        kept = msgspec.structs.replace(row, ended_seq=row.version_seq)
        self.add(mind, kept)
        self._set("aliases", _MIND.pack(mind.number) + row.memory_id.encode(), target.encode())
        return kept

    def revive(self, mind: Mind, erased: set[str]) -> list[tuple[int, Row]]:
        """Of what was merged into memories that are erased now, the first of each holds by itself; returns these."""
        prefix = _MIND.pack(mind.number)
        merged: dict[str, list[str]] = {}
        cursor = self._txn.cursor(db=self._file.table("aliases"))
        there = cursor.set_range(prefix)
        while there and cursor.key().startswith(prefix):
            target = bytes(cursor.value()).decode()
            if target in erased:
                merged.setdefault(target, []).append(bytes(cursor.key()[len(prefix) :]).decode())
            there = cursor.next()
        revived: list[tuple[int, Row]] = []
        for memory_ids in merged.values():
            ordinals = {memory_id: self._own_versions(mind, memory_id) for memory_id in memory_ids}
            left = sorted((found[0], memory_id) for memory_id, found in ordinals.items() if found)
            for memory_id in memory_ids:
                self._delete("aliases", prefix + memory_id.encode())
            if left:
                revived.append(self._hold(mind, left[0][0], [ordinal for ordinal, _ in left[1:]]))
                for _, memory_id in left[1:]:
                    self._set("aliases", prefix + memory_id.encode(), left[0][1].encode())
        return revived

    def _hold(self, mind: Mind, ordinal: int, others: list[int]) -> tuple[int, Row]:
        rows = [self.row(mind, other) for other in others]
        row = self.row(mind, ordinal)
        assert row is not None, "its memory_id has it as a version"
        also = [other.version_seq for other in rows if other is not None]
        held = msgspec.structs.replace(row, ended_seq=0, also_seqs=also)
        self._put(mind, ordinal, held)
        for seq in also:
            self._set("sources", _SOURCE.pack(mind.number, seq, ordinal), _AGAIN)
        mind.held += 1
        return ordinal, held

    def end(self, mind: Mind, ordinal: int, row: Row, seq: int, *, retracted: bool) -> None:
        """A version holds no longer from an event on."""
        self._put(mind, ordinal, msgspec.structs.replace(row, ended_seq=seq, retracted=retracted))
        self._set("endings", _ROW.pack(mind.number, mind.endings), _ORDINAL.pack(ordinal))
        mind.held -= 1
        mind.endings += 1

    def skip(self, mind: Mind, seq: int, reason: str) -> None:
        """Note that an event could not be indexed, and why: never its text."""
        self._set("skipped", _ROW.pack(mind.number, seq), reason.encode())
        mind.skipped += 1

    def put_vectors(self, space: int, mind: Mind, first: int, vectors: Vectors) -> None:
        """Store the vectors of rows from ``first`` on; those of rows that were erased meanwhile are left out."""
        for ordinal, vector in enumerate(vectors.astype(np.float16), first):
            if self._get("rows", _ROW.pack(mind.number, ordinal)) is not None:
                self._set("vectors", _VECTOR.pack(space, mind.number, ordinal), _sealed(vector.tobytes()))
        self._set("embedded", _SPACE_MIND.pack(space, mind.number), _ORDINAL.pack(first + len(vectors)))

    def add_space(self, embedder_id: str, dimensions: int, settings: dict[str, Any]) -> Space:
        """A space for an embedder, empty."""
        number = max((space.number for space in self.spaces().values()), default=0) + 1
        space = Space(number, dimensions, settings)
        self._set("spaces", embedder_id.encode(), msgspec.msgpack.encode(space))
        return space

    def search_space(self, number: int) -> None:
        """From now on this space is searched."""
        self._set("meta", _SPACE, _ORDINAL.pack(number))

    def remove_space(self, embedder_id: str, limit: int) -> bool:
        """Remove some of a space's vectors, and the space with the last of them; False while some are left."""
        space = self.spaces()[embedder_id]
        prefix = struct.pack(">H", space.number)
        for table in ("embedded", "vectors"):
            if not self._remove(table, prefix, limit):
                return False
        self._delete("spaces", embedder_id.encode())
        return True

    def _remove(self, table: str, prefix: bytes, limit: int | None = None) -> bool:
        cursor = self._txn.cursor(db=self._file.table(table))
        there = cursor.set_range(prefix)
        removed = 0
        while there and cursor.key().startswith(prefix):
            if removed == limit:
                return False
            there = cursor.delete()
            removed += 1
        return True

    def erase(self, mind: Mind, seqs: tuple[int, ...]) -> dict[int, Row]:
        """Remove every version of every memory that came from the events; returns the erased, by ordinal.

        Call ``unsay`` for each of them, and then ``revive``.
        """
        erased: dict[int, Row] = {}
        for seq in seqs:
            self._delete("skipped", _ROW.pack(mind.number, seq))
            for ordinal, again in self._of_event(mind, seq):
                row = self.row(mind, ordinal)
                if row and again:
                    self._put(mind, ordinal, self._without(mind, row, seq))
                    self._delete("sources", _SOURCE.pack(mind.number, seq, ordinal))
                elif row:
                    erased |= self._erase_memory(mind, row.memory_id)
        if erased:
            mind.erasures += 1
            self._set("meta", _ERASED, b"1")
        return erased

    def _without(self, mind: Mind, row: Row, seq: int) -> Row:
        """A version without what an event said beside it: that it was said again, or ceased to hold."""
        also = [other for other in row.also_seqs if other != seq]
        first = self.row(mind, self._own_versions(mind, row.memory_id)[0])
        ends_ns = first.valid_to_ns if first and row.valid_to_ns and not also else row.valid_to_ns
        return msgspec.structs.replace(row, also_seqs=also, valid_to_ns=ends_ns)

    def _erase_memory(self, mind: Mind, memory_id: str) -> dict[int, Row]:
        erased: dict[int, Row] = {}
        spaces = self.spaces().values()
        for ordinal in self._own_versions(mind, memory_id):
            row = self.row(mind, ordinal)
            if row is None:
                continue
            erased[ordinal] = row
            mind.held -= row.ended_seq == 0
            for seq in (*row.source_seqs, *row.also_seqs):
                self._delete("sources", _SOURCE.pack(mind.number, seq, ordinal))
            self._delete("rows", _ROW.pack(mind.number, ordinal))
            for space in spaces:
                self._delete("vectors", _VECTOR.pack(space.number, mind.number, ordinal))
        key = _MIND.pack(mind.number) + memory_id.encode()
        self._delete("ids", key)
        self._delete("aliases", key)
        return erased

    def erase_mind(self, mind: Mind) -> dict[int, Row]:
        """Remove everything but the record that the mind was there; returns the erased rows, by ordinal."""
        erased = dict(self.rows_from(mind, 0))
        for table in _OF_A_MIND:
            self._remove(table, _MIND.pack(mind.number))
        for space in self.spaces().values():
            for table in ("vectors", "embedded"):
                self._remove(table, _SPACE_MIND.pack(space.number, mind.number))
        mind.held, mind.erasures, mind.deleted = 0, mind.erasures + 1, True
        self._set("meta", _ERASED, b"1")
        return erased

    def advance(self, store_id: str, position: int) -> None:
        """Note how far the ledger has been processed."""
        self._set("meta", _PLACE, msgspec.msgpack.encode((store_id, position)))

    def flush(self) -> None:
        """Write the records of the minds that were touched."""
        for mind_id, mind in self._touched.items():
            self._set("minds", mind_id.encode(), msgspec.msgpack.encode(mind))

    def _put(self, mind: Mind, ordinal: int, row: Row) -> None:
        self._set("rows", _ROW.pack(mind.number, ordinal), _sealed(rows.encode(row)))


def _digest(mind: Mind, purpose: bytes, text: str) -> bytes:
    return _MIND.pack(mind.number) + hmac.digest(mind.key, purpose + text.encode(), hashlib.sha256)
