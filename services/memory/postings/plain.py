"""Looking words up in numpy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

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
    spans = [(part, _span(part, code)) for part in parts for code in wanted]
    rows = _joined([part.rows[span] for part, span in spans]).astype(np.int64)
    frequencies = _joined([part.counts[span] for part, span in spans]).astype(np.float64)
    lengths = _joined([part.lengths[span] for part, span in spans])
    of_postings = np.repeat(np.tile(heights, len(parts)), [span.stop - span.start for _, span in spans])
    shares = (frequencies / (frequencies + base + unit * lengths)).astype(np.float32)
    found, which = np.unique(rows, return_inverse=True)
    sums = np.zeros(len(found), np.float32)
    np.add.at(sums, which, of_postings.astype(np.float32) * shares)
    seen = found < size
    if allowed is not None:
        seen[seen] = allowed[found[seen]]
    found, sums = found[seen], sums[seen]
    chosen = np.lexsort((-found, -sums))[:limit]
    return found[chosen], sums[chosen]


def _joined(arrays: list[NDArray[Any]]) -> NDArray[Any]:
    return np.concatenate(arrays) if arrays else np.zeros(0, np.int64)


def _span(postings: Postings, code: int) -> slice:
    place = int(np.searchsorted(postings.codes, code))
    if place == len(postings.codes) or postings.codes[place] != code:
        return slice(0, 0)
    return slice(int(postings.ends[place - 1]) if place else 0, int(postings.ends[place]))
