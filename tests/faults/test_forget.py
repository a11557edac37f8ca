"""All services killed at any moment of an erasure: after the next start no file holds the words."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from pathlib import Path

import pmm_client
from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.ledger.v1.ledger_pb2 import NewEvent
from pmm.mind.v1.events_pb2 import Body, UserMessage
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from tests.support.files import files_with
from tests.support.stack import Stack

PATIENCE_S = 30


async def test_kill_9_at_any_moment_of_an_erasure(tmp_path: Path, rounds: int, chance: random.Random) -> None:
    settings = ("--set", "orchestrator.snapshot_events=8")
    with Stack(tmp_path / "data", arguments=settings) as stack:
        async with pmm_client.connect(stack.target) as client:
            await client.mind("ada").create()
            await client.mind("ada").import_messages(
                [pmm_client.Message(text=f"note {number} about cargo") for number in range(500)]
            )
        for number in range(max(2, rounds // 2)):
            marker = f"quinquereme-{number}-of-nineveh"
            async with pmm_client.connect(stack.target) as client:
                ada = client.mind("ada")
                opening = pb.OpenCommitmentRequest(mind_id="ada", text=f"caulk the {marker}")
                await client.orchestrator.open_commitment(opening)
                said = NewEvent(body=Body(user_message=UserMessage(text=f"the {marker} leaks")))
                told = await ada.append([said])
                await ada.wait_for_index(told.head_seq)
                await ada.show(min_seq=told.head_seq)
                assert files_with(stack.data, marker)
                seqs = [event.seq async for event in ada.events(kinds=["commitment_opened"])]
                request = ledger.RedactRequest(
                    mind_id="ada", seqs=[seqs[-1], told.head_seq], idempotency_key=marker
                )
                erasing = asyncio.create_task(client.ledger.redact(request))
                await asyncio.sleep(chance.choice([0, 0.001, 0.003, 0.01, 0.03, 0.1]))
                stack.kill()
                with suppress(pmm_client.PmmError):
                    await erasing
            stack.restart()
            async with pmm_client.connect(stack.target) as client:
                # A call that came to nothing is made again; one that was carried out answers as it did.
                await client.ledger.redact(request, timeout=PATIENCE_S)
                async with asyncio.timeout(PATIENCE_S):
                    while files_with(stack.data, marker):
                        await asyncio.sleep(0.02)
                assert (await client.mind("ada").verify()).redacted == 2 * (number + 1)
