"""The ledger service within the test's process, behind a real gRPC server on a free port.

::

    async with running_ledger(tmp_path) as ledger:
        await ledger.create("ada")
        receipt = await ledger.append("ada", said("hello"))
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lmdb

from pmm.ledger.v1 import ledger_pb2 as pb
from pmm.mind.v1 import events_pb2 as mind
from pmm_client.channel import open_channel
from pmm_client.raw import LedgerClient
from services.ledger.server import LedgerService
from services.ledger.settings import LedgerSettings
from services.runtime.auth import Tokens
from services.runtime.datadir import service_folder
from services.runtime.peers import Peers
from services.runtime.sections import ServerSettings
from services.runtime.server import RunningServer, serve
from services.runtime.service import ServiceContext


def created(name: str = "") -> pb.NewEvent:
    """The first event of a mind."""
    return pb.NewEvent(actor="system", body=mind.Body(mind_created=mind.MindCreated(name=name)))


def said(text: str, **fields: Any) -> pb.NewEvent:
    """A ``user_message``."""
    return pb.NewEvent(
        **{"actor": "user", **fields}, body=mind.Body(user_message=mind.UserMessage(text=text))
    )


def custom(name: str, **fields: Any) -> pb.NewEvent:
    """An application's own event."""
    return pb.NewEvent(**fields, body=mind.Body(custom=mind.Custom(name=name)))


class LedgerCalls:
    """The calls of the ledger with few words, over a real channel. Answers are the contract's messages."""

    def __init__(self, client: LedgerClient) -> None:
        self.client = client

    async def create(self, mind_id: str, *events: pb.NewEvent) -> pb.AppendResponse:
        """Make a mind, with more events in the same batch."""
        return await self.append(mind_id, created(mind_id), *events)

    async def append(self, mind_id: str, *events: pb.NewEvent, **fields: Any) -> pb.AppendResponse:
        return await self.client.append(pb.AppendRequest(mind_id=mind_id, events=events, **fields))

    async def pages(self, mind_id: str, **fields: Any) -> list[pb.ReadResponse]:
        return [page async for page in self.client.read(pb.ReadRequest(mind_id=mind_id, **fields))]

    async def read(self, mind_id: str, **fields: Any) -> list[mind.Event]:
        return [event for page in await self.pages(mind_id, **fields) for event in page.events]

    async def seqs(self, mind_id: str, **fields: Any) -> list[int]:
        return [event.seq for event in await self.read(mind_id, **fields)]

    async def get(self, mind_id: str, seq: int, **fields: Any) -> mind.Event:
        request = pb.GetEventRequest(mind_id=mind_id, seq=seq, **fields)
        return (await self.client.get_event(request)).event

    async def head(self, mind_id: str, **fields: Any) -> pb.GetHeadResponse:
        return await self.client.get_head(pb.GetHeadRequest(mind_id=mind_id, **fields))

    async def minds(self, **fields: Any) -> list[str]:
        answer = await self.client.list_minds(pb.ListMindsRequest(**fields))
        return [summary.mind_id for summary in answer.minds]

    async def verify(self, mind_id: str, **fields: Any) -> list[pb.VerifyResponse]:
        return [step async for step in self.client.verify(pb.VerifyRequest(mind_id=mind_id, **fields))]

    async def verdict(self, mind_id: str, **fields: Any) -> pb.VerifyResponse:
        return (await self.verify(mind_id, **fields))[-1]

    async def export(self, mind_id: str) -> list[bytes]:
        parts = [part.lines async for part in self.client.export(pb.ExportRequest(mind_id=mind_id))]
        return b"".join(parts).splitlines(keepends=True)

    async def restore(
        self, mind_id: str, lines: bytes, part_bytes: int = 1_000, *, force: bool = False
    ) -> pb.RestoreResponse:
        async def parts() -> AsyncIterator[pb.RestoreRequest]:
            yield pb.RestoreRequest(mind_id=mind_id, force=force)
            for start in range(0, len(lines), part_bytes):
                yield pb.RestoreRequest(lines=lines[start : start + part_bytes])

        return await self.client.restore(parts())


@dataclass
class RunningLedger(LedgerCalls):
    """The service, its server, and calls to it."""

    service: LedgerService
    server: RunningServer
    client: LedgerClient
    folder: Path

    @property
    def target(self) -> str:
        """``host:port``"""
        return f"127.0.0.1:{self.server.port}"


@asynccontextmanager
async def running_ledger(
    folder: Path, *, tokens: Tokens | None = None, token: str | None = None, **settings: Any
) -> AsyncIterator[RunningLedger]:
    """Run the service on ``folder`` for the time of the block. ``settings`` are those of the ledger."""
    with service_folder(folder, "ledger", 2) as data:
        service = LedgerService(LedgerSettings(**settings), ServiceContext(data, Peers({})))
        async with (
            serve([service], ServerSettings(port=0), tokens=tokens) as server,
            open_channel(f"127.0.0.1:{server.port}", token=token) as channel,
        ):
            yield RunningLedger(service=service, server=server, client=LedgerClient(channel), folder=data)


def change_stored(
    folder: Path, table: str, which: int | bytes, change: Callable[[bytes], bytes | None]
) -> None:
    """Change a stored value behind the back of a ledger that does not run.

    ``which`` is the value's key, or its number from 0 on. ``change`` gets the value (empty where there is
    none) and returns the new one; None deletes it.
    """
    with lmdb.open(str(folder), max_dbs=16) as env:
        opened = env.open_db(table.encode())
        with env.begin(write=True, db=opened) as txn:
            key = which if isinstance(which, bytes) else list(txn.cursor().iternext(values=False))[which]
            new = change(bytes(txn.get(key) or b""))
            if new is None:
                txn.delete(key)
            else:
                txn.put(key, new)
