"""How long a search takes, through gRPC, in minds of growing size, with each service a process of its own."""

from __future__ import annotations

import random
import tempfile
import time
from pathlib import Path

import grpc

from benchmarks.fill import PEOPLE, PLACES, THINGS, VERBS, fill
from benchmarks.rows import Row, percentile, row
from pmm.memory.v1 import memory_pb2, memory_pb2_grpc
from services.memory.settings import MemorySettings
from tests.support.stack import Stack

SIZES = {"1k": 1_000, "10k": 10_000, "100k": 100_000}
SEARCHES = 200
WARM_UP = 10
INDEX_TIMEOUT = 600.0


def run() -> list[Row]:
    """Rows ``memory.search.<size>.ms_p50`` and ``.ms_p99``, and how fast the index followed."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Stack(Path(folder) / "data", split=True) as stack,
        grpc.insecure_channel(stack.memory) as memory,
        grpc.insecure_channel(stack.ledger) as ledger,
    ):
        client = memory_pb2_grpc.MemoryServiceStub(memory)
        began = time.perf_counter()
        for size, memories in SIZES.items():
            head = fill(ledger, f"m{size}", memories + 1)
            client.ListMemories(
                memory_pb2.ListMemoriesRequest(mind_id=f"m{size}", page_size=1, min_seq=head),
                timeout=INDEX_TIMEOUT,
            )
        followed = sum(SIZES.values()) / (time.perf_counter() - began)
        client.Search(memory_pb2.SearchRequest(mind_id="m100k", query="warm up"), timeout=INDEX_TIMEOUT)
        settled(client, "m100k")
        took = _searches(client)
    rows = [Row("memory.catchup.turns_per_s", followed, "turns/s", 1, 0.0)]
    for size, values in took.items():
        rows.append(row(f"memory.search.{size}.ms_p50", values, "ms"))
        rows.append(Row(f"memory.search.{size}.ms_p99", percentile(values, 0.99), "ms", len(values), 0.0))
    return rows


def settled(client: memory_pb2_grpc.MemoryServiceStub, mind_id: str) -> None:
    """Return once what was appended to a large mind is in its index, and no longer compared one by one."""
    limit = MemorySettings.model_validate({}).flat_limit
    until = time.monotonic() + INDEX_TIMEOUT
    while client.Stats(memory_pb2.StatsRequest(mind_id=mind_id), timeout=60).compared_memories > limit // 8:
        if time.monotonic() > until:
            raise TimeoutError(f"the index of {mind_id} does not settle")
        time.sleep(0.2)


def _searches(client: memory_pb2_grpc.MemoryServiceStub) -> dict[str, list[float]]:
    rng = random.Random(5)
    took: dict[str, list[float]] = {size: [] for size in SIZES}
    for number in range(WARM_UP + SEARCHES):
        for size in SIZES:
            query = (
                f"When has {rng.choice(PEOPLE)} {rng.choice(VERBS)} the {rng.choice(THINGS)} "
                f"in {rng.choice(PLACES)}? {number}"
            )
            request = memory_pb2.SearchRequest(mind_id=f"m{size}", query=query, k=10)
            began = time.perf_counter()
            client.Search(request, timeout=60)
            if number >= WARM_UP:
                took[size].append((time.perf_counter() - began) * 1000)
    return took
