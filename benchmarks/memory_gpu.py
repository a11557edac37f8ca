"""Memory on the processor and on a GPU, side by side: what ``memory.device`` decides. Needs a GPU that FAISS sees.

First the inverted files alone, in one process: vectors are those of the default embedder, rounded as the store rounds
them; one thread, as memory searches; both devices hold the same lists. Then two memory services that follow one ledger
with a large mind, searched in turns.
"""

from __future__ import annotations

import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import grpc
import numpy as np

from benchmarks.fill import fill, sentence
from benchmarks.memory import settled
from benchmarks.memory_million import LARGE, TIMEOUT, fresh, question, reach, search
from benchmarks.rows import Row, percentile, row
from pmm.memory.v1 import memory_pb2 as pb
from pmm.memory.v1 import memory_pb2_grpc
from pmm.mind.v1 import events_pb2
from services.memory.device import choose
from services.memory.embedder import Vectors, WordLlamaEmbedder
from services.memory.inverted_file import Cpu, Device, InvertedFile, sample_size
from services.memory.settings import MemorySettings
from services.memory.vectors import one_thread_each
from tests.support.process import ServiceProcess

SIZES = tuple(int(size) for size in os.environ.get("PMM_BENCH_VECTORS", "100000,1000000").split(","))
QUERIES, EXACT_QUERIES, WARM_UP = 1_000, 100, 50
JUDGED, NEAREST = 200, 10
ADDED_AT_ONCE, ADDED_SINGLY = 2_500, 200
"""What a mind that grows moves into its inverted file at once; and vectors one by one."""
TEXTS_AT_ONCE = 10_000
SEARCHES, EXACT_SEARCHES = 300, 30
DEVICES = ("cpu", "gpu")


def run() -> list[Row]:
    """Rows ``memory.ivf.<size>.<device>.*`` and ``memory.service.<device>.*``. Raises StartupError without a GPU."""
    return [*_inverted_files(), *_services()]


def _inverted_files() -> list[Row]:
    one_thread_each()
    gpu = choose("gpu")
    print(f"inverted files: one thread of the processor, and {gpu.name}", file=sys.stderr)
    rng = random.Random(5)
    vectors = _embedded(sentence(rng, number) for number in range(max(SIZES) + ADDED_AT_ONCE + ADDED_SINGLY))
    queries = _embedded(question(rng, number) for number in range(WARM_UP + QUERIES))
    return [line for size in SIZES for line in _of_size(vectors, queries, size, gpu)]


def _of_size(vectors: Vectors, queries: Vectors, size: int, gpu: Device) -> Iterator[Row]:
    held, new = vectors[:size], vectors[size:]
    sample = held[np.sort(np.random.default_rng(0).permutation(size)[: sample_size(size)])]
    files: dict[str, InvertedFile] = {}
    for name, device in (("cpu", Cpu()), ("gpu", gpu)):
        began = time.perf_counter()
        files[name] = InvertedFile.train(held.shape[1], sample, size, device)
        trained = time.perf_counter()
        files[name].add(held)
        yield row(f"memory.ivf.{size}.{name}.train.s", [trained - began], "s")
        yield row(f"memory.ivf.{size}.{name}.fill.s", [time.perf_counter() - trained], "s")
    with tempfile.TemporaryDirectory() as folder:
        files["cpu"].save(Path(folder))
        began = time.perf_counter()
        files["gpu"] = InvertedFile.load(Path(folder), size, gpu)
        yield row(f"memory.ivf.{size}.gpu.load.s", [time.perf_counter() - began], "s")
    yield from _searches(files, held, queries, size)
    yield from _additions(files, new, size)


def _searches(files: dict[str, InvertedFile], held: Vectors, queries: Vectors, size: int) -> Iterator[Row]:
    settings = MemorySettings.model_validate({})
    most = np.ones(size, bool)
    most[::50] = False
    kinds = (
        ("search", None, settings.probes, QUERIES),
        ("search_49_of_50", most, settings.probes, QUERIES),
        ("exact", None, None, EXACT_QUERIES),
    )
    for kind, allowed, probes, count in kinds:
        took: dict[str, list[float]] = {name: [] for name in files}
        for number, query in enumerate(queries[: WARM_UP + count]):
            for name, file in files.items():
                began = time.perf_counter()
                file.search(query, settings.candidates, allowed, probes)
                if number >= WARM_UP:
                    took[name].append((time.perf_counter() - began) * 1000)
        for name, values in took.items():
            yield from _both(f"memory.ivf.{size}.{name}.{kind}", values)
    products = held @ queries[:JUDGED].T
    for name, file in files.items():
        recalls: list[float] = []
        for number, query in enumerate(queries[:JUDGED]):
            found, _ = file.search(query, NEAREST, None, settings.probes)
            best = np.partition(products[:, number], -NEAREST)[-NEAREST]
            # Texts that differ in a number have nearly the same vector: as near as the tenth is as good.
            recalls.append(float(np.mean(products[found, number] >= best - 1e-3)))
        yield Row(f"memory.ivf.{size}.{name}.recall10", float(np.mean(recalls)), "share", JUDGED, 0.0)


