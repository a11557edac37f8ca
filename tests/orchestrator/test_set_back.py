"""A ledger that comes back as it was before, or as another one: no state outlives the history that it was made of."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.struct_pb2 import Struct

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from pmm_client.channel import open_channel
from pmm_client.raw import LedgerClient
from services.orchestrator.active_mind import ActiveMind
from services.orchestrator.minds import Minds
from services.orchestrator.peers import Peers
from services.orchestrator.settings import OrchestratorSettings
from services.orchestrator.snapshot import Snapshot
from services.orchestrator.store import Store
from services.orchestrator.terms import Draft
from services.runtime.peers import Peers as Channels
from tests.orchestrator.conftest import QUICK, ROOMY, SERVICES
from tests.orchestrator.lone_worker import Halted, works_alone
from tests.orchestrator.talking import converse, events, followed, head
from tests.orchestrator.test_workers import progress, say
from tests.support.process import ServiceProcess
from tests.support.serving import Served, serving

pytestmark = pytest.mark.slow

PATIENCE_S = 20
SAVED_OFTEN = {
    **ROOMY,
    "orchestrator": {**ROOMY["orchestrator"], "snapshot_events": 4, "tick_seconds": 3_600},
}


def custom() -> ledger.NewEvent:
    return ledger.NewEvent(body=mind.Body(custom=mind.Custom(name="x", data=Struct())))


def kept(process: ServiceProcess) -> Path:
    """A backup of the ledger; it is stopped for it."""
    backup = process.folder.with_name("backup")
    process.stop()
    shutil.copytree(process.folder, backup)
    process.start()
    return backup


def set_back(process: ServiceProcess, backup: Path) -> None:
    process.stop()
    shutil.rmtree(process.folder)
    shutil.copytree(backup, process.folder)
    process.start()


async def known_head(served: Served) -> int:
    """The head, once the ledger answers again."""
    return (await served.ledger.get_head(ledger.GetHeadRequest(mind_id="ada"), timeout=PATIENCE_S)).seq


@asynccontextmanager
async def beside_a_ledger(
    folder: Path, settings: dict[str, Any]
) -> AsyncIterator[tuple[ServiceProcess, Served]]:
    """A ledger in a process of its own, and the other services in this one."""
    with ServiceProcess("ledger", folder / "ledger") as process:
        at = {"ledger": process.target}
        async with serving(folder, *SERVICES[1:], settings=settings, elsewhere=at) as served:
            yield process, served


async def test_a_mind_that_is_open_goes_on_from_what_the_ledger_holds(tmp_path: Path) -> None:
    async with beside_a_ledger(tmp_path, QUICK) as (process, served):
        await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        await converse(served, "I live in Porto.")
        await followed(served)
        backup = kept(process)
        await known_head(served)
        for number in range(4):
            await converse(served, f"Your name is Olga. Remind me to call person{number}.")
        await followed(served)
        lost = await head(served)

        set_back(process, backup)
        async with asyncio.timeout(PATIENCE_S):
            assert await known_head(served) < lost
            shown = (await served.orchestrator.get_mind(pb.GetMindRequest(mind_id="ada"))).mind
            assert (shown.seq < lost, shown.identity.name, len(shown.open_commitments)) == (True, "", 0)
            turn = await converse(served, "Hello again.")
            assert turn.completed is not None
            assert turn.completed.receipt.head_seq < turn.completed.assistant_seq < lost
            adopt = pb.AdoptNameRequest(mind_id="ada", name="Zoe")
            assert (await served.orchestrator.adopt_name(adopt)).identity.name == "Zoe"
            await converse(served, "Remind me to water the plants.")
            await followed(served)
        shown = (await served.orchestrator.get_mind(pb.GetMindRequest(mind_id="ada"))).mind
        assert [one.text for one in shown.open_commitments] == ["water the plants"]
        violated = [
            event.body.invariant_violated.code for event in await events(served, kinds=["invariant_violated"])
        ]
        assert set(violated) <= {"CHAIN_REPLACED"}


async def test_what_a_worker_makes_of_a_message_is_not_told_of_another_that_took_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    halted = Halted(named("Olga"))
    works_alone(monkeypatch, "slow", halted)
    async with beside_a_ledger(tmp_path, ROOMY) as (process, served):
        await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        await followed(served)
        backup, lost = kept(process), await known_head(served) + 1
        # Longer than the one that it takes the place of: nobody is told that it is another.
        with ServiceProcess("ledger", backup) as copy:
            async with open_channel(copy.target) as channel:
                new = ledger.AppendRequest(mind_id="ada", events=[custom() for _ in range(4)])
                await LedgerClient(channel).append(new)
        await say(served, "ada", "Your name is Olga.")
        await halted.has_begun.wait()

        set_back(process, backup)
        await known_head(served)
        halted.may_go_on.set()
        async with asyncio.timeout(PATIENCE_S):
            while not (await progress(served, "slow")).processed:
                await asyncio.sleep(0.02)
        found = await events(served)

    assert found[lost - 1].kind == "custom.x"
    assert "identity_adopted" not in [event.kind for event in found]


async def test_a_worker_gives_up_what_it_is_at_when_the_ledger_has_lost_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    halted = Halted()
    works_alone(monkeypatch, "endless", halted)
    async with beside_a_ledger(tmp_path, ROOMY) as (process, served):
        await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        await followed(served)
        backup = kept(process)
        await known_head(served)
        await say(served, "ada", "Your name is Olga.")
        await halted.has_begun.wait()

        set_back(process, backup)
        async with asyncio.timeout(PATIENCE_S):
            await halted.has_ended.wait()
            await followed(served)


@pytest.mark.parametrize("further", [0, 22], ids=["shorter", "longer"])
async def test_a_saved_state_of_another_history_is_not_served(tmp_path: Path, further: int) -> None:
    async with serving(tmp_path, *SERVICES, settings=SAVED_OFTEN) as served:
        await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        await converse(served, "Hello.")
        await followed(served)
    shutil.copytree(tmp_path / "ledger", tmp_path / "backup")
    async with serving(tmp_path, *SERVICES, settings=SAVED_OFTEN) as served:
        for number in range(4):
            await converse(served, f"Your name is Olga. Remind me to call person{number}.")
            await followed(served)
    shutil.rmtree(tmp_path / "ledger")
    shutil.copytree(tmp_path / "backup", tmp_path / "ledger")
    async with serving(tmp_path, "ledger") as served:
        if further:
            request = ledger.AppendRequest(mind_id="ada", events=[custom() for _ in range(further)])
            await served.ledger.append(request)
    async with serving(tmp_path, *SERVICES, settings=SAVED_OFTEN) as served:
        shown = (await served.orchestrator.get_mind(pb.GetMindRequest(mind_id="ada"))).mind
        assert (shown.identity.name, len(shown.open_commitments)) == ("", 0)
        past = await served.orchestrator.get_mind(
            pb.GetMindRequest(mind_id="ada", as_of_seq=await head(served))
        )
        assert past.mind.identity.name == ""


NAMES = ("decided", "derived", "appended", "opened")
HEAD = 13


def named(name: str) -> mind.Body:
    return mind.Body(identity_adopted=mind.IdentityAdopted(name=name, confidence=1.0))


async def grow(client: LedgerClient, count: int, *before: ledger.NewEvent) -> None:
    """All the minds, by so many events after those before them."""
    for name in NAMES:
        request = ledger.AppendRequest(mind_id=name, events=[*before, *(custom() for _ in range(count))])
        await client.append(request, timeout=PATIENCE_S)


@asynccontextmanager
async def another_history(folder: Path, further: int) -> AsyncIterator[tuple[Minds, list[ActiveMind]]]:
    """Minds at hand whose ledger was set back, and has grown since, without that anybody followed it."""
    settings = OrchestratorSettings()  # pyright: ignore[reportCallIssue]
    store = Store(folder / "minds")
    with ServiceProcess("ledger", folder / "ledger") as process:
        channels = Channels({"ledger": process.target})
        minds = Minds(Peers(channels), store, settings)
        async with open_channel(process.target) as channel:
            client = LedgerClient(channel)
            await grow(client, 1, ledger.NewEvent(body=mind.Body(mind_created=mind.MindCreated(name="ada"))))
            backup = kept(process)
            await grow(client, HEAD - 3)
            found = [await minds.open(name) for name in NAMES]
            for active in found:
                await minds.append(active, [Draft(named("Olga"))])
                assert (active.snapshot.seq, active.snapshot.identity.name) == (HEAD, "Olga")
                active.said_position = 99
            set_back(process, backup)
            await grow(client, further)
            async with asyncio.timeout(PATIENCE_S):
                yield minds, found
        await minds.close()
        await channels.close()
    store.close()


@pytest.mark.parametrize("further", [1, HEAD - 2, 20], ids=["shorter", "as long", "longer"])
async def test_what_nobody_followed_is_noticed_by_the_next_call(tmp_path: Path, further: int) -> None:
    seen: list[tuple[int, str]] = []
    head_seq = 2 + further

    def decide(state: Snapshot) -> list[Draft]:
        seen.append((state.seq, state.identity.name))
        return [Draft(named("Zoe"))]

    async with another_history(tmp_path, further) as (minds, (decided, derived, appended, opened)):
        state = await minds.decide(decided, decide, from_known=True)
        assert seen == [(HEAD, "Olga"), (head_seq, "")]
        assert (state.seq, state.identity.name) == (head_seq + 1, "Zoe")

        # It was made of what there is no longer.
        assert await minds.append_unless_erased(derived, [Draft(named("Zoe"))], 0) is None
        assert (derived.snapshot.seq, derived.snapshot.identity.name) == (head_seq, "")

        assert await minds.append(appended, [Draft(custom().body)]) == [head_seq + 1]
        state = await minds.reach(appended, head_seq + 1)
        assert (state.seq, state.identity.name) == (head_seq + 1, "")

        assert (await minds.open(opened.id)).snapshot.seq == head_seq
        assert (await minds.as_of(opened.id, head_seq)).hash == opened.snapshot.hash
        assert [active.said_position for active in (decided, derived, appended, opened)] == [0] * 4
