"""What was found wrong with a mind, as its ``invariant_violated`` events say: the latest, however many there were."""

from __future__ import annotations

from msgspec.structs import replace

from pmm.mind.v1.events_pb2 import Event
from services.orchestrator.projection import Projection, State
from services.runtime.times import nanoseconds

MAX_KEPT = 20
MAX_SEQS = 10
"""Of one violation."""
EVENT_REFUSED = "EVENT_REFUSED"


class Violated(State, frozen=True, array_like=True):
    """One violation."""

    seq: int
    code: str
    seqs: tuple[int, ...]
    """The events concerned: the latest."""
    message: str
    recorded_ns: int


class Invariants(State, frozen=True):
    """The latest violations, oldest first."""

    recent: tuple[Violated, ...] = ()
    count: int = 0
    refused_seq: int = 0
    """Events up to here that made no sense were told of."""

    def is_known(self, code: str, seqs: tuple[int, ...]) -> bool:
        """Whether such a violation is among the latest."""
        return any(one.code == code and one.seqs == seqs for one in self.recent)

    def is_recent(self, code: str, since_ns: int) -> bool:
        """Whether such a violation was recorded since a moment."""
        return any(one.code == code and one.recorded_ns >= since_ns for one in self.recent)


def violated(state: Invariants, event: Event) -> Invariants:
    body = event.body.invariant_violated
    seqs = tuple(body.seqs)
    new = Violated(event.seq, body.code, seqs[-MAX_SEQS:], body.message, nanoseconds(event.recorded_at))
    # One of those that others appended may name what lies ahead.
    told = max((seq for seq in seqs if seq < event.seq), default=0) if body.code == EVENT_REFUSED else 0
    return replace(
        state,
        recent=(*state.recent, new)[-MAX_KEPT:],
        count=state.count + 1,
        refused_seq=max(state.refused_seq, told),
    )


INVARIANTS = Projection(name="invariants", initial=Invariants(), folds={"invariant_violated": violated})
