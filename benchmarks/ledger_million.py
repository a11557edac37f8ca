"""The ledger with a million events in one mind: verification, proofs, growth, and memory while a reader streams."""

from __future__ import annotations

import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import psutil

from benchmarks.rows import Row, percentile, row
from pmm.ledger.v1 import ledger_pb2 as pb
from pmm.mind.v1 import events_pb2 as mind
from pmm_client import merkle
from pmm_client.channel import open_channel
from pmm_client.raw import LedgerClient
from tests.support.process import ServiceProcess

MIND = "bench"
SMALL, LARGE = 1_000, 1_000_000
BATCH, FILLERS = 1_000, 4
ROUNDS = 3
PROOFS = 500
APPENDS = 300
MIB = 1024 * 1024


def run() -> list[Row]:
    """Rows ``ledger.verify``, ``ledger.proof.*``, ``ledger.append.growth_ratio``, ``ledger.read_1m.server_mib``."""
    with (
        tempfile.TemporaryDirectory() as folder,
        ServiceProcess("ledger", Path(folder) / "small") as small,
        ServiceProcess("ledger", Path(folder) / "large") as large,
    ):
        return asyncio.run(_run(small, large))


async def _run(small: ServiceProcess, large: ServiceProcess) -> list[Row]:
    async with open_channel(small.target) as one, open_channel(large.target) as other:
        few, many = LedgerClient(one), LedgerClient(other)
        await _fill(few, SMALL)
        print(f"filling a mind with {LARGE:,} events", file=sys.stderr)
        filled = await _fill(many, LARGE)
        print("measuring", file=sys.stderr)
        rows = [row("ledger.fill_1m.events_per_s", [filled], "events/s")]
        rows += await _growth(few, many)
        rows += await _proofs(many)
        rows.append(
            row("ledger.verify.events_per_s", [await _verify(many) for _ in range(ROUNDS)], "events/s")
        )
        rows += await _streamed(many, large.pid)
    return rows


async def _fill(client: LedgerClient, events: int) -> float:
    created = pb.NewEvent(body=mind.Body(mind_created=mind.MindCreated(name=MIND)))
    await client.append(pb.AppendRequest(mind_id=MIND, events=[created]))
    request = pb.AppendRequest(mind_id=MIND, events=[_event() for _ in range(BATCH)])
    batches = iter(range(events // BATCH))

    async def fill() -> None:
        for _ in batches:
            await client.append(request, timeout=60)

    began = time.perf_counter()
    await asyncio.gather(*(fill() for _ in range(FILLERS)))
    return events / (time.perf_counter() - began)


def _event() -> pb.NewEvent:
    text = random.randbytes(100).hex()
    return pb.NewEvent(
        session_id="s1", actor="user", body=mind.Body(user_message=mind.UserMessage(text=text))
    )


async def _milliseconds(work: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await work()
    return 1000 * (time.perf_counter() - began)


async def _growth(few: LedgerClient, many: LedgerClient) -> list[Row]:
    """Single appends to both in turn."""
    times: dict[str, list[float]] = {"1k": [], "1m": []}
    request = pb.AppendRequest(mind_id=MIND, events=[_event()])
    for _ in range(APPENDS):
        times["1k"].append(await _milliseconds(lambda: few.append(request)))
        times["1m"].append(await _milliseconds(lambda: many.append(request)))
    rows = [row(f"ledger.append.{size}.ms_p50", values, "ms") for size, values in times.items()]
    ratio = statistics.median(times["1m"]) / statistics.median(times["1k"])
    return [*rows, Row("ledger.append.growth_ratio", ratio, "ratio", APPENDS, 0.0)]


async def _proofs(client: LedgerClient) -> list[Row]:
    head = await client.get_checkpoint(pb.GetCheckpointRequest(mind_id=MIND))
    size, made, checked = head.tree_size, [], []
    consistent: list[float] = []
    for _ in range(PROOFS):
        seq = random.randint(1, size)
        request = pb.GetInclusionProofRequest(mind_id=MIND, seq=seq, tree_size=size)
        began = time.perf_counter()
        proof = await client.get_inclusion_proof(request)
        received = time.perf_counter()
        leaf = merkle.leaf_hash(proof.event_hash)
        merkle.verify_inclusion(leaf, seq - 1, size, proof.path, head.root_hash)
        made.append(1000 * (received - began))
        checked.append(1000 * (time.perf_counter() - received))
        between = pb.GetConsistencyProofRequest(mind_id=MIND, from_size=seq, to_size=size)
        consistent.append(await _milliseconds(lambda: client.get_consistency_proof(between)))  # noqa: B023
    return [
        row("ledger.proof.inclusion.ms_p50", made, "ms"),
        Row("ledger.proof.inclusion.ms_p99", percentile(made, 0.99), "ms", PROOFS, 0.0),
        row("ledger.proof.verification.ms_p50", checked, "ms"),
        row("ledger.proof.consistency.ms_p50", consistent, "ms"),
    ]


async def _verify(client: LedgerClient) -> float:
    began, seq = time.perf_counter(), 0
    async for step in client.verify(pb.VerifyRequest(mind_id=MIND)):
        if step.HasField("broken"):
            raise RuntimeError(f"event {step.broken.seq} is broken")
        seq = step.verified.seq
    return seq / (time.perf_counter() - began)


async def _streamed(client: LedgerClient, pid: int) -> list[Row]:
    """A reader of everything; what the server's own memory comes to (what it maps of its file is the system's)."""
    server, own, events = psutil.Process(pid), 0, 0
    began = time.perf_counter()
    async for page in client.read(pb.ReadRequest(mind_id=MIND, raw=True, page_size=1_000)):
        events += len(page.events)
        info = server.memory_info()
        own = max(own, info.rss - info.shared)
    seconds = time.perf_counter() - began
    return [
        row("ledger.read_1m.server_mib", [own / MIB], "MiB"),
        row("ledger.read_1m.sdk.events_per_s", [events / seconds], "events/s"),
    ]
