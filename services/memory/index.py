"""Everything that a search in one mind needs, in memory: vectors, words, and a column per filter."""

from __future__ import annotations

import itertools
import threading
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.memory.embedder import Vectors
from services.memory.rows import Row
from services.memory.text import TextIndex
from services.memory.vectors import Ordinals, VectorIndex

NONE = -1
"""No ordinal."""
_FIRST_CAPACITY = 1024
_versions = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Filter:
    """Conditions that a memory must meet, all of them; empty ones always hold. Times in ns since 1970 UTC."""

    types: frozenset[int] = frozenset()
    occurred_from_ns: int = 0
    occurred_to_ns: int = 0
    session_ids: frozenset[str] = frozenset()
    not_session_ids: frozenset[str] = frozenset()
    speakers: frozenset[str] = frozenset()
    """Lower-case."""
    entities: frozenset[str] = frozenset()
    """Lower-case."""
    tags: frozenset[str] = frozenset()
    min_importance: float = 0.0

    def admits(self, row: Row) -> bool:
        """Whether a row meets every condition."""
        return (
            (not self.types or row.type in self.types)
            and (not self.occurred_from_ns or row.occurred_ns >= self.occurred_from_ns)
            and (not self.occurred_to_ns or row.occurred_ns < self.occurred_to_ns)
            and (not self.session_ids or row.session_id in self.session_ids)
            and row.session_id not in self.not_session_ids
            and (not self.speakers or row.speaker.lower() in self.speakers)
            and (not self.entities or not self.entities.isdisjoint(e.lower() for e in row.entities))
            and self.tags.issubset(row.tags)
            and row.importance >= self.min_importance
        )


EVERYTHING = Filter()


class Column:
    """A numpy array that grows at its end."""

    def __init__(self, dtype: Any) -> None:
        self._data: NDArray[Any] = np.zeros(_FIRST_CAPACITY, dtype)
        self._size = 0

    def extend(self, values: Sequence[Any]) -> None:
        """Append values."""
        size = self._size + len(values)
        if size > len(self._data):
            grown = np.zeros(max(size, 2 * len(self._data)), self._data.dtype)
            grown[: self._size] = self._data[: self._size]
            self._data = grown
        self._data[self._size : size] = values
        self._size = size

    @property
    def values(self) -> NDArray[Any]:
        """What is there, as a view."""
        return self._data[: self._size]


@dataclass
class Codes:
    """Numbers for names, given as they come."""

    numbers: dict[str, int] = field(default_factory=lambda: {})

    def of(self, name: str) -> int:
        """The name's number, new where it has none."""
        return self.numbers.setdefault(name, len(self.numbers))

    def known(self, names: frozenset[str]) -> list[int]:
        """Numbers of those names that have one."""
        return [self.numbers[name] for name in names if name in self.numbers]