def _additions(files: dict[str, InvertedFile], new: Vectors, size: int) -> Iterator[Row]:
    for name, file in files.items():
        singly: list[float] = []
        for vector in new[:ADDED_SINGLY]:
            began = time.perf_counter()
            file.add(vector[None, :])
            singly.append((time.perf_counter() - began) * 1000)
        yield from _both(f"memory.ivf.{size}.{name}.add_1", singly)
        began = time.perf_counter()
        file.add(new[ADDED_SINGLY : ADDED_SINGLY + ADDED_AT_ONCE])
        yield row(
            f"memory.ivf.{size}.{name}.add_{ADDED_AT_ONCE}.ms", [(time.perf_counter() - began) * 1000], "ms"
        )


def _embedded(texts: Iterator[str]) -> Vectors:
    embedder = WordLlamaEmbedder()
    parts: list[Vectors] = []
    batch: list[str] = []
    for text in texts:
        batch.append(text)
        if len(batch) == TEXTS_AT_ONCE:
            parts.append(embedder.embed(batch))
            batch = []
    if batch:
        parts.append(embedder.embed(batch))
    return np.concatenate(parts).astype(np.float16).astype(np.float32)


def _services() -> list[Row]:
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        ledger = stack.enter_context(ServiceProcess("ledger", folder / "ledger"))
        print(f"filling a mind with {LARGE:,} events, and following them", file=sys.stderr)
        with grpc.insecure_channel(ledger.target) as channel:
            head = fill(channel, "large", LARGE + 1)
        first = _memory(folder, ledger, "cpu")
        first.start()
        with grpc.insecure_channel(first.target) as channel:
            reach(memory_pb2_grpc.MemoryServiceStub(channel), "large", head)
        first.kill()
        shutil.rmtree(folder / "cpu" / "memory" / "minds", ignore_errors=True)
        shutil.copytree(folder / "cpu", folder / "gpu")
        clients: dict[str, memory_pb2_grpc.MemoryServiceStub] = {}
        for device in DEVICES:
            print(f"building the index: {device}", file=sys.stderr)
            began = time.perf_counter()
            memory = stack.enter_context(_memory(folder, ledger, device))
            channel = stack.enter_context(grpc.insecure_channel(memory.target))
            clients[device] = memory_pb2_grpc.MemoryServiceStub(channel)
            search(clients[device], "large", 0)
            settled(clients[device], "large")
            rows.append(row(f"memory.service.{device}.build.s", [time.perf_counter() - began], "s"))
        rows += _compared(clients, ledger.target)
    return rows


def _memory(folder: Path, ledger: ServiceProcess, device: str) -> ServiceProcess:
    settings = (f"peers.ledger={ledger.target}", f"memory.device={device}")
    return ServiceProcess("memory", folder / device, settings=settings)


def _compared(clients: dict[str, memory_pb2_grpc.MemoryServiceStub], ledger: str) -> Iterator[Row]:
    yield from _in_turns(clients, "search", SEARCHES, 1)
    yield from _in_turns(clients, "exact", EXACT_SEARCHES, 100_000, exact=True)
    for device, client in clients.items():
        yield from _both(f"memory.service.{device}.freshness", fresh(ledger, client, "large"))
    # From here on not every row holds, as in any mind that has been in use for a while.
    client = clients["cpu"]
    request = pb.SearchRequest(mind_id="large", query=question(random.Random(1), 1), k=1)
    memory_id = client.Search(request, timeout=TIMEOUT).results[0].memory.memory_id
    retraction = events_pb2.MemoryRetracted(memory_id=memory_id, why="to have one that holds no longer")
    seq = client.RetractMemories(
        pb.RetractMemoriesRequest(mind_id="large", retractions=[retraction]), timeout=TIMEOUT
    ).seq
    for follower in clients.values():
        reach(follower, "large", seq)
    yield from _in_turns(clients, "search_one_retracted", SEARCHES, 200_000)


def _in_turns(
    clients: dict[str, memory_pb2_grpc.MemoryServiceStub],
    kind: str,
    count: int,
    first: int,
    *,
    exact: bool = False,
) -> Iterator[Row]:
    took: dict[str, list[float]] = {device: [] for device in clients}
    for number in range(first, first + count + count // 10):
        for device, client in clients.items():
            request = pb.SearchRequest(
                mind_id="large", query=question(random.Random(number), number), k=10, exact=exact
            )
            began = time.perf_counter()
            client.Search(request, timeout=TIMEOUT)
            if number >= first + count // 10:
                took[device].append((time.perf_counter() - began) * 1000)
    for device, values in took.items():
        yield from _both(f"memory.service.{device}.{kind}", values)


def _both(name: str, took: list[float]) -> Iterator[Row]:
    yield row(f"{name}.ms_p50", took, "ms")
    yield Row(f"{name}.ms_p99", percentile(took, 0.99), "ms", len(took), 0.0)
