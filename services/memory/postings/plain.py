"""Looking words up in numpy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from services.memory.postings.arrays import Postings

Rows = NDArray[np.int64]
Words = NDArray[np.uint32]


def holders(postings: Postings, wanted: Words, size: int) -> Rows:
    """How many rows below ``size`` hold each of some words (``wanted``, ascending)."""
    spans = (postings.rows[_span(postings, code)] for code in wanted)
    return np.array([np.searchsorted(held, size) for held in spans], np.int64)


def best(
    postings: Postings,
    wanted: Words,
    heights: NDArray[np.float64],
    base: float,
    unit: float,
    size: int,
    allowed: NDArray[np.bool_] | None,
    limit: int,
) -> tuple[Rows, NDArray[np.float32]]:
    """The rows below ``size`` with the highest scores for some words, and these scores, in no order.

    Of each word (``wanted``, ascending) that a row of ``n`` words holds ``f`` times, its score has
    ``height * f / (f + base + unit * n)``. Only the allowed rows are taken, all where that is None, at most
    ``limit``, and of equal scores the newest. Heights and limit are positive.
    """
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
    found, sums = found[seen], sums[seen]
    chosen = np.lexsort((-found, -sums))[:limit]
    return found[chosen], sums[chosen]


def _span(postings: Postings, code: int) -> slice:
    place = int(np.searchsorted(postings.codes, code))
    if place == len(postings.codes) or postings.codes[place] != code:
        return slice(0, 0)
    return slice(int(postings.ends[place - 1]) if place else 0, int(postings.ends[place]))
