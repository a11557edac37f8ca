"""What is looked up in postings is what is in the rows, however they were joined, with and without a C compiler."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.memory import postings
from services.memory.postings import Postings, plain
from tests.support.arithmetic import compiled_and_plain

each = compiled_and_plain("lookup", "services.memory.postings.compiled", plain)
WINDOW = 8192
"""Rows that the compiled one sums up together."""


@dataclass
class Asked:
    """Rows of words, where they are parted, and what is asked of them."""

    rows: list[list[int]]
    parts: list[int]
    spread: int
    wanted: list[int]
    weights: list[float]
    size: int
    allowed: np.ndarray | None
    limit: int


@st.composite
def asked(draw: st.DrawFn) -> Asked:
    rows = draw(st.lists(st.lists(st.integers(0, 6), max_size=5), min_size=1, max_size=20))
    spread = draw(st.sampled_from([1, 1, 1000, WINDOW]))
    wanted = sorted(draw(st.sets(st.integers(0, 8), max_size=6)))
    size = draw(st.integers(0, len(rows) * spread))
    return Asked(
        rows=rows,
        parts=sorted(draw(st.sets(st.integers(0, len(rows)), max_size=3))),
        spread=spread,
        wanted=wanted,
        weights=draw(st.lists(st.sampled_from([0.5, 1.0, 2.0]), min_size=len(wanted), max_size=len(wanted))),
        size=size,
        allowed=draw(st.none() | st.lists(st.booleans(), min_size=size, max_size=size).map(np.array))
        if spread == 1
        else None,
        limit=draw(st.integers(1, 12)),
    )


def of(rows: list[list[int]], first: int, last: int, spread: int) -> Postings:
    """Of some rows; between two of them stand empty ones, so that they are ``spread`` apart."""
    lengths = np.zeros((last - first) * spread, np.int64)
    lengths[::spread] = [len(row) for row in rows[first:last]]
    words = np.array([word for row in rows[first:last] for word in row], np.uint32)
    return postings.of_rows(first * spread, words, lengths)


def parted(one: Asked) -> list[Postings]:
    bounds = zip([0, *one.parts], [*one.parts, len(one.rows)], strict=True)
    return [of(one.rows, first, last, one.spread) for first, last in bounds]


def joined(one: Asked) -> Postings:
    whole = postings.none(0)
    for part in parted(one):
        whole = whole.joined(part)
    return whole


def expected(one: Asked, mean: float) -> list[tuple[float, int]]:
    """The best scores with their rows, best first and of equal ones the newest, as the formula says."""
    found: list[tuple[float, int]] = []
    for number, row in enumerate(one.rows):
        place = number * one.spread
        counts = Counter(row)
        score = sum(
            weight * 2.2 * counts[word] / (counts[word] + 1.2 * (0.25 + 0.75 * len(row) / mean))
            for word, weight in zip(one.wanted, one.weights, strict=True)
        )
        if score and place < one.size and (one.allowed is None or one.allowed[place]):
            found.append((float(np.float32(score)), place))
    return sorted(found, reverse=True)[: one.limit]


@given(asked())
@each
def test_the_best_rows_are_those_of_the_formula_and_of_equal_ones_the_newest(lookup, one):
    mean = 2.5
    heights = 2.2 * np.array(one.weights, np.float64)
    base, unit = 1.2 * 0.25, 1.2 * 0.75 / mean
    wanted_words = np.array(one.wanted, np.uint32)
    wanted = expected(one, mean)
    for parts in ([joined(one)], parted(one)):
        rows, scores = lookup.best(parts, wanted_words, heights, base, unit, one.size, one.allowed, one.limit)
        assert sorted(rows.tolist()) == sorted(row for _, row in wanted)
        assert sorted(scores.tolist(), reverse=True) == pytest.approx(
            [score for score, _ in wanted], rel=1e-6
        )


@pytest.mark.parametrize("limit", [1, 50])
@pytest.mark.parametrize("seed", range(5))
def test_of_many_rows_those_are_found_that_are_when_all_are_looked_at(seed: int, limit: int) -> None:
    compiled = pytest.importorskip("services.memory.postings.compiled", exc_type=ImportError)
    chance = np.random.default_rng(seed)
    lengths = chance.integers(0, 30, 40_000)
    # Few words are in most rows, and most words in few.
    words = np.minimum(chance.zipf(1.3, lengths.sum()), 50_000).astype(np.uint32)
    cut = int(lengths[:25_000].sum())
    whole = [postings.of_rows(0, words, lengths)]
    parts = [
        postings.of_rows(0, words[:cut], lengths[:25_000]),
        postings.of_rows(25_000, words[cut:], lengths[25_000:]),
    ]
    allowed = chance.random(len(lengths)) < 0.5
    for _ in range(30):
        wanted = np.unique(chance.choice(words, chance.integers(1, 6)))
        heights = postings.weigh(whole, wanted, len(lengths), len(lengths))[0] + 0.1
        for size, mask in ((len(lengths), None), (len(lengths), allowed), (30_000, None)):
            asked = (wanted, heights, 0.3, 0.06, size, mask, limit)
            found = [plain.best(whole, *asked), compiled.best(whole, *asked), compiled.best(parts, *asked)]
            first, *others = [sorted(zip(*each, strict=True)) for each in found]
            assert all(other == first for other in others)


@given(asked())
@each
def test_a_word_weighs_by_the_rows_below_a_size_that_hold_it(lookup, one):
    held = [
        sum(word in row and number * one.spread < one.size for number, row in enumerate(one.rows))
        for word in one.wanted
    ]
    for parts in ([joined(one)], parted(one)):
        weights, holders = lookup.weigh(parts, np.array(one.wanted, np.uint32), one.size, 20)
        assert holders == sum(held)
        assert weights.tolist() == pytest.approx([math.log(21 / (count + 0.5)) for count in held])


@given(asked())
def test_joined_postings_are_those_of_all_rows_and_come_back_from_their_arrays(one):
    whole, parts = of(one.rows, 0, len(one.rows), one.spread), joined(one)
    again = postings.restored(parts.first, parts.last, parts.arrays())
    for other in (parts, again):
        assert (other.first, other.last) == (0, len(one.rows) * one.spread)
        for name, values in whole.arrays().items():
            np.testing.assert_array_equal(getattr(other, name), values, err_msg=name)
            assert getattr(other, name).dtype == values.dtype, name


def test_a_row_of_very_many_words_counts_as_one_of_as_many_as_fit():
    whole = postings.of_rows(0, np.zeros(70_000, np.uint32), np.array([70_000]))
    assert (whole.counts.tolist(), whole.lengths.tolist()) == ([65_535], [65_535])
