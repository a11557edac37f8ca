"""BM25 in which a turn is heard together with the turns around it.

What a turn says is often clear only from its neighbours, so their words count as its own in part: term frequencies
and lengths are those of the turn, half of those of the turn before and a third of those of the turn after, and BM25
(Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009) is computed over these sums.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.memory import analysis
from services.memory.index import MindIndex
from services.memory.vectors import Mask, Ordinals

Floats = NDArray[np.float64]

K1 = 1.2
B = 0.75
BEFORE_SHARE = 0.5
AFTER_SHARE = 0.3
_CONTEXT_LENGTH = 1.0 + BEFORE_SHARE + AFTER_SHARE
_MOST_ASKED = 100
"""The bulk is asked for ten times as many, and again, until enough are permitted; for no more than so many times."""


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """A pool of turns with the turns around them: places in ``around``, or behind its end where there is none."""

    around: Ordinals
    """Ascending."""
    own: Ordinals
    before: Ordinals
    after: Ordinals
    two_before: Ordinals


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
    layout = index.layout
    start = min(layout.start, size)
    flat, owners = index.terms.span(start, size)
    mean_length = len(index.terms.saved(size)[0]) / size if size else 0.0
    scores = np.zeros(size - start)
    relative = K1 * (1 - B + B / max(mean_length, 1e-9) * index.column("length", size)[start:])
    weights = np.zeros(len(codes))
    for number, code in enumerate(codes):
        rows, counts = _counted(owners[np.flatnonzero(flat == code)] - start)
        holders = len(rows)
        if layout.bulk:
            holders += layout.bulk.text.holders(by_code[int(code)], start if bounded else None)
        weights[number] = math.log(1 + (size - holders + 0.5) / (holders + 0.5))
        scores[rows] += weights[number] * (K1 + 1) * counts / (counts + relative[rows])
    return Words([by_code[int(code)] for code in codes], codes, weights, mean_length, scores)


def _counted(owners: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int64] | int]:
    """Each of ascending owners once, and how often it was there: 1 for all where none was there twice."""
    if not (owners[1:] == owners[:-1]).any():
        return owners, 1
    return np.unique(owners, return_counts=True)


def _coded(words: list[str]) -> list[tuple[str, int]]:
    stems = list(dict.fromkeys(analysis.stems(" ".join(words))))
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
    if allowed is not None:
        permitted = np.flatnonzero(allowed[:start])
        if len(permitted) <= limit * 10:
            return permitted[_best(own_scores(index, words, permitted), limit)]
    wanted = limit
    while True:
        found = bulk.text.best(words.stems, wanted)
        kept = found[found < start]
        if allowed is not None:
            kept = kept[allowed[kept]]
        if len(kept) >= limit or len(found) < wanted or wanted >= _MOST_ASKED * limit:
            return kept[:limit]
        wanted *= 10


def own_scores(index: MindIndex, words: Words, ordinals: Ordinals) -> Floats:
    """BM25 of rows by themselves."""
    frequencies, lengths = _frequencies(index, words, ordinals)
    return _bm25(frequencies, lengths, words, 1.0)


def scores(index: MindIndex, words: Words, near: Neighbourhood) -> tuple[Floats, Floats]:
    """BM25 of each of the pool with its neighbours, and of the turn two before by itself."""
    frequencies, lengths = _frequencies(index, words, near.around)
    frequencies = np.vstack([frequencies, np.zeros(len(words.codes))])
    lengths = np.append(lengths, 0.0)
    together, length = (
        values[near.own] + BEFORE_SHARE * values[near.before] + AFTER_SHARE * values[near.after]
        for values in (frequencies, lengths)
    )
    return (
        _bm25(together, length, words, _CONTEXT_LENGTH),
        _bm25(frequencies[near.two_before], lengths[near.two_before], words, 1.0),
    )


def _frequencies(index: MindIndex, words: Words, ordinals: Ordinals) -> tuple[Floats, Floats]:
    """How often each row holds each word, and its length."""
    count = len(words.codes)
    flat, owner, lengths = index.terms.gather(ordinals)
    if not count:
        return np.zeros((len(ordinals), 0)), lengths.astype(np.float64)
    place = np.minimum(np.searchsorted(words.codes, flat), count - 1)
    hit = words.codes[place] == flat
    cells = np.bincount(owner[hit] * count + place[hit], minlength=len(ordinals) * count)
    return cells.reshape(len(ordinals), count).astype(np.float64), lengths.astype(np.float64)


def _bm25(frequencies: Floats, lengths: Floats, words: Words, share: float) -> Floats:
    mean = max(words.mean_length * share, 1e-9)
    relative = K1 * (1 - B + B * lengths / mean)
    return (frequencies * (K1 + 1) / (frequencies + relative[:, None])) @ words.weights
