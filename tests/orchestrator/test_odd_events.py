"""What an application appends itself may hold anything: it concerns its own mind alone, and stops nobody's service."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from google.protobuf.struct_pb2 import Value

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.memory.v1 import memory_pb2 as memory
from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from pmm_client.errors import InvalidArgument, PmmError
from tests.orchestrator.conftest import ROOMY, SERVICES
from tests.orchestrator.talking import converse, followed, wait_for
from tests.support.odd_events import odd_bodies
from tests.support.serving import Served, serving

YEARS_S = {"1 AD": -62_135_596_800, "1600": -11_676_096_000, "2300": 10_413_792_000, "9999": 253_402_210_800}
TOLD = {
    "traits.cap": Value(string_value="abc"),
    "traits.frozen": Value(string_value="false"),
    "time_zone": Value(string_value="America"),
}


@pytest.fixture
async def ticking(tmp_path: Path) -> AsyncIterator[Served]:
    settings = {**ROOMY, "orchestrator": {**ROOMY["orchestrator"], "tick_seconds": 0.2}}
    async with serving(tmp_path, *SERVICES, settings=settings) as running:
        yield running


async def append(served: Served, mind_id: str, *bodies: mind.Body) -> None:
    events = [ledger.NewEvent(session_id="s1", remember=True, body=body) for body in bodies]
    await served.ledger.append(ledger.AppendRequest(mind_id=mind_id, events=events))


async def is_looked_after(served: Served, mind_id: str) -> None:
    """Whether turns, workers, tables, memory and the supervisor do their work for a mind."""
    await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id=mind_id))
    turn = await converse(served, "Your name is Nova. The harbour is quiet.", mind_id)
    assert turn.completed is not None
    await wait_for(served, "identity_adopted", mind_id)
    await wait_for(served, "tick_recorded", mind_id)
    await served.orchestrator.get_subgraph(pb.GetSubgraphRequest(mind_id=mind_id))
    assert (await served.orchestrator.list_sessions(pb.ListSessionsRequest(mind_id=mind_id))).sessions
    await followed(served, mind_id)


async def test_an_event_of_any_kind_with_any_values_holds_up_nobody(ticking: Served) -> None:
    taken: list[str] = []

    async def try_one(name: str, body: mind.Body) -> None:
        mind_id = name.replace("_", "-")
        try:
            await append(ticking, mind_id, mind.Body(mind_created=mind.MindCreated(name="odd")), body)
        except PmmError:
            return
        taken.append(mind_id)

    await asyncio.gather(*(try_one(name, body) for name, body in odd_bodies()))
    assert len(taken) > 90
    for mind_id in taken:
        turn = await converse(ticking, "hello, remind me to call Bo tomorrow", mind_id)
        assert turn.completed is not None, mind_id
        await ticking.orchestrator.get_mind(pb.GetMindRequest(mind_id=mind_id))
        await ticking.orchestrator.diff_mind(pb.DiffMindRequest(mind_id=mind_id, from_seq=1, to_seq=2))
        searched = memory.SearchRequest(mind_id=mind_id, query="hello Bo", min_seq=2)
        await ticking.memory.search(searched, timeout=20)
        left = await ticking.orchestrator.list_dead_letters(pb.ListDeadLettersRequest(mind_id=mind_id))
        assert not left.dead_letters, mind_id

    await is_looked_after(ticking, "ada")


async def test_a_copy_with_any_values_holds_up_nobody(ticking: Served) -> None:
    for name, body in odd_bodies():
        if name.startswith("mind_imported"):
            await append(ticking, name.replace("_", "-"), body)

    await is_looked_after(ticking, "ada")


@pytest.mark.parametrize("key", TOLD)
async def test_a_policy_that_means_nothing_sets_nothing(ticking: Served, key: str) -> None:
    told = mind.Body(policy_changed=mind.PolicyChanged(key=key, value=TOLD[key]))
    await append(ticking, "odd", mind.Body(mind_created=mind.MindCreated()), told)
    assert (await converse(ticking, "Remind me to call Bo tomorrow.", "odd")).completed is not None
    await wait_for(ticking, "tick_recorded", "odd")

    await is_looked_after(ticking, "ada")


@pytest.mark.parametrize("year", YEARS_S)
async def test_a_time_that_64_bits_do_not_hold_is_refused_with_its_field(served: Served, year: str) -> None:
    commitment = await served.orchestrator.open_commitment(pb.OpenCommitmentRequest(mind_id="ada", text="x"))
    commitment_id = commitment.commitment.commitment_id
    asked = pb.ConverseRequest(mind_id="ada", text="hello")
    asked.query_time.seconds = YEARS_S[year]
    opened = pb.OpenCommitmentRequest(mind_id="ada", text="y")
    opened.due_at.seconds = YEARS_S[year]
    snoozed = pb.SnoozeCommitmentRequest(mind_id="ada", commitment_id=commitment_id)
    snoozed.until.seconds = YEARS_S[year]
    message = pb.ImportedMessage(text="hi", speaker="Ana")
    message.occurred_at.seconds = YEARS_S[year]
    imported = pb.ImportMessagesRequest(mind_id="ada", messages=[message])

    for call, request, field in (
        (served.orchestrator.open_commitment, opened, "due_at"),
        (served.orchestrator.snooze_commitment, snoozed, "until"),
        (served.orchestrator.import_messages, imported, "messages[0].occurred_at"),
    ):
        with pytest.raises(InvalidArgument) as refused:
            await call(request)  # type: ignore[operator]
        assert {violation.field for violation in refused.value.violations} == {field}
    with pytest.raises(InvalidArgument) as refused:
        _ = [part async for part in served.orchestrator.converse(asked)]
    assert {violation.field for violation in refused.value.violations} == {"query_time"}
