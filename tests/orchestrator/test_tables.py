"""Tables beside the state: not closed under whoever writes to them, not waited for where they cannot go on, and made
anew where other rules made them."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lmdb
import msgspec
import pytest
from google.protobuf.struct_pb2 import Value
from google.protobuf.timestamp_pb2 import Timestamp

import pmm_client
from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from services.orchestrator.counting import parts as counting_parts
from services.orchestrator.counting import store as counting
from services.orchestrator.counting.store import CountStore
from services.orchestrator.graph import parts as graph_parts
from services.orchestrator.graph import store as graph
from services.orchestrator.graph.store import GraphStore
from services.orchestrator.owners import store as owners
from services.orchestrator.owners.store import OwnerStore
from services.orchestrator.session_table import store as session_table
from services.orchestrator.session_table.store import SessionStore
from services.orchestrator.tables import Tables
from services.runtime.auth import Tokens
from services.runtime.caller import LOCAL, Caller
from tests.orchestrator.conftest import ROOMY, SERVICES
from tests.orchestrator.talking import converse
from tests.support.files import files_with
from tests.support.ledger import change_stored, created
from tests.support.serving import OWN_TOKEN, Served, serving

MINDS = ("eve", "ada")
EVENTS = 10
TABLES = ("graph", "sessions", "counts", "owners")
IDLE = {"orchestrator": {"tick_seconds": 3_600, "snapshot_events": 4}}
TOKENS = Tokens({})
TOKENS.add(OWN_TOKEN, LOCAL)
TOKENS.add("ada's", Caller("ada", ("ada",), frozenset({"*"})))
Call = Callable[[Served], Awaitable[object]]


async def test_a_service_that_stops_while_a_page_is_being_written_waits_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply, close = Tables.apply, Tables.close
    has_begun, is_ending, is_closed = threading.Event(), threading.Event(), threading.Event()
    seen = list[tuple[str, Tables]]()

    def slow(self: Tables, *arguments: Any) -> None:
        seen.append(("begun", self))
        has_begun.set()
        is_ending.wait(20)
        is_closed.wait(0.3)
        apply(self, *arguments)
        seen.append(("written", self))

    def closed(self: Tables) -> None:
        seen.append(("closed", self))
        is_closed.set()
        close(self)

    async with serving(tmp_path, *SERVICES, settings=ROOMY) as running:
        await running.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        monkeypatch.setattr(Tables, "apply", slow)
        monkeypatch.setattr(Tables, "close", closed)
        await converse(running, "hello")
        while not has_begun.is_set():
            await asyncio.sleep(0.01)
        is_ending.set()

    for tables in {one for _, one in seen}:
        steps = [step for step, one in seen if one is tables]
        assert steps.count("begun") == steps.count("written")
        assert steps[-1] == "closed"


async def subgraph(served: Served, mind_id: str = "ada") -> None:
    await served.orchestrator.get_subgraph(pb.GetSubgraphRequest(mind_id=mind_id), timeout=30)


async def analytics(served: Served, mind_id: str = "ada") -> None:
    await served.orchestrator.get_analytics(pb.GetAnalyticsRequest(mind_id=mind_id), timeout=30)


async def sessions(served: Served, mind_id: str = "ada") -> None:
    await served.orchestrator.list_sessions(pb.ListSessionsRequest(mind_id=mind_id), timeout=30)


async def default_mind(served: Served) -> None:
    await served.orchestrator.set_default_mind(pb.SetDefaultMindRequest(mind_id="ada"), timeout=30)


async def erasure(served: Served) -> None:
    request = pb.ForgetRequest(mind_id="ada", seq=EVENTS)
    async for _ in served.orchestrator.forget(request, timeout=30):
        pass


CALLS: list[Call] = [subgraph, analytics, sessions, default_mind, erasure]


@pytest.fixture
async def filled(tmp_path: Path) -> Path:
    """Of a ledger with eve's events and then ada's, states of both, and tables that have read all of it."""
    async with serving(tmp_path, "ledger", "orchestrator", settings=IDLE) as served:
        for mind_id in MINDS:
            lines = [imported(number) for number in range(2, EVENTS + 1)]
            events = [created(), *lines]
            await served.ledger.append(ledger.AppendRequest(mind_id=mind_id, events=events))
            for read in (subgraph, analytics, sessions):
                await read(served, mind_id)
    return tmp_path


@pytest.fixture
async def folder(filled: Path) -> Path:
    """The same with tables that have read nothing."""
    for name in TABLES:
        shutil.rmtree(filled / "orchestrator" / name)
    return filled


def imported(number: int) -> ledger.NewEvent:
    line = mind.MessageImported(text=f"line {number}")
    return ledger.NewEvent(session_id="s", body=mind.Body(message_imported=line))


def damage(folder: Path, mind_id: str) -> None:
    """Cut off the fifth event of a mind."""
    change_stored(folder / "ledger", "events", MINDS.index(mind_id) * EVENTS + 4, lambda data: data[:10])


async def test_calls_that_need_a_table_behind_a_damaged_event_are_told_which_it_is(folder: Path) -> None:
    damage(folder, "ada")

    async with serving(folder, "ledger", "orchestrator", settings=IDLE) as served:
        for call in CALLS + CALLS:
            with pytest.raises(pmm_client.DataLoss) as lost:
                await call(served)
            assert lost.value.reason == "BROKEN_EVENT", call
            assert (lost.value.metadata["mind_id"], lost.value.metadata["seq"]) == ("ada", "5")


async def test_calls_that_need_nothing_from_behind_a_damaged_event_are_answered(folder: Path) -> None:
    change_stored(folder / "ledger", "events", len(MINDS) * EVENTS - 1, lambda data: data[:10])

    async with serving(folder, "ledger", "orchestrator", settings=IDLE) as served:
        for call in (subgraph, analytics, sessions):
            await call(served, "eve")


async def test_a_caller_is_not_told_whose_mind_is_damaged_where_it_is_not_theirs(folder: Path) -> None:
    damage(folder, "eve")

    async with serving(
        folder, "ledger", "orchestrator", settings=IDLE, tokens=TOKENS, token="ada's"
    ) as served:
        for call in CALLS:
            with pytest.raises(pmm_client.DataLoss) as lost:
                await call(served)
            assert lost.value.reason == "LEDGER_DAMAGED", call
            assert "eve" not in f"{lost.value.message} {lost.value.metadata}"


async def test_an_erasure_that_only_the_erasure_worker_is_behind_with_is_told_why_it_cannot_end(
    filled: Path,
) -> None:
    damage(filled, "eve")
    for file in (filled / "orchestrator").glob("*.mdb"):
        # Tables have read all of it, and workers nothing.
        file.unlink()

    async with serving(filled, "ledger", "orchestrator", settings=IDLE) as served:
        for read in (subgraph, analytics, sessions):
            await read(served)
        for _ in range(2):
            with pytest.raises(pmm_client.DataLoss) as lost:
                await erasure(served)
            assert (lost.value.metadata["mind_id"], lost.value.metadata["seq"]) == ("eve", "5")
        erased = await served.ledger.get_event(ledger.GetEventRequest(mind_id="ada", seq=EVENTS))
        assert erased.event.redacted


async def test_an_erasure_that_only_memory_is_behind_with_is_told_so(filled: Path) -> None:
    damage(filled, "eve")

    async with serving(
        filled, "ledger", "memory", "orchestrator", settings=IDLE, tokens=TOKENS, token="ada's"
    ) as served:
        for _ in range(2):
            with pytest.raises(pmm_client.DataLoss) as lost:
                await erasure(served)
            assert lost.value.reason == "LEDGER_DAMAGED"
            assert "eve" not in f"{lost.value.message} {lost.value.metadata}"


async def test_a_mind_can_be_made_while_a_table_cannot_go_on(folder: Path) -> None:
    damage(folder, "eve")

    async with serving(folder, "ledger", "orchestrator", settings=IDLE) as served:
        made = await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="joe"), timeout=30)

    assert made.mind.mind_id == "joe"


async def test_a_table_goes_on_once_what_is_damaged_is_gone(folder: Path) -> None:
    damage(folder, "eve")

    async with serving(folder, "ledger", "orchestrator", settings=IDLE) as served:
        with pytest.raises(pmm_client.DataLoss):
            await subgraph(served)
        await served.ledger.delete_mind(
            ledger.DeleteMindRequest(mind_id="eve", confirm_mind_id="eve"), timeout=30
        )
        while True:
            try:
                await subgraph(served)
            except pmm_client.DataLoss:
                await asyncio.sleep(0.05)
            else:
                return


@dataclass(frozen=True)
class Kept:
    """One of the files of tables."""

    store: type[GraphStore | SessionStore | CountStore | OwnerStore]
    names: tuple[str, ...]
    kinds: tuple[str, ...]

    def history(self) -> list[mind.Event]:
        """The events that the tables follow."""
        return [event for event in history() if event.kind in self.kinds]

    def rows(self, tables: Tables) -> dict[str, list[tuple[bytes, bytes]]]:
        """All that they hold, but for how far they are."""
        with tables.file.read() as txn:
            return {
                name: [(bytes(key), bytes(value)) for key, value in txn.cursor(db=tables.file.table(name))]
                for name in self.names
            }


KEPT = {
    "graph": Kept(GraphStore, graph.TABLES, graph_parts.KINDS),
    "sessions": Kept(SessionStore, session_table.TABLES, session_table.KINDS),
    "counts": Kept(CountStore, counting.TABLES, counting_parts.KINDS),
    "owners": Kept(OwnerStore, owners.TABLES, owners.KINDS),
}
MOMENT = Timestamp(seconds=1_750_000_000)


def history() -> list[mind.Event]:
    """Something for every table, an erasure among it."""
    answer = mind.AssistantMessage(
        text="I will call Ben. [2]",
        model="llama:8b",
        backend="openai",
        usage=mind.Usage(prompt_tokens=7, completion_tokens=3),
        receipt=mind.Receipt(recent_seqs=[3]),
    )
    promise = mind.CommitmentOpened(commitment_id="c-1", text="call Ben", source_seq=4)
    told = mind.MemoryRecorded(
        memory_id="m-1",
        text="The user owns a boat.",
        type=mind.MEMORY_TYPE_FACT,
        entities=["boat"],
        source_seqs=[3],
    )
    default = mind.PolicyChanged(key="default_of.ana", value=Value(bool_value=True))
    bodies = [
        mind.Body(mind_created=mind.MindCreated(name="Ada", owner="ana")),
        mind.Body(session_started=mind.SessionStarted(title="Boats")),
        mind.Body(user_message=mind.UserMessage(text="I own a boat")),
        mind.Body(assistant_message=answer),
        mind.Body(commitment_opened=promise),
        mind.Body(memory_recorded=told),
        mind.Body(identity_adopted=mind.IdentityAdopted(name="Nova", confidence=0.9, evidence_seqs=[3])),
        mind.Body(policy_changed=default),
        mind.Body(message_imported=mind.MessageImported(text="to be erased", speaker="Ben")),
        mind.Body(
            commitment_closed=mind.CommitmentClosed(commitment_id="c-1", outcome=mind.COMMITMENT_OUTCOME_DONE)
        ),
        mind.Body(event_redacted=mind.EventRedacted(seqs=[9])),
        mind.Body(session_ended=mind.SessionEnded()),
    ]
    return [
        mind.Event(
            mind_id="ada",
            seq=seq,
            position=seq,
            kind=body.WhichOneof("kind") or "",
            recorded_at=MOMENT,
            session_id="s",
            causation_seq=3 if body.HasField("assistant_message") else None,
            remember=True,
            body=body,
        )
        for seq, body in enumerate(bodies, 1)
    ]


@pytest.mark.parametrize("kept", KEPT.values(), ids=KEPT)
def test_what_another_format_left_is_gone_and_what_this_one_left_stays(tmp_path: Path, kept: Kept) -> None:
    tables = kept.store(tmp_path)
    tables.apply(kept.history(), "store", len(history()))
    held = kept.rows(tables)
    assert any(held.values())
    tables.close()

    tables = kept.store(tmp_path)
    assert (tables.position(), kept.rows(tables)) == (("store", len(history())), held)
    tables.close()

    with lmdb.open(str(tmp_path), max_dbs=16) as env, env.begin(write=True) as txn:
        # As it was written before there were formats, with a table that is there no more.
        place = msgspec.msgpack.encode(("store", len(history())))
        txn.put(b"position", place, db=env.open_db(b"state", txn))
        txn.put(b"key", b"a word to be erased", db=env.open_db(b"given up", txn))
    tables = kept.store(tmp_path)
    assert tables.position() == ("", 0)
    assert not any(kept.rows(tables).values())
    assert not files_with(tmp_path, "a word to be erased")
    tables.apply(kept.history(), "store", len(history()))
    assert kept.rows(tables) == held
    tables.close()


@pytest.mark.parametrize(
    ("name", "made_of"),
    [
        ("graph", (3, "1fb359dc19c8a51f")),
        ("sessions", (4, "8496430d45732716")),
        ("counts", (3, "3e366883c2f50252")),
        ("owners", (1, "d9bc156577ff7b40")),
    ],
)
def test_other_rows_of_the_same_events_are_another_format(
    tmp_path: Path, name: str, made_of: tuple[int, str]
) -> None:
    kept = KEPT[name]
    tables = kept.store(tmp_path)
    tables.apply(kept.history(), "store", len(history()))
    digest = hashlib.sha256(repr((sorted(kept.kinds), kept.rows(tables))).encode()).hexdigest()[:16]
    tables.close()

    assert (tables.FORMAT, digest) == made_of, f"raise {type(tables).__name__}.FORMAT, and note both here"


async def test_counts_that_other_rules_made_are_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def words(served: Served) -> dict[str, int]:
        request = pb.GetAnalyticsRequest(mind_id="ada", session_id="s")
        found = (await served.orchestrator.get_analytics(request, timeout=30)).statistics
        return {one.speaker: one.words for one in found.speakers}

    def other_rules(event: mind.Event) -> list[counting_parts.Count]:
        return [(of_session, name, 40) for of_session, name, _ in counting_parts.from_payload(event)]

    line = ledger.NewEvent(
        session_id="s", body=mind.Body(message_imported=mind.MessageImported(text="three small words"))
    )
    with monkeypatch.context() as earlier:
        earlier.setattr(CountStore, "FORMAT", CountStore.FORMAT - 1, raising=False)
        earlier.setattr(counting, "from_payload", other_rules)
        async with serving(tmp_path, "ledger", "orchestrator", settings=IDLE) as served:
            await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=[created(), line]))
            before = await words(served)
    async with serving(tmp_path, "ledger", "orchestrator", settings=IDLE) as served:
        after = await words(served)

    assert (before, after) == ({"imported": 40}, {"imported": 3})


async def test_a_default_mind_is_not_denied_while_the_table_is_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(tmp_path, "ledger", "orchestrator", settings=IDLE) as served:
        await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
    shutil.rmtree(tmp_path / "orchestrator" / "owners")
    apply, has_begun, may_go_on = OwnerStore.apply, threading.Event(), threading.Event()

    def held(self: OwnerStore, *arguments: Any) -> None:
        has_begun.set()
        may_go_on.wait()
        apply(self, *arguments)

    monkeypatch.setattr(OwnerStore, "apply", held)
    async with serving(tmp_path, "ledger", "orchestrator", settings=IDLE) as served:
        asked = asyncio.create_task(
            served.orchestrator.get_default_mind(pb.GetDefaultMindRequest(), timeout=30)
        )
        listed = asyncio.create_task(
            served.orchestrator.list_minds(pb.ListMindsRequest(owner="local"), timeout=30)
        )
        while not has_begun.is_set():
            await asyncio.sleep(0.01)
        await subgraph(served)
        may_go_on.set()

        assert (await asked).mind_id == "ada"
        assert [one.mind_id for one in (await listed).minds] == ["ada"]
