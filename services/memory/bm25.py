"""Which rows are proposed for the words of a query. The formula and its constants are in ``scoring``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.memory import analysis, postings
from services.memory.index import MindIndex
from services.memory.postings import Postings
from services.memory.scoring import K1, B
from services.memory.vectors import Mask, Ordinals

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a query, weighed."""

    codes: analysis.Terms
    """Ascending."""
    weights: Floats
    """Inverse document frequencies, in the order of the codes."""
    holders: int
    """Rows that hold them, each counted for each of its words."""
    mean_length: float
    """Of the rows that may be known, in words."""
    postings: list[Postings]
    """Where they are looked up."""


def weigh(index: MindIndex, words: list[str], size: int) -> Words:
    """Look the words up in the first ``size`` rows: those after these do not count."""
    stems = list(dict.fromkeys(analysis.stems(" ".join(words))))[: analysis.MAX_QUERY_WORDS]
    codes = np.array(sorted({analysis.code(stem) for stem in stems}), np.uint32)
    parts = [part for part in index.postings if len(part)]
    held = index.held(size)
    weights, holders = postings.weigh(parts, codes, size, held)
    return Words(codes, weights, holders, index.terms.count(size) / max(held, 1), parts)


def candidates(words: Words, size: int, allowed: Mask | None, limit: int) -> Ordinals:
    """The best of those allowed of the first ``size`` rows by their own words, in no order."""
    heights = words.weights * (K1 + 1)
    base, unit = K1 * (1 - B), K1 * B / max(words.mean_length, 1e-9)
    return postings.best(words.postings, words.codes, heights, base, unit, size, allowed, limit)[0]
