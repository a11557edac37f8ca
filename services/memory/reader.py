"""What is read from the store: rows, vectors, and who said what, in one transaction."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator
from itertools import groupby, islice
from typing import Any

import msgspec
import numpy as np

from services.memory import rows
from services.memory.embedder import Vectors
from services.memory.errors import MindDeleted
from services.memory.records import (
    CLAIM,
    MIND,
    NOTED,
    OF_ROW,
    ORDINAL,
    PLACE,
    ROW,
    SOURCE,
    SPACE,
    SPACE_MIND,
    STATE,
    VECTOR,
    WORDS,
    Mind,
    Space,
    digest,
    unsealed,
    versions_of,
)
from services.memory.rows import Origin, Origins, Row
from services.memory.vectors import Ordinals
from services.runtime.projection_file import ProjectionFile

COMPARED = 16
"""Rows about the same thing with which a new one is compared, the newest."""
_origin = msgspec.msgpack.Decoder(Origin)


class Reader:
    """Reads of one transaction."""

    def __init__(self, file: ProjectionFile, txn: Any) -> None:
        self._file = file
        self._txn = txn

    def _get(self, table: str, key: bytes) -> bytes | None:
        return self._txn.get(key, db=self._file.table(table))

    def place(self) -> tuple[str, int]:
        """The ledger's store_id and the position processed in it."""
        data = self._get("meta", PLACE)
        store_id, position = msgspec.msgpack.decode(data, type=tuple[str, int]) if data else ("", 0)
        return store_id, position

    def mind(self, mind_id: str) -> Mind | None:
        """The mind's record, if any event of it was processed."""
        data = self._get("minds", mind_id.encode())
        return msgspec.msgpack.decode(data, type=Mind) if data else None

    def living(self, mind_id: str) -> Mind | None:
        """The same of a mind that goes on. Raises MindDeleted."""
        mind = self.mind(mind_id)
        if mind is not None and mind.deleted:
            raise MindDeleted(f"mind {mind_id!r} was deleted; its name is never used again", mind_id=mind_id)
        return mind

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
        data = self._get("meta", SPACE)
        return ORDINAL.unpack(data)[0] if data else 0

    def embedded(self, space: int, mind: Mind) -> int:
        """Rows of the mind below this ordinal have their vector in the space."""
        data = self._get("embedded", SPACE_MIND.pack(space, mind.number))
        return ORDINAL.unpack(data)[0] if data else 0

    def row(self, mind: Mind, ordinal: int) -> Row | None:
        """One version, a later one without the events that it comes from; None where it was erased."""
        data = self._get("rows", ROW.pack(mind.number, ordinal))
        return rows.decode(unsealed(data)) if data else None

    def rows_from(self, mind: Mind, first: int) -> Iterator[tuple[int, Row]]:
        """Versions from an ordinal on, ascending."""
        yield from self._scan(mind, first, reverse=False)

    def rows_down_from(self, mind: Mind, last: int) -> Iterator[tuple[int, Row]]:
        """Versions from an ordinal down, descending."""
        yield from self._scan(mind, last, reverse=True)

    def newest_first(
        self, mind: Mind, start: tuple[int, str], among: Ordinals | None = None
    ) -> Iterator[Row]:
        """Versions by seq and memory id, descending, from one of that seq and id on; ``among``: of these, ascending."""
        scanned = self._before(mind, lambda row: row.version_seq > start[0], among)
        for seq, of_event in groupby(scanned, key=lambda found: found[1].version_seq):
            rows = sorted((row for _, row in of_event), key=lambda row: row.memory_id, reverse=True)
            yield from (row for row in rows if (seq, row.memory_id) <= start)

    def last_before(self, mind: Mind, at_ns: int) -> int:
        """The seq of the last version that was recorded before a time; 0 where none was."""
        found = next(self._before(mind, lambda row: row.recorded_ns >= at_ns), None)
        return found[1].version_seq if found else 0

    def _before(
        self, mind: Mind, is_after: Callable[[Row], bool], among: Ordinals | None = None
    ) -> Iterator[tuple[int, Row]]:
        """Versions before the first one that is after something, descending: they are in the order of their events."""

        def none_before(ordinal: int) -> bool:
            found = next(self.rows_from(mind, ordinal), None)
            return found is None or is_after(found[1])

        last = bisect_left(range(mind.next_ordinal), True, key=none_before) - 1
        if among is not None:
            return self._down(mind, among[: np.searchsorted(among, last, side="right")])
        return self.rows_down_from(mind, last) if last >= 0 else iter(())

    def _down(self, mind: Mind, ordinals: Ordinals) -> Iterator[tuple[int, Row]]:
        for ordinal in map(int, ordinals[::-1]):
            row = self.row(mind, ordinal)
            if row is not None:
                yield ordinal, row

    def _scan(self, mind: Mind, start: int, *, reverse: bool) -> Iterator[tuple[int, Row]]:
        cursor = self._txn.cursor(db=self._file.table("rows"))
        found = cursor.set_range(ROW.pack(mind.number, start))
        if reverse:
            exact = found and cursor.key() == ROW.pack(mind.number, start)
            found = exact or (cursor.prev() if found else cursor.last())
        while found:
            number, ordinal = ROW.unpack(cursor.key())
            if number != mind.number:
                return
            yield ordinal, rows.decode(unsealed(cursor.value()))
            found = cursor.prev() if reverse else cursor.next()

    def vectors(self, space: Space, mind: Mind, first: int, last: int) -> Vectors:
        """Vectors of the ordinals ``first`` to ``last`` (exclusive); zeros where there is none."""
        found = np.zeros((last - first, space.dimensions), np.float16)
        cursor = self._txn.cursor(db=self._file.table("vectors"))
        there = cursor.set_range(VECTOR.pack(space.number, mind.number, first))
        while there:
            number, owner, ordinal = VECTOR.unpack(cursor.key())
            if (number, owner) != (space.number, mind.number) or ordinal >= last:
                break
            found[ordinal - first] = np.frombuffer(unsealed(cursor.value()), np.float16)
            there = cursor.next()
        return found.astype(np.float32)

    def has(self, mind: Mind, memory_id: str) -> bool:
        """Whether there is such a memory, or was one that no longer holds."""
        return next(self.versions(mind, memory_id), None) is not None

    def versions(self, mind: Mind, memory_id: str) -> Iterator[int]:
        """Ordinals of a memory's versions, newest first; of one that was merged those of the other."""
        return self.own_versions(mind, self.resolved(mind, memory_id))

    def resolved(self, mind: Mind, memory_id: str) -> str:
        """The id of the memory into which one was merged, or its own."""
        target = self._get("aliases", MIND.pack(mind.number) + memory_id.encode())
        return target.decode() if target else memory_id

    def own_versions(self, mind: Mind, memory_id: str) -> Iterator[int]:
        """The same of this very memory, merged or not."""
        return self._under("ids", versions_of(mind, memory_id), mind.next_ordinal)

    def origins(self, mind: Mind, memory_id: str) -> Iterator[Origin]:
        """What each version of a memory adds to the events that it comes from, oldest first."""
        prefix = versions_of(mind, memory_id)
        cursor = self._txn.cursor(db=self._file.table("ids"))
        if cursor.set_range(prefix):
            for key, value in cursor.iternext():
                if not key.startswith(prefix):
                    return
                if value == OF_ROW:
                    row = self.row(mind, ORDINAL.unpack(key[len(prefix) :])[0])
                    yield Origin(row.source_seqs, row.also_seqs) if row else Origin()
                else:
                    yield _origin.decode(unsealed(value)) if value else Origin()

    def whole(self, mind: Mind, row: Row) -> Row:
        """A version with all events that it comes from."""
        if row.version == 1:
            return row
        return Origins(islice(self.origins(mind, row.memory_id), row.version)).whole(row)

    def come_from(self, mind: Mind, seq: int) -> Iterator[tuple[int, Row]]:
        """Of each memory that came from an event, or whose words it said again, the first version that did; every
        version of it after that one does as well.
        """
        for ordinal, how in self._of_event(mind, seq):
            row = self.row(mind, ordinal) if how != NOTED else None
            if row is not None:
                yield ordinal, row

    def _of_event(self, mind: Mind, seq: int) -> list[tuple[int, bytes]]:
        """Ordinals, and what the event has to do with the row: ``AGAIN``, ``NOTED``, or it came from it (empty)."""
        found: list[tuple[int, bytes]] = []
        cursor = self._txn.cursor(db=self._file.table("sources"))
        there = cursor.set_range(SOURCE.pack(mind.number, seq, 0))
        while there:
            number, its_seq, ordinal = SOURCE.unpack(cursor.key())
            if (number, its_seq) != (mind.number, seq):
                break
            found.append((ordinal, bytes(cursor.value())))
            there = cursor.next()
        return found

    def at(self, mind: Mind, memory_id: str, seq: int) -> Row | None:
        """The version that holds at a seq."""
        found = self._first_at(mind, self.versions(mind, memory_id), seq)
        return found[1] if found else None

    def own_at(self, mind: Mind, memory_id: str, seq: int) -> tuple[int, Row] | None:
        """The same of this very memory, which never held where it was merged; with its ordinal."""
        return self._first_at(mind, self.own_versions(mind, memory_id), seq)

    def _first_at(self, mind: Mind, ordinals: Iterator[int], seq: int) -> tuple[int, Row] | None:
        rows = ((ordinal, self.row(mind, ordinal)) for ordinal in ordinals)
        return next(((ordinal, row) for ordinal, row in rows if row and row.holds_at(seq)), None)

    def current(self, mind: Mind, memory_id: str) -> tuple[int, Row] | None:
        """The version that holds now: none but the newest may."""
        return self._holding(mind, next(self.versions(mind, memory_id), None))

    def in_the_same_words(self, mind: Mind, words: str) -> tuple[int, Row] | None:
        """The row that holds now and says the same; ``words`` as of ``derive.sameness``."""
        return self._holding(mind, self.last_saying(mind, words, mind.next_ordinal))

    def last_saying(self, mind: Mind, words: str, size: int) -> int | None:
        """The newest of the first ``size`` rows that say the same, whether it holds or not."""
        return self._last("words", digest(mind, WORDS, words), size)

    def claiming(self, mind: Mind, claim: str) -> list[tuple[int, Row]]:
        """Of the ``COMPARED`` rows that said something of the same thing last, those that hold now, newest first."""
        last = islice(self._claimed(mind, claim), COMPARED)
        return [held for ordinal in last if (held := self._holding(mind, ordinal))]

    def claimed_since(self, mind: Mind, claim: str, ordinal: int) -> bool:
        """Whether a row after an ordinal said something of the same thing."""
        return next(self._claimed(mind, claim), -1) > ordinal

    def claimed_often(self, mind: Mind, claim: str) -> bool:
        """Whether so many rows said something of the same thing that not all of them were compared."""
        return len(list(islice(self._claimed(mind, claim), COMPARED))) == COMPARED

    def _claimed(self, mind: Mind, claim: str) -> Iterator[int]:
        return self._under("claims", digest(mind, CLAIM, claim), mind.next_ordinal)

    def became(self, mind: Mind, state: str, size: int) -> Iterator[int]:
        """Of the first ``size`` rows those with which a memory began that says how the same thing is, newest first."""
        return self._under("claims", digest(mind, STATE, state), size)

    def _last(self, table: str, prefix: bytes, size: int) -> int | None:
        """The last ordinal below ``size`` under a prefix."""
        return next(self._under(table, prefix, size), None)

    def _under(self, table: str, prefix: bytes, size: int) -> Iterator[int]:
        """The ordinals below ``size`` under a prefix, descending."""
        cursor = self._txn.cursor(db=self._file.table(table))
        there = cursor.prev() if cursor.set_range(prefix + ORDINAL.pack(size)) else cursor.last()
        while there and cursor.key().startswith(prefix):
            yield ORDINAL.unpack(cursor.key()[len(prefix) :])[0]
            there = cursor.prev()

    def _holding(self, mind: Mind, ordinal: int | None) -> tuple[int, Row] | None:
        if ordinal is None:
            return None
        row = self.row(mind, ordinal)
        return (ordinal, row) if row and row.ended_seq == 0 else None

    def endings(self, mind: Mind, first: int) -> Iterator[tuple[int, int]]:
        """Ordinal and the seq that ended it, of the rows that were ended as the ``first``-th or later."""
        for number in range(first, mind.endings):
            data = self._get("endings", ROW.pack(mind.number, number))
            row = self.row(mind, ORDINAL.unpack(data)[0]) if data else None
            if data and row:
                yield ORDINAL.unpack(data)[0], row.ended_seq

    def skipped(self, numbers: Collection[int], limit: int) -> list[tuple[int, int, str]]:
        """Mind number, seq and reason of events of some minds that could not be indexed, oldest first.

        A mind that is being folded again has a second number, under which it is not told of twice.
        """
        if not numbers:
            return []
        found: list[tuple[int, int, str]] = []
        last = max(numbers)
        cursor = self._txn.cursor(db=self._file.table("skipped"))
        there = cursor.set_range(ROW.pack(min(numbers), 0))
        while there and len(found) < limit:
            number, seq = ROW.unpack(cursor.key())
            if number > last:
                break
            if number in numbers:
                found.append((number, seq, bytes(cursor.value()).decode()))
            there = cursor.next()
        return found
