"""What is found in a conversation, when, and how it goes with what is forgotten."""

from __future__ import annotations

import pytest

from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from pmm_client import errors
from services.orchestrator.autonomy.analysis import analyze
from services.orchestrator.terms import Said
from tests.orchestrator.talking import converse, events, left_alone, wait_for
from tests.support.serving import Served


async def test_a_conversation_is_analysed_after_some_messages(lively: Served) -> None:
    session = (await converse(lively, "I love my garden, the tomatoes are wonderful!")).started.session_id
    for text in (
        "My tomatoes grow so well, I am happy.",
        "Where is my hat?",
        "The garden is lovely.",
        "Great!",
    ):
        await converse(lively, text, session_id=session)
    analyzed = await wait_for(lively, "conversation_analyzed")
    tick = next(event for event in await events(lively) if event.seq == analyzed.causation_seq)
    request = pb.GetAnalyticsRequest(mind_id="ada", session_id=session)
    found = await lively.orchestrator.get_analytics(request)
    whole = await lively.orchestrator.get_analytics(pb.GetAnalyticsRequest(mind_id="ada"))

    assert "analyze" in tick.body.tick_recorded.reasons
    assert found.sentiment > 0.3
    assert {"tomatoes", "garden"} <= set(found.topics)
    assert list(found.open_questions) == ["Where is my hat?"]
    assert 0 < found.engagement < 1
    assert (found.counts.sessions, found.counts.user_messages) == (1, 5)
    assert found.analysis == whole.analysis == pb.ANALYSIS_STATE_DONE
    assert (whole.sentiment, list(whole.topics)) == (found.sentiment, list(found.topics))
    request.session_id = "elsewhere"
    with pytest.raises(errors.UnknownSession):
        await lively.orchestrator.get_analytics(request)


async def test_of_a_conversation_that_is_over_what_was_found_goes_with_what_was_forgotten(
    lively: Served,
) -> None:
    first = (await converse(lively, "The lighthouse keeper loves marzipan.")).started
    await converse(lively, "The tomatoes grow well.", session_id=first.session_id)
    await lively.orchestrator.end_session(pb.EndSessionRequest(mind_id="ada", session_id=first.session_id))
    await wait_for(lively, "conversation_analyzed")
    request = pb.GetAnalyticsRequest(mind_id="ada", session_id=first.session_id)
    before = await lively.orchestrator.get_analytics(request)

    async for _ in lively.orchestrator.forget(pb.ForgetRequest(mind_id="ada", seq=first.user_seq)):
        pass
    after = await lively.orchestrator.get_analytics(request)

    assert (before.analysis, before.engagement > 0) == (pb.ANALYSIS_STATE_DONE, True)
    assert (after.analysis, after.engagement) == (pb.ANALYSIS_STATE_ERASED, 0)


async def test_of_a_conversation_that_goes_on_the_same_until_more_is_said(lively: Served) -> None:
    first = (await converse(lively, "The lighthouse keeper loves marzipan.")).started
    for text in ("The tomatoes grow well.", "Where is my hat?", "I lost it.", "It was red."):
        await converse(lively, text, session_id=first.session_id)
    found = await wait_for(lively, "conversation_analyzed")
    request = pb.GetAnalyticsRequest(mind_id="ada", session_id=first.session_id)

    async for _ in lively.orchestrator.forget(pb.ForgetRequest(mind_id="ada", seq=first.user_seq)):
        pass
    after = await lively.orchestrator.get_analytics(request)
    await converse(lively, "I found it.", session_id=first.session_id)
    await lively.orchestrator.end_session(pb.EndSessionRequest(mind_id="ada", session_id=first.session_id))
    await wait_for(lively, "conversation_analyzed", after_seq=found.seq)
    again = await lively.orchestrator.get_analytics(request)

    assert after.analysis == pb.ANALYSIS_STATE_ERASED
    assert again.analysis == pb.ANALYSIS_STATE_DONE


async def test_what_is_not_to_be_remembered_is_not_analysed(lively: Served) -> None:
    paused = mind.PRIVACY_MODE_PAUSED
    session = (await converse(lively, "I hate everything.", privacy_mode=paused)).started.session_id
    for _ in range(6):
        await converse(lively, "I hate everything.", session_id=session)
    await left_alone(lively)

    kinds = {event.kind for event in await events(lively)}
    assert not kinds & {"conversation_analyzed", "reflection_recorded"}


@pytest.mark.parametrize(
    ("texts", "least", "most"),
    [
        (["I love it!", "Wonderful."], 0.3, 1),
        (["I hate this.", "Awful day."], -1, -0.3),
        (["It is Tuesday."], 0, 0),
    ],
    ids=["happy", "unhappy", "neither"],
)
def test_sentiment_is_that_of_the_words(texts: list[str], least: float, most: float) -> None:
    assert least <= analyze([Said("user", text) for text in texts]).sentiment <= most


def test_a_question_is_open_until_it_is_answered() -> None:
    said = [
        Said("user", "Who was here? And when?"), Said("assistant", "I do not know."),
        Said("user", "Where is Ana?"), Said("assistant", "In Porto."), Said("user", "Is she well?"),
    ]  # fmt: skip
    assert analyze(said).open_questions == ("Who was here?", "And when?", "Is she well?")
    assert analyze([]).engagement == 0.0
