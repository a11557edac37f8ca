"""Work on events: in order within a mind, at once over minds, and the position up to which all of it is done."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from pmm.mind.v1.events_pb2 import Event

MINDS_AT_ONCE = 16
"""Minds whose events are worked on at a time: a model serves some of them together, and the others wait."""
HELD_EVENTS, HELD_TOGETHER = 20, 1_000
"""Of each mind, in memory; together, while few minds have more. Those behind them stay on the ledger's disk, and are
read again when their time has come."""
WAITING_MINDS = 1_000
"""With events that are not done: beyond it none of a further mind is taken."""
READ_AGAIN_SECONDS = 2.0
"""Between attempts to read on in a mind."""
Read = Callable[[int, int, int], Awaitable[Sequence[Event] | None]]
"""The first of the events between two seqs, so many at most; None where they cannot be read now."""


class Lane:
    """What one mind has waiting: its next events, and up to where others follow."""

    def __init__(self, position: int) -> None:
        self.position = position
        """Nothing of the mind that lies before it waits."""
        self.events: deque[Event] = deque()
        self._held_seq = self._last_seq = 0
        """Of the last event that is or was held, and of the last that was put."""

    @property
    def is_behind(self) -> bool:
        """Whether events wait that are not held."""
        return self._held_seq < self._last_seq

    def put(self, event: Event, room: int) -> None:
        """Hold the next event where fewer than ``room`` are held, or only note it."""
        if not self.is_behind and len(self.events) < room:
            self.events.append(event)
            self._held_seq = event.seq
        self._last_seq = event.seq

    async def read_on(self, read: Read, room: int) -> bool:
        """Hold the next of those that were only noted, if they can be read. What was erased with its mind is not there
        any more.
        """
        last_seq = self._last_seq
        found = await read(self._held_seq + 1, last_seq, room)
        if found is None:
            return False
        self.events.extend(found)
        self._held_seq = self.events[-1].seq if len(self.events) == room else last_seq
        return True

    def done(self) -> None:
        """The first is done."""
        self.position = self.events.popleft().position + 1
        if self.events:
            self.position = self.events[0].position


class Lanes:
    """A queue for each mind. One that takes long, or has a long backlog, holds up none of the others."""

    def __init__(
        self,
        work: Callable[[Event], Awaitable[None]],
        read: Callable[[str, int, int, int], Awaitable[Sequence[Event] | None]],
        done: int,
    ) -> None:
        """``read`` is a ``Read`` of a mind. ``done``: what is put lies behind it."""
        self._work = work
        self._read = read
        self.delivered = done
        """Everything up to here was put, or skipped."""
        self._lanes: dict[str, Lane] = {}
        """Of the minds that have something waiting."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._at_once = asyncio.Semaphore(MINDS_AT_ONCE)
        self._moved = asyncio.Event()

    @property
    def done(self) -> int:
        """Every event up to this position is done."""
        return min((lane.position - 1 for lane in self._lanes.values()), default=self.delivered)

    def is_done(self, mind_id: str, position: int) -> bool:
        """Whether every event of a mind up to a position is done."""
        lane = self._lanes.get(mind_id)
        return self.delivered >= position and (lane is None or lane.position > position)

    async def moved(self) -> None:
        """Return once more is done than now, or nothing will be any more."""
        await self._moved.wait()

    async def put(self, event: Event, group: asyncio.TaskGroup) -> None:
        """Queue an event, to be worked on in a task of the group; waits while too many minds have some waiting."""
        while (lane := self._lanes.get(event.mind_id)) is None and len(self._lanes) >= WAITING_MINDS:
            await self.moved()
        if lane is not None:
            lane.put(event, self._room)
            return
        lane = self._lanes[event.mind_id] = Lane(event.position)
        lane.put(event, self._room)
        task = group.create_task(self._drain(event.mind_id, lane))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def deliver(self, position: int) -> None:
        """Note that everything up to a position was put, or skipped."""
        self.delivered = max(self.delivered, position)
        self._tell()

    async def close(self) -> None:
        """Stop; what is not done stays waiting, and who waits for it looks again."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tell()

    async def _drain(self, mind_id: str, lane: Lane) -> None:
        """Until nothing waits; a lane whose work was stopped stays, and with it the position."""
        while lane.events or lane.is_behind:
            async with self._at_once:
                is_read = bool(lane.events) or await lane.read_on(partial(self._read, mind_id), self._room)
                if lane.events:
                    await self._work(lane.events[0])
                    lane.done()
            self._tell()
            if not is_read:
                # Others take its place meanwhile: where the ledger is damaged this may last.
                await asyncio.sleep(READ_AGAIN_SECONDS)
        del self._lanes[mind_id]

    @property
    def _room(self) -> int:
        """Events that are held of a mind."""
        return max(HELD_EVENTS, HELD_TOGETHER // len(self._lanes))

    def _tell(self) -> None:
        self._moved.set()
        self._moved = asyncio.Event()
