"""From a query to ranked memories: four strategies propose and judge, one fusion ranks.

The formulas of keyword, semantic and prior, and the weights of the first two and the last, are in ``scoring``.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.memory import analysis, bm25, scoring, temporal
from services.memory.embedder import Vectors
from services.memory.filters import EVERYTHING, Filter
from services.memory.index import NONE, Layout, MindIndex
from services.memory.inverted_file import InvertedFile
from services.memory.ranked import Floats, Ranked, Shares
from services.memory.vectors import Mask, Ordinals, Scores

STRATEGIES = ("keyword", "semantic", "temporal", "entity", "prior")
"""Four that look for something, and what speaks for a memory whatever is asked."""

KEYWORD, SEMANTIC, TEMPORAL, ENTITY, PRIOR = range(len(STRATEGIES))
NEAR_IN_TIME, TELLS_TIME = 3.0, 1.5
SAID_BY, ABOUT = 1.0, 0.5

_ROLES = frozenset({"user", "assistant", ""})
"""Speakers whose names are words of the language rather than names."""
_MOST_OF_AN_ENTITY = 200
_HANDED_OVER = 1_000_000
"""Postings from which on it takes longer to go through them than to hand them to another thread."""
_COMPARED_ALL = 2_000
"""Up to so many rows that a filter leaves, their vectors are compared one by one."""
_PUNCTUATION = "?!.,;:'\"()"


@dataclass(frozen=True, slots=True)
class Understood:
    """What a query says by itself, whatever the mind."""

    text: str
    words: list[str]
    spans: list[temporal.Span]
    asks_when: bool


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for in one mind, prepared once for all strategies."""

    text: str
    """For the dense search: without the names of speakers."""
    words: list[str]
    """For the keyword search: without stop words and names of speakers."""
    speakers: list[int]
    """Codes of the speakers that it names."""
    entities: list[str]
    """Entities of the mind that it names, lower case."""
    spans: list[temporal.Span]
    """Times that it names."""
    asks_when: bool
    now_ns: int
    """The query's clock."""


@dataclass(frozen=True, slots=True)
class View:
    """The rows that one search may see: the first ``size``, and of these the allowed."""

    index: MindIndex
    layout: Layout
    size: int
    bounded: bool
    """Rows after ``size`` are in the index, and must not count."""
    allowed: Mask | None
    """None for all."""

    def __len__(self) -> int:
        """How many may be found."""
        return self.size if self.allowed is None else int(np.count_nonzero(self.allowed))

    def column(self, name: str, at: Ordinals) -> NDArray[Any]:
        """One property of some rows."""
        return self.index.column(name, self.size)[at]

    def whole(self, name: str) -> NDArray[Any]:
        """One property of all rows that may be seen."""
        return self.index.column(name, self.size)


def _nothing(explain: bool) -> Ranked:
    none = np.zeros((len(STRATEGIES), 0))
    return Ranked(np.zeros(0, np.int64), np.zeros(0), Shares(STRATEGIES, none, none) if explain else None)


Embed = Callable[[str], Vectors | None]
"""The vector of a query; None where there is none to be had, and the dense search is left out."""


def view(index: MindIndex, wanted: Filter, as_of_seq: int | None, now_ns: int) -> View:
    """What may be found: rows that hold at the seq, have not expired and meet the filter."""
    layout = index.layout
    if as_of_seq is not None and as_of_seq >= index.latest_seq:
        as_of_seq = None
    bounded = as_of_seq is not None
    size = visible(index, as_of_seq)
    expired = _expired(index, size, now_ns)
    if not bounded and not len(expired) and not index.ended_count and wanted == EVERYTHING:
        return View(index, layout, size, bounded, None)
    allowed = index.alive.values[:size].copy()
    if as_of_seq is not None:
        allowed |= index.column("ended", size) > as_of_seq
    allowed[expired] = False
    if wanted != EVERYTHING:
        allowed &= wanted.mask(index, size)
    return View(index, layout, size, bounded, allowed)


def visible(index: MindIndex, as_of_seq: int | None) -> int:
    """How many rows there were at a seq."""
    size = len(index)
    if as_of_seq is None:
        return size
    return int(np.searchsorted(index.column("seq", size), as_of_seq, side="right"))


def _expired(index: MindIndex, size: int, now_ns: int) -> Ordinals:
    rows = index.expiring.values
    if not len(rows):
        return rows
    rows = rows[: np.searchsorted(rows, size)]
    return rows[index.column("expires", size)[rows] <= now_ns]


