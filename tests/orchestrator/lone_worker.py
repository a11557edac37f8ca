"""One worker in place of all others, which does what a test says, and what becomes of its dead letters."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from services.orchestrator import server
from services.orchestrator.forgetting import ERASURE
from services.orchestrator.store import Store
from services.orchestrator.workers.follower import Derive, Worker
from tests.support.serving import Served


def works_alone(monkeypatch: pytest.MonkeyPatch, name: str, derive: Derive, **options: Any) -> None:
    """The worker of a name derives from each message; ``options`` are those of ``Worker``."""
    worker = Worker(name, ("user_message",), derive, **options)
    monkeypatch.setattr(server, "WORKERS", [lambda _extractor: worker])


class Halted:
    """What a worker does that begins with a message and goes on when it ``may_go_on``: then it derives some bodies."""

    def __init__(self, *bodies: mind.Body) -> None:
        self.has_begun, self.may_go_on, self.has_ended = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._bodies = bodies

    async def __call__(self, _event: mind.Event, _minds: object) -> list[mind.Body]:
        self.has_begun.set()
        try:
            await self.may_go_on.wait()
        finally:
            self.has_ended.set()
        return list(self._bodies)


async def text_of(event: mind.Event) -> str:
    """What a message says."""
    return event.body.user_message.text


async def deleted(served: Served, mind_id: str) -> None:
    """Delete a mind, and return once what was kept of it is gone."""
    await served.ledger.delete_mind(ledger.DeleteMindRequest(mind_id=mind_id, confirm_mind_id=mind_id))
    async with asyncio.timeout(20):
        while True:
            workers = (await served.orchestrator.list_workers(pb.ListWorkersRequest())).workers
            if any(worker.name == ERASURE and worker.processed for worker in workers):
                return
            await asyncio.sleep(0.02)


def has_letters(folder: Path, mind_id: str) -> bool:
    """Whether a dead letter of a mind stayed when the process ended."""
    store = Store(folder / "orchestrator")
    found = store.dead_letters(mind_id)
    store.close()
    return bool(found)
