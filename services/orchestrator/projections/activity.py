"""What happened since the last tick, other than by that tick: an idle mind is left alone."""

from __future__ import annotations

from msgspec.structs import replace

from pmm.mind.v1.events_pb2 import Body, Event
from services.orchestrator.projection import Projection, State
from services.orchestrator.projections.summaries import AT_ONCE
from services.runtime.times import nanoseconds

MAX_CAUSED = 1_000
"""Events of one tick that are told apart from those of others."""


class Activity(State, frozen=True):
    """Since the last tick."""

    is_active: bool = False
    """Whether a person, the mind or a worker did something."""
    tick_seq: int = 0
    tick_ns: int = 0
    caused: tuple[int, ...] = ()
    """Seqs of the tick and of what followed from it."""
    asked_ns: int = 0
    """When a tick asked a worker for a reflection or a summary that has not come yet; 0: nothing is awaited."""
    summarized: int = 0
    """Summaries that came of the last tick."""


def ticked(state: Activity, event: Event) -> Activity:
    now_ns, body = nanoseconds(event.recorded_at), event.body.tick_recorded
    is_asking = body.reflection_style or body.summarized_session_ids
    return Activity(False, event.seq, now_ns, (event.seq,), now_ns if is_asking else state.asked_ns)


def happened(state: Activity, event: Event) -> Activity:
    if event.kind in _ASKED_FOR and state.asked_ns:
        state = replace(state, asked_ns=0)
    if event.causation_seq and event.causation_seq in state.caused:
        caused = replace(state, caused=(*state.caused, event.seq)[-MAX_CAUSED:])
        return _summarized(caused) if event.kind == "summary_recorded" else caused
    return state if state.is_active else replace(state, is_active=True)


def _summarized(state: Activity) -> Activity:
    """Where one tick got as many as it can, another one is to ask for what is left."""
    done = state.summarized + 1
    return replace(state, summarized=done, is_active=state.is_active or done >= AT_ONCE)


_ASKED_FOR = frozenset({"reflection_recorded", "summary_recorded"})
_KINDS = frozenset(field.name for field in Body.DESCRIPTOR.fields)
ACTIVITY = Projection(
    name="activity",
    initial=Activity(),
    folds=dict.fromkeys(_KINDS, happened) | {"tick_recorded": ticked},
    of_headers=_KINDS - {"tick_recorded"},
)
