"""Turns and reads in few words."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any

import pytest

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from services.orchestrator.slots import Slots
from tests.support.serving import Served


@dataclass
class Turn:
    """What a turn streamed."""

    parts: list[str] = field(default_factory=list)
    text: str = ""
    started: pb.TurnStarted | None = None
    completed: pb.TurnCompleted | None = None
    failed: pb.TurnFailure | None = None


async def converse(served: Served, text: str, mind_id: str = "ada", **more: Any) -> Turn:
    turn = Turn()
    request = pb.ConverseRequest(mind_id=mind_id, text=text, **more)
    async for response in served.orchestrator.converse(request, timeout=30):
        part = response.WhichOneof("part") or ""
        turn.parts.append(part)
        if part == "delta":
            turn.text += response.delta.text
        else:
            setattr(turn, part, getattr(response, part))
    return turn


async def events(served: Served, mind_id: str = "ada", **wanted: Any) -> list[mind.Event]:
    kinds = wanted.pop("kinds", ())
    request = ledger.ReadRequest(mind_id=mind_id, filter=ledger.EventFilter(kinds=kinds), **wanted)
    return [event async for page in served.ledger.read(request) for event in page.events]


async def head(served: Served, mind_id: str = "ada") -> int:
    return (await served.ledger.get_head(ledger.GetHeadRequest(mind_id=mind_id))).seq


async def wait_for(served: Served, kind: str, mind_id: str = "ada", *, after_seq: int = 0) -> mind.Event:
    """The first event of a kind after another, once it is there."""
    request = ledger.SubscribeRequest(mind_id=mind_id, kinds=[kind], after_seq=after_seq)
    async for message in served.ledger.subscribe(request, timeout=20):
        for event in message.page.events:
            return event
    raise AssertionError("a subscription does not end")


async def followed(served: Served, mind_id: str = "ada") -> None:
    """Return once every worker has processed the head."""
    while True:
        found = await served.orchestrator.list_workers(pb.ListWorkersRequest(mind_id=mind_id))
        if not any(worker.lag for worker in found.workers):
            return
        await asyncio.sleep(0.05)


async def settled_head(served: Served, mind_id: str = "ada") -> int:
    """The head once nothing more follows from what is there."""
    await followed(served, mind_id)
    return await head(served, mind_id)


async def left_alone(served: Served, mind_id: str = "ada") -> None:
    """Return once nothing is added any more, and it is on disk that there is nothing to look after."""
    async with asyncio.timeout(60):
        while True:
            told = await events(served, mind_id)
            if is_at_rest(told) and told[-1].seq == await settled_head(served, mind_id):
                break
            await asyncio.sleep(0.02)
    await looked_after(served)


def is_at_rest(told: Sequence[mind.Event]) -> bool:
    """Whether the last tick knows of everything that happened but for what followed from it."""
    last = max((event.seq for event in told if event.kind == "tick_recorded"), default=0)
    caused = {last}
    for event in told:
        if event.seq > last and event.causation_seq in caused:
            caused.add(event.seq)
    return last > 0 and {event.seq for event in told if event.seq >= last} == caused


async def looked_after(served: Served) -> None:
    """Return once every mind was looked after once more: one by one, and a new one only in the next round."""
    mind_id = f"new-{uuid.uuid4().hex}"
    await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id=mind_id))
    await wait_for(served, "tick_recorded", mind_id)


def queueing(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], Awaitable[None]]:
    """Waits until so many have come to do something in a session."""
    held, come = Slots.held, list[str]()

    def counted(self: Slots, mind_id: str, session_id: str) -> AbstractAsyncContextManager[None]:
        come.append(session_id)
        return held(self, mind_id, session_id)

    async def wait(count: int) -> None:
        async with asyncio.timeout(20):
            while len(come) < count:
                await asyncio.sleep(0.005)

    monkeypatch.setattr(Slots, "held", counted)
    return wait
