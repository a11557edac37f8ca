"""What a reply promises: text as it is made, once, whole; and an end to the model when nobody listens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

import pmm_client
import pmm_client.sync
from pmm.mind.v1.events_pb2 import (
    FINISH_REASON_STOP,
    PRIVACY_MODE_PAUSED,
    TURN_FAILURE_REASON_MODEL_ERROR,
    RecalledMemory,
    Receipt,
    Warning,
)
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from services.runtime import errors
from tests.client.scripted import scripted

STARTED = pb.ConverseResponse(
    started=pb.TurnStarted(
        session_id="s1", user_seq=4, model="m", backend="b", privacy_mode=PRIVACY_MODE_PAUSED
    )
)


def delta(text: str) -> pb.ConverseResponse:
    return pb.ConverseResponse(delta=pb.TurnDelta(text=text))


def completed(text: str) -> pb.ConverseResponse:
    done = pb.TurnCompleted(
        assistant_seq=5,
        text=text,
        finish_reason=FINISH_REASON_STOP,
        receipt=Receipt(head_seq=3, memories=[RecalledMemory(memory_id="e2", source_seqs=[2], cited=True)]),
        warnings=[Warning(code="UNKNOWN_CITATION", message="there is no #9")],
    )
    return pb.ConverseResponse(completed=done)


async def well(request: Any, context: Any) -> AsyncIterator[pb.ConverseResponse]:
    for part in (STARTED, delta("Porto"), delta(", since May"), completed("Porto, since May")):
        yield part


async def test_a_reply_iterates_its_text_and_then_says_what_it_was_made_from() -> None:
    async with scripted(Converse=well) as (target, _), pmm_client.connect(target) as client:
        reply = client.mind("ada").chat("where?")
        texts = [text async for text in reply]

    assert texts == ["Porto", ", since May"]
    assert (reply.text, reply.is_complete) == ("Porto, since May", True)
    assert (reply.session_id, reply.user_seq, reply.seq) == ("s1", 4, 5)
    assert (reply.model, reply.backend, reply.privacy, reply.finish_reason) == ("m", "b", "paused", "STOP")
    assert [memory.source_seqs[:] for memory in reply.receipt.memories if memory.cited] == [[2]]
    assert [warning.code for warning in reply.warnings] == ["UNKNOWN_CITATION"]


async def test_awaiting_a_reply_reads_it_to_its_end() -> None:
    async with scripted(Converse=well) as (target, _), pmm_client.connect(target) as client:
        assert str(await client.mind("ada").chat("where?")) == "Porto, since May"


@pytest.mark.parametrize("leave", ["break", "aclose", "with", "cancel"])
async def test_leaving_a_reply_stops_the_model(leave: str) -> None:
    stopped = asyncio.Event()

    async def endless(request: Any, context: Any) -> AsyncIterator[pb.ConverseResponse]:
        context.add_done_callback(lambda _: stopped.set())
        yield STARTED
        while True:
            yield delta("and ")
            await asyncio.sleep(0.001)

    async with scripted(Converse=endless) as (target, _), pmm_client.connect(target) as client:
        reply = client.mind("ada").chat("tell me everything")
        if leave == "break":
            async for _ in reply:
                break
        elif leave == "aclose":
            texts = aiter(reply)
            await anext(texts)
            await reply.aclose()
        elif leave == "with":
            async with reply:
                texts = aiter(reply)
                await anext(texts)
        else:
            task = asyncio.ensure_future(_drain(reply))
            while not reply.text:
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        await asyncio.wait_for(stopped.wait(), 5)


async def _drain(reply: pmm_client.Reply) -> None:
    async for _ in reply:
        pass


async def test_a_broken_connection_is_taken_up_under_the_same_key_and_nothing_is_said_twice() -> None:
    attempts = 0

    async def breaking(request: Any, context: Any) -> AsyncIterator[pb.ConverseResponse]:
        nonlocal attempts
        attempts += 1
        yield STARTED
        yield delta("Por")
        if attempts == 1:
            raise errors.Unavailable("going down")
        yield delta("to, ")
        yield delta("since May")
        yield completed("Porto, since May")

    async with scripted(Converse=breaking) as (target, script), pmm_client.connect(target) as client:
        texts = [text async for text in client.mind("ada").chat("where?")]

    assert "".join(texts) == "Porto, since May"
    keys = [request.idempotency_key for _, request in script.seen]
    assert len(keys) == 2
    assert keys[0] == keys[1] != ""


async def test_a_stored_outcome_that_comes_without_deltas_is_said_from_where_it_broke() -> None:
    attempts = 0

    async def breaking(request: Any, context: Any) -> AsyncIterator[pb.ConverseResponse]:
        nonlocal attempts
        attempts += 1
        yield STARTED
        if attempts == 1:
            yield delta("Por")
            raise errors.Unavailable("going down")
        yield completed("Porto")

    async with scripted(Converse=breaking) as (target, _), pmm_client.connect(target) as client:
        assert [text async for text in client.mind("ada").chat("where?")] == ["Por", "to"]


async def test_two_messages_have_two_keys() -> None:
    async with scripted(Converse=well) as (target, script), pmm_client.connect(target) as client:
        await client.mind("ada").chat("one")
        await client.mind("ada").chat("one")

    first, second = [request.idempotency_key for _, request in script.seen]
    assert first != second


async def test_a_turn_that_fails_is_an_exception_with_its_reasons() -> None:
    async def failing(request: Any, context: Any) -> AsyncIterator[pb.ConverseResponse]:
        yield STARTED
        yield pb.ConverseResponse(
            failed=pb.TurnFailure(
                seq=5,
                reason=TURN_FAILURE_REASON_MODEL_ERROR,
                message="start the model server",
                inference_reason="BACKEND_REFUSED",
            )
        )

    async with scripted(Converse=failing) as (target, _), pmm_client.connect(target) as client:
        with pytest.raises(pmm_client.TurnFailed, match="start the model server") as raised:
            await client.mind("ada").chat("hello")

    failed = raised.value
    assert (failed.turn_reason, failed.inference_reason, failed.seq) == ("MODEL_ERROR", "BACKEND_REFUSED", 5)


async def test_what_cannot_be_repeated_is_raised_at_once() -> None:
    async def unknown(request: Any, context: Any) -> AsyncIterator[pb.ConverseResponse]:
        raise _UnknownMind("no such mind")
        yield

    async with scripted(Converse=unknown) as (target, script), pmm_client.connect(target) as client:
        with pytest.raises(pmm_client.UnknownMind):
            await client.mind("ada").chat("hello")

    assert len(script.seen) == 1


class _UnknownMind(errors.NotFound):
    reason = "UNKNOWN_MIND"


async def test_a_privacy_mode_that_there_is_not_is_refused_before_anything_is_sent() -> None:
    async with scripted(Converse=well) as (target, script), pmm_client.connect(target) as client:
        with pytest.raises(ValueError, match="normal, paused, incognito"):
            client.mind("ada").chat("hello", privacy="secret")  # type: ignore[arg-type]

    assert script.seen == []


async def test_the_sync_twin_gives_the_same_text_and_leaving_it_stops_the_model() -> None:
    stopped = asyncio.Event()

    async def endless(request: Any, context: Any) -> AsyncIterator[pb.ConverseResponse]:
        context.add_done_callback(lambda _: stopped.set())
        yield STARTED
        while True:
            yield delta("and ")
            await asyncio.sleep(0.001)

    def talk(target: str) -> str:
        with pmm_client.sync.connect(target) as client:
            reply = client.mind("ada").chat("tell me everything")
            for _ in reply:
                break
            return reply.text

    async with scripted(Converse=endless) as (target, _):
        assert await asyncio.to_thread(talk, target) == "and "
        await asyncio.wait_for(stopped.wait(), 5)
