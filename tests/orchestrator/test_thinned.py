"""A course of any length is kept in bounded memory, and drawn from end to end."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orchestrator.thinned import Thinned

KEPT = 8


def thinned(length: int) -> Thinned[int]:
    kept = Thinned[int](KEPT)
    for number in range(length):
        kept.add(number)
    return kept


@pytest.mark.parametrize("length", range(2 * KEPT + 1))
def test_few_are_all_kept(length: int) -> None:
    assert thinned(length).evenly(2 * KEPT) == list(range(length))


@given(st.integers(1, 3_000), st.integers(1, KEPT))
def test_many_are_spaced_evenly_up_to_the_last(length: int, count: int) -> None:
    found = thinned(length).evenly(count)

    assert len(found) == min(length, count)
    assert found[-1] == length - 1
    assert count == 1 or found[0] == 0
    gaps = [later - sooner for sooner, later in pairwise(found)]
    assert not gaps or max(gaps) <= 2 * length / (count - 1) + 1
    assert all(gap > 0 for gap in gaps)


@given(st.integers(0, 3_000))
def test_however_many_there_are_a_bounded_number_is_held(length: int) -> None:
    assert len(thinned(length).evenly(10_000)) <= 2 * KEPT + 1
