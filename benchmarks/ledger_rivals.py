"""The ledger side by side with UmaDB, in one run: same payloads of 1 KiB, both on disk before they acknowledge.

Each server is a process of its own, driven by the cheapest client there is for it: UmaDB by its own compiled client in
threads, ours by h2load. What our Python SDK gets is in rows of their own. The two servers take turns, so that a noisy
machine disturbs both. Ours seals every payload, chains it, keeps its indexes and its Merkle tree, as users get it;
UmaDB does none of that, and a read of ours checks every hash.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import h2load, ledger
from benchmarks.rows import Row, percentile, row
from benchmarks.umadb_server import UmaDb
from pmm.ledger.v1 import ledger_pb2 as pb
from pmm.mind.v1 import events_pb2 as mind
from pmm_client.channel import open_channel
from pmm_client.raw import LedgerClient
from tests.support.process import ServiceProcess

ROUNDS = 5
PAYLOAD = os.urandom(512).hex()
MIND = "bench"
SERVICE = "pmm.ledger.v1.LedgerService"
APPENDS = {
    "c1": (1, 400, 1),
    "c16": (16, 150, 1),
    "c64": (64, 60, 1),
    "batch100x1": (1, 40, 100),
    "batch100x8": (8, 20, 100),
}
"""Name → clients, appends of each, events an append."""
LAG_TIMES = 200
Measured = dict[str, list[float]]


def run() -> list[Row]:
    """Rows ``ledger.*.umadb``, ``ledger.*.h2load``, ``ledger.*.sdk``, and ``ledger.*.ratio_umadb`` of the first two."""
    try:
        with (
            tempfile.TemporaryDirectory() as folder,
            ServiceProcess("ledger", Path(folder) / "pmm", settings=("ledger.settle_ms=0",)) as process,
            UmaDb(Path(folder)) as umadb,
        ):
            return asyncio.run(_run(process.target, umadb))
    except (h2load.NotInstalled, ImportError) as missing:
        print(f"ledger_rivals is left out: {missing}; pip install umadb", file=sys.stderr)
        return []


async def _run(target: str, umadb: UmaDb) -> list[Row]:
    measured: Measured = {}
    async with open_channel(target) as channel:
        client = LedgerClient(channel)
        created = pb.NewEvent(body=mind.Body(mind_created=mind.MindCreated(name=MIND)))
        await client.append(pb.AppendRequest(mind_id=MIND, events=[created]))
        for number in range(ROUNDS):
            print(f"round {number + 1} of {ROUNDS}", file=sys.stderr)
            for name, how in APPENDS.items():
                await _appends(measured, target, client, umadb, name, *how)
            await _reads(measured, target, client, umadb)
        _note(measured, "ledger.lag.umadb.ms", umadb.lag(PAYLOAD.encode(), LAG_TIMES))
        _note(measured, "ledger.lag.sdk.ms", await _lag(client))
    return _rows(measured)


async def _appends(
    measured: Measured,
    target: str,
    client: LedgerClient,
    umadb: UmaDb,
    name: str,
    clients: int,
    each: int,
    batch: int,
) -> None:
    theirs = umadb.append(PAYLOAD.encode(), clients=clients, each=each, batch=batch)
    request = pb.AppendRequest(mind_id=MIND, events=[_event()] * batch)
    before = await _head(client)
    load = h2load.call(target, f"{SERVICE}/Append", request, clients=clients, requests=clients * each)
    if await _head(client) - before != clients * each * batch:
        raise RuntimeError("the ledger did not take every append")
    ours = load.requests_per_s * batch
    sdk = batch * await ledger.appended(client, [[request] * each for _ in range(clients)])
    for who, value in (("umadb", theirs), ("h2load", ours), ("sdk", sdk)):
        _note(measured, f"ledger.append.{name}.{who}.events_per_s", [value])
    _note(measured, f"ledger.append.{name}.ratio_umadb", [ours / theirs])


async def _reads(measured: Measured, target: str, client: LedgerClient, umadb: UmaDb) -> None:
    theirs, events = umadb.read(), await _head(client)
    request = pb.ReadRequest(mind_id=MIND, raw=True, page_size=1_000)
    load = h2load.call(target, f"{SERVICE}/Read", request, clients=1, requests=1)
    if load.data_bytes < events * len(PAYLOAD):
        raise RuntimeError("the ledger did not deliver every event")
    ours = load.requests_per_s * events
    sdk = await ledger.read(client, raw=True)
    for who, value in (("umadb", theirs), ("h2load", ours), ("sdk", sdk)):
        _note(measured, f"ledger.read.{who}.events_per_s", [value])
    _note(measured, "ledger.read.ratio_umadb", [ours / theirs])


async def _lag(client: LedgerClient) -> list[float]:
    messages = client.subscribe(pb.SubscribeRequest(mind_id=MIND, after_seq=await _head(client)))
    delivered: list[float] = []

    async def take() -> None:
        async for part in messages:
            delivered.extend([time.perf_counter()] * len(part.page.events))
            if len(delivered) == LAG_TIMES:
                return

    taking = asyncio.create_task(take())
    acknowledged: list[float] = []
    for _ in range(LAG_TIMES):
        await client.append(pb.AppendRequest(mind_id=MIND, events=[_event()]))
        acknowledged.append(time.perf_counter())
        await asyncio.sleep(0.005)
    await taking
    return [1000 * max(0.0, got - told) for got, told in zip(delivered, acknowledged, strict=True)]


async def _head(client: LedgerClient) -> int:
    return (await client.get_head(pb.GetHeadRequest(mind_id=MIND))).seq


def _event() -> pb.NewEvent:
    return pb.NewEvent(
        session_id="s1", actor="user", body=mind.Body(user_message=mind.UserMessage(text=PAYLOAD))
    )


def _note(measured: Measured, name: str, values: list[float]) -> None:
    measured.setdefault(name, []).extend(values)


def _rows(measured: Measured) -> list[Row]:
    rows: list[Row] = []
    for name, values in measured.items():
        if name.endswith(".ms"):
            quarter = statistics.quantiles(values, n=4)
            spread = quarter[2] - quarter[0]
            for share in (50, 99):
                value = percentile(values, share / 100)
                rows.append(Row(f"{name}_p{share}", value, "ms", len(values), spread))
        else:
            rows.append(row(name, values, "ratio" if "ratio" in name else "events/s"))
    return rows
