"""Work on events: in order within a mind, at once over minds, and the position up to which all of it is done."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from pmm.mind.v1.events_pb2 import Event

MINDS_AT_ONCE = 16
"""Minds whose events are worked on at a time: a model serves some of them together, and the others wait."""
WAITING_EVENTS = 1_000
"""Delivered and not done: beyond it no more are taken, so that a long backlog stays on the ledger's disk."""


class Lanes:
    """A queue for each mind. One that takes long, or is tried again and again, holds up none of the others."""

    def __init__(self, work: Callable[[Event], Awaitable[None]], done: int) -> None:
        """``done``: the position from which on events are put."""
        self._work = work
        self.delivered = done
        """Everything up to here was put, or skipped."""
        self._pending: dict[int, None] = {}
        """Positions that were put and are not done, in their order."""
        self._queues: dict[str, deque[Event]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._at_once = asyncio.Semaphore(MINDS_AT_ONCE)
        self._moved = asyncio.Event()

    @property
    def done(self) -> int:
        """Every event up to this position is done."""
        return next(iter(self._pending)) - 1 if self._pending else self.delivered

    def is_done(self, mind_id: str, position: int) -> bool:
        """Whether every event of a mind up to a position is done."""
        queue = self._queues.get(mind_id)
        return self.delivered >= position and not (queue and queue[0].position <= position)

    async def moved(self) -> None:
        """Return once more is done than now."""
        await self._moved.wait()

    async def put(self, event: Event, group: asyncio.TaskGroup) -> None:
        """Queue an event, to be worked on in a task of the group; waits while too many are queued."""
        while len(self._pending) >= WAITING_EVENTS:
            await self.moved()
        self._pending[event.position] = None
        queue = self._queues.get(event.mind_id)
        if queue is not None:
            queue.append(event)
            return
        self._queues[event.mind_id] = deque([event])
        task = group.create_task(self._drain(event.mind_id))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def deliver(self, position: int) -> None:
        """Note that everything up to a position was put, or skipped."""
        self.delivered = max(self.delivered, position)
        self._tell()

    async def close(self) -> None:
        """Stop; what is not done stays pending."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _drain(self, mind_id: str) -> None:
        queue = self._queues[mind_id]
        try:
            while queue:
                async with self._at_once:
                    await self._work(queue[0])
                self._pending.pop(queue.popleft().position)
                self._tell()
        finally:
            del self._queues[mind_id]

    def _tell(self) -> None:
        self._moved.set()
        self._moved = asyncio.Event()
