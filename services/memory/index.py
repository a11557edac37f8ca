"""Everything that a search in one mind needs, in memory: a column per property, the words, the vectors.

The newest rows, and all of a mind that is not large, are all looked at (the *tail*). What has grown beyond
``flat_limit`` moves into the *bulk*, whose vectors are in an inverted file (``bulk.py``).
"""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.memory import analysis, postings
from services.memory.bulk import Bulk
from services.memory.columns import Column, Ragged
from services.memory.embedder import Vectors
from services.memory.postings import Postings
from services.memory.records import Mind, Space
from services.memory.rows import EPISODE, FACT_TYPES, Row
from services.memory.vectors import FlatVectors, Mask, Ordinals, Scores

NONE = -1
"""No ordinal."""
COLUMNS: dict[str, Any] = {
    "seq": np.int64,
    "ended": np.int64,
    "occurred": np.int64,
    "recorded": np.int64,
    "valid_from": np.int64,
    "valid_to": np.int64,
    "expires": np.int64,
    "session": np.int32,
    "speaker": np.int32,
    "previous": np.int32,
    "next": np.int32,
    "length": np.int32,
    "importance": np.float64,
    "rating": np.float32,
    "type": np.int8,
    "form": np.int8,
}
_ERASED = 1
"""Where an erased row ends: at what made the mind, which ends no memory."""
_SORTED_APART = 2_048
"""Words of the newest rows, up to so many, are sorted by themselves: every row that comes sorts them again."""
_versions = itertools.count(1)


@dataclass
class Codes:
    """Numbers for names, given as they come."""

    numbers: dict[str, int] = field(default_factory=lambda: {})

    def of(self, name: str) -> int:
        """The name's number, new where it has none."""
        return self.numbers.setdefault(name, len(self.numbers))

    def known(self, names: Collection[str]) -> list[int]:
        """Numbers of those names that have one."""
        return [self.numbers[name] for name in names if name in self.numbers]


@dataclass(frozen=True, slots=True)
class Layout:
    """Which rows are where: the bulk holds those below ``start``, the tail the others."""

    bulk: Bulk | None
    start: int
    tail: FlatVectors


