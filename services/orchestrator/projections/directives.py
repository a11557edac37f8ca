"""Standing instructions: what a person wants from now on, until it is taken back."""

from __future__ import annotations

from immutables import Map
from msgspec.structs import replace

from pmm.mind.v1.events_pb2 import Event
from services.orchestrator.projection import Projection, State

IN_PROMPT = 7
"""So many stand in a prompt."""
LATEST = 3
"""Those given last have their places before those given most often: what is wanted now need not be said twice."""
MAX_HELD = 1_000
"""Instructions that may hold; the supervisor retires all but far fewer. One more replaces the one that counts least."""


class Directive(State, frozen=True):
    """One instruction."""

    id: str
    text: str
    source_seq: int
    adopted_seq: int
    """Where it was first given."""
    given: int = 1
    """How often."""
    last_seq: int = 0
    """Where it was given last."""
    uses: int = 0
    """How many answers had it in their prompt."""


class Directives(State, frozen=True):
    """Those that hold, by id."""

    by_id: Map[str, Directive] = Map()
    retired: int = 0

    def in_order(self) -> list[Directive]:
        """The most often given first, then the latest."""
        return sorted(self.by_id.values(), key=lambda d: (-d.given, -d.last_seq))

    def by_weight(self) -> list[Directive]:
        """The ``LATEST`` first, newest before older; then the others, the most often given before the rest."""
        latest = sorted(self.by_id.values(), key=lambda d: -d.last_seq)[:LATEST]
        return [*latest, *(one for one in self.in_order() if one not in latest)]


def adopted(state: Directives, event: Event) -> Directives:
    body = event.body.directive_adopted
    if not (body.directive_id and body.text):
        raise ValueError("an instruction has an id and words")
    known = state.by_id.get(body.directive_id)
    if known is None:
        new = Directive(body.directive_id, body.text, body.source_seq, event.seq, last_seq=event.seq)
        if len(state.by_id) >= MAX_HELD:
            least = state.by_weight()[-1]
            state = Directives(state.by_id.delete(least.id), state.retired + 1)
        return replace(state, by_id=state.by_id.set(new.id, new))
    again = replace(known, given=known.given + 1, last_seq=event.seq)
    return replace(state, by_id=state.by_id.set(again.id, again))


def retired(state: Directives, event: Event) -> Directives:
    return Directives(state.by_id.delete(event.body.directive_retired.directive_id), state.retired + 1)


def answered(state: Directives, event: Event) -> Directives:
    used = set(event.body.assistant_message.receipt.state_seqs)
    by_id = state.by_id
    for directive in state.by_id.values():
        if directive.adopted_seq in used:
            by_id = by_id.set(directive.id, replace(directive, uses=directive.uses + 1))
    return replace(state, by_id=by_id)


DIRECTIVES = Projection(
    name="directives",
    initial=Directives(),
    folds={"directive_adopted": adopted, "directive_retired": retired, "assistant_message": answered},
)
