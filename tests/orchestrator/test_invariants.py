"""What must always hold of a mind: found once where it does not, in bounded work, and nothing while all is well."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from pmm_client import errors
from pmm_client.cli.app import app
from services.orchestrator.autonomy.auditing import Auditing
from services.orchestrator.autonomy.chain import ChainWatch
from services.orchestrator.autonomy.supervisor import Supervisor
from services.orchestrator.forgetting import ERASURE
from services.orchestrator.minds import Minds
from services.orchestrator.peers import Peers
from services.orchestrator.projections.commitments import MAX_OPEN
from services.orchestrator.settings import OrchestratorSettings
from services.orchestrator.store import Store
from services.runtime.peers import Peers as Channels
from tests.orchestrator.conftest import ROOMY, SERVICES
from tests.orchestrator.talking import events, head, wait_for
from tests.orchestrator.test_autonomy import DAY, TICK_SECONDS, World, born
from tests.support.drafts import said
from tests.support.ledger import change_stored
from tests.support.serving import Served, serving

EVENTS = 40
A_LOOK = 15


@asynccontextmanager
async def watching(folder: Path) -> AsyncIterator[tuple[Served, Minds, ChainWatch, Store]]:
    """The minds of a real ledger and the watch over them, without a clock of its own."""
    settings = OrchestratorSettings(verified_events=A_LOOK, snapshot_events=4)  # pyright: ignore[reportCallIssue]
    async with serving(folder, "ledger") as served:
        channels, store = Channels({"ledger": served.target}), Store(folder / "watching")
        minds = Minds(peers := Peers(channels), store, settings)
        try:
            await minds.open("ada")
            yield served, minds, ChainWatch(minds, peers, store, settings), store
        finally:
            await minds.close()
            await channels.close()
            store.close()


async def grown(served: Served, count: int) -> None:
    """With so many more events."""
    request = ledger.AppendRequest(mind_id="ada", events=[imported(number) for number in range(count)])
    await served.ledger.append(request)


def imported(number: int) -> ledger.NewEvent:
    return ledger.NewEvent(
        session_id="s", body=mind.Body(message_imported=mind.MessageImported(text=f"line {number}"))
    )


def created() -> ledger.NewEvent:
    return ledger.NewEvent(body=mind.Body(mind_created=mind.MindCreated(name="ada")))


@pytest.fixture
async def folder(tmp_path: Path) -> Path:
    """With a ledger that holds a mind, and a state of it saved."""
    async with serving(tmp_path, "ledger") as served:
        request = ledger.AppendRequest(mind_id="ada", events=[created()])
        await served.ledger.append(request)
        await grown(served, EVENTS - 1)
    async with watching(tmp_path):
        pass
    return tmp_path


def flip(data: bytes) -> bytes:
    return data[:10] + bytes([data[10] ^ 1]) + data[11:]


async def told(served: Served) -> list[tuple[str, list[int]]]:
    found = await events(served, kinds=["invariant_violated"])
    return [(each.body.invariant_violated.code, list(each.body.invariant_violated.seqs)) for each in found]


async def test_a_chain_is_verified_a_part_at_a_look_and_no_event_is_added(folder: Path) -> None:
    async with watching(folder) as (served, minds, watch, store):
        reached: list[int] = []
        for _ in range(5):
            await watch.look()
            reached.append(store.verified("ada")[0])

        assert reached == [15, 30, EVENTS, EVENTS, EVENTS]
        assert store.verified("ada")[1] == (await minds.open("ada")).snapshot.hash
        assert await head(served) == EVENTS

    async with watching(folder) as (served, _, watch, store):
        # From where it ended, after a restart.
        await watch.look()
        assert (store.verified("ada")[0], await head(served)) == (EVENTS, EVENTS)


async def test_a_damaged_event_is_told_once_however_often_it_is_found(folder: Path) -> None:
    change_stored(folder / "ledger", "events", 24, flip)

    for _ in range(2):
        async with watching(folder) as (served, _, watch, _store):
            for _ in range(5):
                await watch.look()
                await grown(served, 1)
            assert await told(served) == [("CHAIN_BROKEN", [25])]


async def test_a_ledger_that_was_set_back_is_noticed(folder: Path) -> None:
    shutil.copytree(folder / "ledger", folder / "kept")
    async with watching(folder) as (served, _, watch, store):
        await grown(served, 3)
    async with watching(folder) as (served, _, watch, store):
        for _ in range(4):
            await watch.look()
        assert store.verified("ada")[0] == EVENTS + 3
    shutil.rmtree(folder / "ledger")
    shutil.move(folder / "kept", folder / "ledger")
    Store(folder / "watching").erase_from("ada", EVENTS + 1)

    async with watching(folder) as (served, _, watch, store):
        for _ in range(6):
            await watch.look()
        assert await told(served) == [("CHAIN_REPLACED", [EVENTS + 3])]
        assert store.verified("ada")[0] == EVENTS + 1


async def test_a_damaged_ledger_shows_in_the_mind(folder: Path) -> None:
    shutil.rmtree(folder / "watching")
    idle = {"orchestrator": {"tick_seconds": 3_600, "snapshot_events": 4}}
    async with serving(folder, "ledger", "orchestrator", settings=idle) as served:
        # Whatever follows the ledger has read the event before it is damaged.
        await served.orchestrator.get_analytics(pb.GetAnalyticsRequest(mind_id="ada"))
        await served.orchestrator.get_subgraph(pb.GetSubgraphRequest(mind_id="ada"))
    change_stored(folder / "ledger", "events", 6, flip)
    quick = {**ROOMY, "orchestrator": {**ROOMY["orchestrator"], "tick_seconds": 0.05}}

    async with serving(folder, "ledger", "orchestrator", settings=quick) as served:
        await served.orchestrator.get_traits(pb.GetTraitsRequest(mind_id="ada"))
        await wait_for(served, "invariant_violated")
        shown = (await served.orchestrator.get_mind(pb.GetMindRequest(mind_id="ada"))).mind
        arguments = ["mind", "show", "ada", "--target", served.target]
        printed = await asyncio.to_thread(CliRunner().invoke, app, arguments, catch_exceptions=False)

    assert "wrong: CHAIN_BROKEN" in printed.stdout, printed.stderr
    found = shown.violated_invariants[0]
    assert (found.code, list(found.seqs)) == ("CHAIN_BROKEN", [7])
    assert found.message


def codes(world: World) -> list[str]:
    return [
        event.body.invariant_violated.code for event in world.events if event.kind == "invariant_violated"
    ]


def ask(world: World) -> None:
    world.append(mind.Body(user_message=mind.UserMessage(text="anybody?")))


def make_no_sense(world: World) -> None:
    world.append(mind.Body(commitment_closed=mind.CommitmentClosed(commitment_id="c-none")))
    world.append(mind.Body(commitment_closed=mind.CommitmentClosed(commitment_id="c-none")))


def promise_much(world: World) -> None:
    for number in range(MAX_OPEN):
        world.promise(f"c-{number}")


def set_back(world: World) -> None:
    world.turn()
    world.now -= DAY // 2


@pytest.mark.parametrize(
    ("happens", "code"),
    [
        (ask, "TURN_OPEN"),
        (make_no_sense, "EVENT_REFUSED"),
        (promise_much, "COMMITMENT_LIMIT"),
        (set_back, "CLOCK_BACKWARDS"),
    ],
)
def test_a_violation_is_told_once_and_then_the_mind_is_left_alone(
    happens: Callable[[World], None], code: str
) -> None:
    world = born()
    world.turn()
    world.wait(TICK_SECONDS)
    assert codes(world) == []
    happens(world)
    for _ in range(3):
        world.wait(1_000)
    length = len(world.events)
    for _ in range(20):
        world.wait(1_000)

    assert codes(world) == [code]
    assert [one.code for one in world.state.invariants.recent] == [code]
    assert len(world.events) == length


async def test_one_commitment_too_many_is_refused_with_a_reason(tmp_path: Path) -> None:
    async with serving(tmp_path, *SERVICES, settings=ROOMY) as served:
        await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        opened = [mind.CommitmentOpened(commitment_id=f"c-{n}", text=f"c-{n}") for n in range(MAX_OPEN)]
        for start in range(0, MAX_OPEN, 500):
            drafts = [
                ledger.NewEvent(body=mind.Body(commitment_opened=o)) for o in opened[start : start + 500]
            ]
            await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=drafts))
        with pytest.raises(errors.RateLimited) as refused:
            await served.orchestrator.open_commitment(
                pb.OpenCommitmentRequest(mind_id="ada", text="one more")
            )
        assert refused.value.reason == "TOO_MANY_COMMITMENTS"


async def test_a_state_that_is_yet_to_be_dropped_after_an_erasure_is_no_mismatch(folder: Path) -> None:
    async with watching(folder) as (served, minds, _, store):
        channels = Channels({"ledger": served.target})
        auditing = Auditing(minds, Peers(channels), store)
        opened = mind.CommitmentOpened(commitment_id="c-1", text="call Ben")
        request = ledger.AppendRequest(
            mind_id="ada", events=[ledger.NewEvent(body=mind.Body(commitment_opened=opened))]
        )
        seq = (await served.ledger.append(request)).events[0].seq
        await minds.state("ada", seq)
        erased = await served.ledger.redact(ledger.RedactRequest(mind_id="ada", seqs=[seq], why="asked to"))
        state = await minds.state("ada", erased.seq)
        assert "c-1" in state.commitments.by_id

        assert await auditing.audit("ada")
        assert await told(served) == []

        # Where it holds the words although the worker that drops it has been there, something is wrong.
        head = await served.ledger.get_head(ledger.GetHeadRequest(mind_id="ada"))
        store.put_workers({ERASURE: (head.store_id, head.position)})
        assert not await auditing.audit("ada")
        assert await told(served) == [("SNAPSHOT_MISMATCH", [erased.seq])]
        assert "c-1" not in (await minds.open("ada")).snapshot.commitments.by_id
        assert await auditing.audit("ada")
        await channels.close()


async def test_a_message_that_nobody_answers_is_told_and_gets_its_end(folder: Path) -> None:
    async with watching(folder) as (served, minds, _, store):
        clock = time.time_ns()
        settings = OrchestratorSettings()  # pyright: ignore[reportCallIssue]
        auditing = Auditing(minds, Peers(Channels({})), store)
        supervisor = Supervisor(minds, store, auditing, settings, clock_ns=lambda: clock)
        asked = await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=[said("anybody?")]))
        seq = asked.events[0].seq
        await minds.state("ada", seq)
        await supervisor.tick()
        assert await told(served) == []
        assert store.awake(clock) == []

        clock += 1_000 * 10**9
        assert store.awake(clock) == ["ada"]
        for _ in range(3):
            await supervisor.tick()

        assert await told(served) == [("TURN_OPEN", [seq])]
        ends = await events(served, kinds=["turn_failed"])
        assert [(end.causation_seq, end.body.turn_failed.reason) for end in ends] == [
            (seq, mind.TURN_FAILURE_REASON_INTERRUPTED)
        ]
