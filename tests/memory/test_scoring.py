"""The compiled arithmetic of a search says what the one in numpy says, and that says what the formulas say."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from services.memory import analysis
from services.memory.products import products
from services.memory.scoring import plain
from tests.support.arithmetic import compiled_and_plain, compiled_of, needs

COMPILED = "services.memory.scoring.compiled"
compiled = compiled_of(COMPILED)
each = compiled_and_plain("scoring", COMPILED, plain)
NONE = plain.NONE
VOCABULARY = 9
NOW_NS = 500


@dataclass
class Mind:
    """Rows as a search sees them, and what is asked."""

    size: int
    found: np.ndarray
    previous: np.ndarray
    following: np.ndarray
    allowed: np.ndarray | None
    session: np.ndarray
    terms: np.ndarray
    ends: np.ndarray
    codes: np.ndarray
    weights: np.ndarray
    columns: dict[str, np.ndarray]
    vectors: np.ndarray
    query: np.ndarray


@st.composite
def minds(draw: st.DrawFn) -> Mind:
    """Small ones, in which links may lead to rows that must not be seen."""
    rows = draw(st.integers(1, 24))
    size = draw(st.integers(1, rows))
    links = arrays.arrays(np.int32, rows, elements=st.integers(NONE, rows - 1))
    lengths = draw(arrays.arrays(np.int64, rows, elements=st.integers(0, 6)))
    words = draw(arrays.arrays(np.uint32, int(lengths.sum()), elements=st.integers(0, VOCABULARY)))
    codes = np.array(sorted(draw(st.sets(st.integers(0, VOCABULARY), max_size=5))), np.uint32)
    vectors = draw(arrays.arrays(np.float32, (rows, 4), elements=st.sampled_from([0.0, 0.5, -0.5, 1.0])))
    return Mind(
        size=size,
        found=np.array(draw(st.lists(st.integers(0, size - 1), max_size=12)), np.int64),
        previous=draw(links),
        following=draw(links),
        allowed=draw(st.none() | arrays.arrays(np.bool_, rows)),
        session=draw(arrays.arrays(np.int32, rows, elements=st.integers(0, 4))),
        terms=words,
        ends=np.cumsum(lengths),
        codes=codes,
        weights=draw(arrays.arrays(np.float64, len(codes), elements=st.floats(0.1, 5))),
        columns={
            "form": draw(arrays.arrays(np.int8, rows, elements=st.integers(0, 7))),
            "length": lengths.astype(np.int32),
            "importance": draw(arrays.arrays(np.float64, rows, elements=st.floats(0, 1))),
            "rating": draw(arrays.arrays(np.float32, rows, elements=st.sampled_from([-1.0, 0.0, 0.25]))),
            "valid_to": draw(arrays.arrays(np.int64, rows, elements=st.sampled_from([0, 100, NOW_NS, 900]))),
        },
        vectors=vectors,
        query=draw(arrays.arrays(np.float32, 4, elements=st.sampled_from([0.0, 0.5, -1.0]))),
    )


def judged(scoring, mind: Mind) -> dict[str, np.ndarray]:
    """Everything that one of the two says of a mind."""
    pool, before, after, two_before, heard = scoring.surroundings(
        mind.found, mind.previous, mind.following, mind.size, mind.allowed
    )
    groups = scoring.session_groups(pool, mind.session, 0)
    raw, added = np.zeros((2, 3, len(pool)))
    words = (mind.terms, mind.ends, mind.codes, mind.weights, 3.0)
    scoring.keyword(pool, before, after, two_before, groups, *words, raw[0], added[0])
    nearness = products(mind.vectors, heard, mind.query)
    scoring.semantic(pool, before, after, groups, heard, nearness, raw[1], added[1])
    scoring.prior(pool, before, *mind.columns.values(), NOW_NS, added[2])
    return {
        "pool": pool,
        "before": before,
        "after": after,
        "two_before": two_before,
        "heard": heard,
        "together": groups[:, None] == groups,
        "raw": raw,
        "added": added,
    }


@needs(compiled)
@given(minds())
def test_compiled_and_plain_say_the_same(mind):
    wanted, got = judged(plain, mind), judged(compiled, mind)
    for name, values in wanted.items():
        np.testing.assert_allclose(got[name], values, atol=1e-9, err_msg=name)


@each
def test_bm25_is_that_of_the_paper_over_a_turn_and_half_and_a_third_of_its_neighbours(scoring):
    # Three turns of one session: "a b", "a a c", "d". Asked for "a", whose weight is 2, where a mean row has 2 words.
    terms, ends = np.array([1, 2, 1, 1, 3, 4], np.uint32), np.array([2, 5, 6], np.int64)
    rows = np.array([1], np.int64)
    raw, added = np.zeros(1), np.zeros(1)
    words = (terms, ends, np.array([1], np.uint32), np.array([2.0]), 2.0)
    zero = np.zeros(1, np.int64)
    scoring.keyword(rows, zero, np.array([2]), np.array([NONE]), zero, *words, raw, added)
    frequency, length, mean = 2 + 0.5 * 1 + 0.3 * 0, 3 + 0.5 * 2 + 0.3 * 1, 2 * 1.8
    expected = 2 * frequency * 2.2 / (frequency + 1.2 * (0.25 + 0.75 * length / mean))
    assert raw[0] == pytest.approx(expected)
    assert added[0] == 0.0, "a score that all have in common adds nothing"


@each
def test_the_prior_is_the_sum_that_it_says(scoring):
    rows, before, added = np.array([0, 1], np.int64), np.array([NONE, 0], np.int64), np.zeros(2)
    scoring.prior(
        rows,
        before,
        np.array([analysis.IS_QUESTION, 0], np.int8),
        np.array([3, 7], np.int32),
        np.array([0.0, 0.5]),
        np.array([0.0, 1.0], np.float32),
        np.array([0, NOW_NS], np.int64),
        NOW_NS,
        added,
    )
    assert added == pytest.approx([-0.6 + 0.6 * math.log(4), 0.6 + 0.6 * math.log(8) + 0.5 * 0.5 + 1.0 - 1.0])
