"""What the ledger does in a second, beside what LMDB and SHA-256 alone would, interleaved in one run.

The server is a process of its own, as in production; the client is asyncio in this one. Both share the machine, so
the figures are those of a whole conversation between them. ``c1`` and ``c64``: so many clients append single events;
``batch100``: eight clients append batches of a hundred. Each waits for one append before it makes the next.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

import lmdb

from benchmarks.rows import Row, row
from pmm.ledger.v1 import ledger_pb2 as pb
from pmm.mind.v1 import events_pb2 as mind
from pmm_client.channel import open_channel
from pmm_client.raw import LedgerClient
from tests.support.process import ServiceProcess

ROUNDS = 5
PAYLOAD_BYTES = 1_024
SINGLES = 200
CLIENTS = 64
SINGLES_PER_CLIENT = 20
BATCH = 100
BATCH_CLIENTS = 8
BATCHES_PER_CLIENT = 5
MIND = "bench"


def run() -> list[Row]:
    """Rows ``ledger.append.*``, ``ledger.read`` and their limits."""
    with tempfile.TemporaryDirectory() as folder, ServiceProcess("ledger", Path(folder)) as process:
        return asyncio.run(_run(process.target, Path(folder)))


async def _run(target: str, folder: Path) -> list[Row]:
    async with open_channel(target) as channel:
        client = LedgerClient(channel)
        created = pb.NewEvent(body=mind.Body(mind_created=mind.MindCreated(name=MIND)))
        await client.append(pb.AppendRequest(mind_id=MIND, events=[created]))
        measures: dict[str, Callable[[], Awaitable[float]]] = {
            "ledger.append.c1.events_per_s": lambda: _singles(client, 1, SINGLES),
            "ledger.append.c64.events_per_s": lambda: _singles(client, CLIENTS, SINGLES_PER_CLIENT),
            "ledger.append.batch100.events_per_s": lambda: _batches(client),
            "ledger.read.events_per_s": lambda: read(client, raw=False),
            "ledger.read_raw.events_per_s": lambda: read(client, raw=True),
            "ledger.limit.lmdb_commit1.events_per_s": lambda: _lmdb(folder, 1),
            "ledger.limit.lmdb_commit64.events_per_s": lambda: _lmdb(folder, CLIENTS),
            "ledger.limit.lmdb_commit100.events_per_s": lambda: _lmdb(folder, BATCH),
            "ledger.limit.sha256_1k.events_per_s": _sha256,
        }
        values: dict[str, list[float]] = {name: [] for name in measures}
        for _ in range(ROUNDS):
            for name, measure in measures.items():
                values[name].append(await measure())
    return [row(name, measured, "events/s") for name, measured in values.items()]


def _event() -> pb.NewEvent:
    text = os.urandom(PAYLOAD_BYTES // 2).hex()
    return pb.NewEvent(
        session_id="s1", actor="user", body=mind.Body(user_message=mind.UserMessage(text=text))
    )


async def _singles(client: LedgerClient, clients: int, each: int) -> float:
    return await appended(client, [[_request([_event()]) for _ in range(each)] for _ in range(clients)])


async def _batches(client: LedgerClient) -> float:
    requests = [
        [_request(_event() for _ in range(BATCH)) for _ in range(BATCHES_PER_CLIENT)]
        for _ in range(BATCH_CLIENTS)
    ]
    return BATCH * await appended(client, requests)


async def appended(client: LedgerClient, requests: list[list[pb.AppendRequest]]) -> float:
    """Requests a second; each list is that of a client that waits for one before it sends the next."""

    async def one(own: list[pb.AppendRequest]) -> None:
        for request in own:
            await client.append(request)

    began = time.perf_counter()
    await asyncio.gather(*map(one, requests))
    return sum(map(len, requests)) / (time.perf_counter() - began)


def _request(events: Iterable[pb.NewEvent]) -> pb.AppendRequest:
    return pb.AppendRequest(mind_id=MIND, events=events)


async def read(client: LedgerClient, *, raw: bool) -> float:
    """Events a second, from the first to the last."""
    began, events = time.perf_counter(), 0
    async for page in client.read(pb.ReadRequest(mind_id=MIND, raw=raw, page_size=1_000)):
        events += len(page.events)
    return events / (time.perf_counter() - began)


async def _lmdb(folder: Path, group: int) -> float:
    """Durable commits of bare values, so many at a time."""
    with tempfile.TemporaryDirectory(dir=folder) as scratch, lmdb.open(scratch, map_size=2**30) as env:
        value, commits = os.urandom(PAYLOAD_BYTES), 50
        began = time.perf_counter()
        for commit in range(commits):
            with env.begin(write=True) as txn:
                for i in range(group):
                    txn.put((commit * group + i).to_bytes(8, "big"), value, append=True)
        return commits * group / (time.perf_counter() - began)


async def _sha256() -> float:
    data, hashes = os.urandom(PAYLOAD_BYTES), 50_000
    began = time.perf_counter()
    for _ in range(hashes):
        hashlib.sha256(data).digest()
    return hashes / (time.perf_counter() - began)
