"""Arrays that grow at their end while others read them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

_FIRST_CAPACITY = 64


class Column:
    """A numpy array that grows. One writer; a reader keeps to the rows that it knows to be there."""

    def __init__(self, dtype: Any, values: NDArray[Any] | None = None) -> None:
        self._data: NDArray[Any] = np.zeros(_FIRST_CAPACITY, dtype) if values is None else values
        self._size = 0 if values is None else len(values)

    def __len__(self) -> int:
        return self._size

    def extend(self, values: Sequence[Any] | NDArray[Any]) -> None:
        """Append values."""
        size = self._size + len(values)
        if size > len(self._data):
            grown = np.zeros(max(size, 2 * len(self._data)), self._data.dtype)
            grown[: self._size] = self._data[: self._size]
            self._data = grown
        self._data[self._size : size] = values
        self._size = size

    @property
    def values(self) -> NDArray[Any]:
        """What is there, as a view."""
        return self._data[: self._size]


class Ragged:
    """A growing sequence of short arrays, kept in one."""

    def __init__(
        self, dtype: Any, flat: NDArray[Any] | None = None, ends: NDArray[Any] | None = None
    ) -> None:
        self.flat = Column(dtype, flat)
        self.ends = Column(np.int64, ends)

    def __len__(self) -> int:
        return len(self.ends)

    def extend(self, parts: Sequence[NDArray[Any]]) -> None:
        """Append arrays."""
        if not parts:
            return
        first = len(self.flat)
        self.flat.extend(np.concatenate(parts))
        self.ends.extend(first + np.cumsum([len(part) for part in parts]))

    def span(self, first: int, last: int) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """The values of the arrays ``first`` to ``last`` (exclusive), and how many each has."""
        start, stop = self.count(first), self.count(last)
        return self.flat.values[start:stop], np.diff(self.ends.values[first:last], prepend=start)

    def count(self, arrays: int) -> int:
        """How many flat values the first arrays have."""
        return int(self.ends.values[arrays - 1]) if arrays else 0

    def saved(self, count: int) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """The first arrays as the constructor takes them."""
        return self.flat.values[: self.count(count)], self.ends.values[:count]
