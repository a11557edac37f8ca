"""A mind goes on after something was forgotten: what is left is analysed, listed, and counted as no violation."""

from __future__ import annotations

import asyncio
import shutil
import time
from pathlib import Path

import pytest

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from services.orchestrator.autonomy import decide
from tests.orchestrator.conftest import ROOMY, SERVICES
from tests.orchestrator.talking import converse, events, followed, left_alone, wait_for
from tests.orchestrator.test_autonomy import LIMITS, World, born
from tests.support.serving import Served, serving


async def append(
    served: Served, *bodies: mind.Body, session_id: str = "", remember: bool = True
) -> list[int]:
    new = [ledger.NewEvent(body=body, session_id=session_id, remember=remember) for body in bodies]
    appended = await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=new))
    return [event.seq for event in appended.events]


async def redact(served: Served, *seqs: int) -> None:
    await served.ledger.redact(ledger.RedactRequest(mind_id="ada", seqs=sorted(seqs)))


def said(text: str) -> mind.Body:
    return mind.Body(user_message=mind.UserMessage(text=text))


def thought(text: str) -> mind.Body:
    return mind.Body(reflection_recorded=mind.ReflectionRecorded(text=text, trigger="cadence"))


ENDED = mind.Body(session_ended=mind.SessionEnded())


async def test_a_conversation_is_analysed_whatever_others_have_nothing_left(lively: Served) -> None:
    for number in range(4):
        # Of some every message is forgotten, of others the latest are not to be remembered: more than are read.
        session_id = f"empty-{number}"
        first, _ = await append(lively, said("Zebras like grass."), ENDED, session_id=session_id)
        if number % 2:
            await redact(lively, first)
        else:
            await append(lively, *[said("Not this.")] * 60, session_id=session_id, remember=False)
    good = [said(f"What a lovely day number {number}!") for number in range(6)]
    await append(lively, *good, ENDED, session_id="good")
    analyzed = [await wait_for(lively, "conversation_analyzed")]
    while not any(event.session_id == "good" for event in analyzed):
        await append(lively, mind.Body(session_renamed=mind.SessionRenamed(title="x")), session_id="good")
        await asyncio.sleep(0.1)
        analyzed = await events(lively, kinds=["conversation_analyzed"])
    await followed(lively)
    request = pb.GetAnalyticsRequest(mind_id="ada", session_id="good")

    assert len((await lively.orchestrator.get_analytics(request)).course) == 1


def named(world: World) -> list[str]:
    decision = decide.decide(world.state, world.now * 10**9, LIMITS)
    return list(decision.sessions) if decision else []


def test_what_a_tick_has_analysed_waits_no_more_until_more_is_said() -> None:
    world = born()
    for _ in range(decide.ANALYZED_MESSAGES):
        world.turn()
    assert named(world) == ["s"]
    world.tick()
    world.turn()
    assert named(world) == []
    for _ in range(decide.ANALYZED_MESSAGES - 1):
        world.turn()
    assert named(world) == ["s"]


def test_what_was_erased_does_not_wait_for_its_analysis() -> None:
    world = born()
    for _ in range(decide.ANALYZED_MESSAGES):
        gone = mind.Event(seq=world.state.seq + 1, kind="user_message", session_id="s", remember=True)
        gone.redacted = True
        world.state = world.state.apply(gone)
    world.append(ENDED)

    assert named(world) == []


async def test_a_commitment_that_was_reminded_of_is_forgotten_without_a_violation(lively: Served) -> None:
    opened = pb.OpenCommitmentRequest(mind_id="ada", text="phone the dentist")
    opened.due_at.FromNanoseconds(time.time_ns() + 10**9 // 2)
    made = (await lively.orchestrator.open_commitment(opened)).commitment
    reminded = await wait_for(lively, "commitment_reminded")
    forget = pb.ForgetRequest(mind_id="ada", seq=made.opened_seq)
    steps = [step async for step in lively.orchestrator.forget(forget, timeout=60)]
    await converse(lively, "Hello.")
    await left_alone(lively)
    state = (await lively.orchestrator.get_mind(pb.GetMindRequest(mind_id="ada"))).mind

    # Its id is made of the words.
    assert set(steps[-1].redacted_seqs) == {made.opened_seq, reminded.seq}
    assert (state.violations, list(state.violated_invariants)) == (0, [])
    assert not await events(lively, kinds=["invariant_violated"])


@pytest.mark.parametrize("size", [1, 4, 8, 15, 16, 100])
async def test_reflections_are_listed_however_many_were_erased_in_a_row(served: Served, size: int) -> None:
    seqs = await append(served, *(thought(f"thought number {number}") for number in range(40)))
    await redact(served, *seqs[20:36])
    found: list[pb.Reflection] = []
    request = pb.ListReflectionsRequest(mind_id="ada", page_size=size)
    while not found or request.page_token:
        page = await served.orchestrator.list_reflections(request)
        assert len(page.reflections) == size or not page.next_page_token
        found += page.reflections
        request.page_token = page.next_page_token
    await followed(served)
    shown = (await served.orchestrator.get_mind(pb.GetMindRequest(mind_id="ada"))).mind.recent_reflections

    assert [one.seq for one in found] == [*reversed(seqs[36:]), *reversed(seqs[:20])]
    assert found[:10] == list(shown)


async def test_an_erased_reflection_is_not_thought_anew_where_it_is_lost_how_far_the_workers_were(
    tmp_path: Path,
) -> None:
    tick = mind.Body(tick_recorded=mind.TickRecorded(reflection_style=mind.REFLECTION_STYLE_SUCCINCT))
    async with serving(tmp_path, *SERVICES, settings=ROOMY) as served:
        await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        await append(served, tick)
        await redact(served, (await wait_for(served, "reflection_recorded")).seq)
        await followed(served)
        before = [event.kind for event in await events(served)]
    shutil.rmtree(tmp_path / "orchestrator")
    async with serving(tmp_path, *SERVICES, settings=ROOMY) as served:
        async with asyncio.timeout(20):
            await followed(served)
        assert [event.kind for event in await events(served)] == before