def understand(text: str, now: datetime) -> Understood:
    """Read a query; ``now`` is its clock, of which the day counts."""
    return Understood(text, analysis.query_words(text), temporal.spans(text, now), analysis.asks_when(text))


def prepare(view: View, understood: Understood, now_ns: int) -> Query:
    """Resolve what the query names in this mind: speakers and entities.

    Speakers are left out of what is looked for: in a conversation every turn is near to their names, so these would
    drown the rest.
    """
    text, words = understood.text, understood.words
    said = set(words)
    named = {name: code for name, code in _known_speakers(view).items() if name not in _ROLES}
    names = {part for name in named for part in name.split()}
    kept = text.split()
    if names:
        kept = [word for word in kept if word.lower().strip(_PUNCTUATION).removesuffix("'s") not in names]
        words = [word for word in words if word not in names] or words
    return Query(
        text=" ".join(kept) or text,
        words=words,
        speakers=[code for name, code in named.items() if not said.isdisjoint(name.split())],
        entities=_entities(view.index, said, text),
        spans=understood.spans,
        asks_when=understood.asks_when,
        now_ns=now_ns,
    )


def _known_speakers(view: View) -> dict[str, int]:
    numbers = dict(view.index.speakers.numbers)
    if not view.bounded:
        return numbers
    # Codes are given as their speakers are first heard.
    newest = int(view.whole("speaker").max(initial=NONE))
    return {name: code for name, code in numbers.items() if code <= newest}


def _entities(index: MindIndex, words: set[str], text: str) -> list[str]:
    """Those whose words stand in the query one after the other; the first of several is none of the small words."""
    found = [word for word in words if word in index.by_entity]
    spoken = analysis.same_words(text).split()
    for place, first in enumerate(spoken):
        for length in index.phrase_lengths.get(first, ()) if first in words else ():
            found += index.phrases.get(" ".join(spoken[place : place + length]), ())
    return list(dict.fromkeys(found))


