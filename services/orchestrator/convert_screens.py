"""A mind as all who watch it are shown it: each of its states is converted once, however many they are."""

from __future__ import annotations

import time
from weakref import WeakValueDictionary

from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from services.orchestrator.convert import mind_message
from services.orchestrator.snapshot import Snapshot

FRESH_NS = 1_000_000_000
"""So long what was due when a state was converted is taken for what is due now."""


class Screen:
    """Of one mind; the same for all who watch it."""

    def __init__(self, mind_id: str) -> None:
        self._mind_id = mind_id
        self._state = Snapshot()
        self._shown_ns = 0
        self._message = pb.Mind()

    def show(self, state: Snapshot, sessions: int) -> pb.Mind:
        """A state of the mind with so many sessions, which the caller leaves as it is."""
        now_ns = time.time_ns()
        if state is not self._state or not 0 <= now_ns - self._shown_ns < FRESH_NS:
            self._message = mind_message(self._mind_id, state, sessions, now_ns)
            self._state, self._shown_ns = state, now_ns
        return self._message


class Screens:
    """Of the minds that are watched."""

    def __init__(self) -> None:
        self._by_mind: WeakValueDictionary[str, Screen] = WeakValueDictionary()

    def of(self, mind_id: str) -> Screen:
        """It is there as long as somebody holds it."""
        return self._by_mind.setdefault(mind_id, Screen(mind_id))
