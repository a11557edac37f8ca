"""The identity and growth autonomy scores (IAS, GAS) of a mind.

Each event moves them by its rule; then what one moved by moves the other a little, both movements taken before that;
then both are clipped to 0 and 1. A gain is always one of what is lacking to 1, so that no score saturates, however busy
the mind (docs/concepts.md).
"""

from __future__ import annotations

from immutables import Map
from msgspec.structs import replace

from pmm.mind.v1 import events_pb2 as mind
from pmm.mind.v1.events_pb2 import Event
from services.orchestrator.projection import Projection, State
from services.orchestrator.projections.identity import adoption
from services.orchestrator.projections.traits import START

DECAY = 0.9995
"""Of both, at each tick."""
STABLE_TICKS, STABLE_GAIN = 5, 0.03
"""So many ticks under one name bring so much of what IAS lacks."""
UNSTABLE_TICKS, UNSTABLE_LOSS = 5, 0.08
"""Another name within so many ticks costs so much IAS."""
IDENTITY_REFLECTION_GAIN = 0.01
IDENTITY_TRIGGER = "identity"
"""What a reflection on a change of identity was set off by."""
NOVEL_TICKS, OPEN_GAIN, OPENNESS_WEIGHT = 20, 0.07, 0.2
"""A commitment that was not opened within so many ticks brings so much of the GAS that is lacking."""
CLOSE_GAIN, CONSCIENTIOUSNESS_WEIGHT = 0.12, 0.3
"""One that is done brings so much of it; one that is given up brings none."""
VIOLATION_LOSS = 0.005
IAS_TO_GAS, GAS_TO_IAS = 0.1, 0.05
MAX_OPENED = 1_000
"""Commitments that count as opened lately; a flood of more is no growth."""
SAMPLES = 10
"""Post-tick samples that the stage is judged by."""
MAX_VIOLATIONS = 100


class Metrics(State, frozen=True):
    """The scores, and what the rules need to know of the past."""

    ias: float = 0.0
    gas: float = 0.0
    ticks: int = 0
    name: str = ""
    """The last one that was adopted, also when it was cleared since."""
    is_named: bool = False
    named_tick: int = 0
    adopted_seq: int = 0
    """Where the name was given last."""
    opened: Map[str, int] = Map()
    """Commitments that were opened lately, and at which tick."""
    violations: tuple[str, ...] = ()
    """Those that have had their effect."""
    openness: float = START
    conscientiousness: float = START
    samples: tuple[tuple[float, float], ...] = ()
    """IAS and GAS after each of the last ticks."""


def ticked(state: Metrics, _event: Event) -> Metrics:
    ticks = state.ticks + 1
    moved = _moved(replace(state, ticks=ticks), state.ias * (DECAY - 1), state.gas * (DECAY - 1))
    since = ticks - state.named_tick
    if state.is_named and since and since % STABLE_TICKS == 0:
        moved = _moved(moved, STABLE_GAIN, 0.0)
    recent = Map({key: tick for key, tick in state.opened.items() if ticks - tick <= NOVEL_TICKS})
    return replace(moved, opened=recent, samples=(*state.samples, (moved.ias, moved.gas))[-SAMPLES:])


def adopted(state: Metrics, event: Event) -> Metrics:
    body = adoption(event)
    if body.name == state.name and state.is_named:
        return replace(state, adopted_seq=event.seq)
    is_flip = state.name not in ("", body.name) and state.ticks - state.named_tick <= UNSTABLE_TICKS
    named = replace(state, name=body.name, is_named=True, named_tick=state.ticks, adopted_seq=event.seq)
    return _moved(named, -UNSTABLE_LOSS, 0.0) if is_flip else named


def cleared(state: Metrics, event: Event) -> Metrics:
    since = event.body.identity_cleared.cleared_seq or event.seq
    return replace(state, is_named=False) if state.adopted_seq < since else state


def reflected(state: Metrics, event: Event) -> Metrics:
    if event.body.reflection_recorded.trigger != IDENTITY_TRIGGER:
        return state
    return _moved(state, IDENTITY_REFLECTION_GAIN, 0.0)


def opened(state: Metrics, event: Event) -> Metrics:
    its_id = event.body.commitment_opened.commitment_id
    before = state.opened.get(its_id)
    if before is None and len(state.opened) >= MAX_OPENED:
        return state
    known = replace(state, opened=state.opened.set(its_id, state.ticks))
    if before is not None and state.ticks - before <= NOVEL_TICKS:
        return known
    return _moved(known, 0.0, OPEN_GAIN * (1 + OPENNESS_WEIGHT * (state.openness - START)))


def closed(state: Metrics, event: Event) -> Metrics:
    if event.body.commitment_closed.outcome != mind.COMMITMENT_OUTCOME_DONE:
        return state
    gain = CLOSE_GAIN * (1 + CONSCIENTIOUSNESS_WEIGHT * (state.conscientiousness - START))
    return _moved(state, 0.0, gain)


def violated(state: Metrics, event: Event) -> Metrics:
    body = event.body.invariant_violated
    key = f"{body.code}:{','.join(map(str, body.seqs))}"
    if key in state.violations:
        return state
    noted = replace(state, violations=(*state.violations, key)[-MAX_VIOLATIONS:])
    return _moved(noted, -VIOLATION_LOSS, -VIOLATION_LOSS)


def trait_adjusted(state: Metrics, event: Event) -> Metrics:
    body = event.body.trait_adjusted
    match body.trait:
        case mind.TRAIT_OPENNESS:
            return replace(state, openness=_clipped(state.openness + body.delta))
        case mind.TRAIT_CONSCIENTIOUSNESS:
            return replace(state, conscientiousness=_clipped(state.conscientiousness + body.delta))
        case _:
            return state


def _moved(state: Metrics, by_ias: float, by_gas: float) -> Metrics:
    ias_moved, gas_moved = _of_what_is_lacking(state.ias, by_ias), _of_what_is_lacking(state.gas, by_gas)
    ias_coupled = _of_what_is_lacking(state.ias, GAS_TO_IAS * gas_moved)
    gas_coupled = _of_what_is_lacking(state.gas, IAS_TO_GAS * ias_moved)
    return replace(
        state,
        ias=_clipped(state.ias + ias_moved + ias_coupled),
        gas=_clipped(state.gas + gas_moved + gas_coupled),
    )


def _of_what_is_lacking(score: float, by: float) -> float:
    return by * (1 - score) if by > 0 else by


def _clipped(value: float) -> float:
    return min(1.0, max(0.0, value))


METRICS = Projection(
    name="metrics",
    initial=Metrics(),
    folds={
        "tick_recorded": ticked,
        "identity_adopted": adopted,
        "identity_cleared": cleared,
        "reflection_recorded": reflected,
        "commitment_opened": opened,
        "commitment_closed": closed,
        "invariant_violated": violated,
        "trait_adjusted": trait_adjusted,
    },
)
