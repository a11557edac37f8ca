"""Inner products in numpy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def products(
    vectors: NDArray[np.float32] | NDArray[np.uint16], rows: NDArray[np.int64], query: NDArray[np.float32]
) -> NDArray[np.float32]:
    """The inner products of some rows' vectors with a query's; NaN for a vector of zeros.

    Vectors as numbers of 16 bits are in half precision (IEEE 754), without infinities.
    """
    is_half = vectors.dtype == np.uint16
    chosen = (vectors[rows].view(np.float16) if is_half else vectors[rows]).astype(np.float32)
    return np.where(chosen.any(axis=1), chosen @ query, np.float32(np.nan))
