"""Older conversation enters the prompt in few words: what is summarised, when, and how it is forgotten."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from itertools import pairwise
from pathlib import Path

import pytest

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from services.orchestrator.projections import summaries
from services.orchestrator.projections.summaries import SPAN_MESSAGES
from services.orchestrator.prompt import MAX_SUMMARIES_CHARACTERS
from tests.orchestrator.conftest import ROOMY, SERVICES
from tests.orchestrator.talking import Turn, converse, events, wait_for
from tests.support.files import files_with
from tests.support.openai_server import OpenAIServer
from tests.support.serving import Served, serving

WINDOW = 12
TICKING = {**ROOMY, "orchestrator": {"search_budget_ms": 5_000, "tick_seconds": 0.05, "snapshot_events": 4}}
MARKER = "quinquereme"
TOLD = (
    "My sister Ana moved to Porto in May.",
    f"I keep a {MARKER} in the harbour of Ophir.",
    "We want to rent a boat in Porto with Ana in July.",
    "It should cost about 300 euros.",
    "What would you pack?",
    "By the way, I am allergic to nuts.",
)


async def told(
    served: Served, session_id: str, texts: tuple[str, ...], *, remember: bool = True
) -> list[int]:
    """A conversation that was kept; the seqs of the person's messages."""
    mode = mind.PRIVACY_MODE_NORMAL if remember else mind.PRIVACY_MODE_PAUSED
    await served.orchestrator.start_session(
        pb.StartSessionRequest(mind_id="ada", session_id=session_id, privacy_mode=mode)
    )
    seqs: list[int] = []
    for text in texts:
        asked = ledger.NewEvent(
            session_id=session_id,
            actor="user",
            remember=remember,
            body=mind.Body(user_message=mind.UserMessage(text=text)),
        )
        (event,) = (await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=[asked]))).events
        seqs.append(event.seq)
        answer = mind.AssistantMessage(text="I see.", backend="openai")
        answered = ledger.NewEvent(
            session_id=session_id,
            actor="assistant",
            causation_seq=event.seq,
            remember=remember,
            body=mind.Body(assistant_message=answer),
        )
        await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=[answered]))
    return seqs


async def answer_to(served: Served, seq: int) -> int:
    answers = await events(served, kinds=["assistant_message"])
    return next(event.seq for event in answers if event.causation_seq == seq)


@pytest.fixture
async def ticking(tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(tmp_path, *SERVICES, settings=TICKING) as running:
        await running.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        yield running


async def test_what_left_the_recent_turns_is_summarised_and_stands_in_the_next_prompt(
    ticking: Served,
) -> None:
    seqs = await told(ticking, "s", TOLD)
    await converse(ticking, "And what else?", session_id="s")
    recorded = await wait_for(ticking, "summary_recorded")
    turn = await converse(ticking, "Good.", session_id="s")
    explained = await ticking.orchestrator.explain(pb.ExplainRequest(mind_id="ada"))
    shown = await ticking.orchestrator.get_session(pb.GetSessionRequest(mind_id="ada", session_id="s"))

    body = recorded.body.summary_recorded
    assert (recorded.session_id, body.from_seq, body.to_seq) == (
        "s",
        seqs[0],
        await answer_to(ticking, seqs[-1]),
    )
    assert (body.model, len(body.text) <= 240) == ("", True)
    assert "“My sister Ana moved to Porto in May.”" in body.text
    assert turn.completed
    assert recorded.seq in turn.completed.receipt.state_seqs
    assert body.text in [event.body.summary_recorded.text for event in explained.state]
    assert [(one.seq, one.text) for one in shown.session.summaries] == [(recorded.seq, body.text)]


async def test_what_is_not_to_be_remembered_is_never_summarised(ticking: Served) -> None:
    await told(ticking, "paused", TOLD * 3, remember=False)
    for _ in range(8):
        await converse(ticking, TOLD[0], session_id="paused")
    await told(ticking, "s", TOLD)
    await converse(ticking, "And what else?", session_id="s")
    await wait_for(ticking, "summary_recorded")

    recorded = await events(ticking, kinds=["summary_recorded"])
    assert {event.session_id for event in recorded} == {"s"}


async def test_a_long_conversation_is_summarised_in_layers_within_its_room(ticking: Served) -> None:
    seqs = await told(ticking, "s", tuple(f"{text} It is part {n}." for n in range(6) for text in TOLD))
    await converse(ticking, "And what else?", session_id="s")
    digest = await wait_until(ticking, lambda body: body.from_seq == seqs[0] and body.to_seq > seqs[18])
    shown = await ticking.orchestrator.get_session(pb.GetSessionRequest(mind_id="ada", session_id="s"))

    held = shown.session.summaries
    assert digest.seq == held[0].seq
    assert len(held) == summaries.KEPT
    assert all(one.to_seq < later.from_seq for one, later in pairwise(held))
    assert (held[0].from_seq, held[-1].to_seq) == (seqs[0], await answer_to(ticking, seqs[-1]))
    assert sum(len(one.text) for one in held) <= MAX_SUMMARIES_CHARACTERS


async def test_a_conversation_that_went_on_long_without_summaries_is_caught_up_with_from_its_beginning(
    tmp_path: Path,
) -> None:
    spans = 2 * summaries.MAX_WAITING
    off = {**TICKING, "orchestrator": {**TICKING["orchestrator"], "summarizes": False}}
    async with serving(tmp_path, *SERVICES, settings=off) as served:
        await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        await served.orchestrator.start_session(pb.StartSessionRequest(mind_id="ada", session_id="s"))
        seqs: list[int] = []
        for span in range(spans):
            for other in ("s", "", "s"):
                said = [
                    mind.Body(user_message=mind.UserMessage(text=f"Person{span} keeps key {span} of {n}."))
                    for n in range(SPAN_MESSAGES // 2)
                ]
                new = [ledger.NewEvent(session_id=other, actor="user", body=body) for body in said]
                written = await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=new))
                seqs += [each.seq for each in written.events] if other else []
    async with serving(tmp_path, *SERVICES, settings=TICKING) as served:
        await converse(served, "And what else?", session_id="s")
        # Nothing more is said: it is looked after until nothing is left.
        await wait_until(
            served, lambda body: (body.from_seq, body.to_seq) == (seqs[0], seqs[-1 - 2 * SPAN_MESSAGES])
        )
        recorded = [one.body.summary_recorded for one in await events(served, kinds=["summary_recorded"])]
        shown = await served.orchestrator.get_session(pb.GetSessionRequest(mind_id="ada", session_id="s"))

    ends = [(seqs[at], seqs[at + SPAN_MESSAGES - 1]) for at in range(0, len(seqs), SPAN_MESSAGES)]
    alone = [body for body in recorded if (body.from_seq, body.to_seq) in ends]
    assert [(body.from_seq, body.to_seq) for body in alone] == ends
    assert all(f"Person{number} keeps key {number}" in body.text for number, body in enumerate(alone))
    assert len(recorded) == 2 * spans - summaries.KEPT
    assert [one.to_seq for one in shown.session.summaries] == [last for _, last in ends[-summaries.KEPT :]]


