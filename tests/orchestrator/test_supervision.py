"""The supervisor: what it records, tells and leaves alone; and what a worker fails at."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from pmm_client import errors
from services.orchestrator import server
from services.orchestrator import snapshot as snapshots
from services.orchestrator.store import Store
from services.orchestrator.workers import lanes
from services.orchestrator.workers.follower import Worker
from tests.orchestrator.conftest import QUICK, ROOMY, SERVICES
from tests.orchestrator.lone_worker import Halted, deleted, has_letters, works_alone
from tests.orchestrator.talking import converse, events, followed, head, left_alone, looked_after, wait_for
from tests.support.openai_server import OpenAIServer
from tests.support.ports import free_port
from tests.support.serving import Served, serving

YEAR_NS = 365 * 86_400 * 10**9


async def append(served: Served, *bodies: mind.Body) -> list[int]:
    new = [ledger.NewEvent(body=body) for body in bodies]
    appended = await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=new))
    return [event.seq for event in appended.events]


def opened(its_id: str) -> mind.Body:
    return mind.Body(commitment_opened=mind.CommitmentOpened(commitment_id=its_id, text=its_id))


async def test_the_supervisor_records_what_happened_and_leaves_an_idle_mind_alone(lively: Served) -> None:
    await converse(lively, "Hello there.")
    tick = await wait_for(lively, "tick_recorded")
    await left_alone(lively)
    at = await head(lively)
    for _ in range(3):
        await looked_after(lively)

    assert tick.actor == "supervisor"
    assert await head(lively) == at
    kinds = [event.kind for event in await events(lively)]
    assert kinds.count("tick_recorded") <= 4


async def test_a_person_is_reminded_of_what_is_due(lively: Served) -> None:
    due = mind.CommitmentOpened(commitment_id="c-1", text="call Ana")
    due.due_at.FromNanoseconds(time.time_ns() + 10**9 // 2)
    await append(lively, mind.Body(commitment_opened=due))
    reminded = await wait_for(lively, "commitment_reminded")
    tick = next(event for event in await events(lively) if event.seq == reminded.causation_seq)

    assert reminded.body.commitment_reminded.commitment_id == "c-1"
    assert "remind" in tick.body.tick_recorded.reasons


async def test_a_mind_that_nobody_opened_is_reminded_after_a_restart(tmp_path: Path) -> None:
    due = mind.CommitmentOpened(commitment_id="c-1", text="call Ana")
    quiet = {**QUICK, "orchestrator": {**QUICK["orchestrator"], "tick_seconds": 3_600}}
    async with serving(tmp_path, *SERVICES, settings=quiet) as running:
        await running.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        due.due_at.FromNanoseconds(time.time_ns() + 10**9 // 2)
        await append(running, mind.Body(commitment_opened=due))
        await followed(running)
    async with serving(tmp_path, *SERVICES, settings=QUICK) as running:
        reminded = await wait_for(running, "commitment_reminded")

    assert reminded.body.commitment_reminded.commitment_id == "c-1"


async def test_after_some_turns_a_mind_reflects_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from services.orchestrator.autonomy import decide

    monkeypatch.setitem(decide.CADENCE, mind.STAGE_S0, (2, 0, mind.REFLECTION_STYLE_SUCCINCT))
    async with serving(tmp_path, *SERVICES, settings=QUICK) as running:
        await running.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        for text in ("Hello.", "How are you?"):
            await converse(running, text)
        made = await wait_for(running, "reflection_recorded")
        seen = [event for event in await events(running) if event.seq == made.causation_seq]

    assert made.body.reflection_recorded.trigger == "cadence"
    assert "reflect" in seen[0].body.tick_recorded.reasons


async def test_what_a_worker_cannot_do_is_left_listed_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_broken = True

    async def fragile(event: mind.Event, _minds: object) -> list[mind.Body]:
        if is_broken and "poison" in event.body.user_message.text:
            raise ValueError("poison is quoted here")
        return [mind.Body(user_identified=mind.UserIdentified(name="Ana"))]

    made = Worker("fragile", ("user_message",), fragile)
    monkeypatch.setattr(server, "WORKERS", (*server.WORKERS, lambda _extractor: made))
    async with serving(tmp_path, *SERVICES, settings=ROOMY) as running:
        await running.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        turn = await converse(running, "this is poison")
        await converse(running, "this is not")
        await wait_for(running, "user_identified")
        asked = pb.ListDeadLettersRequest(mind_id="ada", worker="fragile")
        (letter,) = (await running.orchestrator.list_dead_letters(asked)).dead_letters
        replay = pb.ReplayDeadLetterRequest(mind_id="ada", dead_letter_id=letter.dead_letter_id)
        with pytest.raises(errors.PmmError, match="mend the cause"):
            await running.orchestrator.replay_dead_letter(replay)
        (again,) = (await running.orchestrator.list_dead_letters(asked)).dead_letters
        is_broken = False
        derived = (await running.orchestrator.replay_dead_letter(replay)).derived_seqs
        left = (await running.orchestrator.list_dead_letters(asked)).dead_letters
        with pytest.raises(errors.NotFound):
            await running.orchestrator.replay_dead_letter(replay)
        workers = (await running.orchestrator.list_workers(pb.ListWorkersRequest(mind_id="ada"))).workers

    assert (letter.worker, letter.seq, letter.reason) == ("fragile", turn.started.user_seq, "ValueError")
    assert (letter.attempts, again.attempts) == (3, 4)
    assert len(derived) == 1
    assert not left
    (worker,) = [one for one in workers if one.name == "fragile"]
    assert (worker.derived, worker.failures) == (2, 1)
    assert worker.seq > turn.started.user_seq


async def test_a_state_that_is_not_what_the_ledger_folds_to_is_noticed_and_mended(tmp_path: Path) -> None:
    quiet = {**QUICK, "orchestrator": {**ROOMY["orchestrator"], "tick_seconds": 3_600, "snapshot_events": 4}}
    async with serving(tmp_path, *SERVICES, settings=quiet) as running:
        await running.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        await running.orchestrator.adopt_name(pb.AdoptNameRequest(mind_id="ada", name="Nova"))
        await append(running, *[opened(f"c-{number}") for number in range(8)])
        # A worker that is behind would begin the state without what was saved of it.
        await followed(running)
    store = Store(tmp_path / "orchestrator")
    found = store.saved("ada", 100)
    assert found
    seq, saved = found
    state = snapshots.load(saved)
    store.save("ada", seq, snapshots.dump(replace(state, identity=replace(state.identity, name="Wrong"))))
    store.close()

    async with serving(tmp_path, *SERVICES, settings=QUICK) as running:
        before = (await running.orchestrator.get_mind(pb.GetMindRequest(mind_id="ada"))).mind
        await append(running, opened("c-last"))
        await running.orchestrator.get_mind(pb.GetMindRequest(mind_id="ada"))
        violated = await wait_for(running, "invariant_violated")
        after = (await running.orchestrator.get_mind(pb.GetMindRequest(mind_id="ada"))).mind

    assert (before.identity.name, after.identity.name) == ("Wrong", "Nova")
    assert violated.body.invariant_violated.code == "SNAPSHOT_MISMATCH"


async def test_a_reflection_that_the_model_fails_at_is_told_with_its_reason(tmp_path: Path) -> None:
    refused = {"backend": "openai", "openai_base_url": f"http://127.0.0.1:{free_port()}/v1", "max_retries": 0}
    async with serving(tmp_path, *SERVICES, settings={**ROOMY, "inference": refused}) as running:
        await running.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        with pytest.raises(errors.Unavailable) as caught:
            await running.orchestrator.reflect(pb.ReflectRequest(mind_id="ada"))
        kinds = [event.kind for event in await events(running)]

    assert caught.value.reason == "BACKEND_REFUSED"
    assert "reflection_recorded" not in kinds


async def test_what_a_model_that_goes_in_circles_thinks_is_kept_once(tmp_path: Path) -> None:
    with OpenAIServer() as server:
        server.says = "I keep my word. I try to be kind. I keep my word. I try to be kind. I keep my word."
        chosen = {"backend": "openai", "openai_base_url": server.base_url, "model": "said"}
        async with serving(tmp_path, *SERVICES, settings={**ROOMY, "inference": chosen}) as running:
            await running.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
            made = (await running.orchestrator.reflect(pb.ReflectRequest(mind_id="ada"))).reflection
            again = (await running.orchestrator.reflect(pb.ReflectRequest(mind_id="ada"))).reflection
            said = [
                one.body.reflection_recorded for one in await events(running, kinds=["reflection_recorded"])
            ]

    assert made.text == "I keep my word. I try to be kind."
    assert again.text not in ("", made.text)
    assert [one.model for one in said] == ["porto-7b", ""]


async def caught_up(served: Served, mind_id: str) -> None:
    """Return once the worker has seen a mind's message, and is done with all that came before it in any mind."""
    (said, *_) = await events(served, mind_id, kinds=["user_message"])
    async with asyncio.timeout(20):
        while True:
            workers = (await served.orchestrator.list_workers(pb.ListWorkersRequest())).workers
            if any(worker.name == "slow" and worker.seq >= said.position for worker in workers):
                return
            await asyncio.sleep(0.02)


