"""Which rows are proposed for the words of a query. The formula is in ``scoring``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.memory import analysis, scoring
from services.memory.index import MindIndex
from services.memory.scoring import K1, B
from services.memory.vectors import Mask, Ordinals

Floats = NDArray[np.float64]

_MOST_ASKED = 100
"""The bulk is asked for ten times as many, and again, until enough are permitted; for no more than so many times."""


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a query, weighed."""

    stems: list[str]
    codes: analysis.Terms
    """Ascending."""
    weights: Floats
    """Inverse document frequencies, in the order of the codes."""
    mean_length: float
    """Of the rows that may be known, in words."""
    tail_scores: Floats
    """BM25 of each row of the tail by itself."""


def weigh(index: MindIndex, words: list[str], size: int, bounded: bool) -> Words:
    """Look the words up in the first ``size`` rows; ``bounded``: the rows after these must not count."""
    by_code = {code: stem for stem, code in _coded(words)}
    codes = np.array(sorted(by_code), np.uint32)
    stems = [by_code[code] for code in codes.tolist()]
    layout = index.layout
    start = min(layout.start, size)
    rows, places, counts = _holders(index, codes, start, size)
    holders = np.bincount(places, minlength=len(codes))
    if layout.bulk:
        old = [layout.bulk.text.holders(stem, start if bounded else None) for stem in stems]
        holders += np.array(old, np.int64)
    weights = np.log(1 + (size - holders + 0.5) / (holders + 0.5))
    mean_length = index.terms.count(size) / size if size else 0.0
    relative = K1 * (1 - B + B / max(mean_length, 1e-9) * index.column("length", size)[rows])
    scores = weights[places] * (K1 + 1) * counts / (counts + relative)
    return Words(stems, codes, weights, mean_length, _at(rows - start, scores, size - start))


def _at(rows: Ordinals, scores: Floats, size: int) -> Floats:
    """The sum of the scores of each row."""
    return np.bincount(rows, scores, size).astype(np.float64, copy=False)


def _holders(
    index: MindIndex, codes: analysis.Terms, start: int, size: int
) -> tuple[Ordinals, Ordinals, Floats]:
    """Which rows of the tail hold which of the words (by their places), and how often."""
    sorted_words = index.postings
    if sorted_words.first != start:
        # The tail has just begun anew.
        sorted_words = index.terms.postings(start, start)
    rest, owners = index.terms.span(min(sorted_words.last, size), size)
    return scoring.holders(sorted_words.values, sorted_words.owners, rest, owners, codes, size)


def _coded(words: list[str]) -> list[tuple[str, int]]:
    stems = list(dict.fromkeys(analysis.stems(" ".join(words))))[: analysis.MAX_QUERY_WORDS]
    return list(zip(stems, analysis.codes(stems).tolist(), strict=True))


def candidates(index: MindIndex, words: Words, size: int, allowed: Mask | None, limit: int) -> Ordinals:
    """The best of those allowed by their own words, in no order."""
    layout = index.layout
    start = min(layout.start, size)
    scores = words.tail_scores if allowed is None else np.where(allowed[start:size], words.tail_scores, 0.0)
    return np.concatenate([_old(index, words, start, allowed, limit), start + _best(scores, limit)])


def _best(scores: Floats, limit: int) -> Ordinals:
    found = np.flatnonzero(scores > 0)
    if len(found) > limit:
        found = found[np.argpartition(-scores[found], limit)[:limit]]
    return found


def _old(index: MindIndex, words: Words, start: int, allowed: Mask | None, limit: int) -> Ordinals:
    bulk = index.layout.bulk
    if bulk is None or not start:
        return np.zeros(0, np.int64)
    if allowed is not None and np.count_nonzero(allowed[:start]) <= limit * 10:
        permitted = np.flatnonzero(allowed[:start])
        return permitted[_best(_own_scores(index, words, permitted), limit)]
    wanted = limit
    while True:
        found = bulk.text.best(words.stems, wanted)
        kept = found[found < start]
        if allowed is not None:
            kept = kept[allowed[kept]]
        if len(kept) >= limit or len(found) < wanted or wanted >= _MOST_ASKED * limit:
            return kept[:limit]
        wanted *= 10


def _own_scores(index: MindIndex, words: Words, ordinals: Ordinals) -> Floats:
    terms = index.terms
    return scoring.own_scores(
        ordinals, terms.flat.values, terms.ends.values, words.codes, words.weights, words.mean_length
    )
