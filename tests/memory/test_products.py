"""Inner products of vectors in one piece, compiled and in numpy."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from services.memory.products import plain
from tests.support.arithmetic import compiled_and_plain

each = compiled_and_plain("products", "services.memory.products.compiled", plain)


@each
@given(data=st.data())
def test_products_are_those_of_the_vectors_in_both_precisions_and_none_where_there_is_no_vector(
    products, data
):
    number = st.floats(-1, 1, width=16)
    length = data.draw(st.integers(1, 40))
    vectors = data.draw(arrays.arrays(np.float32, (6, length), elements=number | st.just(0.0)))
    vectors[2] = 0
    query = data.draw(arrays.arrays(np.float32, length, elements=number))
    rows = np.array(data.draw(st.lists(st.integers(0, 5))), np.int64)
    wanted = np.where(vectors[rows].any(axis=1), vectors[rows].astype(np.float64) @ query, np.nan)

    for kept in (vectors, vectors.astype(np.float16).view(np.uint16)):
        found = products.products(kept, rows, query)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)
