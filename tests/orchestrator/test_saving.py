"""Saved snapshots: few, near to every past state, and none that comes back after an erasure."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from services.orchestrator.saving import Saving, is_kept
from services.orchestrator.snapshot import Snapshot, dump
from services.orchestrator.store import Store
from tests.orchestrator.conftest import ROOMY, SERVICES
from tests.orchestrator.talking import converse
from tests.orchestrator.test_projections import event
from tests.support.serving import serving

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
        nearest = await saving.latest("ada", seq)
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


HELD_SECONDS = 20
HOLD = """
import lmdb, select, sys
with lmdb.open(sys.argv[1], create=False).begin(write=True):
    print("held", flush=True)
    select.select([sys.stdin], [], [], float(sys.argv[2]))
"""


@asynccontextmanager
async def held(folder: Path) -> AsyncGenerator[asyncio.subprocess.Process]:
    """Nobody else can write to an LMDB file meanwhile, as while it is written anew; at most for HELD_SECONDS."""
    pipe = asyncio.subprocess.PIPE
    holder = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLD, str(folder), str(HELD_SECONDS), stdin=pipe, stdout=pipe
    )
    assert holder.stdin
    assert holder.stdout
    assert await holder.stdout.readline() == b"held\n"
    yield holder
    holder.stdin.close()
    await holder.wait()


async def test_turns_go_on_while_the_file_of_snapshots_is_written_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside, waiting = Store.beside, Counter[str]()

    async def noted(self: Store, work: Callable[..., Any], *arguments: Any) -> Any:
        waiting[work.__name__] += 1
        try:
            return await beside(self, work, *arguments)
        finally:
            waiting[work.__name__] -= 1

    monkeypatch.setattr(Store, "beside", noted)

    often = {"tick_seconds": 0.05, "snapshot_events": 1}
    settings = ROOMY | {"orchestrator": ROOMY["orchestrator"] | often}
    async with serving(tmp_path, *SERVICES, settings=settings) as served:
        minds = [f"m{number}" for number in range(8)]
        for mind_id in minds:
            await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id=mind_id))
            await converse(served, "hello there", mind_id)
        async with held(tmp_path / "orchestrator") as holder:
            for mind_id in minds:
                turn = await converse(served, "I promised to water the figs by Friday.", mind_id)
                assert turn.completed
            # The clock has something to note of them, and so have those who follow what was said.
            async with asyncio.timeout(HELD_SECONDS):
                while not (waiting["wake_at"] and waiting["wake_by"]):
                    await asyncio.sleep(0.01)
            turn = await converse(served, "What did I promise?", minds[0])
            assert turn.completed
            assert holder.returncode is None
