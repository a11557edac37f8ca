"""The vectors of one mind in FAISS: compared with each while they are few, in an inverted file when they are many."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast

import faiss
import numpy as np
from numpy.typing import NDArray

from services.memory.embedder import Vectors

Ordinals = NDArray[np.int64]
Scores = NDArray[np.float32]
Mask = NDArray[np.bool_]

T = TypeVar("T")

_log = logging.getLogger("pmm.memory")
_faiss: Any = faiss
_LISTS_PER_ROOT = 3
"""Lists of an inverted file per square root of its vectors; FAISS advises 4 to 16, which take long to fill."""
_TRAINING_PER_LIST = 20
"""Vectors per list to train on, and rounds of k-means: fewer than FAISS advises, as twice as many found no more."""
_TRAINING_ROUNDS = 6
_FULL_PRECISION_UP_TO = 250_000
"""Beyond, half precision halves the memory; reading vectors back takes four times as long then."""
ADDED_AT_ONCE = 4_096
"""Vectors whose lists are looked up together."""
_SPARE = 2.0
_MOST_TO_SIFT = 1_024
"""A copy knows no filters. So it is asked for ``_SPARE`` times as many as would do if what is allowed lay evenly among
the rest, and they are sifted; for more than ``_MOST_TO_SIFT`` a processor that looks at nothing else is as quick.
"""
COARSE_FROM = 4_000
"""From so many vectors on, reading them is most of what comparing them takes: 8 bits a number are read first."""
_PROPOSED = 2
"""Of so many times as many as are wanted, the nearest by 8 bits, the exact nearest are taken."""
_FEW = 8
"""Unless they are as many as one in so many of all: then it is quicker to compare all."""
_EIGHT_BITS = 127
"""What 1 becomes: no number of a unit vector is greater, so none is cut off."""
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


class Copy(Protocol):
    """An inverted file's copy on a device. Everything raises RuntimeError where the device fails."""

    def add(self, vectors: Vectors) -> None:
        """Append vectors."""
        ...

    def lists_of(self, vectors: Vectors) -> Ordinals | None:
        """The list that each vector belongs into; None while the device is busy."""
        ...

    def search(self, query: Vectors, limit: int, probes: int) -> tuple[Ordinals, Scores] | None:
        """The nearest, best first; None where that is too much to ask for, or while the device is busy."""
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


def _selector(allowed: Mask | None) -> Any:
    if allowed is None:
        return None
    bits = np.packbits(allowed, bitorder="little")
    selector = _faiss.IDSelectorBitmap(len(bits), _faiss.swig_ptr(bits))
    selector.bits_kept_alive = bits
    return selector


class FlatVectors:
    """Inner products over unit vectors, addressed by their number. Thread-safe.

    Few are compared one by one. Of many, a copy in 8 bits proposes those that are compared.
    """

    def __init__(self, dimensions: int) -> None:
        self._index: Any = _faiss.IndexFlatIP(dimensions)
        self._coarse = _EightBits(dimensions)
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return cast(int, self._index.ntotal)

    def add(self, vectors: Vectors) -> None:
        """Append vectors."""
        with self._lock:
            self._index.add(vectors)
            if len(self) >= COARSE_FROM:
                missing = len(self) - len(self._coarse)
                self._coarse.add(self._index.reconstruct_n(len(self._coarse), missing))

    def search(
        self, query: Vectors, limit: int, allowed: Mask | None, *, exact: bool = False
    ) -> tuple[Ordinals, Scores]:
        """The nearest of those allowed (all when None), best first. The mask may be shorter than the index.

        ``exact`` compares all of them in full precision, however many there are.
        """
        with self._lock:
            if not len(self):
                return nothing_found()
            parameters = None if allowed is None else _faiss.SearchParameters(sel=_selector(allowed))
            if exact or _PROPOSED * limit > len(self._coarse) // _FEW:
                return searched(self._index, query, min(limit, len(self)), parameters)
            proposed = np.sort(self._coarse.search(query, min(_PROPOSED * limit, len(self)), parameters))
            scores = self._index.reconstruct_batch(proposed) @ query
        best = np.argsort(-scores, kind="stable")[:limit]
        return proposed[best], scores[best]

    def take(self, numbers: Ordinals) -> Vectors:
        """Some of the vectors."""
        with self._lock:
            return cast(Vectors, self._index.reconstruct_batch(np.ascontiguousarray(numbers, np.int64)))

    def all(self) -> Vectors:
        """All of them, copied."""
        with self._lock:
            return cast(Vectors, self._index.reconstruct_n(0, len(self)))


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

    def search(self, query: Vectors, limit: int, parameters: Any) -> Ordinals:
        """The nearest, about."""
        # Only their order counts, so that the query may be as long as 8 bits allow.
        greatest = float(np.abs(query).max()) or 1.0
        numbers, _ = searched(
            self._index, np.rint(query * np.float32(_EIGHT_BITS / greatest)), limit, parameters
        )
        return numbers


