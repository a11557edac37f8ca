"""An answer cites the event that says what it quotes."""

from __future__ import annotations

from pmm.memory.v1 import memory_pb2 as memory
from pmm.mind.v1 import events_pb2 as mind
from tests.orchestrator.talking import converse, events, settled_head
from tests.support.openai_server import OpenAIServer
from tests.support.serving import Served

MOVED = [("sister", "Porto"), ("brother", "Lyon")]


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


async def test_what_an_answer_cites_is_marked_and_what_was_not_in_its_prompt_is_warned_of(
    modelled: Served, model_server: OpenAIServer
) -> None:
    told = [await converse(modelled, f"my {who} moved to {where}") for who, where in MOVED]
    # Of what is not remembered nothing but the conversation itself tells.
    before = await converse(modelled, "hello", privacy_mode=mind.PRIVACY_MODE_PAUSED)
    head_seq = await settled_head(modelled)
    sister, _, said = [turn.started.user_seq for turn in (*told, before) if turn.started]
    model_server.says = f"To Porto [#{sister}], and hello [#{said}]. See [#1] and [#{head_seq + 9}]."
    assert before.started

    turn = await converse(
        modelled, "where did they all move to?", session_id=before.started.session_id, model="said"
    )

    assert turn.started
    assert turn.completed
    assert {(warning.code, *warning.seqs) for warning in turn.completed.warnings} == {
        ("CITATION_NOT_IN_PROMPT", 1),
        ("UNKNOWN_CITATION", head_seq + 9),
    }
    recalled = turn.completed.receipt.memories
    assert {seq for one in recalled if one.cited for seq in one.source_seqs} == {sister}
    assert {one.cited for one in recalled} == {True, False}
    kept = (await events(modelled, kinds=["assistant_message"]))[-1].body.assistant_message
    assert kept.model == turn.started.model != ""
    assert kept.receipt == turn.completed.receipt