async def test_a_mind_that_is_deleted_while_a_worker_is_at_it_leaves_no_dead_letter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    halted = Halted(mind.Body(user_identified=mind.UserIdentified(name="Ana")))
    works_alone(monkeypatch, "slow", halted)
    async with serving(tmp_path, *SERVICES, settings=ROOMY) as running:
        await running.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        await converse(running, "hello")
        await halted.has_begun.wait()
        await deleted(running, "ada")
        halted.may_go_on.set()
        await running.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ben"))
        await converse(running, "hello", mind_id="ben")
        await caught_up(running, "ben")
    assert not has_letters(tmp_path, "ada")


async def test_what_else_a_deleted_mind_had_waiting_holds_up_no_worker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    has_begun, is_gone, asked = asyncio.Event(), asyncio.Event(), list[str]()

    async def slow(event: mind.Event, _minds: object) -> list[mind.Body]:
        asked.append(event.mind_id)
        has_begun.set()
        await is_gone.wait()
        return []

    # One is held, and the others are read again when their time has come.
    monkeypatch.setattr(lanes, "HELD_EVENTS", 1)
    monkeypatch.setattr(lanes, "HELD_TOGETHER", 1)
    works_alone(monkeypatch, "slow", slow)
    async with serving(tmp_path, *SERVICES, settings=ROOMY) as running:
        await running.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        said = [
            ledger.NewEvent(body=mind.Body(user_message=mind.UserMessage(text="hello")), remember=True)
        ] * 3
        await running.ledger.append(ledger.AppendRequest(mind_id="ada", events=said))
        await has_begun.wait()
        await running.ledger.delete_mind(ledger.DeleteMindRequest(mind_id="ada", confirm_mind_id="ada"))
        is_gone.set()
        await running.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ben"))
        await converse(running, "hello", mind_id="ben")
        await caught_up(running, "ben")

    assert asked == ["ada", "ben"]


async def test_a_due_time_is_reckoned_from_now_though_the_clock_ran_ahead_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(tmp_path, *SERVICES, settings=ROOMY) as served:
        with monkeypatch.context() as ahead:
            ahead.setattr(time, "time_ns", lambda now=time.time_ns: now() + YEAR_NS)
            await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        asked: dict[str, Any] = {"text": "Remind me to buy milk in one hour.", "idempotency_key": "milk"}
        turn = await converse(served, **asked)
        opened = (await wait_for(served, "commitment_opened")).body.commitment_opened
        again = await converse(served, **asked)

    assert 0 < opened.due_at.ToNanoseconds() - time.time_ns() <= 3_600 * 10**9
    assert turn.completed is not None
    assert again.completed == turn.completed
