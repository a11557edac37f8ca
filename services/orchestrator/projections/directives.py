"""Standing instructions: what a person wants from now on, until it is taken back."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from itertools import islice

from immutables import Map
from msgspec.structs import replace

from pmm.mind.v1.events_pb2 import DirectiveRetired, Event
from services.orchestrator.projection import Projection, State
from services.orchestrator.projections import ordered

IN_PROMPT = 7
"""So many stand in a prompt."""
LATEST = 3
"""Those given last have their places before those given most often: what is wanted now need not be said twice."""
MAX_HELD = 1_000
"""Instructions that may hold; the supervisor retires all but far fewer. One more replaces the one that counts least."""
MAX_RENEWALS = 20
"""Of an instruction: the latest."""


class Renewal(State, frozen=True, array_like=True):
    """Where an instruction was given again that may have been retired before: what would tell is erased."""

    seq: int
    source_seq: int
    text: str
    last_seq_before: int
    given_before: int
    uses_before: int


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
    renewals: tuple[Renewal, ...] = ()

    @property
    def place(self) -> tuple[int, int]:
        """The most often given first, then the latest."""
        return (-self.given, -self.last_seq)


class Directives(State, frozen=True):
    """Those that hold, by id."""

    by_id: Map[str, Directive] = Map()
    retired: int = 0
    ids: tuple[str, ...] = ()
    """In the order of their places."""
    erased_end_seq: int = 0
    """Where the latest retirement was erased: nobody can tell any more of which instruction it was."""

    def in_order(self) -> list[Directive]:
        """The most often given first, then the latest."""
        return [self.by_id[its_id] for its_id in self.ids]

    def by_weight(self) -> list[Directive]:
        """The ``LATEST`` first, newest before older; then the others, the most often given before the rest."""
        latest = heapq.nlargest(LATEST, self.by_id.values(), key=lambda one: one.last_seq)
        seqs = {one.last_seq for one in latest}
        return [*latest, *(one for one in self.in_order() if one.last_seq not in seqs)]

    def least(self) -> Directive:
        """The last by weight, where there are more than the ``LATEST``: found from the end, where it stands."""
        return next(one for one in self._from_the_end() if self._is_followed(one))

    def _from_the_end(self) -> Iterator[Directive]:
        return (self.by_id[its_id] for its_id in reversed(self.ids))

    def _is_followed(self, one: Directive) -> bool:
        """Whether as many as are the latest were given after it."""
        later = (other for other in self._from_the_end() if other.last_seq > one.last_seq)
        return len(list(islice(later, LATEST))) == LATEST


def adopted(state: Directives, event: Event) -> Directives:
    body = event.body.directive_adopted
    if not (body.directive_id and body.text):
        raise ValueError("an instruction has an id and words")
    known = state.by_id.get(body.directive_id)
    if known is not None:
        return _with(state, _given_again(known, event, state.erased_end_seq))
    if len(state.by_id) >= MAX_HELD:
        state = _without(state, state.least().id)
    return _with(
        state, Directive(body.directive_id, body.text, body.source_seq, event.seq, last_seq=event.seq)
    )


def _given_again(known: Directive, event: Event, erased_end_seq: int) -> Directive:
    body, renewals = event.body.directive_adopted, known.renewals
    if known.last_seq < erased_end_seq:
        new = Renewal(event.seq, body.source_seq, body.text, known.last_seq, known.given, known.uses)
        renewals = (*renewals, new)[-MAX_RENEWALS:]
    return replace(known, given=known.given + 1, last_seq=event.seq, renewals=renewals)


def retired(state: Directives, event: Event) -> Directives:
    if event.redacted:
        return replace(state, erased_end_seq=event.seq)
    body = event.body.directive_retired
    if body.retired_seq >= event.seq:
        raise ValueError("what is told again was told before")
    return _retired_before(state, body) if body.retired_seq else _without(state, body.directive_id)


def _retired_before(state: Directives, body: DirectiveRetired) -> Directives:
    """Of an instruction that was given again since only that holds; it may have been retired again, too."""
    known = state.by_id.get(body.directive_id)
    if known is not None and known.last_seq < body.retired_seq:
        return _without(state, known.id)
    renewals = known.renewals if known is not None else ()
    given_again = (one for one in renewals if one.last_seq_before < body.retired_seq < one.seq)
    if known is not None and (first := next(given_again, None)) is not None:
        state = _with(state, _since(known, first))
    return replace(state, retired=state.retired + 1)


def _since(known: Directive, first: Renewal) -> Directive:
    """An instruction as if it had not been given before."""
    later = (
        replace(
            one,
            given_before=one.given_before - first.given_before,
            uses_before=one.uses_before - first.uses_before,
        )
        for one in known.renewals
        if one.seq > first.seq
    )
    return Directive(
        known.id,
        first.text,
        first.source_seq,
        first.seq,
        known.given - first.given_before,
        known.last_seq,
        known.uses - first.uses_before,
        tuple(later),
    )


def answered(state: Directives, event: Event) -> Directives:
    used = set(event.body.assistant_message.receipt.state_seqs)
    by_id = state.by_id
    for directive in state.by_id.values() if used else ():
        if directive.adopted_seq in used or not used.isdisjoint(one.seq for one in directive.renewals):
            by_id = by_id.set(directive.id, replace(directive, uses=directive.uses + 1))
    return state if by_id is state.by_id else replace(state, by_id=by_id)


def _with(state: Directives, directive: Directive) -> Directives:
    by_id, ids = ordered.put(state.by_id, state.ids, directive)
    return replace(state, by_id=by_id, ids=ids)


def _without(state: Directives, its_id: str) -> Directives:
    by_id, ids = ordered.drop(state.by_id, state.ids, its_id)
    return replace(state, by_id=by_id, ids=ids, retired=state.retired + 1)


DIRECTIVES = Projection(
    name="directives",
    initial=Directives(),
    folds={"directive_adopted": adopted, "directive_retired": retired, "assistant_message": answered},
    of_headers=frozenset({"directive_retired"}),
)