class MindIndex:
    """One mind, loaded. Changed by the writer thread alone; searched from any."""

    def __init__(self, space: Space, embedder_id: str, mind: Mind) -> None:
        self.mind = mind
        """As the store had it when the index was read. Its number is another one once it was folded again, and then the
        ordinals are others.
        """
        self.space = space
        self.embedder_id = embedder_id
        """Whose vectors these are: no other embedder's may be compared with them."""
        self.dimensions = space.dimensions
        self.columns = {name: Column(kind) for name, kind in COLUMNS.items()}
        self.alive = Column(np.bool_)
        """Which rows have not ended."""
        self.terms = Ragged(np.uint32)
        self.postings: tuple[Postings, ...] = (postings.none(0), postings.none(0))
        """The words of all rows: of the bulk if there is one, of the tail, and of its newest."""
        self.layout = Layout(None, 0, FlatVectors(space.dimensions))
        self.sessions, self.speakers = Codes(), Codes()
        self.by_tag: dict[str, list[int]] = defaultdict(list)
        self.by_entity: dict[str, list[int]] = defaultdict(list)
        self.phrases: dict[str, list[str]] = defaultdict(list)
        """Entities of several words, by these."""
        self.phrase_lengths: dict[str, tuple[int, ...]] = {}
        """By their first words: how many words they have."""
        self.last_turn: dict[int, int] = {}
        """By session: its last turn."""
        self.fact_types: tuple[int, ...] = ()
        """Which of ``FACT_TYPES`` any row has, ascending."""
        self.ended_count = 0
        self.erased: list[int] = []
        """Rows without anything, ascending: what was erased before the index was built."""
        self.expiring = Column(np.int64)
        """Rows with an expiry."""
        self.endings = 0
        """The store's count of ended rows that this index has seen."""
        self.erasures = 0
        """The same of erasures."""
        self.is_stale = False
        """Whether it hides rows that were erased."""
        self.saved_size = 0
        """How many rows the folder of the bulk holds."""
        self.version = next(_versions)
        """Another one after every change and every loading: what was found at another version is stale."""
        self.last_used = 0.0
        """Monotonic seconds."""
        self._size = 0
        self._latest_end = 0

    def __len__(self) -> int:
        return self._size

    @property
    def kind(self) -> str:
        """The vector index in use."""
        return "ivf" if self.layout.bulk else "flat"

    @property
    def last_seq(self) -> int:
        """The newest event that formed a row."""
        return int(self.columns["seq"].values[self._size - 1]) if self._size else 0

    @property
    def latest_seq(self) -> int:
        """The newest event that formed or ended a row: as of it and later, the present is seen."""
        return max(self.last_seq, self._latest_end)

    def held(self, size: int) -> int:
        """How many of the first rows were there when the index was built."""
        return size - bisect_left(self.erased, size)

    def column(self, name: str, size: int) -> NDArray[Any]:
        """One property of the first ``size`` rows."""
        return self.columns[name].values[:size]

    def add(self, rows: Sequence[Row | None], vectors: Vectors) -> None:
        """Append rows in the order of their ordinals, None for an erased one."""
        if not rows:
            return
        first = self._size
        self._extend_columns(rows)
        terms = [analysis.codes(analysis.stems(row.text)) if row else _NO_TERMS for row in rows]
        self.terms.extend(terms)
        self.columns["length"].values[first:] = [len(codes) for codes in terms]
        for ordinal, row in enumerate(rows, first):
            if row is None:
                self.erased.append(ordinal)
            else:
                self._link(ordinal, row)
        self.layout.tail.add(vectors)
        self._sort_words()
        self._size = first + len(rows)
        self.version = next(_versions)

    def _sort_words(self) -> None:
        *bulk, tail, newest = self.postings
        newest = self.words(newest.first, len(self.terms))
        if len(newest) > _SORTED_APART:
            tail, newest = tail.joined(newest), postings.none(newest.last)
        self.postings = (*bulk, tail, newest)

    def words(self, first: int, last: int) -> Postings:
        """Of the rows ``first`` to ``last`` (exclusive), sorted now."""
        return postings.of_rows(first, *self.terms.span(first, last))

    def end(self, ordinal: int, seq: int) -> None:
        """A version holds no longer."""
        self.columns["ended"].values[ordinal] = seq
        self.alive.values[ordinal] = False
        self._latest_end = max(self._latest_end, seq)
        self.ended_count += 1
        self.version = next(_versions)

    def hide(self, ordinals: Sequence[int]) -> None:
        """Rows were erased: they hold at no seq until the index is built anew without them."""
        self.columns["ended"].values[ordinals] = _ERASED
        self.alive.values[ordinals] = False
        self.columns["seq"].values[ordinals] = np.maximum(self.columns["seq"].values[ordinals], 1)
        self.ended_count += len(ordinals)
        self.version = next(_versions)

    def saved_columns(self, size: int) -> dict[str, NDArray[Any]]:
        """The first rows' columns and words, as ``restore`` takes them."""
        words, ends = self.terms.saved(size)
        return {name: self.column(name, size) for name in COLUMNS} | {"words": words, "word_ends": ends}

    def saved_names(self, size: int) -> dict[str, Any]:
        """The first rows' names, as ``restore`` takes them."""
        return {
            "sessions": dict(self.sessions.numbers),
            "speakers": dict(self.speakers.numbers),
            "tags": _below(dict(self.by_tag), size),
            "entities": _below(dict(self.by_entity), size),
        }

    def restore(self, bulk: Bulk, size: int, columns: dict[str, NDArray[Any]], names: dict[str, Any]) -> None:
        """Take over what was saved; the index is empty."""
        # Folders that were written before have erased rows at the seq of an earlier one.
        columns["seq"] = np.maximum.accumulate(columns["seq"])
        self.columns = {name: Column(kind, columns[name]) for name, kind in COLUMNS.items()}
        self.alive = Column(np.bool_, columns["ended"] == 0)
        self.terms = Ragged(np.uint32, columns["words"], columns["word_ends"])
        self.sessions, self.speakers = Codes(names["sessions"]), Codes(names["speakers"])
        self.by_tag.update(names["tags"])
        self.by_entity.update(names["entities"])
        for name in self.by_entity:
            self._note_phrase(name)
        following = self.columns["next"].values
        following[following >= size] = NONE
        turns = np.flatnonzero(self.columns["form"].values & analysis.IS_TURN)
        self.last_turn = dict(
            zip(self.columns["session"].values[turns].tolist(), turns.tolist(), strict=True)
        )
        self.expiring = Column(np.int64, np.flatnonzero(self.columns["expires"].values))
        self._note_types(np.flatnonzero(np.bincount(self.columns["type"].values)).tolist())
        self.ended_count = int(np.count_nonzero(self.columns["ended"].values))
        self.erased = np.flatnonzero(self.columns["ended"].values == _ERASED).tolist()
        self._latest_end = int(self.columns["ended"].values.max(initial=0))
        self.layout = Layout(bulk, size, FlatVectors(self.dimensions))
        self.postings = (bulk.words, postings.none(size), postings.none(size))
        self._size = self.saved_size = size

    def rearrange(self, layout: Layout) -> None:
        """Take rows that have moved into the bulk from there. In the writer thread."""
        self.layout = layout
        if layout.bulk:
            tail = self.words(layout.start, self._size)
            self.postings = (layout.bulk.words, tail, postings.none(self._size))
        self.version = next(_versions)

    def _extend_columns(self, rows: Sequence[Row | None]) -> None:
        nothing = Row("", 0, "", self.last_seq, max(self.last_seq, _ERASED), ended_seq=_ERASED)
        present = [row or nothing for row in rows]
        values: dict[str, Sequence[Any]] = {
            # An erased row stands where the one before it does: what is as of a seq is looked up in ascending order.
            "seq": [*itertools.accumulate((row.version_seq for row in present), max)],
            # It ends no later than it begins, and so holds at no seq.
            "ended": [row.ended_seq for row in present],
            "occurred": [row.occurred_ns for row in present],
            "recorded": [row.recorded_ns for row in present],
            "valid_from": [row.valid_from_ns for row in present],
            "valid_to": [row.valid_to_ns for row in present],
            "expires": [row.expires_ns for row in present],
            "session": [self.sessions.of(row.session_id) if row else NONE for row in rows],
            "speaker": [self.speakers.of(row.speaker.lower()) if row else NONE for row in rows],
            "previous": [NONE] * len(rows),
            "next": [NONE] * len(rows),
            "length": [0] * len(rows),
            "importance": [row.importance for row in present],
            "rating": [row.rating for row in present],
            "type": [row.type for row in present],
            "form": [analysis.form(row.text) | (analysis.IS_TURN * row.is_turn) for row in present],
        }
        for name, column in self.columns.items():
            column.extend(values[name])
        self.alive.extend([not row.ended_seq for row in present])
        self._note_types([row.type for row in present])
        self.ended_count += sum(1 for row in present if row.ended_seq)
        self._latest_end = max(self._latest_end, *(row.ended_seq for row in present))

    def _note_types(self, types: Iterable[int]) -> None:
        self.fact_types = tuple(sorted({*self.fact_types, *types}.intersection(FACT_TYPES)))

    def _note_phrase(self, name: str) -> None:
        words = analysis.same_words(name).split()
        if len(words) > 1:
            self.phrases[" ".join(words)].append(name)
            # Another one each time: searches may be at the former.
            lengths = {*self.phrase_lengths.get(words[0], ()), len(words)}
            self.phrase_lengths[words[0]] = tuple(sorted(lengths))

    def _link(self, ordinal: int, row: Row) -> None:
        for tag in row.tags:
            self.by_tag[tag].append(ordinal)
        for entity in row.entities:
            name = entity.lower()
            if name not in self.by_entity:
                self._note_phrase(name)
            self.by_entity[name].append(ordinal)
        if row.expires_ns:
            self.expiring.extend([ordinal])
        if not row.is_turn:
            return
        session = self.sessions.of(row.session_id)
        before = self.last_turn.get(session, NONE)
        self.last_turn[session] = ordinal
        self.columns["previous"].values[ordinal] = before
        if before != NONE:
            self.columns["next"].values[before] = ordinal

    def tagged(self, tags: Collection[str], size: int) -> Mask:
        """Which of the first rows bear one of the tags."""
        return _members([self.by_tag[tag] for tag in tags if tag in self.by_tag], size)

    def about(self, entities: Collection[str], size: int) -> Mask:
        """Which of the first rows are about one of the entities (lower case)."""
        return _members([self.by_entity[name] for name in entities if name in self.by_entity], size)

    def messages(self, ordinals: Ordinals) -> dict[int, int]:
        """Those of some rows that are messages, not changed since: places by seq."""
        places = np.flatnonzero(self.columns["type"].values[ordinals] == EPISODE)
        seqs = self.columns["seq"].values[ordinals[places]]
        return dict(zip(seqs.tolist(), places.tolist(), strict=True))

    def vectors_of(self, layout: Layout, ordinals: Ordinals) -> Vectors:
        """The vectors of some rows, whose ordinals ascend."""
        old, recent = _parted(layout, ordinals)
        if layout.bulk is None:
            return layout.tail.take(recent)
        return np.concatenate([layout.bulk.vectors.take(old), layout.tail.take(recent)])

    def products(self, layout: Layout, ordinals: Ordinals, query: Vectors) -> Scores:
        """The inner products of some rows, whose ordinals ascend, with a query; NaN for what has no vector yet."""
        if layout.bulk is None:
            return layout.tail.products(ordinals, query)
        old, recent = _parted(layout, ordinals)
        if not len(recent):
            return layout.bulk.vectors.products(old, query)
        return np.concatenate([layout.bulk.vectors.products(old, query), layout.tail.products(recent, query)])


def _parted(layout: Layout, ordinals: Ordinals) -> tuple[Ordinals, Ordinals]:
    """Of ascending ones, those in the bulk; and where the others are in the tail."""
    old = int(np.searchsorted(ordinals, layout.start))
    return ordinals[:old], ordinals[old:] - layout.start


def _below(lists: dict[str, list[int]], size: int) -> dict[str, list[int]]:
    return {name: [ordinal for ordinal in ordinals if ordinal < size] for name, ordinals in lists.items()}


_NO_TERMS = np.zeros(0, np.uint32)


def _members(lists: Sequence[Sequence[int]], size: int) -> Mask:
    mask = np.zeros(size, bool)
    for ordinals in lists:
        found = np.array(ordinals, np.int64)
        mask[found[found < size]] = True
    return mask
