"""Inverted files answer the same wherever they are searched: on the processor, on a copy, on a GPU that fails.

Tests of a real GPU are skipped where FAISS sees none: they need faiss-gpu and an NVIDIA GPU.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import pytest
from numpy.typing import NDArray

from pmm.memory.v1 import memory_pb2 as pb
from services.memory.device import Gpu, choose
from services.memory.inverted_file import Cpu, Device, InvertedFile, sample_size
from services.memory.vectors import searched
from services.runtime.exits import StartupError
from tests.memory.test_large_minds import BULK, COUNT, answers, fill, grown
from tests.support.serving import serving

ALIKE = 0.9
"""A GPU adds up in another order, so that of memories as near as each other another one may be found."""
HALF = 1e-4
"""Products with what is kept in half precision differ by less."""
GPUS = faiss.get_num_gpus() if hasattr(faiss, "get_num_gpus") else 0
needs_gpu = pytest.mark.skipif(not GPUS, reason="FAISS sees no GPU: needs faiss-gpu and an NVIDIA GPU")

DIMENSIONS, COUNT_OF_VECTORS = 32, 6_000
Found = list[tuple[NDArray[np.int64], NDArray[np.float32]]]


class Copied:
    """A copy in FAISS that can do what a GPU's can, and no more."""

    def __init__(self, index: Any, most: int, lasts: int) -> None:
        self._index = faiss.clone_index(index)
        self._most = most
        self._lasts = lasts
        self._asked = 0

    def add(self, vectors: NDArray[np.float32]) -> None:
        self._use()
        self._index.add(vectors)

    def lists_of(self, vectors: NDArray[np.float32]) -> Any:
        self._use()
        return None if self._is_busy() else self._index.quantizer.search(vectors, 1)[1]

    def search(self, query: NDArray[np.float32], limit: int, probes: int) -> Any:
        self._use()
        if max(limit, probes) > self._most or self._is_busy():
            return None
        return searched(self._index, query, limit, faiss.SearchParametersIVF(nprobe=probes))[0]

    def _is_busy(self) -> bool:
        self._asked += 1
        return self._asked % 5 == 0

    def _use(self) -> None:
        self._lasts -= 1
        if self._lasts == -1:
            raise RuntimeError("out of memory")


class Elsewhere:
    """A device that searches a copy, as a GPU does, is busy now and then, and fails once when ``lasts`` is used up."""

    name = "elsewhere"

    def __init__(self, most: int = 2_048, lasts: int = 1_000_000) -> None:
        self._most = most
        self._lasts = lasts

    def train(self, index: Any, sample: NDArray[np.float32]) -> None:
        if not self._lasts:
            raise RuntimeError("out of memory")
        index.train(sample)

    def copy(self, index: Any) -> Copied:
        if not self._lasts:
            raise RuntimeError("out of memory")
        return Copied(index, self._most, self._lasts)


DEVICES = [
    pytest.param(Cpu, id="cpu"),
    pytest.param(Elsewhere, id="copy"),
    pytest.param(lambda: Elsewhere(most=60), id="copy-of-small-answers"),
    pytest.param(lambda: Elsewhere(lasts=0), id="no-room"),
    pytest.param(lambda: Elsewhere(lasts=1), id="fails-when-filled"),
    pytest.param(lambda: Elsewhere(lasts=20), id="fails-when-searched"),
    pytest.param(Gpu, id="gpu", marks=needs_gpu),
]


@pytest.fixture(params=DEVICES)
def device(request: pytest.FixtureRequest) -> Device:
    return request.param()


@pytest.fixture(scope="module")
def vectors() -> NDArray[np.float32]:
    rng = np.random.default_rng(3)
    centres = rng.normal(size=(200, DIMENSIONS))
    near = centres[rng.integers(200, size=COUNT_OF_VECTORS)]
    made = (near + 0.4 * rng.normal(size=(COUNT_OF_VECTORS, DIMENSIONS))).astype(np.float32)
    return made / np.linalg.norm(made, axis=1, keepdims=True)


