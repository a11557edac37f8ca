"""A search as of a seq gives what a mind gives that has only those events: nothing of the future leaks, no score."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.memory.v1 import memory_pb2 as pb
from pmm.mind.v1 import events_pb2 as mind
from tests.support.drafts import created, imported, said
from tests.support.serving import Served, serving

DAY = datetime(2026, 5, 3, 10, tzinfo=UTC)
WORDS = ("boat", "harbour", "olive", "piano", "ladder", "Porto", "rain", "bread")
_minds = 0

words = st.lists(st.sampled_from(WORDS), min_size=1, max_size=5).map(" ".join)


@st.composite
def histories(draw: st.DrawFn) -> list[ledger.NewEvent]:
    events: list[ledger.NewEvent] = []
    for number in range(draw(st.integers(2, 14))):
        kind = draw(st.sampled_from(["said", "imported", "recorded", "revised", "retracted"]))
        session = draw(st.sampled_from(["s1", "s2"]))
        if kind == "said":
            events.append(said(draw(words), session))
        elif kind == "imported":
            speaker = draw(st.sampled_from(["Ana", "Ben"]))
            events.append(imported(draw(words), speaker, DAY + timedelta(days=number), session))
        elif kind == "recorded":
            events.append(fact(f"m{number}", draw(words)))
        else:
            target = f"m{draw(st.integers(0, number))}"
            events.append(revised(target, draw(words)) if kind == "revised" else retracted(target))
    return events


def fact(memory_id: str, text: str) -> ledger.NewEvent:
    recorded = mind.MemoryRecorded(
        memory_id=memory_id, text=text, type=mind.MEMORY_TYPE_FACT, entities=["Porto"]
    )
    return ledger.NewEvent(body=mind.Body(memory_recorded=recorded))


def revised(memory_id: str, text: str) -> ledger.NewEvent:
    return ledger.NewEvent(body=mind.Body(memory_revised=mind.MemoryRevised(memory_id=memory_id, text=text)))


def retracted(memory_id: str) -> ledger.NewEvent:
    return ledger.NewEvent(body=mind.Body(memory_retracted=mind.MemoryRetracted(memory_id=memory_id)))


SAID_AND_REVISED = [fact("m0", "boat olive boat piano boat"), said("boat", "s1"), revised("m0", "boat")]
HEARD_LATER = [
    said("boat", "s1"),
    said("ben olive", "s2"),
    said("piano", "s1"),
    imported("boat", "Ben", DAY, "s1"),
]
SAID_TWICE = [fact("m0", "boat olive piano"), said("boat", "s1"), fact("m1", "boat olive piano")]


async def found(served: Served, mind_id: str, query: str, **more: Any) -> list[tuple[str, str, float]]:
    request = pb.SearchRequest(mind_id=mind_id, query=query, k=50, **more)
    request.query_time.FromDatetime(DAY)
    results = (await served.memory.search(request, timeout=20)).results
    return [(r.memory.memory_id, r.memory.text, round(r.score, 5)) for r in results]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories(), st.integers(0, 100), words)
@example(SAID_AND_REVISED, 2, "boat olive boat piano boat")
@example(SAID_TWICE, 2, "boat olive piano")
@example([fact("m0", "boat"), retracted("m0")], 1, "boat")
@example([fact("m0", "boat"), retracted("m0"), said("boat", "s1")], 2, "boat")
@example(HEARD_LATER, 3, "ben boat")
async def test_as_of_equals_a_mind_that_has_only_these(
    served: Served, events: list[ledger.NewEvent], cut: int, query: str
) -> None:
    global _minds
    _minds += 1
    upto = 1 + cut % (len(events) + 1)
    whole = ledger.AppendRequest(mind_id=f"whole{_minds}", events=[created(), *events])
    part = ledger.AppendRequest(mind_id=f"part{_minds}", events=[created(), *events[: upto - 1]])
    head = (await served.ledger.append(whole)).head_seq
    await served.ledger.append(part)

    past = await found(served, f"whole{_minds}", query, as_of_seq=upto, min_seq=head)
    then = await found(served, f"part{_minds}", query, min_seq=upto)

    assert sorted(past) == sorted(then)


async def test_nothing_later_is_seen_though_something_in_between_was_erased(tmp_path: Path) -> None:
    async with serving(tmp_path, "ledger", "memory") as served:
        boats = [said(f"boat {number}", "s1") for number in range(9)]
        await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=[created(), *boats]))
        erased = await served.ledger.redact(ledger.RedactRequest(mind_id="ada", seqs=[6]))
        await found(served, "ada", "boat", min_seq=erased.seq)
    # What was erased is no longer there when the index is built.
    async with serving(tmp_path, "ledger", "memory") as served:
        for upto in range(1, erased.seq + 1):
            past = await found(served, "ada", "boat", as_of_seq=upto, min_seq=erased.seq)
            told = {f"boat {seq - 2}" for seq in range(2, upto + 1) if seq not in (6, erased.seq)}
            assert {text for _, text, _ in past} == told
