"""How far a mind has come: S0 to S4, by the means of its scores after the last ticks (docs/concepts.md)."""

from __future__ import annotations

from collections.abc import Sequence

from pmm.mind.v1 import events_pb2 as mind
from pmm.mind.v1.events_pb2 import Event
from services.orchestrator.projection import Projection, State

BOUNDS: tuple[tuple[int, float, float], ...] = (
    (mind.STAGE_S1, 0.35, 0.20),
    (mind.STAGE_S2, 0.50, 0.35),
    (mind.STAGE_S3, 0.70, 0.55),
    (mind.STAGE_S4, 0.85, 0.75),
)
"""Stage, and the least IAS and GAS that it takes."""
HYSTERESIS = 0.03
"""Beyond a bound, whichever way: a stage does not flutter."""
MIN_SAMPLES = 3


class StageState(State, frozen=True):
    """The stage, and the event that brought it."""

    stage: int = mind.STAGE_S0
    changed_seq: int = 0


def stage_for(current: int, mean_ias: float, mean_gas: float) -> int:
    """The highest stage whose bounds both hold: shifted up for those above the current one, down for the others."""
    reached: int = mind.STAGE_S0
    for stage, ias, gas in BOUNDS:
        shift = HYSTERESIS if stage > current else -HYSTERESIS
        if mean_ias >= ias + shift and mean_gas >= gas + shift:
            reached = stage
    return reached


def means(samples: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Of IAS and of GAS; 0 where there is no sample."""
    if not samples:
        return 0.0, 0.0
    return sum(ias for ias, _ in samples) / len(samples), sum(gas for _, gas in samples) / len(samples)


def next_bounds(stage: int) -> tuple[float, float]:
    """Mean IAS and GAS that the next stage takes of a mind that is at this one; 0 at the last."""
    higher = ((ias + HYSTERESIS, gas + HYSTERESIS) for other, ias, gas in BOUNDS if other > stage)
    return next(higher, (0.0, 0.0))


def changed(_state: StageState, event: Event) -> StageState:
    to = event.body.stage_changed.to
    if to not in mind.Stage.values() or to == mind.STAGE_UNSPECIFIED:
        raise ValueError("there is no such stage")
    return StageState(to, event.seq)


STAGE = Projection(name="stage", initial=StageState(), folds={"stage_changed": changed})
