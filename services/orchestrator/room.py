"""How much of a mind's events stands in one answer, so that none outgrows what a message may hold. Pure."""

from __future__ import annotations

from pmm.mind.v1.events_pb2 import Event


class Room:
    """For so many events, and so many bytes of them; the first one is taken however long it is."""

    def __init__(self, events: int, size: int) -> None:
        self._events = events
        self._bytes = size
        self._taken = 0
        self._is_full = False

    def take(self, event: Event) -> bool:
        """Whether there is room for one more. Once one was turned away there is room for none."""
        size = event.ByteSize()
        fits = self._events > 0 and (size <= self._bytes or not self._taken)
        self._is_full = self._is_full or not fits
        if self._is_full:
            return False
        self._events -= 1
        self._bytes -= size
        self._taken += 1
        return True

    @property
    def is_full(self) -> bool:
        """Whether it holds as many as it may, or has turned one away."""
        return self._is_full or self._events == 0
