"""Many conversations at once, and what a mind takes of memory while it is in use. ``make bench-mind``.

The clients share the processors with the servers.
"""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import grpc
import psutil

from benchmarks.fill import PEOPLE, PLACES, THINGS, fill
from benchmarks.mind import INDEX_TIMEOUT, WHOLE
from benchmarks.rows import Row, percentile
from pmm.memory.v1 import memory_pb2, memory_pb2_grpc
from pmm.orchestrator.v1 import orchestrator_pb2
from pmm_client.channel import open_channel
from pmm_client.raw import OrchestratorClient
from tests.support.stack import Stack

AT_ONCE, TURNS_EACH = 64, 10
EVENTS_EACH = 200
"""Of each mind before it is talked to."""
ACTIVE = 1_000
"""Minds whose memory is measured: as many as are kept in memory."""
OPENED_AT_ONCE = 8
FILLERS = 4
KIB = 1024


def run() -> list[Row]:
    """Rows ``mind.conversations.<how many>.…``, ``mind.split.conversations.…`` and ``mind.resident.kib_per_mind``."""
    rows: list[Row] = []
    for is_split, prefix in ((False, "mind"), (True, "mind.split")):
        with (
            tempfile.TemporaryDirectory() as folder,
            Stack(Path(folder) / "data", split=is_split, env=WHOLE) as stack,
        ):
            names = _fill(stack, AT_ONCE)
            for label, minds in (
                ("1", names[:1]),
                ("64_minds", names),
                ("64_in_1_mind", names[:1] * AT_ONCE),
            ):
                rows += asyncio.run(_conversations(stack, f"{prefix}.conversations.{label}", minds))
    return [*rows, _resident()]


def _fill(stack: Stack, count: int) -> list[str]:
    """Minds with something in them, indexed; their names."""
    print(f"filling {count:,} minds with {EVENTS_EACH} events each", file=sys.stderr)
    names = [f"m{number}" for number in range(count)]
    with grpc.insecure_channel(stack.ledger) as ledger, ThreadPoolExecutor(FILLERS) as fillers:
        heads = list(fillers.map(partial(fill, ledger, events=EVENTS_EACH), names))
    with grpc.insecure_channel(stack.memory) as channel:
        memory = memory_pb2_grpc.MemoryServiceStub(channel)
        for name, head in zip(names, heads, strict=True):
            request = memory_pb2.ListMemoriesRequest(mind_id=name, page_size=1, min_seq=head)
            memory.ListMemories(request, timeout=INDEX_TIMEOUT)
    return names


async def _conversations(stack: Stack, name: str, minds: Sequence[str]) -> list[Row]:
    """A conversation with each of the minds, all at once; one mind may be there more than once."""
    channel = open_channel(stack.target)
    client = OrchestratorClient(channel)
    took: list[float] = []

    async def talk(number: int, mind_id: str, turns: int) -> None:
        rng, session_id = random.Random(number), ""
        for _ in range(turns):
            began = time.perf_counter()
            session_id = await _turn(client, mind_id, session_id, rng)
            took.append((time.perf_counter() - began) * 1000)

    await asyncio.gather(*(talk(number, mind_id, 1) for number, mind_id in enumerate(minds)))
    took.clear()
    turns = TURNS_EACH if len(minds) > 1 else 10 * TURNS_EACH
    began = time.perf_counter()
    await asyncio.gather(*(talk(-number, mind_id, turns) for number, mind_id in enumerate(minds, 1)))
    seconds = time.perf_counter() - began
    await channel.close(None)
    return [
        Row(f"{name}.turns_per_s", len(took) / seconds, "turns/s", len(took), 0.0),
        Row(f"{name}.ms_p50", percentile(took, 0.5), "ms", len(took), 0.0),
        Row(f"{name}.ms_p99", percentile(took, 0.99), "ms", len(took), 0.0),
    ]


async def _turn(client: OrchestratorClient, mind_id: str, session_id: str, rng: random.Random) -> str:
    """One turn to its end; the session that it was in."""
    text = f"What did {rng.choice(PEOPLE)} do with the {rng.choice(THINGS)} in {rng.choice(PLACES)}? {rng.random()}"
    request = orchestrator_pb2.ConverseRequest(mind_id=mind_id, session_id=session_id, text=text)
    is_completed = False
    async for response in client.converse(request, timeout=120):
        match response.WhichOneof("part"):
            case "started":
                session_id = response.started.session_id
            case "completed":
                is_completed = True
            case _:
                pass
    if not is_completed:
        raise RuntimeError("a turn failed")
    return session_id


def _resident() -> Row:
    """Resident memory that a mind adds to the one process once it is talked to: its state, its index, its words."""
    with tempfile.TemporaryDirectory() as folder, Stack(Path(folder) / "data", env=WHOLE) as stack:
        names = _fill(stack, ACTIVE + AT_ONCE)
        stack.restart()
        asyncio.run(_open(stack, names[ACTIVE:]))
        process = psutil.Process(stack.pid)
        before = process.memory_info().rss
        asyncio.run(_open(stack, names[:ACTIVE]))
        grown = process.memory_info().rss - before
    return Row("mind.resident.kib_per_mind", grown / ACTIVE / KIB, "KiB", ACTIVE, 0.0)


async def _open(stack: Stack, minds: Sequence[str]) -> None:
    """A turn in each."""
    channel = open_channel(stack.target)
    client, free = OrchestratorClient(channel), asyncio.Semaphore(OPENED_AT_ONCE)

    async def open_one(number: int, mind_id: str) -> None:
        async with free:
            await _turn(client, mind_id, "", random.Random(number))

    await asyncio.gather(*(open_one(number, mind_id) for number, mind_id in enumerate(minds)))
    await channel.close(None)
