"""Memory at its limits: a million memories in one mind, and ten thousand minds of a hundred each.

Ledger and memory run as processes of their own, with the settings that users get and which give the figures of
``make bench-recall``.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import grpc
import numpy as np
import psutil

from benchmarks.fill import PEOPLE, PLACES, THINGS, VERBS, bodies, fill, sentence
from benchmarks.memory import settled
from benchmarks.rows import Row, percentile, row
from pmm.ledger.v1 import ledger_pb2, ledger_pb2_grpc
from pmm.memory.v1 import memory_pb2 as pb
from pmm.memory.v1 import memory_pb2_grpc
from pmm.mind.v1 import events_pb2
from services.memory import bulk
from services.memory.embedder import WordLlamaEmbedder
from services.memory.inverted_file import Cpu
from services.memory.settings import MemorySettings
from services.memory.store import Store
from tests.support.process import ServiceProcess

LARGE = int(os.environ.get("PMM_BENCH_MEMORIES", "1000000"))
MINDS, EACH = int(os.environ.get("PMM_BENCH_MINDS", "10000")), 100
SEARCHES, WARM_UP = 300, 20
NEW = 300
RESTARTS = 3
NEAREST, ASKED = 10, 200
FILLERS = 4
TIMEOUT = 1_800.0
MIB = 2**20


def run() -> list[Row]:
    """Rows ``memory.*`` of one large mind, and ``memory.minds10k.*`` of many small ones."""
    return [*_one_large_mind(), *_many_small_minds()]


def _one_large_mind() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        with ServiceProcess("ledger", root / "ledger") as ledger:
            memory = _memory(root, ledger)
            _say(f"filling a mind with {LARGE:,} events")
            with grpc.insecure_channel(ledger.target) as channel:
                head = fill(channel, "large", LARGE + 1)
            _say("catching up")
            began = time.perf_counter()
            memory.start()
            try:
                with grpc.insecure_channel(memory.target) as channel:
                    client = memory_pb2_grpc.MemoryServiceStub(channel)
                    reach(client, "large", head)
                    rows = [
                        row("memory.catchup.turns_per_s", [LARGE / (time.perf_counter() - began)], "turns/s")
                    ]
                    _say("building the index")
                    began = time.perf_counter()
                    search(client, "large", 0)
                    settled(client, "large")
                    rows.append(row("memory.build_1m.s", [time.perf_counter() - began], "s"))
                    took = [search(client, "large", number) for number in range(WARM_UP + SEARCHES)][WARM_UP:]
                    rows += _times("memory.search.1m", took)
                    rows += _times("memory.freshness", fresh(ledger.target, client, "large"))
                rows += _resident("memory.rss_1m", memory.pid)
                rows.append(row("memory.restart_1m.s", [_restart(memory) for _ in range(RESTARTS)], "s"))
            finally:
                memory.stop()
            rows.append(_recall(root / "memory" / "memory"))
    return rows


def _many_small_minds() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        with ServiceProcess("ledger", root / "ledger") as ledger:
            _say(f"filling {MINDS:,} minds with {EACH} events each")
            with grpc.insecure_channel(ledger.target) as channel, ThreadPoolExecutor(FILLERS) as fillers:
                list(fillers.map(partial(_fill_small, channel), range(MINDS)))
            memory = _memory(root, ledger)
            began = time.perf_counter()
            memory.start()
            try:
                with grpc.insecure_channel(memory.target) as channel:
                    client = memory_pb2_grpc.MemoryServiceStub(channel)
                    for number in range(MINDS):
                        reach(client, _name(number), EACH)
                    followed = MINDS * EACH / (time.perf_counter() - began)
                    order = random.Random(3).sample(range(MINDS), MINDS)
                    first = [search(client, _name(number), number) for number in order]
                    again = [search(client, _name(number), -number) for number in order[:SEARCHES]]
                rows = [row("memory.minds10k.catchup.turns_per_s", [followed], "turns/s")]
                rows += [
                    *_times("memory.minds10k.first_search", first),
                    *_times("memory.minds10k.search", again),
                ]
                rows += _resident("memory.minds10k.rss", memory.pid)
            finally:
                memory.stop()
    return rows


def _memory(root: Path, ledger: ServiceProcess) -> ServiceProcess:
    return ServiceProcess("memory", root / "memory", settings=(f"peers.ledger={ledger.target}",))


def _fill_small(channel: grpc.Channel, number: int) -> None:
    created = events_pb2.MindCreated(name=_name(number), owner="local")
    events = [ledger_pb2.NewEvent(actor="system", body=events_pb2.Body(mind_created=created))]
    events += bodies(EACH - 1, seed=number)
    request = ledger_pb2.AppendRequest(mind_id=_name(number), events=events)
    ledger_pb2_grpc.LedgerServiceStub(channel).Append(request, timeout=60)


def _name(number: int) -> str:
    return f"small{number}"


def reach(client: memory_pb2_grpc.MemoryServiceStub, mind_id: str, seq: int) -> None:
    request = pb.ListMemoriesRequest(mind_id=mind_id, page_size=1, min_seq=seq)
    client.ListMemories(request, timeout=TIMEOUT)


def search(client: memory_pb2_grpc.MemoryServiceStub, mind_id: str, number: int) -> float:
    """Milliseconds of one search for something that nobody searched for before."""
    request = pb.SearchRequest(mind_id=mind_id, query=question(random.Random(number), number), k=10)
    began = time.perf_counter()
    client.Search(request, timeout=TIMEOUT)
    return (time.perf_counter() - began) * 1000


def question(rng: random.Random, number: int) -> str:
    return (
        f"When has {rng.choice(PEOPLE)} {rng.choice(VERBS)} the {rng.choice(THINGS)} in {rng.choice(PLACES)}? "
        f"{number}"
    )


def fresh(ledger: str, client: memory_pb2_grpc.MemoryServiceStub, mind_id: str) -> list[float]:
    """Milliseconds from the answer of an append to the answer of the search that finds what was appended."""
    took: list[float] = []
    rng = random.Random(11)
    with grpc.insecure_channel(ledger) as channel:
        stub = ledger_pb2_grpc.LedgerServiceStub(channel)
        for number in range(NEW):
            text = f"{sentence(rng, LARGE + number)} zanzibar{number}"
            said = ledger_pb2.NewEvent(
                actor="user",
                session_id="fresh",
                body=events_pb2.Body(user_message=events_pb2.UserMessage(text=text)),
            )
            appended = stub.Append(ledger_pb2.AppendRequest(mind_id=mind_id, events=[said]), timeout=60)
            began = time.perf_counter()
            request = pb.SearchRequest(
                mind_id=mind_id, query=f"zanzibar{number}", k=3, min_seq=appended.head_seq
            )
            found = client.Search(request, timeout=TIMEOUT)
            took.append((time.perf_counter() - began) * 1000)
            if not any(result.memory.text == text for result in found.results):
                raise RuntimeError(f"what was appended as {appended.head_seq} was not found")
    return took


def _restart(memory: ServiceProcess) -> float:
    """Seconds from the start of the process to the answer of the first search."""
    memory.stop()
    began = time.perf_counter()
    memory.start()
    with grpc.insecure_channel(memory.target) as channel:
        search(memory_pb2_grpc.MemoryServiceStub(channel), "large", 7)
    return time.perf_counter() - began


def _recall(folder: Path) -> Row:
    """How many of the truly nearest the saved index finds, by brute force over the stored vectors."""
    store = Store(folder / "store")
    embedder, settings = WordLlamaEmbedder(), MemorySettings.model_validate({})
    with store.read() as stored:
        mind = stored.mind("large")
        assert mind is not None, "it was filled"
        saved = bulk.load(folder / "minds" / str(mind.number), embedder.id, Cpu())
        assert saved is not None, "it was saved at the stop"
        vectors = stored.vectors(stored.spaces()[embedder.id], mind, 0, saved.place.size)
    store.close()
    rng = random.Random(23)
    queries = embedder.embed([question(rng, number) for number in range(ASKED)])
    recalls: list[float] = []
    for query in queries:
        products = vectors @ query
        best = np.partition(products, -NEAREST)[-NEAREST]
        found, _ = saved.bulk.vectors.search(query, NEAREST, None, settings.probes)
        # Texts that differ in a number have the same vector: as near as the tenth is as good as the tenth.
        recalls.append(float(np.mean(products[found] >= best - 1e-3)))
    return row("memory.ann_recall10", [float(np.mean(recalls))], "share")


def _resident(name: str, pid: int) -> Iterator[Row]:
    memory = psutil.Process(pid).memory_info()
    yield row(f"{name}.mb", [memory.rss / MIB], "MiB")
    yield row(f"{name}.own_mb", [(memory.rss - memory.shared) / MIB], "MiB")


def _times(name: str, took: list[float]) -> Iterator[Row]:
    yield row(f"{name}.ms_p50", took, "ms")
    yield Row(f"{name}.ms_p99", percentile(took, 0.99), "ms", len(took), 0.0)


def _say(words: str) -> None:
    print(words, file=sys.stderr)