def search(
    view: View,
    query: Query,
    embed: Embed,
    *,
    candidates: int,
    probes: int | None,
    explain: bool = False,
    beside: Executor | None = None,
) -> Ranked:
    """The memories of the pool that the strategies propose, ``candidates`` each, best first.

    ``probes`` None searches the vectors exactly. ``embed`` makes the query's vector. ``explain`` keeps what each
    strategy gave. Words that many rows hold are looked up in ``beside``, which takes no interpreter's lock, while the
    others run here.
    """
    if not view.size:
        return _nothing(explain)
    words = bm25.weigh(view.index, query.words, view.size)
    sought = (words, view.size, view.allowed, candidates)
    is_long = words.holders >= _HANDED_OVER
    looked_up = beside.submit(bm25.candidates, *sought) if beside and is_long else None
    vector, near = _dense(view, query, embed, candidates, probes)
    proposed = [looked_up.result() if looked_up else bm25.candidates(*sought), _about(view, query), near]
    in_time = _in_time(view, query)
    if in_time is not None:
        proposed.append(bm25.candidates(words, view.size, in_time, candidates // 2))
        if vector is not None:
            proposed.append(nearest(view, vector, candidates // 2, in_time, probes))
    found = np.concatenate(proposed)
    return _ranked(view, query, words, vector, found, explain) if len(found) else _nothing(explain)


def _dense(
    view: View, query: Query, embed: Embed, limit: int, probes: int | None
) -> tuple[Vectors | None, Ordinals]:
    vector = embed(query.text)
    if vector is None:
        return None, np.zeros(0, np.int64)
    return vector, nearest(view, vector, limit, view.allowed, probes)


def nearest(view: View, vector: Vectors, limit: int, allowed: Mask | None, probes: int | None) -> Ordinals:
    """The rows whose vectors are nearest, of those allowed: the tail all, the bulk by its index."""
    start = min(view.layout.start, view.size)
    visible = view.size - start
    mask = None if allowed is None else allowed[start:]
    if visible < len(view.layout.tail) and mask is None:
        mask = np.ones(visible, bool)
    recent, scores = view.layout.tail.search(vector, limit, mask, exact=probes is None)
    # Rows may have come while it was searched.
    seen = recent < visible
    recent, scores = recent[seen], scores[seen]
    if view.layout.bulk is None or not start:
        return recent
    mask = allowed[:start] if allowed is not None else np.ones(start, bool) if view.bounded else None
    old, old_scores = _nearest_old(view.layout.bulk.vectors, vector, limit, mask, probes)
    kept = old < start
    both = np.concatenate([old[kept], start + recent])
    order = np.argsort(-np.concatenate([old_scores[kept], scores]), kind="stable")[:limit]
    return both[order]


def _nearest_old(
    vectors: InvertedFile, vector: Vectors, limit: int, mask: Mask | None, probes: int | None
) -> tuple[Ordinals, Scores]:
    """A filter leaves few in each list, so more lists are looked into, and the few that are left are compared all."""
    if mask is None:
        return vectors.search(vector, limit, None, probes)
    count = int(np.count_nonzero(mask))
    if count <= _COMPARED_ALL:
        return vectors.nearest(np.flatnonzero(mask), vector, limit)
    wider = None if probes is None else probes * len(vectors) // count
    return vectors.search(vector, limit, mask, wider)


def _about(view: View, query: Query) -> Ordinals:
    """The newest memories about the entities that the query names."""
    found = [row for name in query.entities for row in view.index.by_entity[name][-_MOST_OF_AN_ENTITY:]]
    ordinals = np.array([row for row in found if row < view.size], np.int64)
    return ordinals if view.allowed is None else ordinals[view.allowed[ordinals]]


def _in_time(view: View, query: Query) -> Mask | None:
    """Which rows are near the times that the query names; None where it names none."""
    if not query.spans:
        return None
    near = temporal.near(view.index.column("occurred", view.size), query.spans)
    return near if view.allowed is None else near & view.allowed


def _ranked(
    view: View, query: Query, words: bm25.Words, vector: Vectors | None, found: Ordinals, explain: bool
) -> Ranked:
    pool, before, after, two_before, heard = scoring.surroundings(
        found, view.whole("previous"), view.whole("next"), view.size, view.allowed
    )
    sessions = scoring.session_groups(pool, view.whole("session"), view.index.sessions.numbers.get("", NONE))
    raw, added = np.zeros((2, len(STRATEGIES), len(pool)))
    terms = view.index.terms
    scoring.keyword(
        pool,
        before,
        after,
        two_before,
        sessions,
        terms.flat.values,
        terms.ends.values,
        words.codes,
        words.weights,
        words.mean_length,
        raw[KEYWORD],
        added[KEYWORD],
    )
    if vector is not None:
        products = view.index.products(view.layout, heard, vector)
        scoring.semantic(pool, before, after, sessions, heard, products, raw[SEMANTIC], added[SEMANTIC])
    if query.spans or query.asks_when:
        raw[TEMPORAL], added[TEMPORAL] = _temporal(view, query, pool)
    if query.speakers or query.entities:
        raw[ENTITY], added[ENTITY] = _entity(view, query, pool)
    scoring.prior(
        pool,
        before,
        view.whole("form"),
        view.whole("length"),
        view.whole("importance"),
        view.whole("rating"),
        view.whole("valid_to"),
        query.now_ns,
        added[PRIOR],
    )
    raw[PRIOR] = added[PRIOR]
    total = added.sum(axis=0)
    shares = Shares(STRATEGIES, raw, added) if explain else None
    return Ranked(pool, total, shares).take(np.argsort(-total, kind="stable"))


def _temporal(view: View, query: Query, pool: Ordinals) -> tuple[Floats, Floats]:
    raw = temporal.nearness(view.column("occurred", pool), query.spans)
    if not query.asks_when:
        return raw, NEAR_IN_TIME * raw
    return raw, NEAR_IN_TIME * raw + TELLS_TIME * ((view.column("form", pool) & analysis.TELLS_TIME) > 0)


def _entity(view: View, query: Query, pool: Ordinals) -> tuple[Floats, Floats]:
    said_by, about = np.zeros((2, len(pool)))
    speakers = view.column("speaker", pool)
    for code in query.speakers:
        said_by += speakers == code
    for name in query.entities:
        about += _among(view.index.by_entity[name], pool)
    return said_by + about, SAID_BY * said_by + ABOUT * np.minimum(about, 2.0)


def _among(ascending: Sequence[int], rows: Ordinals) -> Mask:
    """Which rows are in a list, whatever its length."""
    places = [bisect_left(ascending, row) for row in rows.tolist()]
    found = [
        place < len(ascending) and ascending[place] == row for place, row in zip(places, rows, strict=True)
    ]
    return np.array(found, bool)
