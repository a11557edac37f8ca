"""Conditions that memories must meet, for a row at a time and for whole columns: both judge alike."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from services.memory.rows import Row
from services.memory.vectors import Mask, Ordinals

if TYPE_CHECKING:
    from services.memory.index import MindIndex


@dataclass(frozen=True, slots=True)
class Filter:
    """All of these hold; an empty one always does. Times in ns since 1970 UTC; names and entities in lower case."""

    types: frozenset[int] = frozenset()
    occurred_from_ns: int = 0
    occurred_to_ns: int = 0
    recorded_from_ns: int = 0
    recorded_to_ns: int = 0
    valid_at_ns: int = 0
    session_ids: frozenset[str] = frozenset()
    not_session_ids: frozenset[str] = frozenset()
    speakers: frozenset[str] = frozenset()
    entities: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    """All of them."""
    any_tags: frozenset[str] = frozenset()
    min_importance: float | None = None
    max_importance: float | None = None
    any_of: tuple[Filter, ...] = ()
    """At least one of these, where there are any."""
    none_of: tuple[Filter, ...] = ()

    def admits(self, row: Row) -> bool:
        """Whether a row meets every condition."""
        return (
            (not self.types or row.type in self.types)
            and (not self.occurred_from_ns or row.occurred_ns >= self.occurred_from_ns)
            and (not self.occurred_to_ns or row.occurred_ns < self.occurred_to_ns)
            and (not self.recorded_from_ns or row.recorded_ns >= self.recorded_from_ns)
            and (not self.recorded_to_ns or row.recorded_ns < self.recorded_to_ns)
            and (not self.valid_at_ns or _holds_at(row, self.valid_at_ns))
            and (not self.session_ids or row.session_id in self.session_ids)
            and row.session_id not in self.not_session_ids
            and (not self.speakers or row.speaker.lower() in self.speakers)
            and (not self.entities or not self.entities.isdisjoint(e.lower() for e in row.entities))
            and self.tags.issubset(row.tags)
            and (not self.any_tags or not self.any_tags.isdisjoint(row.tags))
            and (self.min_importance is None or row.importance >= self.min_importance)
            and (self.max_importance is None or row.importance <= self.max_importance)
            and (not self.any_of or any(part.admits(row) for part in self.any_of))
            and not any(part.admits(row) for part in self.none_of)
        )

    def mask(self, index: MindIndex, size: int) -> Mask:
        """The same for the first ``size`` rows of an index."""
        mask = self._in_time(index, size) & self._in_range(index, size) & self._of_names(index, size)
        if self.any_of:
            mask &= np.logical_or.reduce([part.mask(index, size) for part in self.any_of])
        for part in self.none_of:
            mask &= ~part.mask(index, size)
        return mask

    def _in_time(self, index: MindIndex, size: int) -> Mask:
        mask = np.ones(size, bool)
        for name, begin, end in (
            ("occurred", self.occurred_from_ns, self.occurred_to_ns),
            ("recorded", self.recorded_from_ns, self.recorded_to_ns),
        ):
            if begin:
                mask &= index.column(name, size) >= begin
            if end:
                mask &= index.column(name, size) < end
        if self.valid_at_ns:
            begins, ends = index.column("valid_from", size), index.column("valid_to", size)
            mask &= (begins <= self.valid_at_ns) & ((ends == 0) | (ends > self.valid_at_ns))
        return mask

    def _in_range(self, index: MindIndex, size: int) -> Mask:
        mask = np.ones(size, bool)
        if self.min_importance is not None:
            mask &= index.column("importance", size) >= self.min_importance
        if self.max_importance is not None:
            mask &= index.column("importance", size) <= self.max_importance
        return mask

    def _of_names(self, index: MindIndex, size: int) -> Mask:
        mask = np.ones(size, bool)
        for name, wanted, codes in (
            ("type", self.types, list(self.types)),
            ("session", self.session_ids, index.sessions.known(self.session_ids)),
            ("speaker", self.speakers, index.speakers.known(self.speakers)),
        ):
            if wanted:
                mask &= np.isin(index.column(name, size), codes)
        if self.not_session_ids:
            mask &= ~np.isin(index.column("session", size), index.sessions.known(self.not_session_ids))
        for tag in self.tags:
            mask &= index.tagged((tag,), size)
        if self.any_tags:
            mask &= index.tagged(self.any_tags, size)
        if self.entities:
            mask &= index.about(self.entities, size)
        return mask

    def candidates(self, index: MindIndex, size: int) -> Ordinals:
        """Of ``size`` rows of the index's mind those that may meet the conditions, ascending.

        Of rows that the index does not hold yet nothing is known: all of them.
        """
        known = min(len(index), size)
        return np.concatenate([np.flatnonzero(self.mask(index, known)), np.arange(known, size)])

    @property
    def is_of_time_alone(self) -> bool:
        """Whether nothing but when a memory was recorded decides: in that order they are stored."""
        return replace(self, recorded_from_ns=0, recorded_to_ns=0) == EVERYTHING


EVERYTHING = Filter()


def _holds_at(row: Row, at_ns: int) -> bool:
    return row.valid_from_ns <= at_ns and (row.valid_to_ns == 0 or row.valid_to_ns > at_ns)
