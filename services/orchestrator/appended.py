"""What this process itself appended to a mind: folded without being read, and told from what others wrote."""

from __future__ import annotations

from collections import OrderedDict

from pmm.mind.v1 import events_pb2 as mind

KEPT = 4_096
"""Seqs that are remembered: more than are appended while one turn looks things up."""
WAITING = 256
"""Events that wait for one before them; more are read from the ledger."""


class Appended:
    """Our own events of one mind."""

    def __init__(self) -> None:
        self.count = 0
        """How many there were."""
        self._numbers: OrderedDict[int, int] = OrderedDict()
        """By seq, which of them it was."""
        self._waiting: OrderedDict[int, mind.Event] = OrderedDict()

    def add(self, event: mind.Event, *, is_new: bool = True) -> None:
        """An event that the ledger has acknowledged; not new where its key had come before."""
        if is_new:
            self.count += 1
            self._numbers[event.seq] = self.count
        self._waiting[event.seq] = event
        if len(self._numbers) > KEPT:
            self._numbers.popitem(last=False)
        if len(self._waiting) > WAITING:
            self._waiting.popitem(last=False)

    def after(self, seq: int) -> mind.Event | None:
        """The event that follows a seq, where it is ours; those before it are no longer kept."""
        while self._waiting and next(iter(self._waiting)) <= seq:
            self._waiting.popitem(last=False)
        return self._waiting.pop(seq + 1, None)

    def all_since(self, count: int, first_seq: int, last_seq: int) -> bool:
        """Whether every event from one seq to another is ours, and was acknowledged when there had been ``count``."""
        return all(self._numbers.get(seq, 0) > count for seq in range(first_seq, last_seq + 1))
