"""The two that do the arithmetic of a search, for tests that each must pass."""

from __future__ import annotations

import pytest

from services.memory.scoring import plain

try:
    from services.memory.scoring import compiled
except ImportError:
    compiled = None

needs_compiled = pytest.mark.skipif(
    compiled is None,
    reason="NOT TESTED: not compiled; have a C compiler and Python's headers, and `make clean setup`",
)
each = pytest.mark.parametrize(
    "scoring", [pytest.param(compiled, marks=needs_compiled), plain], ids=["compiled", "plain"]
)
