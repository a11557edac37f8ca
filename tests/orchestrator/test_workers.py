"""Workers: what fails is neither lost nor in the way of others, and an operator sees how they do."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from pmm_client import errors
from services.orchestrator.peers import Peers
from services.orchestrator.store import Store
from services.orchestrator.terms import Said
from services.runtime import telemetry
from services.runtime.peers import Peers as Channels
from services.runtime.sections import TelemetrySettings
from tests.orchestrator.conftest import ROOMY, SERVICES
from tests.orchestrator.lone_worker import works_alone
from tests.orchestrator.talking import converse, events, followed, settled_head, wait_for
from tests.support.openai_server import OpenAIServer
from tests.support.serving import Served, serving

PATIENCE_S = 30
POISON = 12
DERIVED = ("memory_recorded", "user_identified", "identity_adopted", "identity_proposed")
YEAR_NS = 365 * 86_400 * 10**9


class Failing(OpenAIServer):
    """Answers nothing but 503 until it is mended."""

    is_down = True

    async def _complete(self, request: Request) -> Response:
        if self.is_down:
            return JSONResponse({"error": {"message": "overloaded"}}, 503)
        return await super()._complete(request)


async def say(served: Served, mind_id: str, *texts: str) -> None:
    """Messages without turns: what answers them is not the matter here."""
    new = [
        ledger.NewEvent(
            session_id="s", remember=True, body=mind.Body(user_message=mind.UserMessage(text=text))
        )
        for text in texts
    ]
    await served.ledger.append(ledger.AppendRequest(mind_id=mind_id, events=new))


async def until(look: Callable[[], Awaitable[Any]]) -> Any:
    """What ``look`` sees once it is something."""
    async with asyncio.timeout(PATIENCE_S):
        while not (seen := await look()):
            await asyncio.sleep(0.02)
    return seen


async def letters(served: Served, worker: str, mind_id: str = "") -> list[pb.DeadLetter]:
    request = pb.ListDeadLettersRequest(mind_id=mind_id, worker=worker)
    return list((await served.orchestrator.list_dead_letters(request)).dead_letters)


async def progress(served: Served, name: str, mind_id: str = "") -> pb.Worker:
    answer = await served.orchestrator.list_workers(pb.ListWorkersRequest(mind_id=mind_id))
    return next(one for one in answer.workers if one.name == name)


async def test_a_model_that_is_away_for_long_costs_no_event_and_holds_up_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached: list[Peers] = []

    async def thinks(event: mind.Event, _minds: object) -> list[mind.Body]:
        text = event.body.user_message.text
        if "plain" in text:
            return [mind.Body(user_identified=mind.UserIdentified(name=text))]
        stream = reached[0].generate(
            [Said("user", text)],
            [],
            mind_id=event.mind_id,
            model="",
            sampling=None,
            query_time=None,
            first_turn=False,
            background_tokens=20,
        )
        said = "".join([part async for part in stream if isinstance(part, str)])
        return [mind.Body(user_identified=mind.UserIdentified(name=f"{text}: {said}"))]

    works_alone(monkeypatch, "thinker", thinks)
    with Failing() as model:
        backend = {"backend": "openai", "openai_base_url": model.base_url, "model": "ok", "max_retries": 0}
        async with serving(tmp_path, *SERVICES, settings={**ROOMY, "inference": backend}) as running:
            reached.append(Peers(Channels({"inference": running.target})))
            for mind_id in ("ada", "ben"):
                await running.orchestrator.create_mind(pb.CreateMindRequest(mind_id=mind_id))
            await say(running, "ada", "one", "two", "three")
            await say(running, "ben", "plain")

            # The model is away, and another mind's event is followed up nevertheless.
            await wait_for(running, "user_identified", mind_id="ben")

            async def tried_twice() -> list[pb.DeadLetter]:
                left = await letters(running, "thinker")
                return left if len(left) == 3 and max(each.attempts for each in left) > 1 else []

            left = await until(tried_twice)
            await followed(running)
            behind = await progress(running, "thinker")
            model.is_down = False

            async def none_left() -> bool:
                return not await letters(running, "thinker")

            await until(none_left)
            await followed(running)
            derived = await events(running, "ada", kinds=["user_identified"])
            after = await progress(running, "thinker", "ada")

    assert {(each.mind_id, each.reason) for each in left} == {("ada", "BACKEND_FAILED")}
    assert all(each.next_attempt_at.seconds for each in left)
    assert (behind.lag, behind.dead_letters, behind.failures, behind.processed) == (0, 3, 3, 1)
    assert behind.success_rate == 0.25
    names = sorted(event.body.user_identified.name for event in derived)
    assert names == [f"{text}: Your sister lives in Porto." for text in ("one", "three", "two")]
    assert (after.processed, after.derived, after.dead_letters, after.lag) == (3, 3, 0, 0)
    assert after.retries > 3
    assert after.last_success_at.seconds


async def test_a_mind_whose_event_hangs_does_not_hold_up_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others_are_done = asyncio.Event()

    async def hangs(event: mind.Event, _minds: object) -> list[mind.Body]:
        if event.body.user_message.text == "hang":
            await others_are_done.wait()
        return [mind.Body(user_identified=mind.UserIdentified(name=event.body.user_message.text))]

    works_alone(monkeypatch, "hanging", hangs)
    async with serving(tmp_path, *SERVICES, settings=ROOMY) as running:
        for mind_id in ("ada", "ben"):
            await running.orchestrator.create_mind(pb.CreateMindRequest(mind_id=mind_id))
        await say(running, "ada", "hang")
        await say(running, "ada", "after")
        await say(running, "ben", "free")
        await wait_for(running, "user_identified", mind_id="ben")
        stuck = await progress(running, "hanging")
        others_are_done.set()

        async def caught_up() -> bool:
            return not (await progress(running, "hanging")).lag

        await until(caught_up)
        names = [each.body.user_identified.name for each in await events(running, kinds=["user_identified"])]

    # What hangs is not yet processed, and would be tried again after a crash.
    assert stuck.lag > 0
    assert names == ["hang", "after"]


async def test_a_mind_whose_events_are_poison_does_not_hold_up_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fragile(event: mind.Event, _minds: object) -> list[mind.Body]:
        if event.mind_id == "ada":
            raise ValueError("poison")
        return [mind.Body(user_identified=mind.UserIdentified(name="Ben"))]

    works_alone(monkeypatch, "fragile", fragile)
    async with serving(tmp_path, *SERVICES, settings=ROOMY) as running:
        for mind_id in ("ada", "ben"):
            await running.orchestrator.create_mind(pb.CreateMindRequest(mind_id=mind_id))
        await say(running, "ada", *["poison"] * POISON)
        await say(running, "ben", "free")
        await wait_for(running, "user_identified", mind_id="ben")
        while_busy = len(await letters(running, "fragile", "ada"))

        async def all_left() -> list[pb.DeadLetter]:
            left = await letters(running, "fragile", "ada")
            return left if len(left) == POISON else []

        left = await until(all_left)

    assert while_busy < POISON
    # Nothing but a person can mend it: it is not tried over and over.
    assert not any(each.HasField("next_attempt_at") for each in left)
    assert {each.attempts for each in left} == {3}


async def test_of_what_was_erased_since_no_dead_letter_stays_whatever_the_worker_would_make_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_event: mind.Event, _minds: object) -> list[mind.Body]:
        raise ValueError("broken")

    works_alone(monkeypatch, "broken", broken)
    async with serving(tmp_path, *SERVICES, settings=ROOMY) as running:
        await running.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        await say(running, "ada", "poison")
        (letter,) = await until(lambda: letters(running, "broken", "ada"))
        await running.ledger.redact(ledger.RedactRequest(mind_id="ada", seqs=[letter.seq]))
        replay = pb.ReplayDeadLetterRequest(mind_id="ada", dead_letter_id=letter.dead_letter_id)
        derived = (await running.orchestrator.replay_dead_letter(replay)).derived_seqs

        assert (list(derived), await letters(running, "broken", "ada")) == ([], [])


async def test_a_letter_that_fails_again_waits_longer_and_counts_its_attempts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def needy(_event: mind.Event, _minds: object) -> list[mind.Body]:
        raise errors.Unavailable("away", reason="AWAY")

    works_alone(monkeypatch, "needy", needy)
    async with serving(tmp_path, *SERVICES, settings=ROOMY) as running:
        await running.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        await say(running, "ada", "I am Ana.")
        (letter,) = await until(lambda: letters(running, "needy", "ada"))
        replay = pb.ReplayDeadLetterRequest(mind_id="ada", dead_letter_id=letter.dead_letter_id)
        with pytest.raises(errors.PmmError, match="mend the cause"):
            await running.orchestrator.replay_dead_letter(replay)
        (again,) = await letters(running, "needy", "ada")

    assert again.attempts > letter.attempts == 3
    for one in (letter, again):
        pause_ns = one.next_attempt_at.ToNanoseconds() - one.last_attempt_at.ToNanoseconds()
        assert pause_ns == 2 ** (one.attempts - 1) * 10**9


async def test_what_waits_is_tried_again_where_the_clock_ran_ahead_when_it_was_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_away = True

    async def needy(_event: mind.Event, _minds: object) -> list[mind.Body]:
        if is_away:
            raise errors.Unavailable("away", reason="AWAY")
        return [mind.Body(user_identified=mind.UserIdentified(name="Ana"))]

    works_alone(monkeypatch, "needy", needy)
    async with serving(tmp_path, *SERVICES, settings=ROOMY) as running:
        await running.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        with monkeypatch.context() as ahead:
            ahead.setattr(time, "time_ns", lambda now=time.time_ns: now() + YEAR_NS)
            await say(running, "ada", "I am Ana.")
            await until(lambda: letters(running, "needy", "ada"))
        is_away = False
        async with asyncio.timeout(PATIENCE_S):
            await wait_for(running, "user_identified")


async def test_lag_and_outcomes_of_each_worker_are_metrics(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fragile(event: mind.Event, _minds: object) -> list[mind.Body]:
        if "poison" in event.body.user_message.text:
            raise ValueError("poison")
        return [mind.Body(user_identified=mind.UserIdentified(name="Ana"))]

    works_alone(monkeypatch, "fragile", fragile)
    before = telemetry.current()
    made = telemetry.setup(TelemetrySettings.model_construct(), "test")
    made.exports_metrics = True
    assert made.reader
    try:
        async with serving(tmp_path, *SERVICES, settings=ROOMY) as running:
            await running.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
            await say(running, "ada", "poison", "fine", "fine")

            async def all_followed_up() -> bool:
                seen = await progress(running, "fragile")
                return seen.processed + seen.failures == 3 and not seen.lag

            await until(all_followed_up)
            points = metric_points(made.reader)
    finally:
        made.shutdown()
        telemetry._current = before

    assert points["pmm.worker.processed", "fragile"] == 2
    assert points["pmm.worker.derived", "fragile"] == 2
    assert points["pmm.worker.failed", "fragile"] == 1
    assert points["pmm.worker.retries", "fragile"] == 2
    assert points["pmm.worker.dead_letters", "fragile"] == 1
    assert points["pmm.worker.lag", "fragile"] == 0


def metric_points(reader: InMemoryMetricReader) -> dict[tuple[str, str], float]:
    """By metric and worker."""
    data = reader.get_metrics_data()
    assert data
    return {
        (metric.name, str(point.attributes["worker"])): point.value
        for of_resource in data.resource_metrics
        for of_scope in of_resource.scope_metrics
        for metric in of_scope.metrics
        for point in metric.data.data_points
        if metric.name.startswith("pmm.worker.")
    }


async def test_what_a_tick_asked_for_is_done_after_a_crash_and_once_however_often_it_is_followed(
    tmp_path: Path,
) -> None:
    told = mind.TickRecorded(
        decision="analyze",
        reasons=["analyze", "reflect"],
        reflection_style=mind.REFLECTION_STYLE_SUCCINCT,
        reflection_trigger="cadence",
        analyzed_session_ids=["talk"],
    )
    async with serving(tmp_path, *SERVICES, settings=ROOMY) as running:
        await running.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        await running.orchestrator.start_session(pb.StartSessionRequest(mind_id="ada", session_id="talk"))
        await converse(running, "I am so happy about Porto", session_id="talk")
    # The tick is on disk; who it tells what to do never heard of it.
    async with serving(tmp_path, "ledger", settings=ROOMY) as running:
        request = ledger.AppendRequest(
            mind_id="ada", events=[ledger.NewEvent(body=mind.Body(tick_recorded=told))]
        )
        tick_seq = (await running.ledger.append(request)).events[0].seq
    for _ in range(2):
        async with serving(tmp_path, *SERVICES, settings=ROOMY) as running:
            made = [
                await wait_for(running, "reflection_recorded"),
                await wait_for(running, "conversation_analyzed"),
            ]
            await converse(running, "and now?")
            await followed(running)
            kinds = [event.kind for event in await events(running)]
        assert [event.causation_seq for event in made] == [tick_seq, tick_seq]
        assert [event.actor for event in made] == ["assistant", "analysis"]
        assert kinds.count("reflection_recorded") == kinds.count("conversation_analyzed") == 1
        # Every position is forgotten: all of it is followed again.
        store = Store(tmp_path / "orchestrator")
        names = ("reflection", "analysis", "summaries", "identity", "commitments", "directives")
        store.put_workers(dict.fromkeys(names, ("another store", 0)))
        store.close()


async def test_a_worker_is_at_the_head_also_where_it_skipped_everything(tmp_path: Path) -> None:
    async with serving(tmp_path, "ledger", settings=ROOMY) as running:
        told = mind.Body(mind_created=mind.MindCreated(name="ada"))
        await running.ledger.append(ledger.AppendRequest(mind_id="ada", events=[ledger.NewEvent(body=told)]))
    async with serving(tmp_path, *SERVICES, settings=ROOMY) as running:
        async with asyncio.timeout(PATIENCE_S):
            await followed(running)
        found = await running.orchestrator.get_subgraph(pb.GetSubgraphRequest(mind_id="ada"), timeout=10)

    assert not found.nodes


async def test_a_message_is_read_by_the_names_of_its_time_whenever_it_is_read(tmp_path: Path) -> None:
    async with serving(tmp_path, *SERVICES, settings=ROOMY) as served:
        await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        await served.orchestrator.adopt_name(pb.AdoptNameRequest(mind_id="ada", name="Nova"))
        await converse(served, "Ben 10:42 AM\ncall me Bert")
        await converse(served, "My name is Ben.")
        await settled_head(served)
        before = await events(served, kinds=DERIVED)
    # Without what the workers know, they read everything again.
    shutil.rmtree(tmp_path / "orchestrator")
    async with serving(tmp_path, *SERVICES, settings=ROOMY) as served:
        await served.orchestrator.get_mind(pb.GetMindRequest(mind_id="ada"))
        await settled_head(served)
        assert await events(served, kinds=DERIVED) == before
