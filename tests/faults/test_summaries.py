"""All services killed at any moment while older conversation is summarised: every span once, and the same words."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from pathlib import Path

import pmm_client
from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator.projections.summaries import KEPT, SPAN_MESSAGES
from tests.support.stack import Stack

PATIENCE_S = 60
TICKING = {"PMM_ORCHESTRATOR__TICK_SECONDS": "0.02"}
CHUNK = SPAN_MESSAGES // 2
"""Messages between kills: every other one makes a span whole."""


async def append(client: pmm_client.Client, mind_id: str, numbers: range) -> None:
    """The messages of one chunk: all or none, and once, however often it is called."""
    events = [ledger.NewEvent(session_id="s", body=mind.Body(session_started=mind.SessionStarted()))]
    events = events if numbers.start == 0 else []
    for number in numbers:
        message = mind.UserMessage(text=f"Person{number} keeps the key of house {number} under the mat.")
        events.append(ledger.NewEvent(session_id="s", actor="user", body=mind.Body(user_message=message)))
    for position, event in enumerate(events):
        event.idempotency_key = f"{numbers.start}:{position}"
    await client.ledger.append(ledger.AppendRequest(mind_id=mind_id, events=events), timeout=PATIENCE_S)
    # Opened, so that it is looked after.
    await client.mind(mind_id).show()


async def summaries(client: pmm_client.Client, mind_id: str) -> list[tuple[int, int, str]]:
    """Every summary: the numbers of the first and the last message that it covers, and what it says."""
    number_of: dict[int, int] = {}
    found: list[tuple[int, int, str]] = []
    async for event in client.mind(mind_id).events(kinds=["user_message", "summary_recorded"]):
        if event.kind == "user_message":
            number_of[event.seq] = len(number_of)
        else:
            body = event.body.summary_recorded
            found.append((number_of[body.from_seq], number_of[body.to_seq], body.text))
    return sorted(found)


async def all_of(client: pmm_client.Client, mind_id: str, messages: int) -> list[tuple[int, int, str]]:
    """Its summaries, once nothing is left to summarise: one a span but for the last, and one for each too many."""
    spans = (messages - 1) // SPAN_MESSAGES
    async with asyncio.timeout(PATIENCE_S):
        while len(found := await summaries(client, mind_id)) < spans + max(0, spans - KEPT):
            await asyncio.sleep(0.02)
    return found


async def test_kill_9_at_any_moment_of_a_summary(tmp_path: Path, rounds: int, chance: random.Random) -> None:
    with Stack(tmp_path / "data", env=TICKING) as stack:
        await _killed(stack, rounds, chance)


async def _killed(stack: Stack, rounds: int, chance: random.Random) -> None:
    calm, rough = "calm", "rough"
    messages = (rounds + 1) * CHUNK
    *chunks, last = [range(start, start + CHUNK) for start in range(0, messages, CHUNK)]
    async with pmm_client.connect(stack.target) as client:
        await client.mind(calm).create()
        await client.mind(rough).create()
        for chunk in [*chunks, last]:
            await append(client, calm, chunk)
        expected = await all_of(client, calm, messages)
    for chunk in chunks:
        async with pmm_client.connect(stack.target) as client:
            writing = asyncio.create_task(append(client, rough, chunk))
            await asyncio.sleep(chance.choice([0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2]))
            stack.kill()
            with suppress(pmm_client.PmmError):
                await writing
        stack.restart()
        async with pmm_client.connect(stack.target) as client:
            await append(client, rough, chunk)
    async with pmm_client.connect(stack.target) as client:
        # What a kill interrupted waits until the conversation goes on.
        await append(client, rough, last)
        found = await all_of(client, rough, messages)

    assert len({(first, last) for first, last, _ in found}) == len(found)
    assert found == expected
