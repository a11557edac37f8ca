"""Arrays that grow at their end while others read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Postings:
    """Where the values of some arrays of a ``Ragged`` stand, by value."""

    first: int
    """Arrays from here on."""
    last: int
    """And before here."""
    values: NDArray[Any]
    """Ascending."""
    owners: NDArray[np.int32]
    """The array of each; ascending where the value is the same."""


class Ragged:
    """A growing sequence of short arrays, kept in one."""

    def __init__(
        self, dtype: Any, flat: NDArray[Any] | None = None, ends: NDArray[Any] | None = None
    ) -> None:
        self.flat = Column(dtype, flat)
        self.ends = Column(np.int64, ends)
        owners = None if ends is None else np.repeat(np.arange(len(ends)), np.diff(ends, prepend=0))
        self.owners = Column(np.int32, None if owners is None else owners.astype(np.int32))
        """For each flat value, which array it is of."""

    def __len__(self) -> int:
        return len(self.ends)

    def extend(self, parts: Sequence[NDArray[Any]]) -> None:
        """Append arrays."""
        if not parts:
            return
        lengths = [len(part) for part in parts]
        first, count = len(self.flat), len(self)
        self.owners.extend(np.repeat(np.arange(count, count + len(parts)), lengths))
        self.flat.extend(np.concatenate(parts))
        self.ends.extend(first + np.cumsum(lengths))

    def span(self, first: int, last: int) -> tuple[NDArray[Any], NDArray[np.int32]]:
        """The flat values of the arrays ``first`` to ``last`` (exclusive), and the owner of each."""
        start, stop = self.count(first), self.count(last)
        return self.flat.values[start:stop], self.owners.values[start:stop]

    def postings(self, first: int, last: int) -> Postings:
        """Those of the arrays ``first`` to ``last`` (exclusive)."""
        values, owners = self.span(first, last)
        order = np.argsort(values, kind="stable")
        return Postings(first, last, values[order], owners[order])

    def count(self, arrays: int) -> int:
        """How many flat values the first arrays have."""
        return int(self.ends.values[arrays - 1]) if arrays else 0

    def saved(self, count: int) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """The first arrays as the constructor takes them."""
        return self.flat.values[: self.count(count)], self.ends.values[:count]
