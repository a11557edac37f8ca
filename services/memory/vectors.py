"""The vectors of one mind in FAISS: exact while they are few, an inverted file when they are many."""

from __future__ import annotations

import threading
from typing import Any, cast

import faiss
import numpy as np
from numpy.typing import NDArray

from services.memory.embedder import Vectors

Ordinals = NDArray[np.int64]
Scores = NDArray[np.float32]

_faiss: Any = faiss
_LISTS_PER_ROOT = 4
"""Lists of an inverted file per square root of its vectors, as FAISS's guidelines have it."""
_TRAINING_PER_LIST = 40
"""Vectors per list to train on: the least for which FAISS does not warn."""


def one_thread_each() -> None:
    """For every thread that searches: FAISS must not start threads of its own beneath it.

    Several pools of spinning OpenMP threads on few cores made a search of 3 ms take 17.
    """
    _faiss.omp_set_num_threads(1)


class VectorIndex:
    """Inner products over unit vectors, addressed by ordinal. Thread-safe."""

    def __init__(self, dimensions: int, *, flat_limit: int, probes: int) -> None:
        self.dimensions = dimensions
        self._flat_limit = flat_limit
        self._probes = probes
        self._index: Any = _faiss.IndexFlatIP(dimensions)
        self._lock = threading.Lock()
        self.kind = "flat"

    def __len__(self) -> int:
        return cast(int, self._index.ntotal)

    def add(self, vectors: Vectors) -> None:
        """Append vectors; the first of them gets the ordinal ``len(self)``."""
        with self._lock:
            self._index.add(vectors)
            grown = self.kind == "flat" and len(self) > self._flat_limit
        if grown:
            self._build_inverted_file()

    def search(
        self, query: Vectors, limit: int, allowed: NDArray[np.bool_] | None, *, exact: bool
    ) -> tuple[Ordinals, Scores]:
        """The nearest of those allowed (all when None), best first."""
        if not len(self):
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        with self._lock:
            parameters = self._parameters(allowed, exact=exact)
            scores, ordinals = self._index.search(query[None, :], min(limit, len(self)), params=parameters)
        found = ordinals[0] >= 0
        return ordinals[0][found], scores[0][found]

    def products(self, query: Vectors, ordinals: Ordinals) -> Scores:
        """The inner product of the query with each of the vectors."""
        if not len(ordinals):
            return np.zeros(0, np.float32)
        with self._lock:
            vectors = self._index.reconstruct_batch(np.ascontiguousarray(ordinals, np.int64))
        return vectors @ query

    def _parameters(self, allowed: NDArray[np.bool_] | None, *, exact: bool) -> Any:
        selector = None
        if allowed is not None:
            self._bits = np.packbits(allowed, bitorder="little")
            selector = _faiss.IDSelectorBitmap(len(self._bits), _faiss.swig_ptr(self._bits))
        if self.kind == "flat":
            return _faiss.SearchParameters(sel=selector) if selector else None
        probes = self._index.nlist if exact else self._probes
        if selector:
            return _faiss.SearchParametersIVF(sel=selector, nprobe=probes)
        return _faiss.SearchParametersIVF(nprobe=probes)

    def _build_inverted_file(self) -> None:
        count = len(self)
        vectors = self._index.reconstruct_n(0, count)
        lists = int(_LISTS_PER_ROOT * count**0.5)
        quantizer = _faiss.IndexFlatIP(self.dimensions)
        index = _faiss.IndexIVFFlat(quantizer, self.dimensions, lists, _faiss.METRIC_INNER_PRODUCT)
        sample = np.random.default_rng(0).permutation(count)[: lists * _TRAINING_PER_LIST]
        index.cp.niter = 10
        index.train(vectors[sample])
        index.add(vectors)
        index.make_direct_map()
        with self._lock:
            self._index, self.kind = index, "ivf"