class MindIndex:
    """One mind, loaded. Changed by the writer thread alone; searched from any."""

    def __init__(self, dimensions: int, *, flat_limit: int, probes: int) -> None:
        self.vectors = VectorIndex(dimensions, flat_limit=flat_limit, probes=probes)
        self.text = TextIndex()
        self.sessions = Codes()
        self.speakers = Codes()
        self.lock = threading.Lock()
        self.version = next(_versions)
        """Another one after every change and every loading: what was found at another version is stale."""
        self.changes = 0
        """The store's count of ended and erased rows that this index has seen."""
        self.last_used = 0.0
        """Monotonic seconds."""
        self._seq, self._ended = Column(np.int64), Column(np.int64)
        self._occurred = Column(np.int64)
        self._session, self._speaker, self._type = Column(np.int32), Column(np.int32), Column(np.int8)
        self._importance = Column(np.float32)
        self._previous, self._next = Column(np.int64), Column(np.int64)
        self._by_tag: dict[str, list[int]] = defaultdict(list)
        self._by_entity: dict[str, list[int]] = defaultdict(list)
        self._last_turn: dict[int, int] = {}
        self._ended_count = 0

    def __len__(self) -> int:
        return len(self.vectors)

    @property
    def last_seq(self) -> int:
        """The newest event in it."""
        seqs = self._seq.values
        return int(seqs[-1]) if len(seqs) else 0

    def add(self, rows: Sequence[Row | None], vectors: Vectors) -> None:
        """Append rows in the order of their ordinals, None for an erased one."""
        first = len(self)
        present = [(first + i, row) for i, row in enumerate(rows) if row is not None]
        with self.lock:
            self._extend_columns(rows)
            for ordinal, row in present:
                self._link(ordinal, row)
            self.vectors.add(vectors)
            self.text.add((ordinal, row.text) for ordinal, row in present if row.ended_seq == 0)
            self.text.commit()
            self.version = next(_versions)

    def end(self, ordinal: int, seq: int) -> None:
        """A version holds no longer."""
        with self.lock:
            self._ended.values[ordinal] = seq
            self._ended_count += 1
            self.version = next(_versions)

    def _extend_columns(self, rows: Sequence[Row | None]) -> None:
        # An erased row ends before it begins, and so holds at no seq.
        self._seq.extend([row.version_seq if row else self.last_seq for row in rows])
        self._ended.extend([row.ended_seq if row else 1 for row in rows])
        self._occurred.extend([row.occurred_ns if row else 0 for row in rows])
        self._session.extend([self.sessions.of(row.session_id) if row else NONE for row in rows])
        self._speaker.extend([self.speakers.of(row.speaker.lower()) if row else NONE for row in rows])
        self._type.extend([row.type if row else 0 for row in rows])
        self._importance.extend([row.importance if row else 0 for row in rows])
        self._previous.extend([NONE] * len(rows))
        self._next.extend([NONE] * len(rows))
        self._ended_count += sum(1 for row in rows if row is None or row.ended_seq)

    def _link(self, ordinal: int, row: Row) -> None:
        for tag in row.tags:
            self._by_tag[tag].append(ordinal)
        for entity in row.entities:
            self._by_entity[entity.lower()].append(ordinal)
        if row.version_seq != row.source_seqs[0] or row.memory_id != f"e{row.version_seq}":
            return
        session = self.sessions.of(row.session_id)
        before = self._last_turn.get(session, NONE)
        self._last_turn[session] = ordinal
        self._previous.values[ordinal] = before
        if before != NONE:
            self._next.values[before] = ordinal

    def neighbours(self, ordinals: Ordinals) -> tuple[Ordinals, Ordinals]:
        """The turns before and after each, in its session; NONE where there is none."""
        return self._previous.values[ordinals], self._next.values[ordinals]

    def spoken_by(self, ordinals: Ordinals, speakers: Sequence[int]) -> NDArray[np.bool_]:
        """Which of the ordinals were said by one of the speakers."""
        return np.isin(self._speaker.values[ordinals], speakers)

    def allowed(self, wanted: Filter, as_of_seq: int | None, now_ns: int) -> NDArray[np.bool_] | None:
        """Which rows may be found: those that hold at the seq and meet the filter; None for all."""
        past = as_of_seq is not None and as_of_seq < self.last_seq
        if not past and wanted == EVERYTHING and not self._ended_count:
            return None
        ended = self._ended.values
        mask = (
            (ended == 0)
            if not past
            else (self._seq.values <= as_of_seq) & ((ended == 0) | (ended > as_of_seq))
        )
        return mask if wanted == EVERYTHING else mask & self._meets(wanted)

    def _meets(self, wanted: Filter) -> NDArray[np.bool_]:
        mask = np.ones(len(self), bool)
        if wanted.types:
            mask &= np.isin(self._type.values, list(wanted.types))
        if wanted.occurred_from_ns:
            mask &= self._occurred.values >= wanted.occurred_from_ns
        if wanted.occurred_to_ns:
            mask &= self._occurred.values < wanted.occurred_to_ns
        if wanted.session_ids:
            mask &= np.isin(self._session.values, self.sessions.known(wanted.session_ids))
        if wanted.not_session_ids:
            mask &= ~np.isin(self._session.values, self.sessions.known(wanted.not_session_ids))
        if wanted.speakers:
            mask &= np.isin(self._speaker.values, self.speakers.known(wanted.speakers))
        if wanted.min_importance > 0:
            mask &= self._importance.values >= wanted.min_importance
        for tag in wanted.tags:
            mask &= self._members(self._by_tag.get(tag, []))
        if wanted.entities:
            mask &= self._members([o for e in wanted.entities for o in self._by_entity.get(e, [])])
        return mask

    def _members(self, ordinals: Sequence[int]) -> NDArray[np.bool_]:
        mask = np.zeros(len(self), bool)
        mask[list(ordinals)] = True
        return mask
