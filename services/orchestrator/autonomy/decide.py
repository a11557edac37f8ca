"""What a mind does of its own accord, decided from its snapshot and the clock alone: no ledger is too long for it.

Pure: the same snapshot and moment give the same decision (docs/concepts.md).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice

from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator.autonomy.invariants import next_check, violations
from services.orchestrator.projections import stage
from services.orchestrator.projections.commitments import Commitment
from services.orchestrator.projections.profile import CAP, FROZEN
from services.orchestrator.projections.reflections import Reflections
from services.orchestrator.projections.traits import MAX_DELTA, REVIEWED, START, day_of
from services.orchestrator.snapshot import Snapshot
from services.orchestrator.times import timestamp

SECOND_NS = 1_000_000_000
REFLECT, REMIND, EXPIRE, RETIRE, STAGE, META = "reflect", "remind", "expire", "retire", "stage", "meta"
ANALYZE, SUMMARIZE = "analyze", "summarize"
VIOLATED = "invariant"
NONE = "none"
CADENCED, IDENTITY_CHANGED = "cadence", "identity"
"""What sets a reflection off."""
ASK_AGAIN_SECONDS = 60
"""Before what a tick asked for, and no worker could do yet, is asked for again."""

CADENCE: dict[int, tuple[int, int, mind.ReflectionStyle.ValueType]] = {
    mind.STAGE_S0: (2, 20, mind.REFLECTION_STYLE_SUCCINCT),
    mind.STAGE_S1: (3, 35, mind.REFLECTION_STYLE_QUESTION),
    mind.STAGE_S2: (4, 50, mind.REFLECTION_STYLE_NARRATIVE),
    mind.STAGE_S3: (5, 70, mind.REFLECTION_STYLE_CHECKLIST),
    mind.STAGE_S4: (6, 90, mind.REFLECTION_STYLE_ANALYTICAL),
}
"""By stage: answers and seconds between reflections, and how they are asked for."""
STALE_NOVELTY, STALE_WINDOW, STALE_FACTOR = 0.3, 3, 4
"""Where the last reflections said little that was new, the next one waits so many times as long."""
ANALYZED_MESSAGES, ANALYZED_AT_ONCE = 5, 3
"""Messages to a conversation after which it is analysed, and conversations a tick."""
MANY_WAITING = 256
"""Conversations with fewer messages that may wait."""
SUMMARIZED_AT_ONCE = 3
"""Conversations a tick; the others are summarised with the next."""
AT_ONCE = 200
"""Reminders a tick, and as many expiries, violations and retired instructions: the ledger takes 1,000 events in one
append. The others come with the next tick."""
META_EVERY = 5
"""Reflections between looks at how they worked."""
PULL = 0.12
"""Of what lies between a trait and the middle, a review takes back so much: no trait runs away."""
LEAST_DELTA = 0.005
"""Less is not worth an event."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the operator sets. Seconds."""

    remind_before: float
    expire_after: float
    max_directives: int
    reflects: bool = True
    """Whether minds reflect by themselves."""
    summarizes: bool = True
    """Whether older conversation is summarised."""
    window: int = 12
    """Messages of a conversation that stand in the prompt as they were said."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What to append after the tick, and whether to reflect."""

    reasons: tuple[str, ...] = ()
    bodies: tuple[mind.Body, ...] = ()
    style: mind.ReflectionStyle.ValueType = mind.REFLECTION_STYLE_UNSPECIFIED
    """How to reflect; unspecified: not now."""
    trigger: str = ""
    """What sets the reflection off."""
    sessions: tuple[str, ...] = ()
    """Conversations to analyse."""
    summarized: tuple[str, ...] = ()
    """Conversations to summarise."""

    @property
    def tick(self) -> mind.TickRecorded:
        """The event that records it, and tells the workers what to do."""
        return mind.TickRecorded(
            decision=self.reasons[0] if self.reasons else NONE,
            reasons=self.reasons,
            reflection_style=self.style,
            reflection_trigger=self.trigger if self.style else "",
            analyzed_session_ids=self.sessions,
            summarized_session_ids=self.summarized,
        )


def decide(state: Snapshot, now_ns: int, limits: Limits, running: Collection[int] = ()) -> Decision | None:
    """What is to be done now; None where there is nothing, and nothing has happened since the last tick.

    ``running`` are the messages that are being answered.
    """
    violated = [mind.Body(invariant_violated=one) for one in violations(state, now_ns, running)]
    done: dict[str, list[mind.Body]] = {**_due(state, now_ns, limits), VIOLATED: violated[:AT_ONCE]}
    style, sessions, summarized = mind.REFLECTION_STYLE_UNSPECIFIED, list[str](), list[str]()
    # The rest waits until somebody is there: an idle mind is left alone.
    if state.activity.is_active:
        done |= {STAGE: list(_stage(state)), META: list(_meta(state)), REVIEWED: list(_review(state, now_ns))}
        sessions = _to_analyze(state)
        is_free = now_ns - state.activity.asked_ns >= ASK_AGAIN_SECONDS * SECOND_NS
        summarized = list(_to_summarize(state, limits)) if is_free else []
        if is_free and limits.reflects and is_to_reflect(state, now_ns):
            style = CADENCE[state.stage.stage][2]
    reasons = [name for name, bodies in done.items() if bodies]
    if state.activity.is_active and REVIEWED not in reasons and day_of(now_ns) > state.traits.reviewed_day:
        reasons.append(REVIEWED)
    if sessions:
        reasons.append(ANALYZE)
    if summarized:
        reasons.append(SUMMARIZE)
    if style:
        reasons.append(REFLECT)
    if not reasons and not state.activity.is_active:
        return None
    bodies = tuple(body for bodies in done.values() for body in bodies)
    return Decision(tuple(reasons), bodies, style, _trigger(state), tuple(sessions), tuple(summarized))


