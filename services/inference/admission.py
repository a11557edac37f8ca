"""How many calls run at a time, and how many may wait."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from services.inference.errors import BackendBusy

RETRY_AFTER_SECONDS = 1.0


class Admission:
    """A bounded queue in front of a backend, first come, first served."""

    def __init__(self, max_running: int, max_waiting: int) -> None:
        self._slots = asyncio.Semaphore(max_running)
        self._max_waiting = max_waiting
        self.running = 0
        self.waiting = 0

    @asynccontextmanager
    async def turn(self) -> AsyncGenerator[float]:
        """Wait for a slot and hold it; gives the seconds that it took. Raises BackendBusy."""
        if self._slots.locked() and self.waiting >= self._max_waiting:
            raise BackendBusy(f"{self.waiting} calls wait already", retry_after=RETRY_AFTER_SECONDS)
        began = time.perf_counter()
        self.waiting += 1
        try:
            await self._slots.acquire()
        finally:
            self.waiting -= 1
        self.running += 1
        try:
            yield time.perf_counter() - began
        finally:
            self.running -= 1
            self._slots.release()
