"""The vectors of a large mind: an inverted file with 8 bits a number proposes what is compared in half precision."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast

import faiss
import numpy as np

from services.memory.embedder import Vectors
from services.memory.vectors import PROPOSED, Kept, Mask, Ordinals, Scores, searched, selector

T = TypeVar("T")

_log = logging.getLogger("pmm.memory")
_faiss: Any = faiss
_LISTS_PER_ROOT = 3
"""Lists of an inverted file per square root of its vectors; FAISS advises 4 to 16, which take long to fill."""
_TRAINING_PER_LIST = 20
"""Vectors per list to train on, and rounds of k-means: fewer than FAISS advises, as twice as many found no more."""
_TRAINING_ROUNDS = 6
ADDED_AT_ONCE = 4_096
"""Vectors whose lists are looked up together."""
_SPARE = 2.0
_MOST_TO_SIFT = 1_024
"""A copy knows no filters. So it is asked for ``_SPARE`` times as many as would do if what is allowed lay evenly among
the rest, and they are sifted; for more than ``_MOST_TO_SIFT`` a processor that looks at nothing else is as quick.
"""
OUTGROWN = 4
"""An inverted file is trained anew when it has so many times the vectors that it was trained for."""
_LISTS, _KEPT = "lists.faiss", "vectors.faiss"


class Copy(Protocol):
    """An inverted file's copy on a device. Everything raises RuntimeError where the device fails."""

    def add(self, vectors: Vectors) -> None:
        """Append vectors."""
        ...

    def lists_of(self, vectors: Vectors) -> Ordinals | None:
        """The list that each vector belongs into; None while the device is busy."""
        ...

    def search(self, query: Vectors, limit: int, probes: int) -> Ordinals | None:
        """The nearest by 8 bits, best first; None where that is too much to ask for, or while the device is busy."""
        ...


class Device(Protocol):
    """Where inverted files are trained, filled and searched."""

    @property
    def name(self) -> str:
        """ "cpu", or what the GPU is called."""
        ...

    def train(self, index: Any, sample: Vectors) -> None:
        """Find an inverted file's lists. Raises RuntimeError where the device fails."""
        ...

    def copy(self, index: Any) -> Copy | None:
        """A copy to be searched instead; None on the processor. Raises RuntimeError where the device fails."""
        ...


class Cpu:
    """FAISS on the processor."""

    name = "cpu"

    def train(self, index: Any, sample: Vectors) -> None:
        """See ``Device``."""
        index.train(sample)

    def copy(self, index: Any) -> Copy | None:
        """See ``Device``."""
        return None


def new_lists(dimensions: int, lists: int) -> Any:
    """FAISS's inverted file for inner products, with 8 bits a number, untrained."""
    kind = _faiss.ScalarQuantizer.QT_8bit_uniform
    quantizer = _faiss.IndexFlatIP(dimensions)
    index = _faiss.IndexIVFScalarQuantizer(
        quantizer, dimensions, lists, kind, _faiss.METRIC_INNER_PRODUCT, False
    )
    index.cp.niter = _TRAINING_ROUNDS
    index.cp.min_points_per_centroid = 1
    return index


class _Placed:
    """A device's copy, as long as it works; without one, and where it cannot tell, every answer is None.

    A device fails when its memory is full. Then the copy goes, as it may lack something. Not thread-safe.
    """

    def __init__(self, index: Any, device: Device) -> None:
        self._copy: Copy | None = None
        self._copy = self._tried(lambda: device.copy(index))

    def _tried(self, ask: Callable[[], T]) -> T | None:
        try:
            return ask()
        except RuntimeError as error:
            _log.warning(
                "an inverted file is searched on the processor from now on: the GPU failed: %s", error
            )
            self._copy = None
            return None

    def lists_of(self, vectors: Vectors) -> Ordinals | None:
        """See ``Copy``."""
        copy = self._copy
        return None if copy is None else self._tried(lambda: copy.lists_of(vectors))

    def add(self, vectors: Vectors) -> None:
        """See ``Copy``."""
        copy = self._copy
        if copy is not None:
            self._tried(lambda: copy.add(vectors))

    def search(
        self, query: Vectors, limit: int, allowed: Mask | None, size: int, probes: int
    ) -> Ordinals | None:
        """The nearest of those allowed, of ``size`` that there are, by 8 bits."""
        copy = self._copy
        asked = limit if allowed is None else _to_be_sifted(limit, allowed, size)
        if copy is None or asked is None:
            return None
        found = self._tried(lambda: copy.search(query, asked, probes))
        if found is None or allowed is None:
            return found
        kept = found < len(allowed)
        kept[kept] = allowed[found[kept]]
        if len(found) == asked and np.count_nonzero(kept) < limit:
            return None
        return found[kept][:limit]


