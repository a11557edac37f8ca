"""Scores, traits, instructions and reflections through the contracts, now and as of any seq."""

from __future__ import annotations

import pytest

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from pmm_client import errors
from services.orchestrator import convert_screens
from services.orchestrator.convert import mind_message
from services.orchestrator.projections import directives
from services.orchestrator.snapshot import Snapshot
from services.runtime import telemetry
from services.runtime.sections import TelemetrySettings
from tests.orchestrator.talking import converse, events, followed, wait_for
from tests.support.serving import Served


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


async def test_instructions_that_had_to_go_are_listed_as_ended_until_they_are_given_again(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directives, "MAX_HELD", 5)
    await append(served, *(directive(f"d-{number}", "Be brief.") for number in range(8)))
    ended = mind.Body(directive_retired=mind.DirectiveRetired(directive_id="d-7"))
    await append(served, ended, directive("d-1", "Be brief."), directive("d-9", "Be brief."))
    everything = pb.ListDirectivesRequest(mind_id="ada", include_retired=True)
    listed = (await served.orchestrator.list_directives(everything)).directives

    assert [one.directive_id for one in listed if not one.retired] == ["d-9", "d-1", "d-6", "d-5", "d-4"]
    assert [one.directive_id for one in listed if one.retired] == ["d-3", "d-7", "d-2", "d-0"]


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


async def test_a_name_is_cleared_by_the_words_that_deny_the_one_that_holds(served: Served) -> None:
    await converse(served, "Your name is Nova.")
    await wait_for(served, "identity_adopted")
    await converse(served, "Your name isn't Max any more.")
    turn = await converse(served, "Your name isn't Nova any more.")
    cleared = await wait_for(served, "identity_cleared")
    await followed(served)

    assert cleared.causation_seq == turn.started.user_seq
    assert len(await events(served, kinds=["identity_cleared"])) == 1
    shown = await served.orchestrator.get_mind(pb.GetMindRequest(mind_id="ada"))
    assert shown.mind.name != "Nova"


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
