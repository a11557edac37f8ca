"""What ended stays ended, and what was changed stays changed, when what says why is forgotten: only the words go."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.memory.v1 import memory_pb2 as memory
from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from pmm_client.errors import PmmError, Unavailable
from services.orchestrator.peers import Peers
from services.orchestrator.terms import Draft
from tests.orchestrator.conftest import ROOMY, SERVICES
from tests.orchestrator.talking import converse, events, followed, head
from tests.orchestrator.test_forgetting_promises import SECRET, forget, promises, said, shown
from tests.support.files import files_with
from tests.support.serving import Served, serving

WHY = f"because of this: {SECRET.lower()}"


async def append(served: Served, **body: object) -> int:
    """What an application says of its own; its seq."""
    new = ledger.NewEvent(body=mind.Body(**body))  # type: ignore[arg-type]
    appended = await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=[new]))
    return appended.events[0].seq


async def memories(served: Served) -> dict[str, tuple[str, float]]:
    """Text and importance of the facts about the lighthouse that hold."""
    request = memory.ListMemoriesRequest(mind_id="ada", min_seq=await head(served), page_size=100)
    found = (await served.memory.list_memories(request, timeout=20)).memories
    return {one.memory_id: (one.text, one.importance) for one in found if "lighthouse" in one.text}


async def test_what_ended_stays_ended_where_what_says_why_is_forgotten(tmp_path: Path) -> None:
    async with serving(tmp_path, *SERVICES, settings=ROOMY) as served:
        await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        await said(served, "From now on answer in French.")
        await said(served, "Your name is Olga.")
        for its_id in ("gone", "less"):
            fact = mind.MemoryRecorded(
                memory_id=its_id,
                text=f"The lighthouse is {its_id}",
                type=mind.MEMORY_TYPE_FACT,
                importance=0.2,
            )
            await append(served, memory_recorded=fact)
        (directive,) = (await shown(served)).directives
        origin = await said(served, f"{SECRET}.")
        retired = mind.DirectiveRetired(directive_id=directive.directive_id, why=WHY)
        ends = [
            await append(served, directive_retired=retired),
            await append(served, identity_cleared=mind.IdentityCleared(why=WHY)),
            await append(served, memory_retracted=mind.MemoryRetracted(memory_id="gone", why=WHY)),
            await append(
                served, memory_revised=mind.MemoryRevised(memory_id="less", importance=0.9, why=WHY)
            ),
        ]
        await followed(served)
        before, left = await shown(served), await memories(served)
        assert (list(before.directives), before.identity.name) == ([], "")
        assert left == {"less": ("The lighthouse is less", 0.9)}

        assert await forget(served, origin) >= set(ends)

        after = await shown(served)
        assert (list(after.directives), after.identity.name, after.violations) == ([], "", 0)
        assert after.metrics == before.metrics
        # Memory folds again beside its work what an erasure reaches.
        async with asyncio.timeout(20):
            while await memories(served) != left:
                await asyncio.sleep(0.05)
        assert not files_with(tmp_path, "Bernhard", "bernhard")

        # What is adopted, and named, after that holds.
        await said(served, "Your name is Olga. From now on answer in French.")
        again = await shown(served)
        assert (len(again.directives), again.identity.name) == (1, "Olga")


async def test_a_name_and_an_instruction_that_came_back_since_stay(served: Served) -> None:
    await said(served, "Your name is Olga. From now on answer in French.")
    (directive,) = (await shown(served)).directives
    origin = await said(served, f"{SECRET}.")
    await append(
        served, directive_retired=mind.DirectiveRetired(directive_id=directive.directive_id, why=WHY)
    )
    await append(served, identity_cleared=mind.IdentityCleared(why=WHY))
    await said(served, "Your name is Olga. From now on answer in French.")

    await forget(served, origin)

    after = await shown(served)
    assert ([one.text for one in after.directives], after.identity.name) == ([directive.text], "Olga")


async def test_what_a_revision_changed_besides_the_words_stays(tmp_path: Path) -> None:
    async with serving(tmp_path, *SERVICES, settings=ROOMY) as served:
        await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        other = pb.OpenCommitmentRequest(mind_id="ada", text="pack the books", project="moving")
        await served.orchestrator.open_commitment(other)
        opening = pb.OpenCommitmentRequest(mind_id="ada", text="call Ana")
        made = (await served.orchestrator.open_commitment(opening)).commitment
        origin = await said(served, f"{SECRET}.")
        revised = mind.CommitmentRevised(
            commitment_id=made.commitment_id, text=f"ask Ana whether {SECRET.lower()}", project="moving"
        )
        revised.due_at.seconds = 4_000_000_000
        revised.priority = mind.PRIORITY_HIGH
        told = await append(served, commitment_revised=revised)
        await followed(served)

        assert told in await forget(served, origin)

        state = await shown(served)
        (left,) = [one for one in state.open_commitments if one.commitment_id == made.commitment_id]
        assert (left.text, left.due_at.seconds, left.priority, left.project) == (
            "call Ana", 4_000_000_000, mind.PRIORITY_HIGH, "moving",
        )  # fmt: skip
        assert state.violations == 0
        assert not files_with(tmp_path, "Bernhard", "bernhard")


@pytest.mark.parametrize("kind", ["commitment_expired", "commitment_snoozed", "commitment_reminded"])
async def test_how_a_promise_fares_stays_when_what_told_it_is_forgotten_itself(
    served: Served, kind: str
) -> None:
    opening = pb.OpenCommitmentRequest(mind_id="ada", text="call Ana")
    made = (await served.orchestrator.open_commitment(opening)).commitment
    body = {
        "commitment_expired": mind.CommitmentExpired(commitment_id=made.commitment_id),
        "commitment_snoozed": mind.CommitmentSnoozed(
            commitment_id=made.commitment_id,
            until={"seconds": 4_000_000_000},  # type: ignore[arg-type]
        ),
        "commitment_reminded": mind.CommitmentReminded(commitment_id=made.commitment_id),
    }[kind]
    told = await append(served, **{kind: body})
    await followed(served)
    before = list((await shown(served)).open_commitments)

    await forget(served, told)

    assert list((await shown(served)).open_commitments) == before


async def test_a_memory_that_was_rated_and_a_message_that_was_taken_back_stay_so(served: Served) -> None:
    lighthouse = mind.MemoryRecorded(memory_id="rated", text="The lighthouse is red")
    await append(served, memory_recorded=lighthouse)
    heard = await said(served, "The lighthouse is green.")
    origin = await said(served, f"{SECRET}.")
    told = [
        await append(served, memory_rated=mind.MemoryRated(memory_id="rated", rating=-1, why=WHY)),
        await append(served, memory_retracted=mind.MemoryRetracted(memory_id=f"e{heard}", why=WHY)),
    ]
    await append(served, memory_rated=mind.MemoryRated(memory_id="rated", rating=0.5))
    assert await memories(served) == {"rated": ("The lighthouse is red", 0.0)}

    assert await forget(served, origin) == {origin, *told}

    # Memory folds again beside its work what an erasure reaches.
    async with asyncio.timeout(20):
        while (await rating(served, "rated"), len(await memories(served))) != (-0.25, 1):
            await asyncio.sleep(0.05)


async def rating(served: Served, memory_id: str) -> float:
    request = memory.GetMemoryRequest(mind_id="ada", memory_id=memory_id, min_seq=await head(served))
    return (await served.memory.get_memory(request, timeout=20)).memory.rating


async def test_a_promise_that_another_message_asks_for_too_stands_by_that(tmp_path: Path) -> None:
    async with serving(tmp_path, *SERVICES, settings=ROOMY) as served:
        await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        first = await said(served, f"Remind me to call Ana. {SECRET}.")
        second = await said(served, "Please remind me to call Ana.")
        await said(served, "Ana is nice to call.")
        (its_id,) = [one.commitment_id for one in (await shown(served)).open_commitments]
        await append(served, commitment_reminded=mind.CommitmentReminded(commitment_id=its_id))
        before = await shown(served)
        assert [one.source_seq for one in before.open_commitments] == [first]

        await forget(served, first)

        after = await shown(served)
        (left,) = after.open_commitments
        assert (left.text, left.source_seq) == ("call Ana", second)
        assert left.reminded_at == before.open_commitments[0].reminded_at != Timestamp()
        assert (after.metrics, after.violations) == (before.metrics, 0)
        assert not files_with(tmp_path, "Bernhard")

        await forget(served, second)
        assert not (await shown(served)).open_commitments


async def test_what_is_interrupted_before_it_erases_tells_nothing_twice(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    await said(served, "Remind me to call Ana.")
    (made,) = (await shown(served)).open_commitments
    origin = await said(served, f"{SECRET}.")
    closing = pb.CloseCommitmentRequest(
        mind_id="ada",
        commitment_id=made.commitment_id,
        outcome=mind.COMMITMENT_OUTCOME_DONE,
        evidence_seqs=[origin],
        why=WHY,
    )
    await served.orchestrator.close_commitment(closing)
    await followed(served)
    before, ended, kept = await shown(served), await promises(served), await events(served)
    redact = Peers.redact

    async def away(
        _self: Peers, _id: str, _seqs: Sequence[int], _why: str, _told: Sequence[Draft] = (), _at: int = 0
    ) -> tuple[int, int]:
        raise Unavailable("the ledger is away")

    monkeypatch.setattr(Peers, "redact", away)
    with pytest.raises(PmmError):
        await forget(served, origin)
    assert await events(served) == kept

    monkeypatch.setattr(Peers, "redact", redact)
    await forget(served, origin)
    after = await shown(served)
    assert (after.metrics, after.violations) == (before.metrics, 0)
    assert await promises(served) == ended


async def retired_for_a_secret(served: Served) -> tuple[pb.Directive, int]:
    """An instruction that was retired with a reason, and the seq of the message that this is from."""
    await said(served, "From now on answer in French.")
    (directive,) = (await shown(served)).directives
    origin = await said(served, f"{SECRET}.")
    retired = mind.DirectiveRetired(directive_id=directive.directive_id, why=WHY)
    await append(served, directive_retired=retired)
    return directive, origin


async def test_what_comes_while_it_is_decided_what_is_told_again_counts(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    directive, origin = await retired_for_a_secret(served)
    await followed(served)
    redact, meanwhile = Peers.redact, list[int]()

    async def interrupted(
        self: Peers,
        mind_id: str,
        seqs: Sequence[int],
        why: str,
        told: Sequence[Draft] = (),
        at: int | None = None,
    ) -> tuple[int, int]:
        if not meanwhile:
            meanwhile.append(0)
            meanwhile.append((await converse(served, "From now on answer in French.")).parts.count("started"))
            await followed(served)
        return await redact(self, mind_id, seqs, why, told, at)

    monkeypatch.setattr(Peers, "redact", interrupted)
    await forget(served, origin)

    assert [one.text for one in (await shown(served)).directives] == [directive.text]


async def test_what_was_retired_again_is_listed_once_where_its_first_retirement_is_forgotten(
    served: Served,
) -> None:
    directive, origin = await retired_for_a_secret(served)
    await said(served, "From now on answer in French.")
    await append(served, directive_retired=mind.DirectiveRetired(directive_id=directive.directive_id))

    await forget(served, origin)

    everything = pb.ListDirectivesRequest(mind_id="ada", include_retired=True)
    (listed,) = (await served.orchestrator.list_directives(everything)).directives
    assert (listed.directive_id, listed.retired) == (directive.directive_id, True)