def _due(state: Snapshot, now_ns: int, limits: Limits) -> dict[str, list[mind.Body]]:
    """What is done whether or not somebody is there, by its reason; of much at once the most urgent."""
    ordered = state.commitments.in_order()
    expired = [one.id for one in ordered if is_expired(one, now_ns, limits)]
    reminded = [
        mind.CommitmentReminded(commitment_id=one.id, for_time=timestamp(moment))
        for one in ordered
        if not is_expired(one, now_ns, limits) and (moment := reminder(one, now_ns, limits))
    ]
    return {
        REMIND: [mind.Body(commitment_reminded=one) for one in reminded[:AT_ONCE]],
        EXPIRE: [
            mind.Body(commitment_expired=mind.CommitmentExpired(commitment_id=its_id))
            for its_id in expired[:AT_ONCE]
        ],
        RETIRE: list(islice(_surplus(state, limits), AT_ONCE)),
    }


def thresholds(commitment: Commitment, limits: Limits) -> list[int]:
    """The moments at which a person is reminded: a while before it is due, when it is, and after a snooze. In ns."""
    moments: list[int] = []
    if commitment.due_ns:
        moments += [commitment.due_ns - int(limits.remind_before * SECOND_NS), commitment.due_ns]
    if commitment.snoozed_until_ns:
        moments = [max(moment, commitment.snoozed_until_ns) for moment in moments]
        moments.append(commitment.snoozed_until_ns)
    return sorted(moments)


def reminder(commitment: Commitment, now_ns: int, limits: Limits) -> int:
    """The latest moment that has come, and of which the person is to be told; in ns, 0: there is none.

    One since the last that was told, or since it was promised; what was due when the ledger came to know of it is due
    now. The ledger's clock may be another one: what was told is known by its moment, not by when that was recorded.
    """
    since = max(commitment.told_ns, commitment.opened_ns)
    was_due_before = 0 < commitment.due_ns <= commitment.opened_ns and not commitment.told_ns
    moments = thresholds(commitment, limits)
    latest = max((moment for moment in moments if moment <= now_ns), default=0)
    is_to_tell = latest > since or (was_due_before and latest == moments[-1])
    return latest if is_to_tell else 0


def is_expired(commitment: Commitment, now_ns: int, limits: Limits) -> bool:
    """Whether it is past its due time and grace. What has no due time never is."""
    due_ns = max(commitment.due_ns, commitment.snoozed_until_ns) if commitment.due_ns else 0
    return due_ns > 0 and due_ns + int(limits.expire_after * SECOND_NS) <= now_ns


def next_wake(state: Snapshot, now_ns: int, limits: Limits) -> int:
    """When there will be something to do though nobody is there, in ns; 0: never. Now, where a tick left something."""
    if any(_due(state, now_ns, limits).values()):
        return now_ns
    moments = [
        moment
        for one in state.commitments.by_id.values()
        for moment in (
            *thresholds(one, limits),
            max(one.due_ns, one.snoozed_until_ns) + int(limits.expire_after * SECOND_NS) if one.due_ns else 0,
        )
        if moment > now_ns
    ]
    if check := next_check(state, now_ns):
        moments.append(check)
    return min(moments, default=0)


def is_to_reflect(state: Snapshot, now_ns: int) -> bool:
    """Whether there were answers and time enough since the last one; it takes more where it would say the same."""
    turns, seconds, _ = CADENCE[state.stage.stage]
    reflections = state.reflections
    if reflections.turns_since < turns:
        return False
    factor = STALE_FACTOR if _is_stale(reflections) else 1
    last_ns = reflections.recent[-1].recorded_ns if reflections.recent else state.profile.created_ns
    return reflections.turns_since >= turns * factor and now_ns - last_ns >= seconds * factor * SECOND_NS


def _trigger(state: Snapshot) -> str:
    last_seq = state.reflections.recent[-1].seq if state.reflections.recent else 0
    is_renamed = state.identity.name and state.identity.adopted_seq > last_seq
    return IDENTITY_CHANGED if is_renamed else CADENCED


def _is_stale(reflections: Reflections) -> bool:
    last = [novelty for _, novelty in reflections.compared[-STALE_WINDOW:]]
    return len(last) == STALE_WINDOW and sum(last) / STALE_WINDOW < STALE_NOVELTY


