"""Tables beside the state: not closed under whoever writes to them, and not waited for where they cannot go on."""

from __future__ import annotations

import asyncio
import shutil
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

import pmm_client
from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from services.orchestrator.tables import Tables
from services.runtime.auth import Tokens
from services.runtime.caller import LOCAL, Caller
from tests.orchestrator.conftest import ROOMY, SERVICES
from tests.orchestrator.talking import converse
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
    has_begun, seen = threading.Event(), list[tuple[str, Tables]]()

    def slow(self: Tables, *arguments: Any) -> None:
        seen.append(("begun", self))
        has_begun.set()
        time.sleep(0.5)
        apply(self, *arguments)
        seen.append(("written", self))

    def closed(self: Tables) -> None:
        seen.append(("closed", self))
        close(self)

    async with serving(tmp_path, *SERVICES, settings=ROOMY) as running:
        await running.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        monkeypatch.setattr(Tables, "apply", slow)
        monkeypatch.setattr(Tables, "close", closed)
        await converse(running, "hello")
        while not has_begun.is_set():
            await asyncio.sleep(0.01)

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