def _to_be_sifted(limit: int, allowed: Mask, size: int) -> int | None:
    """How many to find so that about ``limit`` are allowed; None where these are too many."""
    count = int(np.count_nonzero(allowed))
    asked = math.ceil(_SPARE * limit * size / count) if count else size
    return None if asked > _MOST_TO_SIFT else asked


class InvertedFile:
    """Nearly exact inner products over many unit vectors. Thread-safe.

    On a GPU a copy of the lists proposes; the processor keeps them too, for what the copy cannot do: filters that
    leave few, very many results or lists, and files.
    """

    def __init__(self, lists: Any, kept: Kept, trained_for: int, device: Device) -> None:
        self._index = lists
        self._kept = kept
        self._placed = _Placed(lists, device)
        self._lock = threading.Lock()
        self.trained_for = trained_for

    @classmethod
    def train(cls, dimensions: int, sample: Vectors, size: int, device: Device) -> InvertedFile:
        """An empty one for about ``size`` vectors, of which ``sample`` is a part; see ``sample_size``."""
        index = new_lists(dimensions, _lists(size))
        _train(index, sample, device)
        return cls(index, Kept.half(dimensions), size, device)

    @classmethod
    def load(cls, folder: Path, trained_for: int, device: Device) -> InvertedFile:
        """From its files in a folder. Raises RuntimeError where they are none of FAISS's, or do not belong together."""
        lists, kept = _faiss.read_index(str(folder / _LISTS)), Kept.load(folder / _KEPT)
        if lists.ntotal != len(kept):
            raise RuntimeError(f"{lists.ntotal} vectors are in lists, and {len(kept)} are kept")
        return cls(lists, kept, trained_for, device)

    def save(self, folder: Path) -> list[Path]:
        """Write into a folder; the files. Raises RuntimeError where the disk is full."""
        with self._lock:
            _faiss.write_index(self._index, str(folder / _LISTS))
            self._kept.save(folder / _KEPT)
        return [folder / _LISTS, folder / _KEPT]

    def __len__(self) -> int:
        return cast(int, self._index.ntotal)

    def add(self, vectors: Vectors) -> None:
        """Append vectors. Searches go on in between: the processor looks the lists up before anything is locked."""
        for first in range(0, len(vectors), ADDED_AT_ONCE):
            part = np.ascontiguousarray(vectors[first : first + ADDED_AT_ONCE])
            lists = np.ascontiguousarray(self._lists_of(part).ravel())
            with self._lock:
                self._index.add_core(len(part), _faiss.swig_ptr(part), None, _faiss.swig_ptr(lists))
                self._kept.add(part)
                self._placed.add(part)

    def _lists_of(self, vectors: Vectors) -> Ordinals:
        with self._lock:
            lists = self._placed.lists_of(vectors)
        return self._index.quantizer.search(vectors, 1)[1] if lists is None else lists

    def search(
        self, query: Vectors, limit: int, allowed: Mask | None, probes: int | None
    ) -> tuple[Ordinals, Scores]:
        """The nearest of those allowed (all when None), best first; ``probes`` None compares each."""
        with self._lock:
            if probes is None:
                return self._kept.search(query, limit, allowed)
            wanted, looked_into = min(PROPOSED * limit, len(self)), min(probes, self._index.nlist)
            proposed = self._placed.search(query, wanted, allowed, len(self), looked_into)
            if proposed is None:
                proposed = self._proposed(query, wanted, allowed, looked_into)
            return self._kept.nearest(proposed, query, limit)

    def _proposed(self, query: Vectors, limit: int, allowed: Mask | None, probes: int) -> Ordinals:
        parameters = _faiss.SearchParametersIVF(nprobe=probes)
        if allowed is not None:
            parameters = _faiss.SearchParametersIVF(sel=selector(allowed), nprobe=probes)
        return searched(self._index, query, limit, parameters)[0]

    def products(self, numbers: Ordinals, query: Vectors) -> Scores:
        """The inner products of some with a query; NaN for a vector of zeros."""
        with self._lock:
            return self._kept.products(numbers, query)

    def nearest(self, numbers: Ordinals, query: Vectors, limit: int) -> tuple[Ordinals, Scores]:
        """The nearest of some, best first."""
        with self._lock:
            return self._kept.nearest(numbers, query, limit)

    def take(self, numbers: Ordinals) -> Vectors:
        """Some of the vectors."""
        with self._lock:
            return self._kept.take(numbers)


def _train(index: Any, sample: Vectors, device: Device) -> None:
    try:
        device.train(index, sample)
    except RuntimeError as error:
        if isinstance(device, Cpu):
            raise
        _log.warning("an inverted file is trained on the processor: the GPU failed: %s", error)
        index.train(sample)


def sample_size(size: int) -> int:
    """How many of ``size`` vectors to train on."""
    return min(size, _lists(size) * _TRAINING_PER_LIST)


def _lists(size: int) -> int:
    return max(1, int(_LISTS_PER_ROOT * size**0.5))
