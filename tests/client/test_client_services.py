"""The client against the real services, which are killed under it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import pmm_client
import pmm_client.sync
from pmm.ledger.v1.ledger_pb2 import NewEvent
from pmm.mind.v1.events_pb2 import Body, Custom
from tests.support.stack import Stack

pytestmark = pytest.mark.slow


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    with Stack(tmp_path / "data") as running:
        yield running


def mood(number: int) -> NewEvent:
    return NewEvent(actor="user", body=Body(custom=Custom(name=f"mood{number}")))


async def test_one_client_goes_on_after_the_services_were_killed(stack: Stack) -> None:
    async with pmm_client.connect(stack.target) as client:
        mind = client.mind("ada")
        await mind.create()
        first = await mind.chat("my sister Ana moved to Porto in May")
        followed: list[int] = []
        follower = asyncio.ensure_future(_follow(mind, followed, until="custom.mood1"))

        stack.kill()
        with pytest.raises(pmm_client.NotReachable):
            await mind.show()
        await asyncio.to_thread(stack.restart)
        answer = await mind.chat("where does my sister live?", session=first.session_id)
        appended = await mind.append([mood(1)])
        await asyncio.wait_for(follower, 30)

    assert "Porto" in answer.text
    assert followed == list(range(1, appended.head_seq + 1))


async def _follow(mind: pmm_client.Mind, seqs: list[int], until: str) -> None:
    async for event in mind.follow():
        seqs.append(event.seq)
        if event.kind == until:
            return


async def test_an_append_under_a_key_is_written_once_over_a_kill(stack: Stack) -> None:
    async with pmm_client.connect(stack.target) as client:
        mind = client.mind("ada")
        await mind.create()
        first = await mind.append([mood(1)], idempotency_key="k")
        stack.kill()
        await asyncio.to_thread(stack.restart)

        second = await mind.append([mood(1)], idempotency_key="k")
        with pytest.raises(pmm_client.IdempotencyKeyReused):
            await mind.append([mood(2)], idempotency_key="k")
        with pytest.raises(pmm_client.WrongExpectedSeq) as lost:
            await mind.append([mood(3)], expected_seq=1)

    assert second.events[0].seq == first.events[0].seq
    assert lost.value.head_seq == first.head_seq


def test_the_sync_client_does_the_same(stack: Stack) -> None:
    with pmm_client.sync.connect(stack.target) as client:
        mind = client.mind("ada")
        mind.create()
        told = mind.chat("my sister Ana moved to Porto in May").wait()
        answer = mind.chat("where does my sister live?", session=told.session_id).wait()
        exported = b"".join(mind.export())

        assert "Porto" in answer.text
        assert [memory.source_seqs[0] for memory in answer.receipt.memories if memory.cited] == [
            told.user_seq
        ]
        assert mind.explain(answer.seq).memories
        assert [session.session_id for session in mind.sessions()] == [told.session_id]
        # Workers may go on meanwhile.
        seqs = [json.loads(line)["seq"] for line in exported.splitlines()]
        assert seqs[-1] >= answer.seq
        assert seqs == [event.seq for event in mind.events()][: len(seqs)]
        assert answer.seq <= mind.verify().seq <= mind.head().seq
        assert [found.mind_id for found in client.minds()] == ["ada"]
        assert [model.name for model in client.models() if model.default] == ["recall"]
        with pytest.raises(pmm_client.UnknownMind):
            client.mind("nobody").show()
