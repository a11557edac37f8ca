"""Tells a mind something and has it forgotten, in few words."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.memory.v1 import memory_pb2 as memory
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from tests.orchestrator.conftest import ROOMY
from tests.orchestrator.talking import converse, events
from tests.support.files import files_with
from tests.support.serving import Served

MARKER = "quinquereme"
FACT = f"my {MARKER} lies in the harbour of Ophir"


async def forget(served: Served, seq: int) -> pb.ForgetResponse:
    request = pb.ForgetRequest(mind_id="ada", seq=seq)
    return [step async for step in served.orchestrator.forget(request, timeout=60)][-1]


async def told(served: Served) -> int:
    """A fact among others, and a reply that quotes it; its seq."""
    await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
    await converse(served, "my cat is called Tom")
    turn = await converse(served, FACT)
    assert turn.started
    reply = await converse(served, f"where does my {MARKER} lie?")
    assert MARKER in reply.text
    return next(event.seq for event in await events(served) if event.body.user_message.text == FACT)


async def search(served: Served, query: str) -> list[str]:
    head = (await served.ledger.get_head(ledger.GetHeadRequest(mind_id="ada"))).seq
    request = memory.SearchRequest(mind_id="ada", query=query, min_seq=head)
    return [result.memory.text for result in (await served.memory.search(request, timeout=20)).results]


def patient(**more: Any) -> dict[str, dict[str, Any]]:
    """Settings with which no search is left out on a busy machine."""
    return {"orchestrator": {**ROOMY["orchestrator"], **more}}


async def written(folder: Path) -> None:
    """Return once a file holds the word: snapshots are saved beside the work."""
    async with asyncio.timeout(20):
        while not files_with(folder, MARKER):
            await asyncio.sleep(0.02)