def new_inverted_file(dimensions: int, lists: int, *, half: bool) -> Any:
    """FAISS's index for inner products, untrained; ``half`` for vectors in half precision."""
    quantizer = _faiss.IndexFlatIP(dimensions)
    if half:
        kind = _faiss.ScalarQuantizer.QT_fp16
        index = _faiss.IndexIVFScalarQuantizer(
            quantizer, dimensions, lists, kind, _faiss.METRIC_INNER_PRODUCT, False
        )
    else:
        index = _faiss.IndexIVFFlat(quantizer, dimensions, lists, _faiss.METRIC_INNER_PRODUCT)
    index.cp.niter = _TRAINING_ROUNDS
    index.cp.min_points_per_centroid = 1
    return index


def searched(index: Any, query: Vectors, limit: int, parameters: Any) -> tuple[Ordinals, Scores]:
    """What FAISS finds for one query."""
    scores, numbers = index.search(query[None, :], limit, params=parameters)
    found = numbers[0] >= 0
    return numbers[0][found], scores[0][found]


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
    ) -> tuple[Ordinals, Scores] | None:
        """The nearest of those allowed, of ``size`` that there are."""
        copy = self._copy
        asked = limit if allowed is None else _to_be_sifted(limit, allowed, size)
        if copy is None or asked is None:
            return None
        found = self._tried(lambda: copy.search(query, asked, probes))
        if found is None or allowed is None:
            return found
        numbers, scores = found
        kept = numbers < len(allowed)
        kept[kept] = allowed[numbers[kept]]
        if len(numbers) == asked and np.count_nonzero(kept) < limit:
            return None
        return numbers[kept][:limit], scores[kept][:limit]


def _to_be_sifted(limit: int, allowed: Mask, size: int) -> int | None:
    """How many to find so that about ``limit`` are allowed; None where these are too many."""
    count = int(np.count_nonzero(allowed))
    asked = math.ceil(_SPARE * limit * size / count) if count else size
    return None if asked > _MOST_TO_SIFT else asked


class InvertedFile:
    """Nearly exact inner products over many unit vectors. Thread-safe.

    FAISS's IVF with a direct map, so that vectors can be read back by their number. On a GPU a copy is searched; the
    processor keeps all of it for what the copy cannot do: filters that leave few, very many results or lists, reading
    vectors back, and files.
    """

    def __init__(self, index: Any, trained_for: int, device: Device) -> None:
        self._index = index
        self._placed = _Placed(index, device)
        self._lock = threading.Lock()
        self.trained_for = trained_for

    @classmethod
    def train(cls, dimensions: int, sample: Vectors, size: int, device: Device) -> InvertedFile:
        """An empty one for about ``size`` vectors, of which ``sample`` is a part; see ``sample_size``."""
        index = new_inverted_file(dimensions, _lists(size), half=size > _FULL_PRECISION_UP_TO)
        _train(index, sample, device)
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
        """Append vectors. Searches go on in between: the processor looks the lists up before anything is locked."""
        for first in range(0, len(vectors), ADDED_AT_ONCE):
            part = np.ascontiguousarray(vectors[first : first + ADDED_AT_ONCE])
            lists = np.ascontiguousarray(self._lists_of(part).ravel())
            with self._lock:
                self._index.add_core(len(part), _faiss.swig_ptr(part), None, _faiss.swig_ptr(lists))
                self._placed.add(part)

    def _lists_of(self, vectors: Vectors) -> Ordinals:
        with self._lock:
            lists = self._placed.lists_of(vectors)
        return self._index.quantizer.search(vectors, 1)[1] if lists is None else lists

    def search(
        self, query: Vectors, limit: int, allowed: Mask | None, probes: int | None
    ) -> tuple[Ordinals, Scores]:
        """The nearest of those allowed, best first; ``probes`` None looks into every list and is exact."""
        looked_into = min(probes or self._index.nlist, self._index.nlist)
        with self._lock:
            found = self._placed.search(query, limit, allowed, len(self), looked_into)
            if found is not None:
                return found
            selector = _selector(allowed)
            parameters = _faiss.SearchParametersIVF(nprobe=looked_into)
            if selector is not None:
                parameters = _faiss.SearchParametersIVF(sel=selector, nprobe=looked_into)
            return searched(self._index, query, limit, parameters)

    def take(self, numbers: Ordinals) -> Vectors:
        """Some of the vectors."""
        with self._lock:
            return cast(Vectors, self._index.reconstruct_batch(np.ascontiguousarray(numbers, np.int64)))


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
