"""An answer cites the event that says what it quotes."""

from __future__ import annotations

from pmm.memory.v1 import memory_pb2 as memory
from pmm.mind.v1 import events_pb2 as mind
from tests.orchestrator.talking import converse
from tests.support.serving import Served


async def test_words_that_a_revision_gave_are_cited_by_it_and_not_by_what_it_came_instead_of(
    served: Served,
) -> None:
    told = mind.MemoryRecorded(memory_id="cat", text="the cat is called Biscuit", type=mind.MEMORY_TYPE_FACT)
    await served.memory.record_memories(memory.RecordMemoriesRequest(mind_id="ada", memories=[told]))
    revision = mind.MemoryRevised(memory_id="cat", text="the cat is called Miso")
    revised = await served.memory.revise_memories(
        memory.ReviseMemoriesRequest(mind_id="ada", revisions=[revision])
    )
    rating = mind.MemoryRated(memory_id="cat", rating=1)
    await served.memory.rate_memories(memory.RateMemoriesRequest(mind_id="ada", ratings=[rating]))

    turn = await converse(served, "What is the cat called?")

    assert f'"the cat is called Miso" [#{revised.seq}, ' in turn.text
    assert turn.completed
    assert not turn.completed.warnings
