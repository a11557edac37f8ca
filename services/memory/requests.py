"""A search in plain terms: what is asked, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass

from services.memory.distinct import SPARE
from services.memory.filters import EVERYTHING, Filter
from services.memory.rows import Row

Sought = tuple[str, str, Filter | None, int, int | None, bool, str]


@dataclass(frozen=True, slots=True)
class Request:
    """A search."""

    mind_id: str
    query: str
    k: int = 10
    offset: int = 0
    filter: Filter = EVERYTHING
    now_ns: int = 0
    """The query's clock; 0: the one on the wall."""
    as_of_seq: int | None = None
    exact: bool = False
    explain: bool = False
    distinct: bool = False
    erasures: int | None = None
    """How often something had been erased of the mind when the first page was read; None for that page."""
    time_zone: str = ""
    """In which the times that the query names are read: an IANA name; empty: UTC."""

    @property
    def sought(self) -> Sought:
        """What decides about what is found, whatever part of it is shown, and how."""
        return (
            self.mind_id,
            self.query,
            None if self.filter == EVERYTHING else self.filter,
            self.now_ns,
            self.as_of_seq,
            self.exact,
            self.time_zone,
        )

    @property
    def places(self) -> int:
        """How many of the best are looked at."""
        return self.k * SPARE if self.distinct else self.k


@dataclass(frozen=True, slots=True)
class Hit:
    """A memory and how it was found."""

    row: Row
    score: float
    strategies: dict[str, tuple[float, float]]
    """By strategy: its own score, and what that adds; empty where nothing is to be explained."""
    superseded_by: str = ""
    """The memory that says how it is instead, where that is over which the query is about in this one."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a search found, and where the index stood."""

    hits: list[Hit]
    next_offset: int
    """Where more follow; 0 at the end."""
    erasures: int
    """How often something had been erased of the mind."""
    index_seq: int
    rebuilding: bool
    cached: bool
