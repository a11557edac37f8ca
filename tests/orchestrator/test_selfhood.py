"""Scores, traits, instructions and reflections through the contracts, now and as of any seq; and the supervisor."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from pmm_client import errors
from services.orchestrator import convert_screens, server
from services.orchestrator import snapshot as snapshots
from services.orchestrator.autonomy.analysis import analyze
from services.orchestrator.convert import mind_message
from services.orchestrator.snapshot import Snapshot
from services.orchestrator.store import Store
from services.orchestrator.terms import Said
from services.orchestrator.workers.follower import Worker
from services.runtime import telemetry
from services.runtime.sections import TelemetrySettings
from tests.orchestrator.conftest import ROOMY, SERVICES
from tests.orchestrator.talking import converse, events, followed, head, wait_for
from tests.support.openai_server import OpenAIServer
from tests.support.ports import free_port
from tests.support.serving import Served, serving


async def append(served: Served, *bodies: mind.Body) -> list[int]:
    new = [ledger.NewEvent(body=body) for body in bodies]
    appended = await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=new))
    return [event.seq for event in appended.events]


def directive(its_id: str, text: str) -> mind.Body:
    return mind.Body(directive_adopted=mind.DirectiveAdopted(directive_id=its_id, text=text))


def thought(text: str) -> mind.Body:
    return mind.Body(reflection_recorded=mind.ReflectionRecorded(text=text, trigger="cadence"))


def trait(delta: float) -> mind.Body:
    return mind.Body(trait_adjusted=mind.TraitAdjusted(trait=mind.TRAIT_OPENNESS, delta=delta, why="test"))


def opened(its_id: str) -> mind.Body:
    return mind.Body(commitment_opened=mind.CommitmentOpened(commitment_id=its_id, text=its_id))


async def test_traits_are_read_now_and_as_they_were(served: Served) -> None:
    first, second = await append(served, trait(0.05), trait(-0.02))
    now = await served.orchestrator.get_traits(pb.GetTraitsRequest(mind_id="ada"))
    then = await served.orchestrator.get_traits(pb.GetTraitsRequest(mind_id="ada", as_of_seq=first))

    assert [round(one.value, 9) for one in now.traits] == [0.53, 0.5, 0.5, 0.5, 0.5]
    assert then.traits[0].value == pytest.approx(0.55)
    assert [(change.seq, change.why) for change in now.changes] == [(second, "test"), (first, "test")]
    with pytest.raises(errors.BeyondHead):
        await served.orchestrator.get_traits(pb.GetTraitsRequest(mind_id="ada", as_of_seq=999))


async def test_scores_and_their_course(served: Served) -> None:
    seqs = await append(served, *[opened(f"c-{number}") for number in range(12)])
    answer = await served.orchestrator.get_metrics(pb.GetMetricsRequest(mind_id="ada", samples=5))
    whole = await served.orchestrator.get_metrics(pb.GetMetricsRequest(mind_id="ada", samples=1_000))
    then = await served.orchestrator.get_metrics(
        pb.GetMetricsRequest(mind_id="ada", samples=1_000, as_of_seq=seqs[3])
    )

    assert [sample.seq for sample in whole.samples] == seqs
    assert len(answer.samples) == 5
    assert (answer.samples[0].seq, answer.samples[-1].seq) == (seqs[0], seqs[-1])
    assert answer.samples[-1].metrics == answer.metrics
    assert [sample.seq for sample in then.samples] == seqs[:4]
    assert 0 < then.metrics.gas < answer.metrics.gas < 1
    stage = await served.orchestrator.get_stage(pb.GetStageRequest(mind_id="ada"))
    assert stage.stage == mind.STAGE_S0
    # With the hysteresis.
    assert (stage.next_ias, stage.next_gas) == pytest.approx((0.38, 0.23))


async def test_instructions_are_listed_and_retired(served: Served) -> None:
    await append(
        served, directive("d-1", "Be brief."), directive("d-2", "Say du."), directive("d-1", "Be brief.")
    )
    held = await served.orchestrator.list_directives(pb.ListDirectivesRequest(mind_id="ada"))
    assert [one.directive_id for one in held.directives] == ["d-1", "d-2"]

    turn = await converse(served, "How are you?")
    adopted, *_ = await events(served, kinds=["directive_adopted"])
    assert adopted.seq in turn.completed.receipt.state_seqs
    request = pb.RetireDirectiveRequest(mind_id="ada", directive_id="d-1", why="enough")
    assert (await served.orchestrator.retire_directive(request)).directive.retired
    everything = pb.ListDirectivesRequest(mind_id="ada", include_retired=True)
    listed = (await served.orchestrator.list_directives(everything)).directives
    assert [(one.directive_id, one.retired, one.uses) for one in listed] == [
        ("d-2", False, 1),
        ("d-1", True, 0),
    ]
    with pytest.raises(errors.NotFound):
        await served.orchestrator.retire_directive(request)


async def test_reflections_are_listed_page_by_page_with_their_novelty(served: Served) -> None:
    texts = [f"thought number {number} about {'xyz'[number % 3] * 9}" for number in range(25)]
    await append(served, *map(thought, texts))
    found: list[pb.Reflection] = []
    token = ""
    while True:
        request = pb.ListReflectionsRequest(mind_id="ada", page_size=7, page_token=token)
        page = await served.orchestrator.list_reflections(request)
        found += page.reflections
        if not (token := page.next_page_token):
            break
    shown = (await served.orchestrator.get_mind(pb.GetMindRequest(mind_id="ada"))).mind.recent_reflections

    assert [one.text for one in found] == texts[::-1]
    assert [one.novelty for one in found[:10]] == [one.novelty for one in shown]
    assert found[-1].novelty == 1.0


async def test_a_mind_reflects_when_it_is_asked_to_and_without_a_model(served: Served) -> None:
    await append(served, opened("c-1"))
    request = pb.ReflectRequest(mind_id="ada", style=mind.REFLECTION_STYLE_CHECKLIST)
    made = (await served.orchestrator.reflect(request)).reflection

    assert "c-1" in made.text
    assert (made.trigger, made.style, made.novelty) == ("request", mind.REFLECTION_STYLE_CHECKLIST, 1.0)
    (event,) = await events(served, kinds=["reflection_recorded"])
    assert (event.seq, event.actor, event.body.reflection_recorded.model) == (made.seq, "assistant", "")


async def test_a_watcher_sees_the_whole_and_then_each_change(served: Served) -> None:
    stream = served.orchestrator.watch_mind(pb.WatchMindRequest(mind_id="ada"))
    first = await anext(stream)
    await append(served, opened("c-1"))
    second = await anext(stream)

    assert (first.mind.mind_id, list(first.kinds)) == ("ada", [])
    assert list(second.kinds) == ["commitment_opened"]
    assert [one.commitment_id for one in second.mind.open_commitments] == ["c-1"]


async def test_a_state_is_converted_once_for_all_who_watch_the_mind(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    converted: list[int] = []

    def counted(mind_id: str, state: Snapshot, sessions: int, now_ns: int) -> pb.Mind:
        converted.append(state.seq)
        return mind_message(mind_id, state, sessions, now_ns)

    monkeypatch.setattr(convert_screens, "mind_message", counted)
    monkeypatch.setattr(convert_screens, "FRESH_NS", 3600 * 10**9)
    streams = [served.orchestrator.watch_mind(pb.WatchMindRequest(mind_id="ada")) for _ in range(5)]
    for stream in streams:
        await anext(stream)
    (seq,) = await append(served, opened("c-1"))
    seen = [(await anext(stream)).mind for stream in streams]

    assert converted == [seq - 1, seq]
    assert [(one.seq, one.open_commitments[0].commitment_id) for one in seen] == [(seq, "c-1")] * 5


QUICK: dict[str, Any] = {**ROOMY, "orchestrator": {**ROOMY["orchestrator"], "tick_seconds": 0.05}}


@pytest.fixture
async def lively(tmp_path: Path) -> AsyncIterator[Served]:
    """A mind whose supervisor looks after it twenty times a second."""
    async with serving(tmp_path, *SERVICES, settings=QUICK) as running:
        await running.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        yield running


async def test_the_supervisor_records_what_happened_and_leaves_an_idle_mind_alone(lively: Served) -> None:
    await converse(lively, "Hello there.")
    tick = await wait_for(lively, "tick_recorded")
    await asyncio.sleep(0.5)
    rests_at = await head(lively)
    await asyncio.sleep(0.5)

    assert tick.actor == "supervisor"
    assert await head(lively) == rests_at
    kinds = [event.kind for event in await events(lively)]
    assert kinds.count("tick_recorded") <= 4


async def test_a_person_is_reminded_of_what_is_due(lively: Served) -> None:
    due = mind.CommitmentOpened(commitment_id="c-1", text="call Ana")
    due.due_at.FromNanoseconds(time.time_ns() + 2 * 10**9)
    await append(lively, mind.Body(commitment_opened=due))
    reminded = await wait_for(lively, "commitment_reminded")
    tick = next(event for event in await events(lively) if event.seq == reminded.causation_seq)

    assert reminded.body.commitment_reminded.commitment_id == "c-1"
    assert "remind" in tick.body.tick_recorded.reasons


async def test_a_mind_that_nobody_opened_is_reminded_after_a_restart(tmp_path: Path) -> None:
    due = mind.CommitmentOpened(commitment_id="c-1", text="call Ana")
    quiet = {**QUICK, "orchestrator": {**QUICK["orchestrator"], "tick_seconds": 3_600}}
    async with serving(tmp_path, *SERVICES, settings=quiet) as running:
        await running.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        due.due_at.FromNanoseconds(time.time_ns() + 2 * 10**9)
        await append(running, mind.Body(commitment_opened=due))
        await followed(running)
    async with serving(tmp_path, *SERVICES, settings=QUICK) as running:
        reminded = await wait_for(running, "commitment_reminded")

    assert reminded.body.commitment_reminded.commitment_id == "c-1"


async def test_after_some_turns_a_mind_reflects_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from services.orchestrator.autonomy import decide

    monkeypatch.setitem(decide.CADENCE, mind.STAGE_S0, (2, 0, mind.REFLECTION_STYLE_SUCCINCT))
    async with serving(tmp_path, *SERVICES, settings=QUICK) as running:
        await running.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        for text in ("Hello.", "How are you?"):
            await converse(running, text)
        made = await wait_for(running, "reflection_recorded")
        seen = [event for event in await events(running) if event.seq == made.causation_seq]

    assert made.body.reflection_recorded.trigger == "cadence"
    assert "reflect" in seen[0].body.tick_recorded.reasons


async def test_what_a_worker_cannot_do_is_left_listed_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_broken = True

    async def fragile(event: mind.Event, _minds: object) -> list[mind.Body]:
        if is_broken and "poison" in event.body.user_message.text:
            raise ValueError("poison is quoted here")
        return [mind.Body(user_identified=mind.UserIdentified(name="Ana"))]

    made = Worker("fragile", ("user_message",), fragile)
    monkeypatch.setattr(server, "WORKERS", (*server.WORKERS, lambda _extractor: made))
    async with serving(tmp_path, *SERVICES, settings=ROOMY) as running:
        await running.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        turn = await converse(running, "this is poison")
        await converse(running, "this is not")
        await wait_for(running, "user_identified")
        asked = pb.ListDeadLettersRequest(mind_id="ada", worker="fragile")
        (letter,) = (await running.orchestrator.list_dead_letters(asked)).dead_letters
        replay = pb.ReplayDeadLetterRequest(mind_id="ada", dead_letter_id=letter.dead_letter_id)
        with pytest.raises(errors.PmmError, match="mend the cause"):
            await running.orchestrator.replay_dead_letter(replay)
        (again,) = (await running.orchestrator.list_dead_letters(asked)).dead_letters
        is_broken = False
        derived = (await running.orchestrator.replay_dead_letter(replay)).derived_seqs
        left = (await running.orchestrator.list_dead_letters(asked)).dead_letters
        with pytest.raises(errors.NotFound):
            await running.orchestrator.replay_dead_letter(replay)
        workers = (await running.orchestrator.list_workers(pb.ListWorkersRequest(mind_id="ada"))).workers

    assert (letter.worker, letter.seq, letter.reason) == ("fragile", turn.started.user_seq, "ValueError")
    assert (letter.attempts, again.attempts) == (3, 4)
    assert len(derived) == 1
    assert not left
    (worker,) = [one for one in workers if one.name == "fragile"]
    assert (worker.derived, worker.failures) == (2, 1)
    assert worker.seq > turn.started.user_seq


async def test_a_promise_that_is_said_to_be_kept_is_closed_with_its_evidence(served: Served) -> None:
    await converse(served, "Remind me to call Ana tomorrow.")
    opened_ = await wait_for(served, "commitment_opened")
    turn = await converse(served, "I called Ana, thanks.")
    closed = await wait_for(served, "commitment_closed")
    recorded = await wait_for(served, "evidence_recorded")

    body = closed.body.commitment_closed
    asked = pb.GetCommitmentThreadRequest(mind_id="ada", commitment_id=body.commitment_id)
    thread = (await served.orchestrator.get_commitment_thread(asked)).events
    assert [event.kind for event in thread] == [
        "user_message", "commitment_opened", "user_message", "evidence_recorded", "commitment_closed",
    ]  # fmt: skip
    asked.commitment_id = "c-none"
    with pytest.raises(errors.UnknownCommitment):
        await served.orchestrator.get_commitment_thread(asked)
    assert body.commitment_id == opened_.body.commitment_opened.commitment_id
    assert (list(body.evidence_seqs), body.outcome) == ([turn.started.user_seq], mind.COMMITMENT_OUTCOME_DONE)
    assert recorded.seq < closed.seq
    assert recorded.body.evidence_recorded.score == 1.0


async def test_an_instruction_in_a_message_stands_in_the_next_prompt(served: Served) -> None:
    await converse(served, "From now on, answer in one sentence.")
    adopted = await wait_for(served, "directive_adopted")
    # Whoever follows the ledger may see it before the worker that appended it.
    await followed(served)
    turn = await converse(served, "Hello.")

    assert adopted.body.directive_adopted.text == "answer in one sentence"
    assert adopted.seq in turn.completed.receipt.state_seqs


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
    await wait_for(lively, "tick_recorded")
    await asyncio.sleep(0.3)

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


async def test_how_turns_went_is_told_from_the_metrics(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telemetry, "SLOW_TURN_SECONDS", 0.0)
    before = telemetry.current()
    made = telemetry.setup(TelemetrySettings.model_construct(), "test")
    try:
        said = await converse(served, "Hello.")
        await converse(served, "Not for others.", privacy_mode=mind.PRIVACY_MODE_INCOGNITO)
        answer = await served.orchestrator.get_performance(pb.GetPerformanceRequest())
    finally:
        made.shutdown()
        telemetry._current = before

    stages = {one.stage: one for one in answer.stages}
    assert {"turn", "turn.append", "turn.search", "turn.model"} <= set(stages)
    turn = stages["turn"]
    assert turn.count == 1
    assert turn.min.ToMicroseconds() == turn.max.ToMicroseconds() == turn.p99.ToMicroseconds() > 0
    assert sum(answer.tokens_by_model.values()) > 0
    (model,) = answer.models
    assert (model.model, model.calls) == ("recall", 2)
    assert model.input_tokens + model.output_tokens == answer.tokens_by_model["recall"]
    assert model.avg.ToMicroseconds() > 0
    (slow,) = answer.slow_turns
    assert (slow.mind_id, slow.session_id) == ("ada", said.started.session_id)
    assert slow.seq == said.completed.assistant_seq
    assert slow.duration.ToMicroseconds() == pytest.approx(turn.max.ToMicroseconds(), abs=1_000)
    request = pb.GetPerformanceRequest()
    request.period.seconds = 12 * 3_600
    # It has not run for so long.
    asked = await served.orchestrator.get_performance(request)
    assert 0 < answer.period.ToNanoseconds() < asked.period.ToNanoseconds() < 3_600 * 1_000_000_000
    assert not asked.HasField("previous_period")
    request.period.seconds = 13 * 3_600
    with pytest.raises(errors.InvalidArgument):
        await served.orchestrator.get_performance(request)


async def test_a_state_that_is_not_what_the_ledger_folds_to_is_noticed_and_mended(tmp_path: Path) -> None:
    quiet = {**QUICK, "orchestrator": {**ROOMY["orchestrator"], "tick_seconds": 3_600, "snapshot_events": 4}}
    async with serving(tmp_path, *SERVICES, settings=quiet) as running:
        await running.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        await running.orchestrator.adopt_name(pb.AdoptNameRequest(mind_id="ada", name="Nova"))
        await append(running, *[opened(f"c-{number}") for number in range(8)])
        # A worker that is behind would begin the state without what was saved of it.
        await followed(running)
    store = Store(tmp_path / "orchestrator")
    found = store.saved("ada", 100)
    assert found
    seq, saved = found
    state = snapshots.load(saved)
    store.save("ada", seq, snapshots.dump(replace(state, identity=replace(state.identity, name="Wrong"))))
    store.close()

    async with serving(tmp_path, *SERVICES, settings=QUICK) as running:
        before = (await running.orchestrator.get_mind(pb.GetMindRequest(mind_id="ada"))).mind
        await append(running, opened("c-last"))
        await running.orchestrator.get_mind(pb.GetMindRequest(mind_id="ada"))
        violated = await wait_for(running, "invariant_violated")
        after = (await running.orchestrator.get_mind(pb.GetMindRequest(mind_id="ada"))).mind

    assert (before.identity.name, after.identity.name) == ("Wrong", "Nova")
    assert violated.body.invariant_violated.code == "SNAPSHOT_MISMATCH"


async def test_a_reflection_that_the_model_fails_at_is_told_with_its_reason(tmp_path: Path) -> None:
    refused = {"backend": "openai", "openai_base_url": f"http://127.0.0.1:{free_port()}/v1", "max_retries": 0}
    async with serving(tmp_path, *SERVICES, settings={**ROOMY, "inference": refused}) as running:
        await running.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        with pytest.raises(errors.Unavailable) as caught:
            await running.orchestrator.reflect(pb.ReflectRequest(mind_id="ada"))
        kinds = [event.kind for event in await events(running)]

    assert caught.value.reason == "BACKEND_REFUSED"
    assert "reflection_recorded" not in kinds


async def test_what_a_model_that_goes_in_circles_thinks_is_kept_once(tmp_path: Path) -> None:
    with OpenAIServer() as server:
        server.says = "I keep my word. I try to be kind. I keep my word. I try to be kind. I keep my word."
        chosen = {"backend": "openai", "openai_base_url": server.base_url, "model": "said"}
        async with serving(tmp_path, *SERVICES, settings={**ROOMY, "inference": chosen}) as running:
            await running.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
            made = (await running.orchestrator.reflect(pb.ReflectRequest(mind_id="ada"))).reflection
            again = (await running.orchestrator.reflect(pb.ReflectRequest(mind_id="ada"))).reflection
            said = [
                one.body.reflection_recorded for one in await events(running, kinds=["reflection_recorded"])
            ]

    assert made.text == "I keep my word. I try to be kind."
    assert again.text not in ("", made.text)
    assert [one.model for one in said] == ["porto-7b", ""]


async def test_a_mind_that_is_deleted_while_a_worker_is_at_it_leaves_no_dead_letter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    has_begun, is_gone = asyncio.Event(), asyncio.Event()

    async def slow(event: mind.Event, _minds: object) -> list[mind.Body]:
        has_begun.set()
        await is_gone.wait()
        return [mind.Body(user_identified=mind.UserIdentified(name="Ana"))]

    monkeypatch.setattr(server, "WORKERS", [lambda _extractor: Worker("slow", ("user_message",), slow)])
    async with serving(tmp_path, *SERVICES, settings=ROOMY) as running:
        await running.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        await converse(running, "hello")
        await has_begun.wait()
        await running.ledger.delete_mind(ledger.DeleteMindRequest(mind_id="ada", confirm_mind_id="ada"))
        await asyncio.sleep(0.5)  # the erasure is done before the worker goes on
        is_gone.set()
        await running.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ben"))
        await converse(running, "hello", mind_id="ben")
        await wait_for(running, "user_identified", mind_id="ben")
    store = Store(tmp_path / "orchestrator")
    assert not store.dead_letters("ada")
    store.close()
