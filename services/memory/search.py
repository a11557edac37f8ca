"""From a query to ranked memories: strategies side by side, then one fusion.

What a turn says is often clear only from the turns around it, so a memory also gets a share of what its
neighbours in the session score. The strategies' scores are z-scored over the candidates before they are
added: BM25 and cosines live on different scales. ``benchmarks/locomo_client.py`` measures it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.memory.embedder import Vectors
from services.memory.index import NONE, MindIndex
from services.memory.text import query_words
from services.memory.vectors import Ordinals

NEIGHBOUR_SHARE = 0.4
"""How much of the score of the turn before and after counts."""
WEIGHTS = {"keyword": 1.0, "semantic": 0.6, "entity": 1.0}
"""Best on the development conversations of LoCoMo, and flat around it."""

Floats = NDArray[np.float64]
_ROLES = frozenset({"user", "assistant", ""})
"""Speakers whose names are words of the language rather than names."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for, prepared once for all strategies."""

    words: list[str]
    """What it says, without the names of speakers."""
    vector: Vectors
    speakers: list[int]
    """Codes of the speakers that it names."""
    allowed: NDArray[np.bool_] | None
    """Which rows may be found; None for all."""
    candidates: int
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """One ranked memory, with what each strategy gave it."""

    ordinal: int
    score: float
    raw: dict[str, float]
    normalized: dict[str, float]


Embed = Callable[[str], Vectors]


def prepare(
    index: MindIndex, text: str, embed: Embed, allowed: NDArray[np.bool_] | None, candidates: int, exact: bool
) -> Query:
    """Resolve the speakers that the text names, and leave their names out of what is looked for.

    In a conversation every turn is near to its speakers' names, so these would drown the rest.
    """
    words = query_words(text)
    speakers = [
        code
        for name, code in index.speakers.numbers.items()
        if name not in _ROLES and not set(name.split()).isdisjoint(words)
    ]
    names = {part for name in index.speakers.numbers if name not in _ROLES for part in name.split()}
    kept = [word for word in text.split() if word.lower().strip("?!.,;:'\"").removesuffix("'s") not in names]
    rest = [word for word in words if word not in names]
    return Query(rest or words, embed(" ".join(kept) or text), speakers, allowed, candidates, exact)


def search(index: MindIndex, query: Query, limit: int) -> list[Found]:
    """The best ``limit`` memories, best first."""
    semantic, _ = index.vectors.search(query.vector, query.candidates, query.allowed, exact=query.exact)
    by_words, word_scores = _keyword(index, query)
    pool = _with_neighbours(index, np.union1d(semantic, by_words), query)
    if not len(pool):
        return []
    before, after = (_permitted(ordinals, query) for ordinals in index.neighbours(pool))
    around = np.unique(np.concatenate([pool, before[before != NONE], after[after != NONE]]))
    raw = {
        "keyword": _spread(_lookup(by_words, word_scores, around), around, pool, before, after),
        "semantic": _spread(index.vectors.products(query.vector, around), around, pool, before, after),
        "entity": index.spoken_by(pool, query.speakers).astype(np.float64),
    }
    normalized = {
        "keyword": _z_scored(raw["keyword"]),
        "semantic": _z_scored(raw["semantic"]),
        "entity": raw["entity"],
    }
    total = sum((WEIGHTS[name] * scores for name, scores in normalized.items()), np.zeros(len(pool)))
    best = np.argsort(-total, kind="stable")[:limit]
    return [
        Found(
            int(pool[i]),
            float(total[i]),
            {name: float(scores[i]) for name, scores in raw.items()},
            {name: float(scores[i]) for name, scores in normalized.items()},
        )
        for i in best
    ]


def _keyword(index: MindIndex, query: Query) -> tuple[Ordinals, NDArray[np.float32]]:
    """BM25's best among those allowed: asked for more until there are enough, or no more."""
    limit = query.candidates
    while True:
        ordinals, scores = index.text.search(query.words, limit)
        if query.allowed is None:
            return ordinals, scores
        kept = query.allowed[ordinals]
        if kept.sum() >= query.candidates or len(ordinals) < limit:
            return ordinals[kept][: query.candidates], scores[kept][: query.candidates]
        limit *= 10


def _with_neighbours(index: MindIndex, found: Ordinals, query: Query) -> Ordinals:
    if not len(found):
        return found
    before, after = index.neighbours(found)
    pool = np.unique(np.concatenate([found, before, after]))
    pool = pool[pool != NONE]
    return pool if query.allowed is None else pool[query.allowed[pool]]


def _permitted(ordinals: Ordinals, query: Query) -> Ordinals:
    """NONE in place of what may not be found: as of a past seq, the turn after must not be heard."""
    if query.allowed is None:
        return ordinals
    return np.where((ordinals != NONE) & query.allowed[ordinals], ordinals, NONE)


def _lookup(ordinals: Ordinals, scores: NDArray[np.float32], wanted: Ordinals) -> Floats:
    """The score of each wanted ordinal, 0 where it was not found."""
    if not len(ordinals):
        return np.zeros(len(wanted))
    order = np.argsort(ordinals)
    at = np.minimum(np.searchsorted(ordinals, wanted, sorter=order), len(ordinals) - 1)
    place = order[at]
    return np.where(ordinals[place] == wanted, scores[place], 0.0).astype(np.float64)


def _spread(
    scores: NDArray[np.floating], around: Ordinals, pool: Ordinals, before: Ordinals, after: Ordinals
) -> Floats:
    """Each one's own score and a share of its neighbours'."""

    def of(ordinals: Ordinals) -> Floats:
        at = np.minimum(np.searchsorted(around, ordinals), len(around) - 1)
        return np.where(around[at] == ordinals, scores[at], 0.0).astype(np.float64)

    return of(pool) + NEIGHBOUR_SHARE * (of(before) + of(after))


def _z_scored(scores: Floats) -> Floats:
    deviation = scores.std()
    return (scores - scores.mean()) / deviation if deviation > 0 else np.zeros(len(scores))
