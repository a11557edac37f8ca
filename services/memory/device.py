"""Where large minds' vectors are searched: on the processor, or on a GPU where FAISS sees one."""

from __future__ import annotations

import logging
import subprocess
import threading
from collections.abc import Callable
from typing import Any, TypeVar

import faiss
import numpy as np

from services.memory.embedder import Vectors
from services.memory.inverted_file import ADDED_AT_ONCE, Cpu, Device, new_lists
from services.memory.vectors import Ordinals, nothing_found, searched
from services.runtime.exits import USAGE, StartupError

T = TypeVar("T")

_log = logging.getLogger("pmm.memory")
_faiss: Any = faiss
_NAME_SECONDS = 5.0
_SCRATCH_BYTES = 64 << 20
"""What FAISS works with on the GPU; it takes 1.5 GiB if not told, and a model may want these."""
_SIZES = (1, 32, 64, 128, 256, 512, 1_024, 2_048)
"""FAISS has a kernel for so many results or lists each."""
_MOST = _SIZES[-1]
"""FAISS refuses to look for more results, or into more lists, at once."""
_PATIENCE_SECONDS = 0.005
"""A mind that is being copied to the GPU keeps it busy for a second; the processor answers sooner."""
_FIRST_DIMENSIONS = 32


def choose(wanted: str) -> Device:
    """The device of the setting ``memory.device``: "auto", "cpu" or "gpu". Raises StartupError."""
    gpus: int = _faiss.get_num_gpus() if hasattr(_faiss, "get_num_gpus") else 0
    if wanted == "cpu" or (wanted == "auto" and not gpus):
        return Cpu()
    if not gpus:
        raise StartupError(
            USAGE,
            "memory.device is gpu, and FAISS sees none: install faiss-gpu in place of faiss-cpu on a machine "
            "with an NVIDIA GPU, or set memory.device to auto",
        )
    try:
        return Gpu()
    except RuntimeError as error:
        if wanted == "gpu":
            raise StartupError(USAGE, f"memory.device is gpu, and it cannot be used: {error}") from None
        _log.warning("vectors are searched on the processor: the GPU cannot be used: %s", error)
        return Cpu()


class Gpu:
    """The first GPU. Raises RuntimeError where it has no room.

    FAISS's resources of a GPU may be used by one thread at a time, or it ends the process; it also does where a kernel
    or cuBLAS is first needed when others have taken the memory. So there is one set of resources with a lock, and
    all that searches need is used at the start.
    """

    def __init__(self) -> None:
        self.name = _name()
        self._lock = threading.RLock()
        self._resources = _faiss.StandardGpuResources()
        self._resources.setTempMemory(_SCRATCH_BYTES)
        self._resources.setPinnedMemory(0)
        vectors = np.eye(_FIRST_DIMENSIONS, dtype=np.float32)
        index = new_lists(_FIRST_DIMENSIONS, 4)
        self.train(index, vectors)
        self.copy(index).add(vectors)

    def train(self, index: Any, sample: Vectors) -> None:
        """See ``Device``."""
        with self._lock:
            centroids = self._moved(_faiss.IndexFlatIP(index.d))
            index.clustering_index = centroids
            try:
                index.train(sample)
            finally:
                index.clustering_index = None
                del centroids

    def copy(self, index: Any) -> GpuCopy:
        """See ``Device``."""
        with self._lock:
            moved = self._moved(index)
            vectors = np.zeros((ADDED_AT_ONCE, index.d), np.float32)
            moved.quantizer.search(vectors, 1)
            for size in _SIZES:
                parameters = _faiss.SearchParametersIVF(nprobe=min(size, index.nlist))
                moved.search(vectors[:1], size, params=parameters)
            _search_everywhere(moved, vectors[0], 1)
            return GpuCopy(moved, self._lock)

    def _moved(self, index: Any) -> Any:
        return _faiss.index_cpu_to_gpu(self._resources, 0, index)


class GpuCopy:
    """An inverted file's copy on a GPU. Thread-safe, also in going."""

    def __init__(self, index: Any, lock: threading.RLock) -> None:
        self._index: Any = index
        self._lock = lock

    def __del__(self) -> None:
        with self._lock:
            self._index = None

    def add(self, vectors: Vectors) -> None:
        """See ``Copy``."""
        with self._lock:
            self._index.add(vectors)

    def lists_of(self, vectors: Vectors) -> Ordinals | None:
        """See ``Copy``."""
        return self._when_free(lambda: self._index.quantizer.search(vectors, 1)[1])

    def search(self, query: Vectors, limit: int, probes: int) -> Ordinals | None:
        """See ``Copy``."""
        if limit > _MOST:
            return None
        if probes > _MOST:
            return self._when_free(lambda: _search_everywhere(self._index, query, limit))
        parameters = _faiss.SearchParametersIVF(nprobe=probes)
        return self._when_free(lambda: searched(self._index, query, limit, parameters)[0])

    def _when_free(self, ask: Callable[[], T]) -> T | None:
        if not self._lock.acquire(timeout=_PATIENCE_SECONDS):
            return None
        try:
            return ask()
        finally:
            self._lock.release()


def _search_everywhere(index: Any, query: Vectors, limit: int) -> Ordinals:
    """Look into every list, as many at a time as FAISS takes."""
    numbers, scores = nothing_found()
    for lists in np.array_split(np.arange(index.nlist), -(-index.nlist // _MOST)):
        index.nprobe = len(lists)
        near, found = index.search_preassigned(query[None, :], limit, lists[None, :], None)
        numbers, scores = np.concatenate([numbers, found[0]]), np.concatenate([scores, near[0]])
    best = np.argsort(-scores, kind="stable")[:limit]
    return numbers[best[numbers[best] >= 0]]


def _name() -> str:
    command = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader", "--id=0"]
    try:
        asked = subprocess.run(command, capture_output=True, text=True, timeout=_NAME_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError):
        return "gpu"
    return asked.stdout.strip() or "gpu"
