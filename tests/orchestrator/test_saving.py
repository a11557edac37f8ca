"""Saved snapshots: few, near to every past state, and none that comes back after an erasure."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator.saving import Saving, is_kept
from services.orchestrator.snapshot import Snapshot, dump
from services.orchestrator.store import Store
from tests.orchestrator.test_projections import event

DISTANCE = 4


@pytest.mark.parametrize("is_live", [True, False], ids=["as events come", "on the way through a long ledger"])
async def test_of_a_long_mind_few_are_kept_and_each_past_is_near_to_one(
    tmp_path: Path, is_live: bool
) -> None:
    store, state, head = Store(tmp_path), Snapshot(), 2_050
    saving = Saving(store, DISTANCE)
    states: list[bytes] = [dump(state)]
    for seq in range(1, head + 1):
        state = state.apply(event(seq, mind.Body(custom=mind.Custom(name="x"))))
        states.append(dump(state))
        saving.keep("ada", state, seq if is_live else head)
        if is_live:
            await saving.settled("ada")
    await saving.close()

    kept = store.saved_seqs("ada")
    assert kept == [seq for seq in range(1, head + 1) if is_kept(seq, head, DISTANCE)]
    assert len(kept) <= 2 * (head // DISTANCE).bit_length() + 2
    for seq in range(1, head + 1):
        nearest = saving.latest("ada", seq)
        assert dump(nearest) == states[nearest.seq]
        assert seq - nearest.seq <= (head - seq) + 2 * DISTANCE
    store.close()


async def test_what_is_being_written_is_waited_for(tmp_path: Path) -> None:
    store = Store(tmp_path)
    saving = Saving(store, 1)
    state = Snapshot().apply(event(1, mind.Body(custom=mind.Custom(name="x"))))
    for _ in range(20):
        saving.keep("ada", state, 1)
        await saving.settled("ada")
        assert store.erase_from("ada", 0)
        await asyncio.sleep(0)
        assert store.saved_seqs("ada") == []
    store.close()
