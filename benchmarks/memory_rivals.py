"""Adding and searching ten thousand memories: PMM beside chromadb, qdrant-client (local) and mem0 (``infer=False``).

All with the same embedder and the same texts, one after the other in one run. The rivals live in a virtual
environment of their own (``make bench-memory`` makes it): what they need does not go together with what PMM needs.
PMM is called over gRPC and keeps a ledger; the others are libraries in the caller's process.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import grpc

from benchmarks.fill import PEOPLE, PLACES, THINGS, VERBS, fill, sentence
from benchmarks.rows import Row, percentile, row
from pmm.memory.v1 import memory_pb2, memory_pb2_grpc
from tests.support.stack import Stack

ROOT = Path(__file__).resolve().parents[1]
PYTHON = Path(os.environ.get("PMM_RIVALS_PYTHON", ROOT / "build" / "rivals" / "bin" / "python"))
WORKER = Path(__file__).with_name("memory_rivals_worker.py")
RIVALS = ("chromadb", "qdrant", "mem0")
SIZE, SEARCHES = 10_000, 200


def run() -> list[Row]:
    """Rows ``memory.rivals.<name>.add.per_s`` and ``memory.rivals.<name>.search.ms_p50`` and ``_p99``."""
    rng = random.Random(7)
    texts = [sentence(rng, number) for number in range(SIZE)]
    questions = [
        f"When has {rng.choice(PEOPLE)} {rng.choice(VERBS)} the {rng.choice(THINGS)} in {rng.choice(PLACES)}?"
        for _ in range(SEARCHES)
    ]
    rows = _rows("pmm", *_pmm(questions))
    if not PYTHON.exists():
        print(
            f"SKIPPED: the rivals are not installed in {PYTHON.parents[1]}: make bench-memory",
            file=sys.stderr,
        )
        return rows
    for name in RIVALS:
        with tempfile.TemporaryDirectory() as folder:
            job = json.dumps({"rival": name, "folder": folder, "texts": texts, "questions": questions})
            done = subprocess.run(
                [PYTHON, WORKER], input=job, stdout=subprocess.PIPE, text=True, check=True, cwd=folder
            )
        answer = json.loads(done.stdout.splitlines()[-1])
        rows += _rows(name, answer["added_per_s"], answer["search_ms"])
    return rows


def _pmm(questions: list[str]) -> tuple[float, list[float]]:
    with (
        tempfile.TemporaryDirectory() as folder,
        Stack(Path(folder) / "data") as stack,
        grpc.insecure_channel(stack.target) as channel,
    ):
        client = memory_pb2_grpc.MemoryServiceStub(channel)
        began = time.perf_counter()
        head = fill(channel, "bench", SIZE + 1)
        reached = memory_pb2.ListMemoriesRequest(mind_id="bench", page_size=1, min_seq=head)
        client.ListMemories(reached, timeout=600)
        added = SIZE / (time.perf_counter() - began)
        took: list[float] = []
        for question in ["warm up", *questions]:
            began = time.perf_counter()
            client.Search(memory_pb2.SearchRequest(mind_id="bench", query=question, k=10), timeout=60)
            took.append((time.perf_counter() - began) * 1000)
    return added, took[1:]


def _rows(name: str, added: float, took: list[float]) -> list[Row]:
    return [
        Row(f"memory.rivals.{name}.add.per_s", added, "memories/s", 1, 0.0),
        row(f"memory.rivals.{name}.search.ms_p50", took, "ms"),
        Row(f"memory.rivals.{name}.search.ms_p99", percentile(took, 0.99), "ms", len(took), 0.0),
    ]
