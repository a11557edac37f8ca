"""What a mind had begun goes on after a restart, or after it left memory, though nobody opens it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from services.orchestrator.autonomy import decide
from services.orchestrator.store import Store
from services.runtime.projection_file import ProjectionFile
from tests.orchestrator.conftest import QUICK, ROOMY, SERVICES
from tests.orchestrator.talking import converse, events, followed, left_alone, wait_for
from tests.support.serving import serving

NEVER_TICKS: dict[str, Any] = {
    **ROOMY,
    "orchestrator": {**ROOMY["orchestrator"], "tick_seconds": 3_600},
}


def still_awake(folder: Path) -> list[str]:
    """What a process that has ended left to be looked at."""
    store = Store(folder / "orchestrator")
    found = store.awake(time.time_ns())
    store.close()
    return found


async def test_a_mind_that_was_talked_to_reflects_after_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(decide.CADENCE, mind.STAGE_S0, (2, 0, mind.REFLECTION_STYLE_SUCCINCT))
    async with serving(tmp_path, *SERVICES, settings=NEVER_TICKS) as running:
        await running.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        for text in ("Hello.", "How are you?"):
            await converse(running, text)
        await followed(running)
        assert "tick_recorded" not in [event.kind for event in await events(running)]
    assert still_awake(tmp_path) == ["ada"]

    async with serving(tmp_path, *SERVICES, settings=QUICK) as running:
        made = await wait_for(running, "reflection_recorded")
        await left_alone(running)

    assert made.body.reflection_recorded.trigger == "cadence"
    assert "ada" not in still_awake(tmp_path)


async def test_minds_that_leave_memory_are_looked_after(tmp_path: Path) -> None:
    settings = {**QUICK, "orchestrator": {**QUICK["orchestrator"], "tick_seconds": 1, "active_minds": 1}}
    minds = [f"m{number}" for number in range(4)]
    async with serving(tmp_path, *SERVICES, settings=settings) as running:
        for mind_id in minds:
            await running.orchestrator.create_mind(pb.CreateMindRequest(mind_id=mind_id))
            await converse(running, "Hello.", mind_id=mind_id)
        for mind_id in minds:
            await wait_for(running, "tick_recorded", mind_id)


async def test_a_turn_that_the_process_did_not_survive_is_closed_though_nobody_comes(tmp_path: Path) -> None:
    said = mind.Body(user_message=mind.UserMessage(text="anybody?"))
    async with serving(tmp_path, *SERVICES, settings=NEVER_TICKS) as running:
        await running.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        request = ledger.AppendRequest(mind_id="ada", events=[ledger.NewEvent(body=said)])
        seq = (await running.ledger.append(request)).events[0].seq
        await followed(running)
    async with serving(tmp_path, *SERVICES, settings=QUICK) as running:
        failed = await wait_for(running, "turn_failed")

    assert failed.causation_seq == seq
    assert failed.body.turn_failed.reason == mind.TURN_FAILURE_REASON_INTERRUPTED


async def test_what_is_closed_last_is_looked_after_too(tmp_path: Path) -> None:
    async with serving(tmp_path, *SERVICES, settings=QUICK) as running:
        await running.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        asked = pb.OpenCommitmentRequest(mind_id="ada", text="call Ana")
        opened = (await running.orchestrator.open_commitment(asked)).commitment
        await wait_for(running, "tick_recorded", after_seq=opened.opened_seq)
        await left_alone(running)
    async with serving(tmp_path, *SERVICES, settings=NEVER_TICKS) as running:
        dropped = mind.CommitmentClosed(
            commitment_id=opened.commitment_id, outcome=mind.COMMITMENT_OUTCOME_DROPPED
        )
        event = ledger.NewEvent(body=mind.Body(commitment_closed=dropped))
        await running.ledger.append(ledger.AppendRequest(mind_id="ada", events=[event]))
        await followed(running)

    assert still_awake(tmp_path) == ["ada"]


async def test_a_whole_ledger_is_folded_anew_once_a_day_however_often_the_process_starts(
    tmp_path: Path,
) -> None:
    began: list[int] = []
    for number in range(3):
        async with serving(tmp_path, *SERVICES, settings=QUICK) as running:
            if not number:
                await running.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
            turn = await converse(running, "Hello.")
            assert turn.started is not None
            await wait_for(running, "tick_recorded", after_seq=turn.started.user_seq)
            await left_alone(running)
        store = Store(tmp_path / "orchestrator")
        began.append(store.audited_ns("ada"))
        store.close()

    assert began[0] > 0
    assert len(set(began)) == 1


async def test_of_a_deleted_mind_it_is_not_kept_when_it_was_audited(tmp_path: Path) -> None:
    audited: list[int] = []
    for is_to_delete in (False, True):
        async with serving(tmp_path, *SERVICES, settings=QUICK) as running:
            if is_to_delete:
                await running.ledger.delete_mind(
                    ledger.DeleteMindRequest(mind_id="ada", confirm_mind_id="ada")
                )
                await running.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ben"))
                await followed(running, "ben")
            else:
                await running.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
                await wait_for(running, "tick_recorded")
                await left_alone(running)
        store = Store(tmp_path / "orchestrator")
        audited.append(store.audited_ns("ada"))
        store.close()

    assert audited[0] > 0
    assert audited[1] == 0


WAKES = st.lists(st.tuples(st.sampled_from(["ada", "ben", "eve"]), st.integers(0, 5)), max_size=12)


@given(noted=WAKES, now=st.integers(0, 6))
def test_minds_wake_when_they_are_to_and_the_longest_waiting_first(
    tmp_path_factory: pytest.TempPathFactory, noted: list[tuple[str, int]], now: int
) -> None:
    store = Store(tmp_path_factory.mktemp("wakes"))
    for mind_id, ns in noted:
        store.wake_at({mind_id: ns})
    found = store.awake(now)
    store.close()

    wakes = {mind_id: ns for mind_id, ns in dict(noted).items() if ns}
    assert found == sorted((its_id for its_id, ns in wakes.items() if ns <= now), key=lambda i: (wakes[i], i))


def test_a_mind_is_woken_by_the_earliest_time_noted(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for ns in (30, 10, 20):
        store.wake_by("ada", ns)
    found = store.awake(9), store.awake(10)
    store.close()

    assert found == ([], ["ada"])


def test_a_file_without_times_in_their_order_gets_them(tmp_path: Path) -> None:
    before = Store(tmp_path)
    before.wake_at({"ada": 10, "ben": 5, "eve": 99})
    before.close()
    file = ProjectionFile(tmp_path, ("wakes", "wake_times"))
    with file.write() as txn:
        txn.drop(file.table("wake_times"), delete=False)
    file.close()

    again = Store(tmp_path)
    found = again.awake(10)
    again.close()
    assert found == ["ben", "ada"]
