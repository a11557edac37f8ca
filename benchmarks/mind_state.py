"""What a mind's own work costs as its ledger grows: a tick, a prompt, opening it, folding it anew.

The orchestrator's parts run here: over a ledger in a process of its own, and for the ticks over one in this process, as
``pmm up`` has it. ``make bench-mind``.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

import grpc
import uvloop

from benchmarks.fill import fill
from benchmarks.rows import Row, row
from pmm.mind.v1 import events_pb2 as mind
from services.ledger.server import SPEC as LEDGER
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
from services.runtime.inside import Exchange
from services.runtime.peers import Peers as Channels
from services.runtime.sections import ServerSettings
from services.runtime.server import limits, serve
from services.runtime.service import ServiceContext
from tests.support.process import ServiceProcess

SIZES = {"0": 1, "10k": 10_000, "100k": 100_000, "1m": 1_000_000}
TICKS, PROMPTS, OPENINGS = 100, 200, 5


def run() -> list[Row]:
    """Rows ``mind.tick.<size>.ms_p50``, ``mind.context.…``, ``mind.open_1m.ms`` and ``mind.replay.events_per_s``."""
    with tempfile.TemporaryDirectory() as folder:
        with ServiceProcess("ledger", Path(folder)) as ledger:
            with grpc.insecure_channel(ledger.target) as channel:
                for size, events in SIZES.items():
                    print(f"filling {events:,} events", file=sys.stderr)
                    fill(channel, f"n{size}", events)
            rows = uvloop.run(_measured(Path(folder), ledger.target))
        return [*uvloop.run(_ticked(Path(folder))), *rows]


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
            rows.append(_prompts((await minds.open(f"n{size}")).snapshot, size))
        took = [await _opened(Minds(peers, store, settings), "n1m") for _ in range(OPENINGS)]
        rows.append(row("mind.open_1m.ms", took, "ms"))
    finally:
        await channels.close()
        store.close()
    return rows


async def _ticked(folder: Path) -> list[Row]:
    """Ticks of minds in which something has just happened: decided, appended and folded. The minds take turns."""
    settings = OrchestratorSettings()  # pyright: ignore[reportCallIssue]
    server_settings = ServerSettings.model_validate({"port": 0})
    inside = Exchange(limits(server_settings))
    channels = Channels({}, inside=inside)
    ledger = LEDGER.build(LEDGER.settings(), ServiceContext(folder / "ledger", channels))
    peers, store = Peers(channels), Store(folder / "orchestrator")
    minds = Minds(peers, store, settings)
    supervisor = Supervisor(minds, store, Auditing(minds, peers, store), settings)
    took: dict[str, list[float]] = {size: [] for size in SIZES}
    try:
        async with serve([ledger], server_settings, inside=inside):
            for number in range(TICKS):
                for size, times in took.items():
                    times.append(await _tick(minds, supervisor, f"n{size}", number))
    finally:
        await channels.close()
        store.close()
    return [
        *(row(f"mind.tick.{size}.ms_p50", times, "ms") for size, times in took.items()),
        Row(
            "mind.tick.growth_ratio",
            statistics.median(took["1m"]) / statistics.median(took["0"]),
            "ratio",
            TICKS,
            0.0,
        ),
    ]


async def _tick(minds: Minds, supervisor: Supervisor, mind_id: str, number: int) -> float:
    """Milliseconds of one."""
    told = mind.UserIdentified(name=f"person {number}")
    await minds.append(await minds.at_hand(mind_id), [Draft(mind.Body(user_identified=told))])
    began = time.perf_counter()
    if not await supervisor.tick():
        raise RuntimeError("there was nothing to record")
    return (time.perf_counter() - began) * 1000


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
