"""However long or many memories are, an answer stays below what a message may hold, and says that there are more."""

from __future__ import annotations

import pytest

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.memory.v1 import memory_pb2 as pb
from pmm.mind.v1 import events_pb2 as mind
from services.memory.memories import MAX_LISTED
from tests.support.drafts import created, said
from tests.support.serving import Served

pytestmark = pytest.mark.slow

LONG = "porto " * 35_000
MIB = 2**20


async def tell(served: Served, *events: ledger.NewEvent) -> int:
    head = 0
    for start in range(0, len(events), 15):
        part = ledger.AppendRequest(mind_id="ada", events=events[start : start + 15])
        head = (await served.ledger.append(part)).head_seq
    return head


def body(**kind: mind.MemoryRecorded | mind.MemoryRevised) -> ledger.NewEvent:
    return ledger.NewEvent(body=mind.Body(**kind))  # type: ignore[arg-type]


async def test_a_search_that_finds_long_memories_goes_on_over_pages(served: Served) -> None:
    head = await tell(served, created(), *(said(f"{number} {LONG}") for number in range(40)))
    request = pb.SearchRequest(mind_id="ada", query="porto", k=100, min_seq=head)
    answers = [await served.memory.search(request, timeout=60)]
    while token := answers[-1].next_page_token:
        request.page_token = token
        answers.append(await served.memory.search(request, timeout=60))

    found = [one.memory.memory_id for answer in answers for one in answer.results]
    assert len(answers) > 1
    assert all(answer.ByteSize() < 4 * MIB for answer in answers)
    assert sorted(found) == sorted(f"e{seq}" for seq in range(2, head + 1))


async def test_the_history_of_a_memory_with_long_versions_shows_the_newest_and_counts_the_others(
    served: Served,
) -> None:
    first = mind.MemoryRecorded(memory_id="m", text="0", type=mind.MEMORY_TYPE_FACT)
    again = [
        body(memory_revised=mind.MemoryRevised(memory_id="m", text=f"{number} {LONG}"))
        for number in range(1, 30)
    ]
    head = await tell(served, created(), body(memory_recorded=first), *again)
    request = pb.GetMemoryHistoryRequest(mind_id="ada", memory_id="m", min_seq=head)
    answer = await served.memory.get_memory_history(request, timeout=60)

    versions = [one.version for one in answer.versions]
    assert answer.ByteSize() < 4 * MIB
    assert versions == list(range(31 - len(versions), 31))
    assert answer.left_out == 30 - len(versions) > 0


async def test_of_an_event_from_which_very_many_memories_came_the_first_are_shown(served: Served) -> None:
    many = [
        body(memory_recorded=mind.MemoryRecorded(memory_id=f"m{n}", text=f"fact {n}", source_seqs=[2]))
        for n in range(MAX_LISTED + 5)
    ]
    head = await tell(served, created(), said("all of them"), *many)
    request = pb.ListMemoriesOfEventsRequest(mind_id="ada", seqs=[2], min_seq=head)
    answer = await served.memory.list_memories_of_events(request, timeout=60)

    # The message itself is the first.
    expected = ["e2", *(f"m{n}" for n in range(MAX_LISTED - 1))]
    assert ([one.memory_id for one in answer.memories], answer.left_out) == (expected, 6)
