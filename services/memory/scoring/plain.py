"""The arithmetic of a search in numpy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from services.memory import analysis

Rows = NDArray[np.int64]
Floats = NDArray[np.float64]
Links = NDArray[np.int32]
Words = NDArray[np.uint32]

NONE = -1
K1 = 1.2
B = 0.75
BEFORE_SHARE = 0.5
AFTER_SHARE = 0.3
CONTEXT = 1.0 + BEFORE_SHARE + AFTER_SHARE

KEYWORD_OWN, KEYWORD_EARLIER, KEYWORD_SESSION = 0.6, 0.2, 0.6
SEMANTIC_OWN, SEMANTIC_NEIGHBOUR, SEMANTIC_SESSION = 0.3, 0.1, 0.2
IS_QUESTION, ANSWERS_QUESTION, LENGTH = -0.6, 0.6, 0.6
IMPORTANCE, RATING, NO_LONGER_TRUE = 0.5, 1.0, -1.0

SAME = 1e-12
"""What is left by rounding where all scores are the same, relative to them."""


def surroundings(
    found: Rows, previous: Links, following: Links, size: int, allowed: NDArray[np.bool_] | None
) -> tuple[Rows, Rows, Rows, Rows, Rows]:
    """The pool: what was found and the turns next to it, ascending; and for each its turn before, after, two before.

    Only rows below ``size`` are seen, and of these the allowed, all where that is None. Returns five arrays: the pool,
    three of its length with NONE where there is no such turn, and ascending what stands in the first three.
    """

    def next_to(links: Links, rows: Rows) -> Rows:
        beside = np.where(rows != NONE, links[np.maximum(rows, 0)], NONE).astype(np.int64)
        beside[beside >= size] = NONE
        if allowed is not None:
            beside[(beside != NONE) & ~allowed[beside]] = NONE
        return beside

    def heard(*rows: Rows) -> Rows:
        held = np.unique(np.concatenate(rows))
        return held[held != NONE]

    if not len(found):
        return found, found, found, found, found
    pool = heard(found, next_to(previous, found), next_to(following, found))
    before, after = next_to(previous, pool), next_to(following, pool)
    return pool, before, after, next_to(previous, before), heard(pool, before, after)


def keyword(
    pool: Rows,
    before: Rows,
    after: Rows,
    two_before: Rows,
    groups: Rows,
    terms: Words,
    ends: Rows,
    codes: Words,
    weights: Floats,
    mean_length: float,
    raw: Floats,
    added: Floats,
) -> None:
    """Fill in BM25 of each of the pool together with its neighbours, and what it adds to the score.

    ``groups`` has a number for the session of each, from 0.
    """
    own, earlier, later, two = (
        _frequencies(rows, terms, ends, codes) for rows in (pool, before, after, two_before)
    )
    together, lengths = (
        mine + BEFORE_SHARE * of_earlier + AFTER_SHARE * of_later
        for mine, of_earlier, of_later in zip(own, earlier, later, strict=True)
    )
    raw[:] = _bm25(together, lengths, weights, mean_length * CONTEXT)
    added[:] = (
        KEYWORD_OWN * z_scored(raw)
        + KEYWORD_EARLIER * z_scored(_bm25(*two, weights, mean_length))
        + KEYWORD_SESSION * z_scored(_best_of(groups, raw))
    )


def semantic(
    pool: Rows,
    before: Rows,
    after: Rows,
    groups: Rows,
    heard: Rows,
    products: NDArray[np.float32],
    raw: Floats,
    added: Floats,
) -> None:
    """Fill in the nearness of each of the pool to the query, and what it adds to the score.

    ``heard``, ascending, are the rows whose ``products`` with the query's vector are given: the pool and its
    neighbours. What has no vector yet (NaN), or never will, is neither near nor far.
    """
    known = ~np.isnan(products)
    middle = products[known].sum(dtype=np.float64) / max(1, np.count_nonzero(known))
    values = np.append(np.where(known, products, middle), 0.0)
    raw[:] = np.nan_to_num(products[np.searchsorted(heard, pool)])
    own, earlier, later = (
        values[np.where(rows == NONE, len(heard), np.searchsorted(heard, rows))]
        for rows in (pool, before, after)
    )
    added[:] = (
        SEMANTIC_OWN * z_scored(own)
        + SEMANTIC_NEIGHBOUR * (z_scored(earlier) + z_scored(later))
        + SEMANTIC_SESSION * z_scored(_best_of(groups, own))
    )


def prior(
    pool: Rows,
    before: Rows,
    form: NDArray[np.int8],
    length: NDArray[np.int32],
    importance: Floats,
    rating: NDArray[np.float32],
    valid_to: Rows,
    now_ns: int,
    added: Floats,
) -> None:
    """Fill in what speaks for a memory whatever is asked: that it states rather than asks, at length, and was judged
    well.
    """
    asks = (form & analysis.IS_QUESTION) > 0
    ends = valid_to[pool]
    added[:] = (
        IS_QUESTION * asks[pool]
        + ANSWERS_QUESTION * (asks[np.maximum(before, 0)] & (before != NONE))
        + LENGTH * np.log1p(length[pool])
        + IMPORTANCE * importance[pool]
        + RATING * rating[pool].astype(np.float64)
        + NO_LONGER_TRUE * ((ends != 0) & (ends <= now_ns))
    )


def session_groups(pool: Rows, session: NDArray[np.int32], nowhere: int) -> Rows:
    """A number for the session of each of the pool, from 0; a memory outside of all sessions (of the code ``nowhere``)
    is one of its own.
    """
    codes = session[pool].astype(np.int64)
    own = np.where(codes == nowhere, -2 - np.arange(len(pool)), codes)
    return np.unique(own, return_inverse=True)[1].astype(np.int64)


def z_scored(scores: Floats) -> Floats:
    """Mean 0 and deviation 1; zeros where all are the same."""
    if not len(scores):
        return scores
    mean, deviation = scores.mean(), scores.std()
    return (scores - mean) / deviation if deviation > SAME * abs(mean) else np.zeros(len(scores))


def _frequencies(rows: Rows, terms: Words, ends: Rows, codes: Words) -> tuple[Floats, Floats]:
    """How often each row holds each word, and its length; nothing for NONE."""
    at, count = np.maximum(rows, 0), len(codes)
    starts = np.where(at > 0, ends[at - 1], 0)
    lengths = np.where(rows == NONE, 0, ends[at] - starts)
    owner = np.repeat(np.arange(len(rows)), lengths)
    words = terms[np.arange(len(owner)) + (starts - np.cumsum(lengths) + lengths)[owner]]
    if not count:
        return np.zeros((len(rows), 0)), lengths.astype(np.float64)
    place = np.minimum(np.searchsorted(codes, words), count - 1)
    held = codes[place] == words
    cells = np.bincount(owner[held] * count + place[held], minlength=len(rows) * count)
    return cells.reshape(len(rows), count).astype(np.float64), lengths.astype(np.float64)


def _bm25(frequencies: Floats, lengths: Floats, weights: Floats, mean_length: float) -> Floats:
    relative = K1 * (1 - B + B * lengths / max(mean_length, 1e-9))
    return (frequencies * (K1 + 1) / (frequencies + relative[:, None])) @ weights


def _best_of(groups: Rows, scores: Floats) -> Floats:
    best = np.full(int(groups.max(initial=NONE)) + 1, -np.inf)
    np.maximum.at(best, groups, scores)
    return best[groups]
