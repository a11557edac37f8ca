"""Scores, stages and traits: golden cases that were computed by hand from the rules in docs/concepts.md."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator import prompt
from services.orchestrator.autonomy import decide
from services.orchestrator.autonomy.decide import Limits
from services.orchestrator.projections import directives, reflections, stage
from services.orchestrator.projections.directives import LATEST, MAX_HELD, Directive
from services.orchestrator.projections.reflections import novelties
from services.orchestrator.projections.traits import MAX_CHANGES
from services.orchestrator.snapshot import Snapshot
from tests.orchestrator.test_projections import event

DAY_SECONDS = 86_400
DAYS_LATER_NS = 30 * DAY_SECONDS * 10**9
LIMITS = Limits(remind_before=3_600, expire_after=7 * DAY_SECONDS, max_directives=20)
NOW = datetime(2026, 5, 6, tzinfo=UTC)


class Story:
    """A history that is told event by event."""

    def __init__(self) -> None:
        self.state = Snapshot()

    def tell(
        self, *bodies: mind.Body, at_seconds: int | None = None, causation_seq: int | None = None
    ) -> Story:
        for body in bodies:
            made = event(self.state.seq + 1, body, causation_seq=causation_seq)
            if at_seconds is not None:
                made.recorded_at.seconds = at_seconds
            self.state = self.state.apply(made)
        return self

    def keep(self, its_id: str) -> Story:
        """Close a commitment as done, with what shows it."""
        shown = self.tell(mind.Body(user_message=mind.UserMessage(text="done"))).state.seq
        return self.tell(close(its_id, mind.COMMITMENT_OUTCOME_DONE, shown))

    def ticks(self, count: int) -> Story:
        return self.tell(*[tick()] * count)

    @property
    def scores(self) -> tuple[float, float]:
        return self.state.metrics.ias, self.state.metrics.gas


def tick(*reasons: str) -> mind.Body:
    return mind.Body(tick_recorded=mind.TickRecorded(reasons=reasons))


def adopt(name: str) -> mind.Body:
    return mind.Body(identity_adopted=mind.IdentityAdopted(name=name, confidence=0.95))


def open_(its_id: str) -> mind.Body:
    return mind.Body(commitment_opened=mind.CommitmentOpened(commitment_id=its_id, text=its_id))


def close(its_id: str, outcome: mind.CommitmentOutcome.ValueType, *shown_by: int) -> mind.Body:
    told = mind.CommitmentClosed(commitment_id=its_id, outcome=outcome, evidence_seqs=shown_by)
    return mind.Body(commitment_closed=told)


def trait(which: mind.Trait.ValueType, delta: float) -> mind.Body:
    return mind.Body(trait_adjusted=mind.TraitAdjusted(trait=which, delta=delta))


def violation(code: str, seq: int) -> mind.Body:
    return mind.Body(invariant_violated=mind.InvariantViolated(code=code, seqs=[seq]))


def exactly(ias: float, gas: float) -> object:
    return pytest.approx((ias, gas), abs=1e-12)


def test_five_ticks_under_one_name_bring_three_hundredths_of_what_is_lacking() -> None:
    told = Story().tell(adopt("Nova")).ticks(4)
    assert told.scores == (0.0, 0.0)

    # +0.03·(1−0) to IAS, a tenth of it to GAS.
    assert told.ticks(1).scores == exactly(0.03, 0.003)
    # Four ticks of decay, each ×0.9995 on both, and of each decay a tenth and a twentieth to the other.
    ias, gas = 0.03, 0.003
    for _ in range(4):
        by_ias, by_gas = -0.0005 * ias, -0.0005 * gas
        ias, gas = ias + by_ias + 0.05 * by_gas, gas + by_gas + 0.1 * by_ias
    assert told.ticks(4).scores == exactly(ias, gas)


def test_a_commitment_brings_growth_when_it_is_new_and_more_when_it_is_done() -> None:
    told = Story().tell(open_("c-1"))
    # +0.07·(1+0.2·0) to GAS, a twentieth of it to IAS.
    assert told.scores == exactly(0.0035, 0.07)
    # +0.12·(1+0.3·0) of the 0.93 that are lacking, and a twentieth of that of the 0.9965 that IAS lacks.
    assert told.keep("c-1").scores == exactly(0.0035 + 0.05 * 0.1116 * 0.9965, 0.07 + 0.1116)
    # Within twenty ticks the same is nothing new.
    before = told.scores
    assert told.tell(open_("c-1")).scores == before
    # What is dropped is no growth.
    assert told.tell(close("c-1", mind.COMMITMENT_OUTCOME_DROPPED)).scores == before


def test_after_twenty_ticks_the_same_commitment_is_new_again() -> None:
    told = Story().tell(open_("c-1"), close("c-1", mind.COMMITMENT_OUTCOME_DROPPED)).ticks(21)
    before = told.state.metrics.gas
    assert told.tell(open_("c-1")).state.metrics.gas == pytest.approx(before + 0.07 * (1 - before))


def test_openness_and_conscientiousness_weigh_in() -> None:
    told = Story().tell(trait(mind.TRAIT_OPENNESS, 0.05), trait(mind.TRAIT_CONSCIENTIOUSNESS, -0.05))
    told.tell(open_("c-1"))
    assert told.state.metrics.gas == pytest.approx(0.07 * 1.01)
    told.keep("c-1")
    assert told.state.metrics.gas == pytest.approx(0.0707 + 0.12 * 0.985 * (1 - 0.0707))


def test_another_name_within_five_ticks_costs_and_later_does_not() -> None:
    told = Story().tell(adopt("Nova")).ticks(50).tell(adopt("Iris"))
    late = told.state.metrics
    assert late.ias > 0.2
    quick = told.ticks(5).state.metrics
    lost = told.tell(adopt("Vega")).state.metrics
    assert lost.ias == pytest.approx(quick.ias - 0.08)
    assert lost.gas == pytest.approx(quick.gas - 0.008)


def test_giving_up_a_name_and_taking_another_is_no_way_round() -> None:
    cleared = mind.Body(identity_cleared=mind.IdentityCleared())
    told = Story().tell(adopt("Nova")).ticks(50)
    told.tell(adopt("Iris")).ticks(1)
    before = told.state.metrics.ias
    assert told.tell(cleared, adopt("Vega")).state.metrics.ias == pytest.approx(before - 0.08)


def test_a_violation_costs_once_and_scores_stay_within_bounds() -> None:
    assert Story().tell(violation("X", 1)).scores == (0.0, 0.0)
    told = Story().tell(open_("c-1"), open_("c-2"), open_("c-3"))
    ias, gas = told.scores
    once = told.tell(violation("X", 1)).scores
    assert once == exactly(ias - 0.005 - 0.00025, gas - 0.005 - 0.0005)
    assert told.tell(violation("X", 1)).scores == once
    assert told.tell(violation("X", 2)).scores < once


def test_a_thousand_quiet_ticks_do_not_saturate_and_a_penalty_stays_visible() -> None:
    told = Story().tell(adopt("Nova")).ticks(1_000)
    ias, gas = told.scores
    # Where 0.03·(1−x) meets five ticks of decay: x = 0.03 / 0.0325.
    assert ias == pytest.approx(0.03 / 0.0325, abs=0.01)
    assert gas < 0.2
    told.tell(violation("X", 1)).ticks(3)
    assert told.state.metrics.ias < ias - 0.004


@pytest.mark.parametrize(
    ("current", "ias", "gas", "expected"),
    [
        (mind.STAGE_S0, 0.35, 0.20, mind.STAGE_S0),  # on the bound, within the hysteresis
        (mind.STAGE_S0, 0.38, 0.23, mind.STAGE_S1),
        (mind.STAGE_S1, 0.33, 0.18, mind.STAGE_S1),  # below the bound, within the hysteresis
        (mind.STAGE_S1, 0.31, 0.30, mind.STAGE_S0),
        (mind.STAGE_S0, 0.90, 0.80, mind.STAGE_S4),  # cascading
        (mind.STAGE_S0, 0.90, 0.40, mind.STAGE_S2),  # both must hold
        (mind.STAGE_S4, 0.83, 0.73, mind.STAGE_S4),
        (mind.STAGE_S4, 0.10, 0.90, mind.STAGE_S0),
    ],
)
def test_the_stage_is_the_highest_whose_bounds_both_hold(
    current: int, ias: float, gas: float, expected: int
) -> None:
    assert stage.stage_for(current, ias, gas) == expected


@pytest.mark.parametrize("current", [mind.STAGE_S0, mind.STAGE_S1, mind.STAGE_S2, mind.STAGE_S3])
def test_what_the_next_stage_takes_brings_it_and_less_does_not(current: int) -> None:
    ias, gas = stage.next_bounds(current)
    assert stage.stage_for(current, ias, gas) == current + 1
    assert stage.stage_for(current, ias - 0.001, gas) == current
    assert stage.stage_for(current, ias, gas - 0.001) == current


def test_the_last_stage_has_none_after_it() -> None:
    assert stage.next_bounds(mind.STAGE_S4) == (0.0, 0.0)


def test_samples_are_those_after_the_last_ten_ticks() -> None:
    told = Story().tell(adopt("Nova")).ticks(12)
    samples = told.state.metrics.samples
    assert len(samples) == 10
    assert samples[-1] == told.scores
    assert stage.means(samples)[0] == pytest.approx(sum(ias for ias, _ in samples) / 10)


def test_a_trait_moves_by_little_an_event_and_a_day() -> None:
    told = Story().tell(trait(mind.TRAIT_OPENNESS, 0.051))
    assert (told.state.violations, told.state.traits.value(mind.TRAIT_OPENNESS)) == (1, 0.5)
    told.tell(*[trait(mind.TRAIT_OPENNESS, 0.05)] * 3, at_seconds=DAY_SECONDS)
    assert told.state.traits.value(mind.TRAIT_OPENNESS) == pytest.approx(0.65)
    told.tell(trait(mind.TRAIT_OPENNESS, -0.01), at_seconds=DAY_SECONDS + 9)
    assert told.state.violations == 2
    told.tell(trait(mind.TRAIT_EXTRAVERSION, 0.05), at_seconds=DAY_SECONDS + 9)
    told.tell(trait(mind.TRAIT_OPENNESS, -0.05), at_seconds=2 * DAY_SECONDS)
    assert told.state.violations == 2
    assert told.state.traits.value(mind.TRAIT_OPENNESS) == pytest.approx(0.60)
    assert [change.value for change in told.state.traits.changes][-1] == pytest.approx(0.60)


def test_the_evidence_for_a_review_is_gathered_until_the_review() -> None:
    analyzed = mind.Body(conversation_analyzed=mind.ConversationAnalyzed(sentiment=0.5, engagement=0.25))
    told = Story().tell(open_("c-1")).keep("c-1").tell(open_("c-2"), analyzed).ticks(1)
    evidence = told.state.traits.evidence
    assert (evidence.kept.seqs, evidence.failed.seqs, evidence.analyses.seqs) == ((3,), (), (5,))
    assert (evidence.sentiment, evidence.engagement) == (0.5, 0.25)
    assert told.tell(tick("traits")).state.traits.evidence.kept.seqs == ()


@pytest.mark.parametrize("count", [100, 300])
def test_a_review_goes_by_the_means_of_all_analyses_however_many(count: int) -> None:
    analyzed = mind.ConversationAnalyzed(sentiment=0.3, engagement=0.3)
    told = Story().tell(*[mind.Body(conversation_analyzed=analyzed)] * count)
    decision = decide.decide(told.state, DAYS_LATER_NS, LIMITS)

    assert decision
    moved = [body.trait_adjusted for body in decision.bodies if body.HasField("trait_adjusted")]
    assert {one.trait: one.delta for one in moved} == {
        mind.TRAIT_EXTRAVERSION: pytest.approx(0.08 * (0.3 - 0.5)),
        mind.TRAIT_AGREEABLENESS: pytest.approx(0.04 * 0.3),
        mind.TRAIT_NEUROTICISM: pytest.approx(-0.04 * 0.3),
    }
    assert all(0 < len(one.evidence_seqs) <= MAX_CHANGES for one in moved)


def test_a_review_counts_all_commitments_that_were_kept_and_failed() -> None:
    told = Story()
    for number in range(202):
        told.tell(open_(f"c-{number}"))
        if number < 102:
            told.keep(f"c-{number}")
        else:
            told.tell(close(f"c-{number}", mind.COMMITMENT_OUTCOME_DROPPED))
    decision = decide.decide(told.state, DAYS_LATER_NS, LIMITS)

    assert decision
    moved = {body.trait_adjusted.trait: body.trait_adjusted.delta for body in decision.bodies}
    assert moved[mind.TRAIT_CONSCIENTIOUSNESS] == pytest.approx(0.02 * (102 - 100))


def test_what_a_tick_caused_is_no_activity() -> None:
    told = Story().tell(open_("c-1"))
    assert told.state.activity.is_active
    told.ticks(1)
    tick_seq = told.state.seq
    reminded = mind.Body(commitment_reminded=mind.CommitmentReminded(commitment_id="c-1"))
    told.tell(reminded, causation_seq=tick_seq)
    told.tell(mind.Body(custom=mind.Custom(name="x")), causation_seq=tick_seq + 1)
    assert not told.state.activity.is_active
    assert told.tell(open_("c-2")).state.activity.is_active


def thought(text: str) -> mind.Body:
    return mind.Body(reflection_recorded=mind.ReflectionRecorded(text=text))


def test_novelty_is_what_shares_no_letters_with_those_before() -> None:
    told = Story().tell(thought("I keep my promises"))
    assert [new for _, new in told.state.reflections.compared] == [1.0]
    told.tell(thought("I keep my promises!"), thought("I keep most of my promises"), thought("xyz"))
    _, same, alike, other = [new for _, new in told.state.reflections.compared]
    assert same == 0.0
    assert 0.2 < alike < 0.8
    assert other == 1.0


def test_each_of_the_latest_thoughts_is_compared_with_the_ten_before_it_however_many_there_were() -> None:
    texts = [f"thought {number} of {'abcdefghijklm'[number % 13] * 5}" for number in range(40)]
    told = Story()
    for count, text in enumerate(texts, 1):
        told.tell(thought(text))
        seen = [(one.text, new) for one, new in told.state.reflections.compared]
        alone = [[*novelties(texts[max(0, at - 10) : at + 1])][-1] for at in range(count)]
        assert seen == list(zip(texts[:count], alone, strict=True))[-10:]


def test_thoughts_that_nobody_looks_at_are_compared_with_none(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[int] = []
    overlap = reflections._overlap

    def counted(one: frozenset[str], other: frozenset[str]) -> float:
        compared.append(1)
        return overlap(one, other)

    monkeypatch.setattr(reflections, "_overlap", counted)
    told = Story().tell(*(thought(f"thought {number}") for number in range(500)))
    assert not compared
    assert len(told.state.reflections.compared) == 10
    once = len(compared)
    # An answer is no new thought.
    told.tell(open_("c-1"))
    assert len(told.state.reflections.compared) == 10
    assert len(compared) == once <= 200


def adopt_directive(its_id: str) -> mind.Body:
    return mind.Body(directive_adopted=mind.DirectiveAdopted(directive_id=its_id, text=its_id))


def test_an_instruction_that_is_given_again_ranks_higher() -> None:
    told = Story().tell(adopt_directive("d-1"), adopt_directive("d-2"), adopt_directive("d-3"))
    told.tell(adopt_directive("d-1"))
    assert [one.id for one in told.state.directives.in_order()] == ["d-1", "d-3", "d-2"]
    told.tell(mind.Body(directive_retired=mind.DirectiveRetired(directive_id="d-3")))
    assert [one.id for one in told.state.directives.in_order()] == ["d-1", "d-2"]


def test_the_instructions_given_last_stand_in_the_prompt_before_those_given_more_often() -> None:
    often = [adopt_directive(f"d-{number}") for number in range(8)]
    told = Story().tell(*often, *often, *often[:2], adopt_directive("answer in French"))
    system = prompt.build(told.state, [], [], "hello", NOW, tokens=1_500).messages[0].text

    lines = [line.removeprefix("- ") for line in system.splitlines() if line.startswith("- ")]
    assert lines == ["answer in French", "d-1", "d-0", "d-7", "d-6", "d-5", "d-4"]


def test_where_too_many_instructions_are_held_the_new_one_is_kept() -> None:
    often = [adopt_directive(f"d-{number}") for number in range(MAX_HELD)]
    told = Story().tell(*often, *often, adopt_directive("one"), adopt_directive("other"))

    held = told.state.directives.by_id
    assert len(held) == MAX_HELD
    assert {"one", "other"} <= set(held)


@given(st.lists(st.integers(0, 12), max_size=60))
def test_of_too_many_instructions_the_one_goes_that_counts_least(given_: list[int]) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(directives, "MAX_HELD", 6)
        told, times, last = Story(), dict[str, int](), dict[str, int]()
        for seq, number in enumerate(given_, 1):
            its_id = f"d-{number}"
            if its_id not in times and len(times) == 6:
                latest = sorted(times, key=lambda one: -last[one])[:LATEST]
                least = min(times.keys() - set(latest), key=lambda one: (times[one], last[one]))
                del times[least], last[least]
            times[its_id], last[its_id] = times.get(its_id, 0) + 1, seq
            told.tell(adopt_directive(its_id))
            held = told.state.directives
            assert [one.id for one in held.in_order()] == sorted(times, key=lambda i: (-times[i], -last[i]))


def test_an_instruction_too_many_costs_no_look_at_all_that_are_held(monkeypatch: pytest.MonkeyPatch) -> None:
    told = Story().tell(*(adopt_directive(f"d-{number}") for number in range(MAX_HELD)))
    looks: list[str] = []
    place = Directive.place.fget
    assert place

    def counted(one: Directive) -> object:
        looks.append(one.id)
        return place(one)

    monkeypatch.setattr(Directive, "place", property(counted))
    told.tell(*(adopt_directive(f"more-{number}") for number in range(100)))
    assert told.state.directives.retired == 100
    # Two searches by halving, each among a thousand.
    assert len(looks) <= 100 * 25
