"""Projections: pure folds from events to state.

A projection declares the kinds that concern it and sees no others. Its folds have no clock, no randomness
and no I/O, so the same events give the same state, however they are batched (docs/concepts.md).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from pmm.mind.v1.events_pb2 import Event


class State(msgspec.Struct, frozen=True):
    """What a projection folds to: immutable, and changed with ``msgspec.structs.replace``."""


S = TypeVar("S", bound=State)


@dataclass(frozen=True)
class Projection(Generic[S]):
    """A state and how events change it."""

    name: str
    initial: S
    folds: Mapping[str, Callable[[S, Event], S]]
    """From kind to fold. A fold raises KeyError or ValueError for an event that makes no sense."""
    of_headers: frozenset[str] = frozenset()
    """Kinds that are folded also when their payload was erased: the header says enough."""

    def apply(self, state: S, event: Event) -> tuple[S, bool]:
        """The next state, and whether the event made sense; one that did not changes nothing."""
        fold = self.folds.get(event.kind)
        if fold is None or (event.redacted and event.kind not in self.of_headers):
            return state, True
        try:
            return fold(state, event), True
        except (KeyError, ValueError):
            return state, False
