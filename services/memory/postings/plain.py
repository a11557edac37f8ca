"""Looking words up in numpy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from services.memory.postings.arrays import Postings

Rows = NDArray[np.int64]
Words = NDArray[np.uint32]


def weigh(
    parts: Sequence[Postings], wanted: Words, size: int, all_rows: int
) -> tuple[NDArray[np.float64], int]:
    """What each of some words (``wanted``, ascending) weighs in postings of parts of the rows, and how many rows below
    ``size`` hold them, each counted for each of its words.

    A word's weight is its inverse document frequency: the logarithm of one more than ``all_rows``, which are those of
    all parts below ``size``, over one half more than hold it.
    """
    held = np.zeros(len(wanted), np.int64)
    for part in parts:
        held += np.array([np.searchsorted(part.rows[_span(part, code)], size) for code in wanted], np.int64)
    return np.log((all_rows + 1) / (held + 0.5)), int(held.sum())


def best(
    parts: Sequence[Postings],
    wanted: Words,
    heights: NDArray[np.float64],
    base: float,
    unit: float,
    size: int,
    allowed: NDArray[np.bool_] | None,
    limit: int,
) -> tuple[Rows, NDArray[np.float32]]:
    """The rows below ``size`` with the highest scores for some words, and these scores, in no order.

    ``parts`` are postings of parts of the rows. Of each word (``wanted``, ascending) that a row of ``n`` words holds
    ``f`` times, its score has ``height * f / (f + base + unit * n)``. Only the allowed rows are taken, all where that
    is None, at most ``limit``, and of equal scores the newest. Heights and limit are positive.
    """
    found = [_scored(part, wanted, heights, base, unit, size, allowed) for part in parts]
    rows = np.concatenate([rows for rows, _ in found] or [np.zeros(0, np.int64)])
    sums = np.concatenate([sums for _, sums in found] or [np.zeros(0, np.float32)])
    chosen = np.lexsort((-rows, -sums))[:limit]
    return rows[chosen], sums[chosen]


def _scored(
    postings: Postings,
    wanted: Words,
    heights: NDArray[np.float64],
    base: float,
    unit: float,
    size: int,
    allowed: NDArray[np.bool_] | None,
) -> tuple[Rows, NDArray[np.float32]]:
    spans = [_span(postings, code) for code in wanted]
    places = np.concatenate([np.arange(span.start, span.stop) for span in spans] or [np.zeros(0, np.int64)])
    factors = np.repeat(heights.astype(np.float32), [span.stop - span.start for span in spans])
    frequencies = postings.counts[places].astype(np.float64)
    shares = (frequencies / (frequencies + base + unit * postings.lengths[places])).astype(np.float32)
    found, which = np.unique(postings.rows[places].astype(np.int64), return_inverse=True)
    sums = np.zeros(len(found), np.float32)
    np.add.at(sums, which, factors * shares)
    seen = found < size
    if allowed is not None:
        seen[seen] = allowed[found[seen]]
    return found[seen], sums[seen]


def _span(postings: Postings, code: int) -> slice:
    place = int(np.searchsorted(postings.codes, code))
    if place == len(postings.codes) or postings.codes[place] != code:
        return slice(0, 0)
    return slice(int(postings.ends[place - 1]) if place else 0, int(postings.ends[place]))
