"""The five personality traits (OCEAN): where they stand, how they came there, and what the next review goes by.

A trait moves by at most 0.05 an event and 0.15 a day (UTC), and stays within 0 and 1 (docs/concepts.md).
"""

from __future__ import annotations

from msgspec.structs import replace

from pmm.mind.v1 import events_pb2 as mind
from pmm.mind.v1.events_pb2 import Event
from services.orchestrator.projection import Projection, State
from services.orchestrator.projections.numbers import within
from services.runtime.times import nanoseconds

TRAITS = (
    mind.TRAIT_OPENNESS,
    mind.TRAIT_CONSCIENTIOUSNESS,
    mind.TRAIT_EXTRAVERSION,
    mind.TRAIT_AGREEABLENESS,
    mind.TRAIT_NEUROTICISM,
)
START = 0.5
MAX_DELTA = 0.05
MAX_DELTA_A_DAY = 0.15
MAX_CHANGES = 100
REVIEWED = "traits"
"""A reason of ``tick_recorded``: the evidence before it has had its effect."""
_ROUNDING = 1e-9
_DAY_NS = 86_400 * 1_000_000_000


class Change(State, frozen=True):
    """One movement of a trait."""

    seq: int
    trait: int
    delta: float
    value: float
    """After it."""
    why: str
    evidence_seqs: tuple[int, ...]
    recorded_ns: int


class Seen(State, frozen=True, array_like=True):
    """Events of a kind."""

    count: int = 0
    seqs: tuple[int, ...] = ()
    """The latest, oldest first."""

    def and_(self, seq: int) -> Seen:
        """With one more."""
        return Seen(self.count + 1, (*self.seqs, seq)[-MAX_CHANGES:])


class Evidence(State, frozen=True):
    """What happened since the last review, by the rules that move traits."""

    kept: Seen = Seen()
    """Commitments that were closed as done."""
    failed: Seen = Seen()
    """Commitments that were dropped or expired."""
    reflections: Seen = Seen()
    analyses: Seen = Seen()
    sentiment: float = 0.0
    """Sum over the analyses."""
    engagement: float = 0.0
    """Sum over the analyses."""


class Traits(State, frozen=True):
    """By number of the trait."""

    values: tuple[float, ...] = (START,) * len(TRAITS)
    day: int = 0
    """Days since 1970 UTC."""
    moved: tuple[float, ...] = (0.0,) * len(TRAITS)
    """How far each has moved on that day, whichever way."""
    changes: tuple[Change, ...] = ()
    """The latest, oldest first."""
    evidence: Evidence = Evidence()
    reviewed_day: int = 0

    def value(self, trait: int) -> float:
        """From 0 to 1."""
        return self.values[TRAITS.index(trait)]  # type: ignore[arg-type]

    def room(self, trait: int, day: int) -> float:
        """How far the trait may still move on a day."""
        moved = self.moved[TRAITS.index(trait)] if day == self.day else 0.0  # type: ignore[arg-type]
        return max(0.0, min(MAX_DELTA, MAX_DELTA_A_DAY - moved))


def day_of(ns: int) -> int:
    """Days since 1970 UTC."""
    return ns // _DAY_NS


def adjusted(state: Traits, event: Event) -> Traits:
    body = event.body.trait_adjusted
    if body.trait not in TRAITS:
        raise ValueError("there is no such trait")
    now_ns = nanoseconds(event.recorded_at)
    day = day_of(now_ns)
    room = state.room(body.trait, day) + _ROUNDING
    within(body.delta, -room, room, "what a trait moves by, 0.05 an event and 0.15 a day,")
    index = TRAITS.index(body.trait)
    value = min(1.0, max(0.0, state.values[index] + body.delta))
    moved = state.moved if day == state.day else (0.0,) * len(TRAITS)
    change = Change(event.seq, body.trait, body.delta, value, body.why, tuple(body.evidence_seqs), now_ns)
    return replace(
        state,
        values=_at(state.values, index, value),
        day=day,
        moved=_at(moved, index, moved[index] + abs(body.delta)),
        changes=(*state.changes, change)[-MAX_CHANGES:],
    )


def closed(state: Traits, event: Event) -> Traits:
    if event.body.commitment_closed.outcome == mind.COMMITMENT_OUTCOME_DONE:
        return _noted(state, kept=state.evidence.kept.and_(event.seq))
    return expired(state, event)


def expired(state: Traits, event: Event) -> Traits:
    return _noted(state, failed=state.evidence.failed.and_(event.seq))


def reflected(state: Traits, event: Event) -> Traits:
    return _noted(state, reflections=state.evidence.reflections.and_(event.seq))


def analyzed(state: Traits, event: Event) -> Traits:
    body, known = event.body.conversation_analyzed, state.evidence
    return _noted(
        state,
        analyses=known.analyses.and_(event.seq),
        sentiment=known.sentiment + within(body.sentiment, -1, 1, "a sentiment"),
        engagement=known.engagement + within(body.engagement, 0, 1, "an engagement"),
    )


def ticked(state: Traits, event: Event) -> Traits:
    if REVIEWED not in event.body.tick_recorded.reasons:
        return state
    return replace(state, evidence=Evidence(), reviewed_day=day_of(nanoseconds(event.recorded_at)))


def _noted(state: Traits, **what: object) -> Traits:
    return replace(state, evidence=replace(state.evidence, **what))  # type: ignore[arg-type]


def _at(values: tuple[float, ...], index: int, value: float) -> tuple[float, ...]:
    return (*values[:index], value, *values[index + 1 :])


TRAITS_PROJECTION = Projection(
    name="traits",
    initial=Traits(),
    folds={
        "trait_adjusted": adjusted,
        "commitment_closed": closed,
        "commitment_expired": expired,
        "reflection_recorded": reflected,
        "conversation_analyzed": analyzed,
        "tick_recorded": ticked,
    },
)