def inverted(vectors: NDArray[np.float32], device: Device) -> InvertedFile:
    index = InvertedFile.train(DIMENSIONS, vectors[: sample_size(len(vectors))], COUNT_OF_VECTORS, device)
    for part in np.array_split(vectors, 4):
        index.add(part)
    return index


def test_the_inverted_file_finds_nearly_all(
    tmp_path: Path, device: Device, vectors: NDArray[np.float32]
) -> None:
    index = inverted(vectors, device)
    index.save(tmp_path)
    index = InvertedFile.load(tmp_path, COUNT_OF_VECTORS, device)
    index.add(vectors[:0])

    def recall(probes: int | None) -> float:
        hits = 0
        for query in vectors[:100]:
            found, _ = index.search(query, 10, None, probes)
            hits += len(set(found.tolist()) & set(np.argsort(-(vectors @ query))[:10].tolist()))
        return hits / 1_000

    assert recall(32) >= 0.98
    assert recall(None) >= 0.995
    assert np.allclose(index.take(np.array([5, 5_999])), vectors[[5, 5_999]], atol=2e-3)


def every_search(index: InvertedFile, vectors: NDArray[np.float32]) -> Found:
    """Filters that leave all, most, a seventh, few, the first and none; few and very many results and lists."""
    rng = np.random.default_rng(5)
    size = len(index)
    masks = [None, *(rng.random(size) < share for share in (0.98, 0.15, 0.01, 0.0)), np.ones(size // 2, bool)]
    return [
        index.search(query, limit, mask, probes)
        for query in vectors[:2]
        for mask in masks
        for limit, probes in ((10, 8), (50, 32), (50, None), (3_000, None))
    ]


def assert_same(found: Found, expected: Found, vectors: NDArray[np.float32]) -> None:
    assert len(found) == len(expected)
    for (numbers, scores), (_, expected_scores) in zip(found, expected, strict=True):
        assert np.allclose(scores, expected_scores, atol=2e-3)
        assert len(set(numbers.tolist())) == len(numbers)


def test_every_device_answers_as_the_processor_does_also_after_more_was_added(
    tmp_path: Path, device: Device, vectors: NDArray[np.float32]
) -> None:
    expected = inverted(vectors[:4_000], Cpu())
    expected.save(tmp_path)
    index = InvertedFile.load(tmp_path, COUNT_OF_VECTORS, device)
    assert_same(every_search(index, vectors), every_search(expected, vectors), vectors)

    for part in (vectors[4_000:4_001], vectors[4_001:]):
        index.add(part)
        expected.add(part)
    assert len(index) == len(expected) == COUNT_OF_VECTORS
    assert_same(every_search(index, vectors), every_search(expected, vectors), vectors)
    index.save(tmp_path)
    again = InvertedFile.load(tmp_path, COUNT_OF_VECTORS, Cpu())
    assert_same(every_search(again, vectors), every_search(expected, vectors), vectors)


def test_nothing_is_found_that_is_not_allowed(device: Device, vectors: NDArray[np.float32]) -> None:
    index = inverted(vectors, device)
    for step in (2, 7, 1_000):
        allowed = np.zeros(COUNT_OF_VECTORS, bool)
        allowed[::step] = True
        for query in vectors[: 20 * step : step]:
            found, _ = index.search(query, 10, allowed, None)
            products = np.where(allowed, vectors @ query, -np.inf)
            best = np.sort(products[np.isfinite(products)])[::-1][:10]
            assert allowed[found].all()
            assert np.allclose(products[found], best, atol=HALF)


def test_what_a_filter_leaves_is_found_also_where_it_takes_away_all_that_is_near(
    device: Device, vectors: NDArray[np.float32]
) -> None:
    index = inverted(vectors, device)
    for query in vectors[:20]:
        products = vectors @ query
        allowed = np.ones(COUNT_OF_VECTORS, bool)
        allowed[np.argsort(-products)[:300]] = False

        found, _ = index.search(query, 10, allowed, None)

        best = np.sort(products[allowed])[::-1][:10]
        assert np.allclose(products[found], best, atol=HALF)


def test_a_gpu_that_is_not_there_is_asked_for_in_vain() -> None:
    assert choose("cpu").name == "cpu"
    if GPUS:
        assert choose("auto").name == choose("gpu").name != "cpu"
        return
    assert choose("auto").name == "cpu"
    with pytest.raises(StartupError, match="faiss-gpu"):
        choose("gpu")


@needs_gpu
def test_many_minds_are_searched_filled_and_dropped_on_one_gpu_at_once(vectors: NDArray[np.float32]) -> None:
    gpu = choose("gpu")
    expected = inverted(vectors, Cpu())
    answers_of = [expected.search(query, 50, None, 32)[1] for query in vectors[:200]]
    stopped = threading.Event()

    def search(index: InvertedFile) -> int:
        wrong = 0
        for _ in range(5):
            for query, scores in zip(vectors, answers_of, strict=False):
                wrong += not np.allclose(index.search(query, 50, None, 32)[1], scores, atol=2e-3)
        return wrong

    def come_and_go() -> int:
        rounds = 0
        while not stopped.is_set():
            inverted(vectors, gpu).search(vectors[0], 10, None, 8)
            rounds += 1
        return rounds

    files = [inverted(vectors, gpu) for _ in range(3)]
    with ThreadPoolExecutor(8) as threads:
        going = threads.submit(come_and_go)
        wrong = sum(threads.map(search, [*files, *files]))
        stopped.set()
        assert going.result() >= 1
    assert wrong == 0


@pytest.fixture
def fill_the_gpu() -> Iterator[Callable[[], int]]:
    """A function that takes what memory the GPU has left, until the test ends, and returns how much that was."""
    cuda = ctypes.CDLL("libcudart.so.12")
    held: list[ctypes.c_void_p] = []

    def fill_up() -> int:
        size, taken = 1 << 38, 0
        while size >= 1 << 20:
            place = ctypes.c_void_p()
            if cuda.cudaMalloc(ctypes.byref(place), ctypes.c_size_t(size)):
                cuda.cudaGetLastError()
                size //= 2
            else:
                held.append(place)
                taken += size
        return taken

    yield fill_up
    for place in held:
        cuda.cudaFree(place)


@needs_gpu
def test_a_gpu_without_room_leaves_the_processor_to_answer(
    vectors: NDArray[np.float32], fill_the_gpu: Callable[[], int]
) -> None:
    gpu, expected = choose("gpu"), inverted(vectors, Cpu())
    index = inverted(vectors, gpu)
    assert fill_the_gpu() > 0

    assert_same(every_search(index, vectors), every_search(expected, vectors), vectors)
    for part in np.array_split(np.tile(vectors, (40, 1)), 60):
        index.add(part)
        expected.add(part)
    assert_same(every_search(index, vectors), every_search(expected, vectors), vectors)
    another = inverted(vectors, gpu)
    assert np.allclose(another.search(vectors[0], 1, None, 8)[1], 1.0, atol=1e-5)


@needs_gpu
async def test_a_mind_on_the_gpu_answers_as_one_on_the_processor(tmp_path: Path) -> None:
    found: dict[str, list[list[str]]] = {}
    for device in ("cpu", "gpu"):
        (tmp_path / device).mkdir()
        settings = {"memory": {**BULK["memory"], "device": device}}
        async with serving(tmp_path / device, "ledger", "memory", settings=settings) as served:
            head = await fill(served, 0, COUNT)
            await answers(served, head)
            await grown(served)
            found[device] = await answers(served, head)
            stats = await served.memory.stats(pb.StatsRequest(mind_id="ada"))
            assert (stats.device != "cpu") == (device == "gpu")
    shared = [len(set(a) & set(b)) / len(a) for a, b in zip(found["gpu"], found["cpu"], strict=True)]
    assert sum(shared) / len(shared) >= ALIKE
