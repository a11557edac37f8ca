"""What an application appends may name events that are not there: what is read of a mind leaves them out."""

from __future__ import annotations

import math

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from tests.orchestrator.talking import converse, events, followed, head
from tests.support.serving import Served

NOWHERE = (10**6, 2**63 - 1, 2**64 - 1)


async def append(
    served: Served, body: mind.Body, session_id: str = "", causation_seq: int | None = None
) -> int:
    new = ledger.NewEvent(body=body, session_id=session_id, remember=True, causation_seq=causation_seq)
    appended = await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=[new]))
    return appended.events[0].seq


async def test_a_close_with_evidence_that_lies_ahead_closes_nothing_and_is_in_the_thread(
    served: Served,
) -> None:
    request = pb.OpenCommitmentRequest(mind_id="ada", text="water the plants")
    made = (await served.orchestrator.open_commitment(request)).commitment
    await followed(served)
    foreign = mind.CommitmentClosed(
        commitment_id=made.commitment_id,
        outcome=mind.COMMITMENT_OUTCOME_DONE,
        evidence_seqs=[*NOWHERE, await head(served)],
    )
    before = await head(served)
    closed = await append(served, mind.Body(commitment_closed=foreign))
    state = (await served.orchestrator.get_mind(pb.GetMindRequest(mind_id="ada"))).mind
    asked = pb.GetCommitmentThreadRequest(mind_id="ada", commitment_id=made.commitment_id)
    thread = (await served.orchestrator.get_commitment_thread(asked)).events
    asked.as_of_seq = closed
    then = (await served.orchestrator.get_commitment_thread(asked)).events

    assert [one.commitment_id for one in state.open_commitments] == [made.commitment_id]
    assert state.violations == 1
    assert [event.seq for event in thread] == sorted({made.opened_seq, before, closed})
    assert list(then) == list(thread)


async def test_an_answer_is_explained_without_what_is_not_there(served: Served) -> None:
    question = await append(served, mind.Body(user_message=mind.UserMessage(text="hello")), "s")
    recalled = mind.RecalledMemory(memory_id="m", source_seqs=[1, *NOWHERE])
    receipt = mind.Receipt(
        memories=[recalled], recent_seqs=[question, *NOWHERE], state_seqs=[0, 1, question + 1]
    )
    said = mind.AssistantMessage(text="hi", receipt=receipt)
    answer = await append(served, mind.Body(assistant_message=said), "s", question)
    found = await served.orchestrator.explain(pb.ExplainRequest(mind_id="ada", seq=answer))

    assert found.question.seq == question
    assert [event.seq for event in found.memories[0].sources] == [1]
    assert found.memories[0].memory == recalled
    assert [event.seq for event in found.recent] == [question]
    assert [event.seq for event in found.state] == [1]


async def test_an_answer_to_nothing_is_explained_by_what_followed_from_it_alone(served: Served) -> None:
    await converse(served, "Hello.")
    answer = await append(served, mind.Body(assistant_message=mind.AssistantMessage(text="hi")), "s")
    follows = await append(served, mind.Body(custom=mind.Custom(name="x")), "s", answer)
    await append(served, mind.Body(custom=mind.Custom(name="x")))
    found = await served.orchestrator.explain(pb.ExplainRequest(mind_id="ada", seq=answer))

    assert not found.HasField("question")
    assert [event.seq for event in found.consequences] == [follows]


async def test_an_analysis_of_no_numbers_is_in_no_mean(served: Served) -> None:
    for sentiment in (0.5, math.nan, math.inf, 1e300):
        analyzed = mind.ConversationAnalyzed(session_id="s", sentiment=sentiment, engagement=0.5)
        await append(served, mind.Body(conversation_analyzed=analyzed), "s")
    found = await served.orchestrator.get_analytics(pb.GetAnalyticsRequest(mind_id="ada"))

    assert (found.sentiment, found.engagement, len(found.course)) == (0.5, 0.5, 1)
    assert len(await events(served, kinds=["conversation_analyzed"])) == 4
