"""Projections: pure folds from events to state.

A projection declares the kinds that concern it and sees no others. Its folds have no clock, no randomness
and no I/O, so the same events give the same state, however they are batched (docs/concepts.md).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pmm.mind.v1.events_pb2 import Event

State = TypeVar("State")
Json = dict[str, Any]


@dataclass(frozen=True)
class Projection(Generic[State]):
    """A state and how events change it."""

    name: str
    initial: State
    folds: Mapping[str, Callable[[State, Event], State]]
    """From kind to fold. A fold raises KeyError or ValueError for an event that makes no sense."""
    dump: Callable[[State], Json]
    """The state as JSON values: what is saved and compared."""
    load: Callable[[Json], State]
    """The inverse of ``dump``."""
    of_headers: frozenset[str] = frozenset()
    """Kinds that are folded also when their payload was erased: the header says enough."""

    def apply(self, state: State, event: Event) -> tuple[State, bool]:
        """The next state, and whether the event made sense; one that did not changes nothing."""
        fold = self.folds.get(event.kind)
        if fold is None or (event.redacted and event.kind not in self.of_headers):
            return state, True
        try:
            return fold(state, event), True
        except (KeyError, ValueError):
            return state, False
