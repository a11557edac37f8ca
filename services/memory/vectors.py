"""The vectors of one mind in FAISS: while they are few all are compared, of many those that 8 bits a number propose."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, cast

import faiss
import numpy as np
from numpy.typing import NDArray

from services.memory.embedder import Vectors
from services.memory.products import products

Ordinals = NDArray[np.int64]
Scores = NDArray[np.float32]
Mask = NDArray[np.bool_]

_faiss: Any = faiss
COARSE_FROM = 4_000
"""From so many vectors on, reading them is most of what comparing them takes: 8 bits a number are read first."""
PROPOSED = 2
"""Of so many times as many as are wanted, the nearest by 8 bits, the exact nearest are taken."""
_FEW = 8
"""Unless they are as many as one in so many of all: then it is quicker to compare all."""
_EIGHT_BITS = 127
"""What 1 becomes: no number of a unit vector is greater, so none is cut off."""


def one_thread_each() -> None:
    """For every thread that searches: FAISS must not start threads of its own beneath it.

    Several pools of spinning OpenMP threads on few cores made a search of 3 ms take 17.
    """
    _faiss.omp_set_num_threads(1)


def nothing_found() -> tuple[Ordinals, Scores]:
    """No ordinals, no scores."""
    return np.zeros(0, np.int64), np.zeros(0, np.float32)


def selector(allowed: Mask | None) -> Any:
    """FAISS's filter for those allowed; None for all."""
    if allowed is None:
        return None
    bits = np.packbits(allowed, bitorder="little")
    chosen = _faiss.IDSelectorBitmap(len(bits), _faiss.swig_ptr(bits))
    chosen.bits_kept_alive = bits
    return chosen


def searched(index: Any, query: Vectors, limit: int, parameters: Any) -> tuple[Ordinals, Scores]:
    """What FAISS finds for one query."""
    scores, numbers = index.search(query[None, :], limit, params=parameters)
    found = numbers[0] >= 0
    return numbers[0][found], scores[0][found]


class Kept:
    """Unit vectors in one piece, by their number. Not thread-safe."""

    def __init__(self, index: Any) -> None:
        self._index = index
        self._pieces = self._numbers()

    @classmethod
    def full(cls, dimensions: int) -> Kept:
        """None yet, with 32 bits a number."""
        return cls(_faiss.IndexFlatIP(dimensions))

    @classmethod
    def half(cls, dimensions: int) -> Kept:
        """None yet, with 16 bits a number: what is compared differs by less than 0.0001."""
        kind = _faiss.ScalarQuantizer.QT_fp16
        index = _faiss.IndexScalarQuantizer(dimensions, kind, _faiss.METRIC_INNER_PRODUCT)
        index.is_trained = True
        return cls(index)

    @classmethod
    def load(cls, file: Path) -> Kept:
        """From a file. Raises RuntimeError where it is none of FAISS's."""
        return cls(_faiss.read_index(str(file)))

    def save(self, file: Path) -> None:
        """Write to a file. Raises RuntimeError where the disk is full."""
        _faiss.write_index(self._index, str(file))

    def __len__(self) -> int:
        return cast(int, self._index.ntotal)

    def add(self, vectors: Vectors) -> None:
        """Append vectors."""
        try:
            self._index.add(vectors)
        finally:
            self._pieces = self._numbers()

    def search(self, query: Vectors, limit: int, allowed: Mask | None) -> tuple[Ordinals, Scores]:
        """The nearest of those allowed (all when None), best first: each is compared."""
        parameters = None if allowed is None else _faiss.SearchParameters(sel=selector(allowed))
        return searched(self._index, query, min(limit, len(self)), parameters)

    def products(self, numbers: Ordinals, query: Vectors) -> Scores:
        """The inner products of some with a query; NaN for a vector of zeros."""
        return products(self._pieces, numbers, query)

    def nearest(self, numbers: Ordinals, query: Vectors, limit: int) -> tuple[Ordinals, Scores]:
        """The nearest of some, best first."""
        scores = self.products(numbers, query)
        scores[np.isnan(scores)] = 0
        best = np.argsort(-scores, kind="stable")[:limit]
        return numbers[best], scores[best]

    def take(self, numbers: Ordinals) -> Vectors:
        """Some of the vectors."""
        return cast(Vectors, self._index.reconstruct_batch(np.ascontiguousarray(numbers, np.int64)))

    def all(self, first: int = 0) -> Vectors:
        """All of them from one on, copied."""
        return cast(Vectors, self._index.reconstruct_n(first, len(self) - first))

    def _numbers(self) -> NDArray[Any]:
        """Where FAISS keeps them: elsewhere once more were added."""
        size = self._index.code_size
        kind = np.float32 if size == 4 * self._index.d else np.uint16
        if not len(self):
            return np.zeros((0, self._index.d), kind)
        codes = _faiss.rev_swig_ptr(self._index.codes.data(), len(self) * size)
        return codes.view(kind).reshape(len(self), self._index.d)


