"""A mind with as many commitments as it may have: no more are opened, and what is said closes them off the loop."""

from __future__ import annotations

import shutil
import threading
import time
from pathlib import Path

import pytest

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from services.orchestrator.extraction import evidence
from services.orchestrator.projections.commitments import MAX_OPEN
from tests.orchestrator.conftest import ROOMY, SERVICES
from tests.orchestrator.talking import converse, events, followed
from tests.support.serving import Served, serving


@pytest.fixture
async def full(served: Served) -> Served:
    """A mind that has promised to call a thousand people."""
    opened = [
        mind.CommitmentOpened(commitment_id=f"c-{number}", text=f"call person{number}")
        for number in range(MAX_OPEN)
    ]
    for start in range(0, MAX_OPEN, 500):
        drafts = [ledger.NewEvent(body=mind.Body(commitment_opened=one)) for one in opened[start:][:500]]
        await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=drafts))
    return served


async def opened_by_worker(served: Served) -> list[str]:
    await followed(served)
    return [
        event.body.commitment_opened.text
        for event in await events(served, kinds=["commitment_opened"])
        if event.actor == "commitments"
    ]


async def test_no_more_are_opened_than_may_be_and_nothing_is_refused(full: Served) -> None:
    await converse(full, "Remind me to feed the cat.")

    assert await opened_by_worker(full) == []
    assert not await events(full, kinds=["invariant_violated"])


async def test_what_is_done_makes_room(full: Served) -> None:
    await converse(full, "I called person7. Remind me to feed the cat. Remind me to water the plants.")

    assert await opened_by_worker(full) == ["feed the cat"]
    closed = await events(full, kinds=["commitment_closed"])
    assert [event.body.commitment_closed.commitment_id for event in closed] == ["c-7"]


async def test_one_message_closes_as_many_as_the_ledger_takes_at_once_and_the_next_one_the_others(
    full: Served,
) -> None:
    await converse(full, " ".join(f"I called person{number}." for number in range(600)))
    await followed(full)
    first = await events(full, kinds=["commitment_closed"])
    await converse(full, " ".join(f"I called person{number}." for number in range(400, 600)))
    await followed(full)
    closed = await events(full, kinds=["commitment_closed"])
    letters = await full.orchestrator.list_dead_letters(pb.ListDeadLettersRequest(mind_id="ada"))

    assert [event.body.commitment_closed.commitment_id for event in first] == [f"c-{n}" for n in range(400)]
    assert [event.body.commitment_closed.commitment_id for event in closed] == [f"c-{n}" for n in range(600)]
    assert not letters.dead_letters


async def test_a_thousand_that_are_due_together_are_all_told(lively: Served) -> None:
    due = mind.CommitmentOpened(text="call")
    due.due_at.FromNanoseconds(time.time_ns())
    for start in range(0, MAX_OPEN, 500):
        drafts = list[ledger.NewEvent]()
        for number in range(start, start + 500):
            due.commitment_id = f"c-{number}"
            drafts.append(ledger.NewEvent(body=mind.Body(commitment_opened=due)))
        await lively.ledger.append(ledger.AppendRequest(mind_id="ada", events=drafts))
    request = ledger.SubscribeRequest(mind_id="ada", kinds=["commitment_reminded"])
    told = list[str]()
    async for message in lively.ledger.subscribe(request, timeout=60):
        told += [event.body.commitment_reminded.commitment_id for event in message.page.events]
        if len(told) >= MAX_OPEN:
            break

    assert sorted(told) == sorted(f"c-{number}" for number in range(MAX_OPEN))


async def test_the_event_loop_is_not_held_while_a_message_is_compared(
    full: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[threading.Thread] = []

    class Watched(evidence.Done):
        def __init__(self, text: str) -> None:
            threads.append(threading.current_thread())
            super().__init__(text)

    monkeypatch.setattr(evidence, "Done", Watched)
    await converse(full, "I called person7. " * 1_000)
    await followed(full)

    assert len(await events(full, kinds=["commitment_closed"])) == 1
    assert threads
    assert threading.current_thread() not in threads


async def test_what_is_done_before_the_worker_has_read_the_promise_closes_it(served: Served) -> None:
    said = ["Remind me to call the vet about Biscuit tomorrow.", "I called the vet about Biscuit."]
    drafts = [
        ledger.NewEvent(
            session_id="s",
            actor="user",
            remember=True,
            body=mind.Body(user_message=mind.UserMessage(text=text)),
        )
        for text in said
    ]
    await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=drafts))
    await followed(served)

    (opened,) = await events(served, kinds=["commitment_opened"])
    (closed,) = await events(served, kinds=["commitment_closed"])
    assert closed.body.commitment_closed.commitment_id == opened.body.commitment_opened.commitment_id
    assert list(closed.body.commitment_closed.evidence_seqs) == [3]
    assert opened.seq > 3


async def test_what_was_kept_is_not_promised_anew_where_it_is_lost_how_far_the_workers_were(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path, *SERVICES, settings=ROOMY) as served:
        await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        for text in ("Remind me to call Ana.", "Remind me to call Ana.", "I called Ana.") * 2:
            await converse(served, text)
            await followed(served)
        before = [event.kind for event in await events(served)]
    shutil.rmtree(tmp_path / "orchestrator")
    async with serving(tmp_path, *SERVICES, settings=ROOMY) as served:
        await followed(served)
        assert [event.kind for event in await events(served)] == before
    assert before.count("commitment_opened") == before.count("commitment_closed") == 2
