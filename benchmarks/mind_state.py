"""What a mind's own work costs as its ledger grows: a tick, a prompt, opening it, folding it anew.

The orchestrator's parts run here, over a ledger in a process of its own. ``make bench-mind``.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path

import grpc

from benchmarks.fill import fill
from benchmarks.rows import Row, row
from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator import prompt
from services.orchestrator.autonomy.auditing import Auditing
from services.orchestrator.autonomy.supervisor import Supervisor
from services.orchestrator.minds import Minds
from services.orchestrator.peers import Peers
from services.orchestrator.settings import OrchestratorSettings
from services.orchestrator.snapshot import Snapshot
from services.orchestrator.store import Store
from services.orchestrator.terms import Draft, Recalled, Said
from services.orchestrator.times import moment
from services.runtime.peers import Peers as Channels
from tests.support.process import ServiceProcess

SIZES = {"0": 1, "10k": 10_000, "100k": 100_000, "1m": 1_000_000}
TICKS, PROMPTS, OPENINGS = 100, 200, 5


def run() -> list[Row]:
    """Rows ``mind.tick.<size>.ms_p50``, ``mind.context.…``, ``mind.open_1m.ms`` and ``mind.replay.events_per_s``."""
    with (
        tempfile.TemporaryDirectory() as folder,
        ServiceProcess("ledger", Path(folder) / "ledger") as ledger,
    ):
        with grpc.insecure_channel(ledger.target) as channel:
            for size, events in SIZES.items():
                print(f"filling {events:,} events", file=sys.stderr)
                fill(channel, f"n{size}", events)
        return asyncio.run(_measured(Path(folder), ledger.target))


async def _measured(folder: Path, target: str) -> list[Row]:
    settings = OrchestratorSettings()  # pyright: ignore[reportCallIssue]
    channels = Channels(dict.fromkeys(("ledger", "memory", "inference"), target))
    peers, store = Peers(channels), Store(folder / "orchestrator")
    rows: list[Row] = []
    try:
        for size, events in SIZES.items():
            minds = Minds(peers, store, settings)
            began = time.perf_counter()
            await minds.open(f"n{size}")
            if size == "1m":
                rate = events / (time.perf_counter() - began)
                rows.append(Row("mind.replay.events_per_s", rate, "events/s", 1, 0.0))
            rows.append(await _ticks(minds, peers, store, settings, size))
            rows.append(_prompts((await minds.open(f"n{size}")).snapshot, size))
        took = [await _opened(Minds(peers, store, settings), "n1m") for _ in range(OPENINGS)]
        rows.append(row("mind.open_1m.ms", took, "ms"))
    finally:
        await channels.close()
        store.close()
    return rows


async def _ticks(minds: Minds, peers: Peers, store: Store, settings: OrchestratorSettings, size: str) -> Row:
    """Ticks of a mind in which something has just happened: decided, appended and folded."""
    supervisor = Supervisor(minds, store, Auditing(minds, peers, store), settings)
    active = await minds.open(f"n{size}")
    took: list[float] = []
    for number in range(TICKS):
        told = mind.UserIdentified(name=f"person {number}")
        await minds.append(active, [Draft(mind.Body(user_identified=told))])
        began = time.perf_counter()
        if not await supervisor.tick(active.id):
            raise RuntimeError("there was nothing to record")
        took.append((time.perf_counter() - began) * 1000)
    return row(f"mind.tick.{size}.ms_p50", took, "ms")


def _prompts(state: Snapshot, size: str) -> Row:
    memories = [
        Recalled(f"e-{n}", f"something about harbour {n} " * 4, "Ana", 10**18, 1, (n,), 1.0)
        for n in range(1, 11)
    ]
    recent = [Said("user" if n % 2 else "assistant", f"said {n} " * 20, n) for n in range(1, 13)]
    took: list[float] = []
    for _ in range(PROMPTS):
        began = time.perf_counter()
        prompt.build(state, memories, recent, "Where is the harbour?", moment(10**18), 6_000)
        took.append((time.perf_counter() - began) * 1000)
    return row(f"mind.context.{size}.ms_p50", took, "ms")


async def _opened(minds: Minds, mind_id: str) -> float:
    """Milliseconds to open a mind from its saved snapshot and what follows it."""
    began = time.perf_counter()
    await minds.open(mind_id)
    return (time.perf_counter() - began) * 1000