class FlatVectors:
    """Inner products over unit vectors, addressed by their number. Thread-safe.

    Few are compared one by one. Of many, a copy in 8 bits proposes those that are compared.
    """

    def __init__(self, dimensions: int) -> None:
        self._kept = Kept.full(dimensions)
        self._coarse = _EightBits(dimensions)
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def add(self, vectors: Vectors) -> None:
        """Append vectors."""
        with self._lock:
            self._kept.add(vectors)
            if len(self) >= COARSE_FROM:
                self._coarse.add(self._kept.all(len(self._coarse)))

    def search(
        self, query: Vectors, limit: int, allowed: Mask | None, *, exact: bool = False
    ) -> tuple[Ordinals, Scores]:
        """The nearest of those allowed (all when None), best first. The mask may be shorter than the index.

        ``exact`` compares all of them in full precision, however many there are.
        """
        with self._lock:
            if not len(self):
                return nothing_found()
            wanted = PROPOSED * limit
            if exact or wanted > len(self._coarse) // _FEW:
                return self._kept.search(query, limit, allowed)
            proposed = self._coarse.search(query, min(wanted, len(self)), allowed)
            return self._kept.nearest(proposed, query, limit)

    def products(self, numbers: Ordinals, query: Vectors) -> Scores:
        """The inner products of some with a query; NaN for a vector of zeros."""
        with self._lock:
            return self._kept.products(numbers, query)

    def take(self, numbers: Ordinals) -> Vectors:
        """Some of the vectors."""
        with self._lock:
            return self._kept.take(numbers)

    def all(self) -> Vectors:
        """All of them, copied."""
        with self._lock:
            return self._kept.all()


class _EightBits:
    """Unit vectors with 8 bits a number, a quarter of what they are read as otherwise. Not thread-safe."""

    def __init__(self, dimensions: int) -> None:
        kind = _faiss.ScalarQuantizer.QT_8bit_direct_signed
        self._index: Any = _faiss.IndexScalarQuantizer(dimensions, kind, _faiss.METRIC_INNER_PRODUCT)
        self._index.is_trained = True

    def __len__(self) -> int:
        return cast(int, self._index.ntotal)

    def add(self, vectors: Vectors) -> None:
        """Append vectors."""
        self._index.add(np.rint(vectors * np.float32(_EIGHT_BITS)))

    def search(self, query: Vectors, limit: int, allowed: Mask | None) -> Ordinals:
        """The nearest of those allowed, about."""
        # Only their order counts, so that the query may be as long as 8 bits allow.
        greatest = float(np.abs(query).max()) or 1.0
        scaled = np.rint(query * np.float32(_EIGHT_BITS / greatest))
        parameters = None if allowed is None else _faiss.SearchParameters(sel=selector(allowed))
        return searched(self._index, scaled, limit, parameters)[0]
