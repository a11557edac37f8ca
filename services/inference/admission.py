"""How many calls run at a time, how many may wait, and who goes next.

A person's call goes before work that nobody waits for. Within each, callers take turns, so that one with many calls
does not hold up one with a single call.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from services.inference.errors import BackendBusy

RETRY_AFTER_SECONDS = 1.0
_Waiting = OrderedDict[str, deque[asyncio.Future[None]]]
"""By caller, the one whose turn is next first: its calls, the oldest first."""


class Admission:
    """A bounded queue in front of a backend."""

    def __init__(self, max_running: int, max_waiting: int) -> None:
        self._free = max_running
        self._max_waiting = max_waiting
        self._interactive: _Waiting = OrderedDict()
        self._background: _Waiting = OrderedDict()
        self.running = 0

    @property
    def waiting(self) -> int:
        """How many calls wait."""
        return sum(len(calls) for queue in (self._interactive, self._background) for calls in queue.values())

    @asynccontextmanager
    async def turn(self, caller: str = "", *, is_background: bool = False) -> AsyncGenerator[float]:
        """Wait for a slot and hold it; gives the seconds that it took. Raises BackendBusy."""
        began = time.perf_counter()
        if self._free:
            self._free -= 1
        else:
            await self._wait(self._background if is_background else self._interactive, caller)
        self.running += 1
        try:
            yield time.perf_counter() - began
        finally:
            self.running -= 1
            self._release()

    async def _wait(self, queue: _Waiting, caller: str) -> None:
        waiting = self.waiting
        if waiting >= self._max_waiting:
            raise BackendBusy(f"{waiting} calls wait already", retry_after=RETRY_AFTER_SECONDS)
        place = asyncio.get_running_loop().create_future()
        queue.setdefault(caller, deque()).append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                # It was granted in the very moment in which it was given up.
                self._release()
            else:
                self._leave(queue, caller, place)
            raise

    @staticmethod
    def _leave(queue: _Waiting, caller: str, place: asyncio.Future[None]) -> None:
        calls = queue.get(caller, deque())
        if place in calls:
            calls.remove(place)
        if not calls:
            queue.pop(caller, None)

    def _release(self) -> None:
        """Hand the slot to whose turn it is, or keep it free."""
        for queue in (self._interactive, self._background):
            while queue:
                caller, calls = queue.popitem(last=False)
                place = calls.popleft()
                if calls:
                    queue[caller] = calls
                # One that was given up may not have left yet.
                if not place.done():
                    place.set_result(None)
                    return
        self._free += 1
