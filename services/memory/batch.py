"""What is written to the store, in one transaction: rows, what they say, what ends and what is erased."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np

from services.memory import rows
from services.memory.embedder import Vectors
from services.memory.reader import Reader
from services.memory.records import (
    AGAIN,
    CLAIM,
    ERASED,
    MIND,
    NOTED,
    NUMBERS,
    OF_A_MIND,
    OF_ROW,
    ORDINAL,
    PLACE,
    ROW,
    SOURCE,
    SPACE,
    SPACE_MIND,
    SPACE_NUMBER,
    STATE,
    VECTOR,
    WORDS,
    Mind,
    Space,
    digest,
    sealed,
    versions_of,
)
from services.memory.rows import Origin, Row
from services.runtime.projection_file import ProjectionFile


class Batch(Reader):
    """Reads and writes of one transaction."""

    def __init__(self, file: ProjectionFile, txn: Any) -> None:
        super().__init__(file, txn)
        self._touched: dict[str, Mind] = {}
        self.erased_texts: list[tuple[bytes, str]] = []
        """What was erased in this transaction, each with the key of its mind."""

    def _set(self, table: str, key: bytes, value: bytes) -> None:
        self._txn.put(key, value, db=self._file.table(table))

    def _delete(self, table: str, key: bytes) -> bool:
        deleted: bool = self._txn.delete(key, db=self._file.table(table))
        return deleted

    def open_mind(self, mind_id: str) -> Mind:
        """The mind's record, made when it is not there; what is changed in it is written by ``flush``."""
        if mind_id not in self._touched:
            known = self.mind(mind_id)
            self._touched[mind_id] = known or Mind(number=self._next_number(), key=os.urandom(32))
        return self._touched[mind_id]

    def _next_number(self) -> int:
        given = self._get("meta", NUMBERS)
        number: int = ORDINAL.unpack(given)[0] if given else 0
        self._set("meta", NUMBERS, ORDINAL.pack(number + 1))
        return number

    def add(self, mind: Mind, row: Row) -> int:
        """Store a version; returns its ordinal. It comes from the events of the version before it as well."""
        ordinal = mind.next_ordinal
        mind.next_ordinal += 1
        mind.held += row.ended_seq == 0
        self._put(mind, ordinal, row)
        origin = Origin(
            [seq for seq in row.source_seqs if not self._comes_from(mind, row, seq, (b"",))],
            [seq for seq in row.also_seqs if not self._comes_from(mind, row, seq, (b"", AGAIN))],
        )
        self._put_origin(mind, row, ordinal, origin)
        if row.version_seq not in (*row.source_seqs, *row.also_seqs):
            self._set("sources", SOURCE.pack(mind.number, row.version_seq, ordinal), NOTED)
        for seqs, how in ((origin.also_seqs, AGAIN), (origin.source_seqs, b"")):
            for seq in seqs:
                self._set("sources", SOURCE.pack(mind.number, seq, ordinal), how)
        return ordinal

    def _comes_from(self, mind: Mind, row: Row, seq: int, hows: tuple[bytes, ...]) -> bool:
        """Whether a version before a row comes from an event, in one of these ways."""
        versions = versions_of(mind, row.memory_id)
        return row.version > 1 and any(
            how in hows and self._get("ids", versions + ORDINAL.pack(ordinal)) is not None
            for ordinal, how in self._of_event(mind, seq)
        )

    def _put_origin(self, mind: Mind, row: Row, ordinal: int, origin: Origin) -> None:
        self._set("ids", versions_of(mind, row.memory_id) + ORDINAL.pack(ordinal), _kept(row, origin))

    def say(self, mind: Mind, ordinal: int, words: str | None, claims: set[str], states: set[str]) -> None:
        """Note what a row says, for those that come after it to be compared with."""
        for table, key in _said(mind, ordinal, words, claims, states):
            self._set(table, key, b"")

    def unsay(self, mind: Mind, ordinal: int, words: str | None, claims: set[str], states: set[str]) -> None:
        """Forget what a row said: it is erased."""
        for table, key in _said(mind, ordinal, words, claims, states):
            self._delete(table, key)

    def merge(self, mind: Mind, row: Row, target: str) -> Row:
        """Keep a row that says what another memory says already: it never holds, unless the other is erased.

        What is said of its memory from now on is said of the other. Returns the row as it is stored.
        """
        kept = msgspec.structs.replace(row, ended_seq=row.version_seq)
        self.add(mind, kept)
        self._set("aliases", MIND.pack(mind.number) + row.memory_id.encode(), target.encode())
        return kept

    def revive(self, mind: Mind, erased: set[str]) -> list[tuple[int, Row]]:
        """Of what was merged into memories that are erased now, the first of each holds by itself; returns these."""
        prefix = MIND.pack(mind.number)
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
            ordinals = {memory_id: next(self.own_versions(mind, memory_id), None) for memory_id in memory_ids}
            left = sorted((found, memory_id) for memory_id, found in ordinals.items() if found is not None)
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
            self._set("sources", SOURCE.pack(mind.number, seq, ordinal), AGAIN)
        mind.held += 1
        return ordinal, held

    def end(self, mind: Mind, ordinal: int, row: Row, seq: int, *, retracted: bool) -> None:
        """A version holds no longer from an event on."""
        self._put(mind, ordinal, msgspec.structs.replace(row, ended_seq=seq, retracted=retracted))
        self._set("endings", ROW.pack(mind.number, mind.endings), ORDINAL.pack(ordinal))
        if retracted:
            self._set("sources", SOURCE.pack(mind.number, seq, ordinal), NOTED)
        mind.held -= 1
        mind.endings += 1

    def skip(self, mind: Mind, seq: int, reason: str) -> None:
        """Note that an event could not be indexed, and why: never its text."""
        key = ROW.pack(mind.number, seq)
        # An event may form two rows, neither of which can be embedded.
        mind.skipped += self._get("skipped", key) is None
        self._set("skipped", key, reason.encode())

    def put_vectors(self, space: int, mind: Mind, first: int, vectors: Vectors) -> None:
        """Store the vectors of rows from ``first`` on; those of rows that were erased meanwhile are left out."""
        for ordinal, vector in enumerate(vectors.astype(np.float16), first):
            if self._get("rows", ROW.pack(mind.number, ordinal)) is not None:
                self._set("vectors", VECTOR.pack(space, mind.number, ordinal), sealed(vector.tobytes()))
        self._set("embedded", SPACE_MIND.pack(space, mind.number), ORDINAL.pack(first + len(vectors)))

    def add_space(self, embedder_id: str, dimensions: int, settings: dict[str, Any]) -> Space:
        """A space for an embedder, empty."""
        number = max((space.number for space in self.spaces().values()), default=0) + 1
        space = Space(number, dimensions, settings)
        self._set("spaces", embedder_id.encode(), msgspec.msgpack.encode(space))
        return space

    def search_space(self, number: int) -> None:
        """From now on this space is searched."""
        self._set("meta", SPACE, ORDINAL.pack(number))

    def remove_space(self, embedder_id: str, limit: int) -> bool:
        """Remove some of a space's vectors, and the space with the last of them; False while some are left."""
        space = self.spaces()[embedder_id]
        prefix = SPACE_NUMBER.pack(space.number)
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

    def erase(self, mind: Mind, seqs: frozenset[int]) -> dict[int, Row]:
        """Remove every version of every memory that came from the events; returns the erased, by ordinal.

        Call ``unsay`` for each of them, and then ``revive``. Where more than these memories would be another without
        the events, the mind is to be folded again.
        """
        erased: dict[int, Row] = {}
        reaches_further = mind.beside is not None
        taken_back: set[str] = set()
        for seq in seqs:
            mind.skipped -= self._delete("skipped", ROW.pack(mind.number, seq))
            for ordinal, how in self._of_event(mind, seq):
                if ordinal in erased:
                    continue
                row = self.row(mind, ordinal)
                if row is None or (row.formed_seq not in seqs and how):
                    reaches_further = True
                if row and how == AGAIN:
                    taken_back.add(row.memory_id)
                    self._delete("sources", SOURCE.pack(mind.number, seq, ordinal))
                elif row and how != NOTED:
                    erased |= self._erase_memory(mind, row.memory_id)
        self._take_back(mind, taken_back - {row.memory_id for row in erased.values()}, seqs)
        if mind.beside is not None:
            # It may hold again what is gone from the mind: that goes as all that is erased does.
            self.erase(mind.beside, seqs)
        if erased:
            mind.erasures += 1
            self._note_erased(mind, erased)
        for ordinal, row in erased.items():
            if row.formed_seq not in seqs:
                reaches_further = reaches_further or row.version_seq in seqs
                # The event that formed it is still there, and may be erased later.
                self._set("sources", SOURCE.pack(mind.number, row.version_seq, ordinal), NOTED)
            elif not set(row.also_seqs).issubset(seqs):
                reaches_further = True
        if reaches_further:
            self.fold_again(mind)
        return erased

    def fold_again(self, mind: Mind) -> None:
        """Something was erased without which more of the mind would be another."""
        if mind.beside is not None:
            self._wipe(mind.beside)
        mind.beside = Mind(self._next_number(), mind.key)

    def _take_back(self, mind: Mind, memory_ids: set[str], seqs: frozenset[int]) -> None:
        """Leave out of memories what events said beside them: that they were said again, or ceased to hold."""
        for memory_id in memory_ids:
            versions = self._added(mind, memory_id)
            _, first, _ = versions[0]
            is_taken_back, is_said = False, False
            for ordinal, row, origin in versions:
                also = [seq for seq in origin.also_seqs if seq not in seqs]
                is_said = is_said or bool(also)
                if also != origin.also_seqs:
                    is_taken_back = True
                    self._put_origin(mind, row, ordinal, Origin(origin.source_seqs, also))
                is_over = is_taken_back and not is_said and row.valid_to_ns
                ends_ns = first.valid_to_ns if is_over else row.valid_to_ns
                left = msgspec.structs.replace(row, also_seqs=also, valid_to_ns=ends_ns)
                if left != row:
                    self._put(mind, ordinal, left)

    def _added(self, mind: Mind, memory_id: str) -> list[tuple[int, Row, Origin]]:
        """The versions of a memory, oldest first, each with its ordinal and the events that it adds."""
        ordinals = [*self.own_versions(mind, memory_id)][::-1]
        found: list[tuple[int, Row, Origin]] = []
        for ordinal, origin in zip(ordinals, self.origins(mind, memory_id), strict=True):
            row = self.row(mind, ordinal)
            assert row is not None, "it goes together with its key here"
            found.append((ordinal, row, origin))
        return found

    def _erase_memory(self, mind: Mind, memory_id: str) -> dict[int, Row]:
        erased: dict[int, Row] = {}
        spaces, versions = self.spaces().values(), versions_of(mind, memory_id)
        for ordinal, row, origin in self._added(mind, memory_id):
            erased[ordinal] = msgspec.structs.replace(row, also_seqs=origin.also_seqs)
            mind.held -= row.ended_seq == 0
            for seq in {*origin.source_seqs, *origin.also_seqs, row.version_seq, row.ended_seq}:
                self._delete("sources", SOURCE.pack(mind.number, seq, ordinal))
            self._delete("rows", ROW.pack(mind.number, ordinal))
            self._delete("ids", versions + ORDINAL.pack(ordinal))
            for space in spaces:
                self._delete("vectors", VECTOR.pack(space.number, mind.number, ordinal))
        self._delete("aliases", MIND.pack(mind.number) + memory_id.encode())
        return erased

    def erase_mind(self, mind: Mind) -> dict[int, Row]:
        """Remove everything but the record that the mind was there; returns the erased rows, by ordinal."""
        erased = dict(self.rows_from(mind, 0))
        for part in (mind, mind.beside):
            if part is not None:
                self._note_erased(part, dict(self.rows_from(part, 0)))
                self._wipe(part)
        mind.held, mind.skipped, mind.beside = 0, 0, None
        mind.erasures, mind.deleted = mind.erasures + 1, True
        return erased

    def _note_erased(self, mind: Mind, erased: dict[int, Row]) -> None:
        self.erased_texts += [(mind.key, row.text) for row in erased.values()]
        self._set("meta", ERASED, b"1")

    def _wipe(self, mind: Mind) -> None:
        for table in OF_A_MIND:
            self._remove(table, MIND.pack(mind.number))
        for space in self.spaces().values():
            for table in ("vectors", "embedded"):
                self._remove(table, SPACE_MIND.pack(space.number, mind.number))

    def put_in_place(self, mind_id: str, folded: Mind) -> None:
        """A mind that was folded again takes the place of what was held of it: it is what the ledger says."""
        before = self._touched[mind_id]
        self._wipe(before)
        folded.erasures, folded.foldings, folded.beside = before.erasures + 1, before.foldings + 1, None
        self._touched[mind_id] = folded

    def advance(self, store_id: str, position: int) -> None:
        """Note how far the ledger has been processed."""
        self._set("meta", PLACE, msgspec.msgpack.encode((store_id, position)))

    def flush(self) -> None:
        """Write the records of the minds that were touched."""
        for mind_id, mind in self._touched.items():
            self._set("minds", mind_id.encode(), msgspec.msgpack.encode(mind))

    def _put(self, mind: Mind, ordinal: int, row: Row) -> None:
        self._set("rows", ROW.pack(mind.number, ordinal), sealed(rows.encode(row)))


def _kept(row: Row, origin: Origin) -> bytes:
    if row.version == 1:
        return OF_ROW
    return b"" if origin == Origin() else sealed(msgspec.msgpack.encode(origin))


def _said(
    mind: Mind, ordinal: int, words: str | None, claims: set[str], states: set[str]
) -> Iterator[tuple[str, bytes]]:
    """Tables and keys."""
    said = [("claims", CLAIM, text) for text in claims] + [("claims", STATE, text) for text in states]
    if words is not None:
        said.append(("words", WORDS, words))
    for table, purpose, text in said:
        yield table, digest(mind, purpose, text) + ORDINAL.pack(ordinal)
