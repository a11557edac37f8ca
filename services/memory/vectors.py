"""The vectors of one mind in FAISS: exact while they are few, in an inverted file when they are many."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, Protocol, cast

import faiss
import numpy as np
from numpy.typing import NDArray

from services.memory.embedder import Vectors

Ordinals = NDArray[np.int64]
Scores = NDArray[np.float32]
Mask = NDArray[np.bool_]

_faiss: Any = faiss
_LISTS_PER_ROOT = 3
"""Lists of an inverted file per square root of its vectors; FAISS advises 4 to 16, which take long to fill."""
_TRAINING_PER_LIST = 20
"""Vectors per list to train on, and rounds of k-means: fewer than FAISS advises, as twice as many found no more."""
_TRAINING_ROUNDS = 6
_FULL_PRECISION_UP_TO = 250_000
"""Beyond, half precision halves the memory; reading vectors back takes four times as long then."""
_ADDED_AT_ONCE = 4_096
OUTGROWN = 4
"""An inverted file is trained anew when it has so many times the vectors that it was trained for."""


def one_thread_each() -> None:
    """For every thread that searches: FAISS must not start threads of its own beneath it.

    Several pools of spinning OpenMP threads on few cores made a search of 3 ms take 17.
    """
    _faiss.omp_set_num_threads(1)


def nothing_found() -> tuple[Ordinals, Scores]:
    """No ordinals, no scores."""
    return np.zeros(0, np.int64), np.zeros(0, np.float32)


class Device(Protocol):
    """Where inverted files are searched."""

    @property
    def name(self) -> str:
        """ "cpu", or what the GPU is called."""
        ...

    def place(self, index: Any) -> Any:
        """The index as it is searched there; the same object on the processor."""
        ...


class Cpu:
    """FAISS on the processor."""

    name = "cpu"

    def place(self, index: Any) -> Any:
        """See ``Device``."""
        return index


def _selector(allowed: Mask | None) -> Any:
    if allowed is None:
        return None
    bits = np.packbits(allowed, bitorder="little")
    selector = _faiss.IDSelectorBitmap(len(bits), _faiss.swig_ptr(bits))
    selector.bits_kept_alive = bits
    return selector


class FlatVectors:
    """Exact inner products over unit vectors, addressed by their number. Thread-safe."""

    def __init__(self, dimensions: int) -> None:
        self._index: Any = _faiss.IndexFlatIP(dimensions)
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return cast(int, self._index.ntotal)

    def add(self, vectors: Vectors) -> None:
        """Append vectors."""
        with self._lock:
            self._index.add(vectors)

    def search(self, query: Vectors, limit: int, allowed: Mask | None) -> tuple[Ordinals, Scores]:
        """The nearest of those allowed (all when None), best first. The mask may be shorter than the index."""
        with self._lock:
            if not len(self):
                return nothing_found()
            parameters = None if allowed is None else _faiss.SearchParameters(sel=_selector(allowed))
            scores, numbers = self._index.search(query[None, :], min(limit, len(self)), params=parameters)
        found = numbers[0] >= 0
        return numbers[0][found], scores[0][found]

    def take(self, numbers: Ordinals) -> Vectors:
        """Some of the vectors."""
        with self._lock:
            return cast(Vectors, self._index.reconstruct_batch(np.ascontiguousarray(numbers, np.int64)))

    def all(self) -> Vectors:
        """All of them, copied."""
        with self._lock:
            return cast(Vectors, self._index.reconstruct_n(0, len(self)))


class InvertedFile:
    """Nearly exact inner products over many unit vectors. Thread-safe.

    FAISS's IVF with a direct map, so that vectors can be read back by their number.
    """

    def __init__(self, index: Any, trained_for: int, device: Device) -> None:
        self._index = index
        self._placed = device.place(index)
        self._lock = threading.Lock()
        self.trained_for = trained_for

    @classmethod
    def train(cls, dimensions: int, sample: Vectors, size: int, device: Device) -> InvertedFile:
        """An empty one for about ``size`` vectors, of which ``sample`` is a part; see ``sample_size``."""
        lists = _lists(size)
        quantizer = _faiss.IndexFlatIP(dimensions)
        if size <= _FULL_PRECISION_UP_TO:
            index = _faiss.IndexIVFFlat(quantizer, dimensions, lists, _faiss.METRIC_INNER_PRODUCT)
        else:
            half = _faiss.ScalarQuantizer.QT_fp16
            index = _faiss.IndexIVFScalarQuantizer(
                quantizer, dimensions, lists, half, _faiss.METRIC_INNER_PRODUCT, False
            )
        index.cp.niter = _TRAINING_ROUNDS
        index.cp.min_points_per_centroid = 1
        index.train(sample)
        index.make_direct_map()
        return cls(index, size, device)

    @classmethod
    def load(cls, file: Path, trained_for: int, device: Device) -> InvertedFile:
        """From a file. Raises RuntimeError where it is none of FAISS's."""
        return cls(_faiss.read_index(str(file)), trained_for, device)

    def save(self, file: Path) -> None:
        """Write to a file."""
        with self._lock:
            _faiss.write_index(self._index, str(file))

    def __len__(self) -> int:
        return cast(int, self._index.ntotal)

    def add(self, vectors: Vectors) -> None:
        """Append vectors. Searches go on in between: the lists are looked up before anything is locked."""
        for first in range(0, len(vectors), _ADDED_AT_ONCE):
            part = np.ascontiguousarray(vectors[first : first + _ADDED_AT_ONCE])
            _, lists = self._index.quantizer.search(part, 1)
            lists = np.ascontiguousarray(lists.ravel())
            with self._lock:
                self._index.add_core(len(part), _faiss.swig_ptr(part), None, _faiss.swig_ptr(lists))
                if self._placed is not self._index:
                    self._placed.add(part)

    def search(
        self, query: Vectors, limit: int, allowed: Mask | None, probes: int | None
    ) -> tuple[Ordinals, Scores]:
        """The nearest of those allowed, best first; ``probes`` None looks into every list and is exact."""
        probes = min(probes or self._index.nlist, self._index.nlist)
        with self._lock:
            # FAISS's GPU indexes know no selectors.
            index = self._placed if allowed is None else self._index
            parameters = _faiss.SearchParametersIVF(nprobe=probes)
            selector = _selector(allowed)
            if selector is not None:
                parameters = _faiss.SearchParametersIVF(sel=selector, nprobe=probes)
            scores, numbers = index.search(query[None, :], limit, params=parameters)
        found = numbers[0] >= 0
        return numbers[0][found], scores[0][found]

    def take(self, numbers: Ordinals) -> Vectors:
        """Some of the vectors."""
        with self._lock:
            return cast(Vectors, self._index.reconstruct_batch(np.ascontiguousarray(numbers, np.int64)))


def sample_size(size: int) -> int:
    """How many of ``size`` vectors to train on."""
    return min(size, _lists(size) * _TRAINING_PER_LIST)


def _lists(size: int) -> int:
    return max(1, int(_LISTS_PER_ROOT * size**0.5))
