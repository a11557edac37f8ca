"""While a turn runs: who may follow it, who goes away from it, and who waits for the next."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from pmm_client import errors
from services.orchestrator.asking import Ask, Part
from services.orchestrator.conversation import Running
from services.orchestrator.slots import Slots
from tests.orchestrator.conftest import SERVICES, answered_by
from tests.orchestrator.talking import converse, events, queueing
from tests.support.openai_server import WORDS, OpenAIServer
from tests.support.serving import Served, serving

NORMAL, PAUSED, INCOGNITO = mind.PRIVACY_MODE_NORMAL, mind.PRIVACY_MODE_PAUSED, mind.PRIVACY_MODE_INCOGNITO


async def begun(served: Served, **more: Any) -> tuple[Any, pb.TurnStarted]:
    """A turn under a key, whose model stops in the middle of its answer, and with what the turn began."""
    request = pb.ConverseRequest(mind_id="ada", text="hello", model="held-mid", idempotency_key="k", **more)
    stream = served.orchestrator.converse(request, timeout=30)
    return stream, (await anext(stream)).started


@pytest.mark.parametrize(
    ("first", "again"),
    [
        ({}, {"privacy_mode": NORMAL}),
        ({"privacy_mode": PAUSED}, {"privacy_mode": NORMAL}),
        ({"privacy_mode": PAUSED}, {}),
        ({"privacy_mode": INCOGNITO}, {"privacy_mode": INCOGNITO}),
    ],
)
async def test_a_retry_follows_the_turn_whether_it_names_the_session_that_it_was_told_or_not(
    modelled: Served, model_server: OpenAIServer, first: dict[str, Any], again: dict[str, Any]
) -> None:
    stream, started = await begun(modelled, **first)
    others = [await begun(modelled, **again, **named) for named in ({}, {"session_id": started.session_id})]
    # Who goes away leaves the turn to the others.
    await stream.aclose()
    model_server.released.set()
    answers = [[part async for part in other][-1].completed.text for other, _ in others]

    assert [begun_as for _, begun_as in others] == [started] * 2
    assert answers == ["".join(WORDS)] * 2
    kept = await events(modelled, kinds=["user_message", "assistant_message"])
    assert len(kept) == (0 if first.get("privacy_mode") == INCOGNITO else 2)


async def test_a_key_under_which_a_turn_runs_is_refused_to_what_is_another_message_or_allows_less(
    modelled: Served,
) -> None:
    stream, _ = await begun(modelled)
    others: list[dict[str, Any]] = [
        {"privacy_mode": PAUSED},
        {"privacy_mode": INCOGNITO},
        {"speaker": "Ben"},
        {"query_time": Timestamp(seconds=1_000_000)},
        {"session_id": "another"},
    ]
    for other in others:
        with pytest.raises(errors.IdempotencyKeyReused, match="is being answered"):
            await begun(modelled, **other)
    await stream.aclose()

    assert len(await events(modelled, kinds=["user_message"])) == 1


async def test_two_processes_that_answer_one_message_end_with_the_answer_that_was_kept(
    tmp_path: Any, model_server: OpenAIServer
) -> None:
    async with serving(tmp_path / "one", *SERVICES, settings=answered_by(model_server)) as one:
        at = {name: one.target for name in SERVICES if name != "orchestrator"}
        async with serving(tmp_path / "other", "orchestrator", elsewhere=at) as other:
            await one.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
            for each in (one, other):
                await each.orchestrator.get_mind(pb.GetMindRequest(mind_id="ada"))
            asked = {"model": "held-mid", "idempotency_key": "k"}
            turns = [asyncio.create_task(converse(each, "hello", **asked)) for each in (one, other)]
            await asyncio.to_thread(model_server.wait_until, open_streams=2)
            model_server.released.set()
            first, second = await asyncio.gather(*turns)
            kept = await events(one, kinds=["assistant_message", "turn_failed"])

    (answer,) = kept
    for turn in (first, second):
        assert turn.completed
        assert (turn.completed.assistant_seq, turn.completed.text) == (
            answer.seq,
            answer.body.assistant_message.text,
        )


async def test_as_many_messages_wait_for_their_turn_as_may_and_one_more_is_refused(
    tmp_path: Any, model_server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued = queueing(monkeypatch)
    model_server.says = "Yes."
    async with serving(
        tmp_path, *SERVICES, settings=answered_by(model_server, "held", waiting_turns=2)
    ) as served:
        await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        await served.orchestrator.start_session(pb.StartSessionRequest(mind_id="ada", session_id="talk"))
        turns = [asyncio.create_task(converse(served, str(each), session_id="talk")) for each in range(3)]
        await queued(3)
        with pytest.raises(errors.RateLimited) as refused:
            await converse(served, "one more", session_id="talk")
        model_server.released.set()
        answered = await asyncio.gather(*turns)
        # Once they are answered there is room again.
        last = await converse(served, "again", session_id="talk")

    assert refused.value.retry_after
    assert all(turn.completed for turn in [*answered, last])


async def test_who_comes_while_others_wait_comes_after_them() -> None:
    slots, order, within = Slots(20), list[int](), 0

    async def turn(number: int) -> None:
        nonlocal within
        for _ in range(3 * number):
            await asyncio.sleep(0)
        async with slots.turn("ada", "talk"):
            within += 1
            order.append(number)
            for _ in range(5):
                await asyncio.sleep(0)
                assert within == 1
            within -= 1

    await asyncio.gather(*map(turn, range(10)))
    assert order == list(range(10))


async def test_how_a_turn_ended_that_nobody_follows_is_logged_without_what_was_said_though_one_leaves_twice(
    caplog: pytest.LogCaptureFixture,
) -> None:
    is_told, is_mended = asyncio.Event(), asyncio.Event()

    async def parts() -> AsyncIterator[Part]:
        is_told.set()
        try:
            await asyncio.Event().wait()
        finally:
            await is_mended.wait()
            raise ValueError("what was said")
        yield ""

    async def left_twice() -> None:
        running = Running(Ask("ada", "hello"), parts())
        follower = asyncio.ensure_future(anext(running.follow()))
        await is_told.wait()
        for _ in range(2):
            follower.cancel()
            await asyncio.sleep(0)
        await asyncio.wait([follower])
        is_mended.set()
        await asyncio.wait([running.task])

    await left_twice()
    gc.collect()
    await asyncio.sleep(0)

    assert [record.getMessage() for record in caplog.records] == [
        "a turn that nobody follows any more ended in ValueError"
    ]