async def wait_until(served: Served, is_it: Callable[[mind.SummaryRecorded], bool]) -> mind.Event:
    request = ledger.SubscribeRequest(mind_id="ada", kinds=["summary_recorded"])
    async for message in served.ledger.subscribe(request, timeout=20):
        for event in message.page.events:
            if is_it(event.body.summary_recorded):
                return event
    raise AssertionError("a subscription does not end")


async def test_what_is_forgotten_is_in_no_summary_and_the_rest_is_summarised_again(tmp_path: Path) -> None:
    async with serving(tmp_path, *SERVICES, settings=TICKING) as served:
        await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        seqs = await told(served, "s", TOLD)
        await converse(served, "And what else?", session_id="s")
        first = await wait_for(served, "summary_recorded")
        assert MARKER in first.body.summary_recorded.text
        await converse(served, "Good.", session_id="s")
        assert files_with(tmp_path, MARKER)

        request = pb.ForgetRequest(mind_id="ada", seq=seqs[1])
        steps = [step async for step in served.orchestrator.forget(request, timeout=60)]
        assert {seqs[1], first.seq} <= set(steps[-1].redacted_seqs)
        assert files_with(tmp_path, MARKER) == []

        await converse(served, "Where were we?", session_id="s")
        again = await wait_until(served, lambda body: body.from_seq == seqs[0])
        kept = await events(served, kinds=["user_message"])
        assert again.seq > steps[-1].redacted_seqs[-1]
        assert "Porto" in again.body.summary_recorded.text
        assert [event.seq for event in kept if event.redacted] == [seqs[1]]
        assert files_with(tmp_path, MARKER) == []


async def test_a_model_writes_the_summary_after_those_who_wait_and_reads_it_in_the_next_turn(
    tmp_path: Path,
) -> None:
    with OpenAIServer() as server:
        backend = {"backend": "openai", "openai_base_url": server.base_url, "model": "ok"}
        async with serving(tmp_path, *SERVICES, settings={**TICKING, "inference": backend}) as served:
            await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
            await told(served, "s", TOLD)
            await converse(served, "And what else?", session_id="s")
            recorded = await wait_for(served, "summary_recorded")
            turn: Turn = await converse(served, "Where were we?", session_id="s")

    body = recorded.body.summary_recorded
    asked = [request["messages"] for request in server.requests]
    notes = [messages for messages in asked if "notes of it" in messages[-1]["content"]]
    prompts = [messages for messages in asked if messages[-1]["content"] == "Where were we?"]
    assert (body.model, body.text) == ("porto-7b", "Your sister lives in Porto.")
    assert [f"user: {TOLD[0]}" in messages[-1]["content"] for messages in notes] == [True]
    assert f"Earlier in this conversation:\n- {body.text}" in prompts[0][0]["content"]
    assert turn.completed
    assert recorded.seq in turn.completed.receipt.state_seqs


@pytest.mark.parametrize(
    ("says", "model", "text"),
    [
        ("I am Ben, a travel blogger from Lisbon. I blog.", "", "“"),
        (
            "Ana moved to Porto. Ben is a travel blogger. Ana moved to Porto.",
            "porto-7b",
            "Ana moved to Porto.",
        ),
    ],
)
async def test_what_a_model_makes_up_is_in_no_summary(
    tmp_path: Path, says: str, model: str, text: str
) -> None:
    with OpenAIServer() as server:
        server.says = says
        backend = {"backend": "openai", "openai_base_url": server.base_url, "model": "said"}
        async with serving(tmp_path, *SERVICES, settings={**TICKING, "inference": backend}) as served:
            await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
            await told(served, "s", TOLD)
            await converse(served, "And what else?", session_id="s")
            body = (await wait_for(served, "summary_recorded")).body.summary_recorded

    assert body.model == model
    assert text in body.text
    assert "blog" not in body.text
