"""What is read from the store: rows, vectors, and who said what, in one transaction."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
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
)
from services.memory.rows import Row
from services.memory.vectors import Ordinals
from services.runtime.projection_file import ProjectionFile

COMPARED = 16
"""Rows about the same thing with which a new one is compared, the newest."""


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
        """One version; None where it was erased."""
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

    def versions(self, mind: Mind, memory_id: str) -> list[int]:
        """Ordinals of a memory's versions, oldest first."""
        target = self._get("aliases", MIND.pack(mind.number) + memory_id.encode())
        return self._own_versions(mind, target.decode() if target else memory_id)

    def _own_versions(self, mind: Mind, memory_id: str) -> list[int]:
        data = self._get("ids", MIND.pack(mind.number) + memory_id.encode())
        return msgspec.msgpack.decode(data, type=list[int]) if data else []

    def ordinals_of(self, mind: Mind, seq: int) -> list[int]:
        """Rows that came from an event, or whose words it said again."""
        return [ordinal for ordinal, how in self._of_event(mind, seq) if how != NOTED]

    def _of_event(self, mind: Mind, seq: int) -> list[tuple[int, bytes]]:
        """Ordinals, and what the event has to do with the row: ``AGAIN``, ``NOTED``, or it came from it (empty)."""
        found: dict[int, bytes] = {}
        cursor = self._txn.cursor(db=self._file.table("sources"))
        there = cursor.set_range(SOURCE.pack(mind.number, seq, 0))
        while there:
            number, its_seq, ordinal = SOURCE.unpack(cursor.key())
            if (number, its_seq) != (mind.number, seq):
                break
            found[ordinal] = how = bytes(cursor.value())
            # What is noted of one version is of that alone.
            for later in self._versions_after(mind, ordinal) if how != NOTED else ():
                found[later] = how
            there = cursor.next()
        return sorted(found.items())

    def _versions_after(self, mind: Mind, ordinal: int) -> list[int]:
        """The ordinals of the versions of a memory after one."""
        row = self.row(mind, ordinal)
        versions = self._own_versions(mind, row.memory_id) if row else []
        return versions[bisect_right(versions, ordinal) :]

    def at(self, mind: Mind, memory_id: str, seq: int) -> Row | None:
        """The version that holds at a seq."""
        rows = (self.row(mind, ordinal) for ordinal in reversed(self.versions(mind, memory_id)))
        return next((row for row in rows if row and row.holds_at(seq)), None)

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