def _stage(state: Snapshot) -> Iterator[mind.Body]:
    samples = state.metrics.samples
    if len(samples) < stage.MIN_SAMPLES:
        return
    ias, gas = stage.means(samples)
    to = stage.stage_for(state.stage.stage, ias, gas)
    if to != state.stage.stage:
        changed = mind.StageChanged(to=to, mean_ias=ias, mean_gas=gas)  # type: ignore[arg-type]
        setattr(changed, "from", state.stage.stage)
        yield mind.Body(stage_changed=changed)


def _meta(state: Snapshot) -> Iterator[mind.Body]:
    known = state.reflections
    if known.since_meta >= META_EVERY:
        efficacy = min(1.0, known.closed / known.opened) if known.opened else 0.0
        yield mind.Body(
            meta_reflection_recorded=mind.MetaReflectionRecorded(
                from_seq=known.meta_seq + 1,
                to_seq=state.seq,
                opened=known.opened,
                closed=known.closed,
                efficacy=efficacy,
            )
        )


def _to_analyze(state: Snapshot) -> list[str]:
    """Conversations that ended or in which enough was said since the last look; of many that wait, the oldest."""
    waiting = sorted(state.sessions.to_analyze.items(), key=lambda item: item[1].last_seq)
    ready = [
        its_id
        for number, (its_id, one) in enumerate(waiting)
        if one.messages >= ANALYZED_MESSAGES or one.is_ended or number < len(waiting) - MANY_WAITING
    ]
    return ready[:ANALYZED_AT_ONCE]


def _to_summarize(state: Snapshot, limits: Limits) -> Iterator[str]:
    """Conversations of which a span leaves the recent turns, or with more summaries than a prompt holds."""
    if limits.summarizes:
        known = state.summaries.by_session.values()
        yield from sorted(one.id for one in known if one.job(limits.window))[:SUMMARIZED_AT_ONCE]


def _surplus(state: Snapshot, limits: Limits) -> Iterator[mind.Body]:
    """Instructions beyond what a mind can follow: neither among the latest nor among those given most often."""
    for one in state.directives.by_weight()[limits.max_directives :]:
        retired = mind.DirectiveRetired(directive_id=one.id, why="others were given later or more often")
        yield mind.Body(directive_retired=retired)


def _review(state: Snapshot, now_ns: int) -> Iterator[mind.Body]:
    """Once a day on which something happened: what moves traits, against what pulls them back to the middle."""
    traits, day = state.traits, day_of(now_ns)
    if day <= traits.reviewed_day or state.profile.policies.get(FROZEN) is True:
        return
    cap = _cap(state)
    for trait, (wish, why, evidence) in _wishes(state).items():
        value, room = traits.value(trait), traits.room(trait, day)
        wanted = value + wish - PULL * (value - START)
        within = min(START + cap, max(START - cap, wanted))
        delta = min(room, max(-room, within - value))
        if abs(delta) >= LEAST_DELTA:
            yield mind.Body(
                trait_adjusted=mind.TraitAdjusted(
                    trait=trait,  # type: ignore[arg-type]
                    delta=delta,
                    why=why if wish else "rest",
                    evidence_seqs=evidence,
                )
            )


def _cap(state: Snapshot) -> float:
    """An application may have appended any value: what is no number sets nothing."""
    told = state.profile.policies.get(CAP, START)
    is_number = isinstance(told, int | float) and not isinstance(told, bool)
    return min(START, max(0.0, float(told))) if is_number else START


def _wishes(state: Snapshot) -> dict[int, tuple[float, str, tuple[int, ...]]]:
    """By trait: how far the evidence would move it, the rule, and the events behind it."""
    evidence = state.traits.evidence
    new = [novelty for one, novelty in state.reflections.compared if one.seq in evidence.reflections.seqs]
    novelty = sum(new) / len(new) - 0.5 if new else 0.0
    count = evidence.analyses.count
    engagement = evidence.engagement / count - 0.5 if count else 0.0
    sentiment = evidence.sentiment / count if count else 0.0
    kept, failed = evidence.kept, evidence.failed
    return {
        mind.TRAIT_OPENNESS: (0.08 * novelty, "novelty of reflections", evidence.reflections.seqs),
        mind.TRAIT_CONSCIENTIOUSNESS: (
            _within(0.02 * (kept.count - failed.count)), "commitments kept and failed", (*kept.seqs, *failed.seqs),
        ),
        mind.TRAIT_EXTRAVERSION: (0.08 * engagement, "engagement", evidence.analyses.seqs),
        mind.TRAIT_AGREEABLENESS: (0.04 * sentiment, "sentiment", evidence.analyses.seqs),
        mind.TRAIT_NEUROTICISM: (
            _within(0.01 * failed.count - 0.04 * sentiment), "commitments failed, and sentiment",
            (*failed.seqs, *evidence.analyses.seqs),
        ),
    }  # fmt: skip


def _within(wish: float) -> float:
    return min(MAX_DELTA, max(-MAX_DELTA, wish))
