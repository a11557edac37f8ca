"""Each kept message gets one terminal event, in whatever way its turn ends, and a retry gets what became of it."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import pytest
import uvloop

import pmm_client
from pmm.inference.v1 import inference_pb2 as inference
from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from services.orchestrator.active_mind import ActiveMind
from services.orchestrator.minds import Minds
from services.orchestrator.terms import Draft
from tests.orchestrator.conftest import SERVICES, answered_by
from tests.orchestrator.talking import Turn, converse, events, head, queueing, settled_head, wait_for
from tests.support.openai_server import OpenAIServer
from tests.support.serving import Served, serving

TOLD = "my sister Ana moved to Porto in May"
TURNS = 16
ENDS = ("assistant_message", "turn_failed")


async def ends(served: Served) -> list[tuple[int, int]]:
    """The message that each terminal event answers, and why it failed; 0 where it did not."""
    return [
        (event.causation_seq, event.body.turn_failed.reason) for event in await events(served, kinds=ENDS)
    ]


def test_the_operators_limit_ends_a_turn_as_a_deadline_does(
    tmp_path: Path, model_server: OpenAIServer
) -> None:
    async def run() -> None:
        settings = answered_by(model_server, turn_timeout_seconds=1)
        async with serving(tmp_path, *SERVICES, settings=settings) as served:
            await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
            turns = [converse(served, f"{TOLD} {number}", model="slow-first") for number in range(TURNS)]
            late = await asyncio.gather(*turns, return_exceptions=True)
            assert {getattr(error, "reason", "") for error in late} == {"TURN_TOO_LONG"}
            assert {reason for _, reason in await ends(served)} == {mind.TURN_FAILURE_REASON_DEADLINE}

    # The event loop of a process: its timers count whole milliseconds, and may ring before their time.
    uvloop.run(run())


@pytest.mark.parametrize("privacy_mode", [mind.PRIVACY_MODE_NORMAL, mind.PRIVACY_MODE_INCOGNITO])
async def test_an_answer_that_fits_no_event_is_cut_where_it_would_not(
    modelled: Served, model_server: OpenAIServer, privacy_mode: mind.PrivacyMode.ValueType
) -> None:
    model_server.says = "é is one letter of two bytes, " * 40_000
    turn = await converse(modelled, TOLD, model="said", privacy_mode=privacy_mode)

    assert turn.completed
    assert turn.completed.finish_reason == mind.FINISH_REASON_LENGTH
    assert model_server.says.startswith(turn.text)
    assert turn.completed.text == turn.text
    assert 700_000 < len(turn.text.encode()) < 2**20
    answers = [event.body.assistant_message.text for event in await events(modelled, kinds=ENDS)]
    assert answers == ([turn.text] if privacy_mode == mind.PRIVACY_MODE_NORMAL else [])


@pytest.mark.parametrize("mode", [mind.PRIVACY_MODE_NORMAL, mind.PRIVACY_MODE_INCOGNITO])
async def test_the_callers_deadline_ends_a_turn(modelled: Served, mode: mind.PrivacyMode.ValueType) -> None:
    request = pb.ConverseRequest(mind_id="ada", text=TOLD, model="endless", privacy_mode=mode)
    told = list[pb.ConverseResponse]()
    # The caller or the mind is first to notice.
    with contextlib.suppress(pmm_client.DeadlineExceeded):
        async for part in modelled.orchestrator.converse(request, timeout=1):
            told.append(part)
        assert told[-1].failed.reason == mind.TURN_FAILURE_REASON_DEADLINE

    assert not any(part.HasField("completed") for part in told)
    if mode == mind.PRIVACY_MODE_NORMAL:
        await wait_for(modelled, "turn_failed")
        assert await ends(modelled) == [(3, mind.TURN_FAILURE_REASON_DEADLINE)]


@pytest.mark.parametrize("mode", [mind.PRIVACY_MODE_NORMAL, mind.PRIVACY_MODE_INCOGNITO])
async def test_a_session_ends_once_the_turns_before_are_finished(
    modelled: Served,
    model_server: OpenAIServer,
    mode: mind.PrivacyMode.ValueType,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    queued = queueing(monkeypatch)
    model_server.says = "Yes."
    await modelled.orchestrator.start_session(
        pb.StartSessionRequest(mind_id="ada", session_id="talk", privacy_mode=mode)
    )
    running = asyncio.create_task(converse(modelled, TOLD, session_id="talk", model="held"))
    await asyncio.to_thread(model_server.wait_until, open_streams=1)
    waiting = asyncio.create_task(converse(modelled, "and this", session_id="talk", model="held"))
    await queued(2)
    end = pb.EndSessionRequest(mind_id="ada", session_id="talk")
    ending = asyncio.create_task(modelled.orchestrator.end_session(end))
    await queued(3)
    late = asyncio.create_task(converse(modelled, "too late", session_id="talk", model="held"))
    await queued(4)
    model_server.released.set()

    assert [turn.completed is not None for turn in await asyncio.gather(running, waiting)] == [True, True]
    assert (await ending).session.assistant_messages == 2
    with pytest.raises(pmm_client.PmmError) as refused:
        await late
    assert refused.value.reason in ("SESSION_ENDED", "UNKNOWN_SESSION")
    if mode == mind.PRIVACY_MODE_NORMAL:
        kinds = ("user_message", "session_ended", *ENDS)
        assert [event.kind for event in await events(modelled, kinds=kinds)] == [
            *["user_message", "assistant_message"] * 2,
            "session_ended",
        ]


async def test_a_message_that_is_cancelled_while_it_is_being_kept_is_closed(modelled: Served) -> None:
    await converse(modelled, "hello")
    for number in range(8):
        request = pb.ConverseRequest(mind_id="ada", text=f"{TOLD} {number}", model="endless")
        stream = modelled.orchestrator.converse(request, timeout=30)
        asked = asyncio.create_task(anext(stream))
        # Sooner or later: before it is kept, while it is, and after.
        await asyncio.sleep(0.002 * number)
        asked.cancel()
        await asyncio.wait([asked])
        await stream.aclose()
    turn = await converse(modelled, "are you there?")

    assert turn.completed
    kept = [event.seq for event in await events(modelled, kinds=["user_message"])]
    async with asyncio.timeout(20):
        while sorted(seq for seq, _ in await ends(modelled)) != kept:
            await asyncio.sleep(0.02)
            kept = [event.seq for event in await events(modelled, kinds=["user_message"])]
    assert mind.TURN_FAILURE_REASON_INTERRUPTED not in [reason for _, reason in await ends(modelled)]


async def test_a_caller_that_leaves_while_it_is_told_that_the_model_failed_leaves_an_end(
    modelled: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_failing, _ = held_at_first(monkeypatch)
    asked = asyncio.create_task(converse(modelled, TOLD, model="401"))
    await is_failing.wait()
    asked.cancel()
    failed = await wait_for(modelled, "turn_failed")

    assert failed.body.turn_failed.reason == mind.TURN_FAILURE_REASON_CANCELLED


async def test_a_caller_that_leaves_while_the_end_of_its_turn_is_told_takes_no_end_away(
    tmp_path: Path, model_server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_failing, is_gone = held_at_first(monkeypatch)
    async with serving(
        tmp_path, *SERVICES, settings=answered_by(model_server, turn_timeout_seconds=1)
    ) as served:
        await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        asked = asyncio.create_task(converse(served, TOLD, model="slow-first"))
        await is_failing.wait()
        asked.cancel()
        await asyncio.wait([asked])
        is_gone.set()
        failed = await wait_for(served, "turn_failed")

    assert failed.body.turn_failed.reason == mind.TURN_FAILURE_REASON_DEADLINE


def held_at_first(
    monkeypatch: pytest.MonkeyPatch, kind: str = "turn_failed"
) -> tuple[asyncio.Event, asyncio.Event]:
    """The first append that ends with a kind waits: set once it does, and to be set to let it go on."""
    append, is_held, is_released = Minds.append, asyncio.Event(), asyncio.Event()

    async def held(self: Minds, active: ActiveMind, drafts: list[Draft], **more: Any) -> list[int]:
        if drafts[-1].kind == kind and not is_held.is_set():
            is_held.set()
            await is_released.wait()
        return await append(self, active, drafts, **more)

    monkeypatch.setattr(Minds, "append", held)
    return is_held, is_released


async def leave(served: Served, asked: asyncio.Task[Turn]) -> None:
    """Cancel a call, and return once it is known to be gone."""
    asked.cancel()
    await asyncio.wait([asked])
    for number in range(3):
        await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id=f"other-{number}"))


async def test_a_message_on_its_way_to_the_ledger_as_its_caller_leaves_gets_its_end(
    modelled: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_kept, is_gone = held_at_first(monkeypatch, "user_message")
    asked = asyncio.create_task(converse(modelled, TOLD, model="slow-first"))
    await is_kept.wait()
    await leave(modelled, asked)
    is_gone.set()
    failed = await wait_for(modelled, "turn_failed")

    assert failed.body.turn_failed.reason == mind.TURN_FAILURE_REASON_CANCELLED


async def test_a_retry_gets_the_outcome_though_another_writer_came_before_its_message(
    modelled: Served, model_server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    paused = mind.PRIVACY_MODE_PAUSED
    await modelled.orchestrator.start_session(
        pb.StartSessionRequest(mind_id="ada", session_id="talk", privacy_mode=paused)
    )
    is_kept, is_gone = held_at_first(monkeypatch, "user_message")
    asked = asyncio.create_task(converse(modelled, TOLD, session_id="talk", idempotency_key="k"))
    await is_kept.wait()
    other = ledger.NewEvent(actor="app", body=mind.Body(custom=mind.Custom(name="other")))
    await modelled.ledger.append(ledger.AppendRequest(mind_id="ada", events=[other]))
    await leave(modelled, asked)
    is_gone.set()
    failed = await wait_for(modelled, "turn_failed")
    again = await converse(modelled, TOLD, session_id="talk", idempotency_key="k")

    assert again.failed
    assert again.failed.seq == failed.seq
    assert model_server.requests == []


async def left_open(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """A turn whose answer the ledger does not get."""
    append = Minds.append

    async def unheard(self: Minds, active: ActiveMind, drafts: list[Draft], **more: Any) -> list[int]:
        if drafts[0].kind == "assistant_message":
            raise pmm_client.Unavailable("the ledger is away", reason="UNREACHABLE")
        return await append(self, active, drafts, **more)

    with monkeypatch.context() as away:
        away.setattr(Minds, "append", unheard)
        with pytest.raises(pmm_client.Unavailable):
            await converse(served, TOLD)


async def test_a_message_whose_end_could_not_be_told_gets_it_once_the_mind_is_opened_again(
    modelled: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    await left_open(modelled, monkeypatch)
    # A worker that reads the message may open the mind first.
    assert await ends(modelled) in ([], [(3, mind.TURN_FAILURE_REASON_INTERRUPTED)])
    turn = await converse(modelled, "are you there?")

    assert turn.completed
    assert await ends(modelled) == [(3, mind.TURN_FAILURE_REASON_INTERRUPTED), (turn.started.user_seq, 0)]  # type: ignore[union-attr]


async def test_a_turn_that_runs_on_is_not_closed_as_one_that_was_interrupted(
    modelled: Served, model_server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    model_server.says = "Yes."
    running = asyncio.create_task(converse(modelled, TOLD, model="held"))
    await asyncio.to_thread(model_server.wait_until, open_streams=1)
    await left_open(modelled, monkeypatch)
    last = await converse(modelled, "are you there?")
    model_server.released.set()
    turn = await running

    assert turn.started
    assert turn.completed
    assert last.started
    interrupted = mind.TURN_FAILURE_REASON_INTERRUPTED
    answered = [(seq, 0) for seq in (last.started.user_seq, turn.started.user_seq)]
    assert [end for end in await ends(modelled) if end[1] != interrupted] == answered
    assert len(await ends(modelled)) == 3


async def test_a_mind_without_room_for_an_answer_can_still_be_read_and_is_mended_when_there_is_room(
    tmp_path: Path, model_server: OpenAIServer
) -> None:
    full = {**answered_by(model_server), "ledger": {"quota_events": 3}}
    async with serving(tmp_path, *SERVICES, settings=full) as served:
        await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        with pytest.raises(pmm_client.DiskFull):
            await converse(served, TOLD)
        state = await served.orchestrator.get_mind(pb.GetMindRequest(mind_id="ada"))
        assert (state.mind.seq, await ends(served)) == (3, [])
    async with serving(tmp_path, *SERVICES, settings=answered_by(model_server)) as served:
        await served.orchestrator.get_mind(pb.GetMindRequest(mind_id="ada"))
        assert await ends(served) == [(3, mind.TURN_FAILURE_REASON_INTERRUPTED)]


async def test_a_retry_after_a_restart_gets_the_stored_outcome(
    tmp_path: Path, model_server: OpenAIServer
) -> None:
    async with serving(tmp_path, *SERVICES, settings=answered_by(model_server)) as served:
        await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        first = await converse(served, TOLD, idempotency_key="k")
        failed = await converse(served, TOLD, idempotency_key="f", model="cut")
        before = await settled_head(served)
    async with serving(tmp_path, *SERVICES, settings=answered_by(model_server)) as served:
        again = await converse(served, TOLD, idempotency_key="k")
        failed_again = await converse(served, TOLD, idempotency_key="f")
        assert await head(served) == before

    assert first.completed
    assert again.completed
    assert (again.text, again.completed.assistant_seq) == (first.text, first.completed.assistant_seq)
    assert again.completed.receipt == first.completed.receipt
    assert failed.failed
    assert failed_again.failed
    assert (failed_again.failed.seq, failed_again.failed.reason) == (failed.failed.seq, failed.failed.reason)


async def test_a_key_of_a_running_turn_with_another_message_is_refused(modelled: Served) -> None:
    request = pb.ConverseRequest(mind_id="ada", text=TOLD, model="endless", idempotency_key="k")
    stream = modelled.orchestrator.converse(request, timeout=30)
    await anext(stream)
    with pytest.raises(pmm_client.IdempotencyKeyReused):
        await converse(modelled, "something else", idempotency_key="k")
    await stream.aclose()


async def test_a_turn_is_asked_of_the_model_and_in_the_way_that_its_caller_chose(
    modelled: Served, model_server: OpenAIServer
) -> None:
    sampling = inference.Sampling(max_tokens=7)
    sampling.temperature = 0.25
    turn = await converse(modelled, TOLD, model="long", sampling=sampling)

    asked = model_server.requests[-1]
    assert turn.completed
    assert (asked["model"], asked["temperature"]) == ("long", 0.25)
    assert 7 in (asked.get("max_tokens"), asked.get("max_completion_tokens"))
    assert turn.completed.finish_reason == mind.FINISH_REASON_LENGTH


async def test_nothing_is_streamed_before_the_message_is_durable(modelled: Served) -> None:
    request = pb.ConverseRequest(mind_id="ada", text=TOLD, model="endless")
    stream = modelled.orchestrator.converse(request, timeout=30)
    first = await anext(stream)
    kept = await modelled.ledger.get_event(ledger.GetEventRequest(mind_id="ada", seq=first.started.user_seq))
    await stream.aclose()

    # When it was said is when the ledger recorded it.
    assert kept.event.body.user_message == mind.UserMessage(text=TOLD)


async def test_an_answer_is_explained_by_its_receipt_its_trace_and_its_memories_with_their_sources(
    modelled: Served,
) -> None:
    told = await converse(modelled, TOLD)
    turn = await converse(modelled, "where does my sister live?")
    assert turn.completed
    explained = await modelled.orchestrator.explain(
        pb.ExplainRequest(mind_id="ada", seq=turn.completed.assistant_seq)
    )

    assert told.started
    assert explained.answer.body.assistant_message.receipt == turn.completed.receipt
    assert len(explained.answer.trace_id) in (0, 32)
    sources = [[source.seq for source in one.sources] for one in explained.memories]
    assert [told.started.user_seq] in sources
    assert [list(one.memory.source_seqs) for one in explained.memories] == sources
