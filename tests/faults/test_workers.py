"""All services killed at any moment while workers derive: nothing is missing, nothing doubled, nothing otherwise."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from pathlib import Path
from typing import Any

from google.protobuf.json_format import MessageToDict

import pmm_client
from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.mind.v1 import events_pb2 as mind
from tests.support.stack import Stack

PATIENCE_S = 60
DERIVED = (
    "identity_adopted", "user_identified", "commitment_opened", "evidence_recorded", "commitment_closed",
    "directive_adopted",
)  # fmt: skip
NOON = 1_780_000_000
CHUNK = 8


def said(number: int) -> str:
    """Something for every worker, again and again; what is kept was promised two messages before."""
    match number % 8:
        case 0:
            return f"Remind me to call person{number} tomorrow. My name is Ana."
        case 1:
            return f"From now on, mention topic{number} first."
        case 2:
            return f"I called person{number - 2}, it went well."
        case 3:
            return f"Your name is Nova{number}."
        case 4:
            return f"Don't let me forget to buy thing{number} in two days."
        case 5:
            return f"Nothing of note, number {number}."
        case 6:
            return f"I bought thing{number - 2}."
        case _:
            return f"Always write about place{number}."


async def append(client: pmm_client.Client, mind_id: str, numbers: range) -> None:
    """The messages of one chunk: all or none, and once, however often it is called."""
    events = [ledger.NewEvent(session_id="s", body=mind.Body(session_started=mind.SessionStarted()))]
    events = events if numbers.start == 0 else []
    for number in numbers:
        message = mind.UserMessage(text=said(number))
        message.occurred_at.seconds = NOON + number
        events.append(ledger.NewEvent(session_id="s", actor="user", body=mind.Body(user_message=message)))
    for position, event in enumerate(events):
        event.idempotency_key = f"{numbers.start}:{position}"
    await client.ledger.append(ledger.AppendRequest(mind_id=mind_id, events=events), timeout=PATIENCE_S)


async def derived(client: pmm_client.Client, mind_id: str) -> list[tuple[int, str, str]]:
    """Everything that workers derived: the number of the message that it follows from, its kind and its body."""
    number_of: dict[int, int] = {}
    found: list[tuple[int, str, str]] = []
    async for event in client.mind(mind_id).events(kinds=["user_message", *DERIVED]):
        if event.kind == "user_message":
            number_of[event.seq] = len(number_of)
        else:
            body = _numbered(MessageToDict(getattr(event.body, event.kind)), number_of)
            found.append((number_of[event.causation_seq], event.kind, str(sorted(body.items()))))
    return sorted(found)


def _numbered(body: dict[str, Any], number_of: dict[int, int]) -> dict[str, Any]:
    """With seqs as numbers of messages: other events may lie between."""
    for name in ("sourceSeq", "evidenceSeqs", "seqs"):
        if name in body:
            seqs = body[name] if isinstance(body[name], list) else [body[name]]
            body[name] = [number_of[int(seq)] for seq in seqs]
    return body


async def caught_up(client: pmm_client.Client, mind_id: str) -> None:
    """Return once every worker has seen the last message."""
    async with asyncio.timeout(PATIENCE_S):
        last = max([event.seq async for event in client.mind(mind_id).events(kinds=["user_message"])])
        while any(worker.seq < last for worker in await client.mind(mind_id).workers()):
            await asyncio.sleep(0.02)


async def test_kill_9_at_any_moment_of_the_workers(
    tmp_path: Path, rounds: int, chance: random.Random
) -> None:
    chunks = [range(start, start + CHUNK) for start in range(0, rounds * CHUNK, CHUNK)]
    with Stack(tmp_path / "data") as stack:
        async with pmm_client.connect(stack.target) as client:
            await client.mind("calm").create()
            await client.mind("rough").create()
            for chunk in chunks:
                await append(client, "calm", chunk)
            await caught_up(client, "calm")
            expected = await derived(client, "calm")
        for chunk in chunks:
            async with pmm_client.connect(stack.target) as client:
                writing = asyncio.create_task(append(client, "rough", chunk))
                await asyncio.sleep(chance.choice([0, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2]))
                stack.kill()
                with suppress(pmm_client.PmmError):
                    await writing
            stack.restart()
            async with pmm_client.connect(stack.target) as client:
                await append(client, "rough", chunk)
        async with pmm_client.connect(stack.target) as client:
            await caught_up(client, "rough")
            found = await derived(client, "rough")
            left = await client.mind("rough").dead_letters()

    assert len(expected) > 5 * rounds
    assert found == expected
    assert not left
