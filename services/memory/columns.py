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
        """The flat values of the arrays ``first`` to ``last`` (exclusive), and where each ends in them."""
        ends = self.ends.values[first:last]
        start = int(self.ends.values[first - 1]) if first else 0
        stop = int(ends[-1]) if len(ends) else start
        return self.flat.values[start:stop], ends - start

    def gather(self, places: NDArray[np.int64]) -> tuple[NDArray[Any], NDArray[np.int64], NDArray[np.int64]]:
        """The arrays at some places: flat values, the index into ``places`` of each value, and the lengths."""
        ends = self.ends.values[places]
        starts = np.where(places > 0, self.ends.values[places - 1], 0)
        lengths = ends - starts
        owner = np.repeat(np.arange(len(places)), lengths)
        offset = np.arange(len(owner)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        return self.flat.values[starts[owner] + offset], owner, lengths
