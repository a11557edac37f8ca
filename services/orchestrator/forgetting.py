"""Forgetting: an event and whatever carries its words leave every file.

The ledger's event_redacted is what makes it durable. Whatever a crash interrupts after that is completed by those who
follow the ledger: ``Traces`` here, memory in its own files. So a bare ``Redact`` is followed by the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pmm_client.errors
from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator.counting.following import Counts
from services.orchestrator.extraction.extractor import Extractor
from services.orchestrator.graph.following import Graphs
from services.orchestrator.minds import Minds
from services.orchestrator.peers import Peers
from services.orchestrator.radius import BEFORE, BlastRadius, Reached
from services.orchestrator.session_table.following import SessionTable
from services.orchestrator.snapshot import Snapshot
from services.orchestrator.standing import Erased, Standing
from services.orchestrator.store import Store
from services.orchestrator.workers.follower import Worker
from services.runtime.errors import InvalidArgument, Violation
from services.runtime.waiting import Waiting, told

PAGE = 1_000
TAKEN_AT_ONCE = 200
"""Events that are looked at beside the event loop before others have their turn."""
ERASED = "event_redacted"
"""What orders an erasure, and says nothing else."""
ERASURE = "erasure"
"""The worker that removes traces."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How forgetting goes."""

    step: str
    progress: float
    """From 0 to 1."""
    redacted: tuple[int, ...] = ()
    is_done: bool = False


class Traces:
    """Removes what the orchestrator itself keeps of erased events, as they are erased."""

    def __init__(self, store: Store, extractor: Extractor, peers: Peers) -> None:
        self._store = store
        self._extractor = extractor
        self._peers = peers
        self._gone: dict[str, int] = {}
        self._waiting = Waiting()
        self._erasing = asyncio.Lock()

    def worker(self) -> Worker:
        """Follows every erasure, and derives nothing."""
        kinds = (ERASED, "mind_deleted")
        return Worker(ERASURE, kinds, self._erase, appends=False, waiting=self._waiting)

    async def gone(self, mind_id: str, seq: int) -> None:
        """Return once nothing is left of what the erasure at a seq erased. Raises one of STUCK."""
        while self._gone.get(mind_id, 0) < seq:
            await self._waiting.moved()

    async def left(self, mind_id: str, state: Snapshot) -> None:
        """Return once a state of a mind holds nothing that was erased, or is dropped. Raises one of STUCK."""
        erased_seq = state.summaries.erased_seq
        if not erased_seq or self._gone.get(mind_id, 0) >= erased_seq:
            return
        # What a process before this one has removed, this one is not told again.
        _, done = self._store.worker(ERASURE)
        if (await self._peers.event(mind_id, erased_seq)).position > done:
            await self.gone(mind_id, erased_seq)

    async def _erase(self, event: mind.Event, minds: Minds) -> list[mind.Body]:
        self._extractor.forget(event.mind_id)
        # Of several at once, none takes the note away that what another one removed is still in the file.
        async with self._erasing:
            await minds.forget(event.mind_id, lambda: self._store.beside(self._remove, event))
            # Also what a full disk left of an earlier attempt.
            if event.kind == "mind_deleted" or self._store.holds_erased():
                await self._store.beside(self._store.compact)
        self._gone[event.mind_id] = event.seq
        self._waiting.went_on()
        return []

    def _remove(self, event: mind.Event) -> None:
        is_all = event.kind == "mind_deleted"
        first = 1 if is_all else min(event.body.event_redacted.seqs, default=1)
        self._store.erase_from(event.mind_id, first)
        if is_all:
            self._store.forget_key(event.mind_id)
            self._store.forget_checks(event.mind_id)
            self._store.wake_at({event.mind_id: 0})
            self._store.drop_dead_letters(event.mind_id)


class Forgetting:
    """Finds what an event reached, and forgets it."""

    def __init__(
        self,
        peers: Peers,
        traces: Traces,
        graphs: Graphs,
        sessions: SessionTable,
        standing: Standing,
        counts: Counts,
    ) -> None:
        self._peers = peers
        self._traces = traces
        self._graphs = graphs
        self._sessions = sessions
        self._standing = standing
        self._counts = counts
        self._running: set[asyncio.Task[None]] = set()

    async def radius(self, mind_id: str, seq: int) -> AsyncIterator[list[Reached]]:
        """Everything that an event reached, nearest first, a page at a time. Raises pmm_client's UnknownEvent."""
        reached = await self._reached(mind_id, await self._peers.event(mind_id, seq))
        reached.sort(key=lambda each: (each.distance, each.seq))
        for start in range(0, max(len(reached), 1), PAGE):
            yield reached[start : start + PAGE]

    async def forget(self, mind_id: str, seq: int, why: str) -> AsyncIterator[Progress]:
        """Erase the event and what carries its words. Goes on when the caller goes away. Raises as ``radius`` does."""
        steps: asyncio.Queue[Progress | BaseException] = asyncio.Queue()
        task = asyncio.create_task(self._forget(mind_id, seq, why, steps))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        task.add_done_callback(lambda ended: _report(ended, steps))
        while True:
            step = await steps.get()
            if isinstance(step, BaseException):
                raise step
            yield step
            if step.is_done:
                return

    async def _forget(
        self, mind_id: str, seq: int, why: str, steps: asyncio.Queue[Progress | BaseException]
    ) -> None:
        steps.put_nowait(Progress("finding what it reached", 0.0))
        redacted: set[int] = set()
        erased = Erased(0, 0)
        # What was said while we looked may carry the words as well, and so may what was derived from a state that
        # had not forgotten them: it is looked again until nothing holds them.
        while carriers := [each for each in await self._carriers(mind_id, seq) if each.seq not in redacted]:
            done = tuple(sorted(redacted))
            steps.put_nowait(Progress("erasing it from the ledger", 0.5 if done else 0.2, done))
            erased = await self._standing.erase(mind_id, carriers, why)
            redacted.update(each.seq for each in carriers)
            done = tuple(sorted(redacted))
            steps.put_nowait(Progress("erasing it from snapshots, the graph and the sessions", 0.5, done))
            await self._left(mind_id, erased)
        done = tuple(sorted(redacted))
        steps.put_nowait(Progress("erasing it from memory", 0.7, done))
        try:
            await self._peers.indexed(mind_id, erased.head_seq)
        except pmm_client.errors.MindDeleted:
            # With the mind that was deleted meanwhile everything of it went.
            pass
        except pmm_client.errors.DataLoss as damage:
            # Memory told us, who may know of every mind.
            raise told(damage) from None
        steps.put_nowait(Progress("done", 1.0, done, is_done=True))

    async def _left(self, mind_id: str, erased: Erased) -> None:
        """Return once what an erasure erased has left all that the orchestrator keeps."""
        # One that cannot go on ends the waiting for the others.
        async with asyncio.TaskGroup() as group:
            group.create_task(self._traces.gone(mind_id, erased.ordered_seq))
            group.create_task(self._graphs.reached(mind_id, erased.head_seq))
            group.create_task(self._counts.reached(mind_id, erased.head_seq))
            group.create_task(self._sessions.reached(mind_id, erased.ordered_seq))

    async def _carriers(self, mind_id: str, seq: int) -> list[Reached]:
        """The origin, and what goes with it."""
        origin = await self._peers.event(mind_id, seq)
        if origin.kind == ERASED:
            raise InvalidArgument([Violation("seq", "must not order an erasure itself: that stays")])
        reached = await self._reached(mind_id, origin)
        itself = Reached(seq, origin.kind, (), carries_words=True, distance=0)
        return [itself, *(each for each in reached if each.carries_words)]

    async def _reached(self, mind_id: str, origin: mind.Event) -> list[Reached]:
        radius, seq = BlastRadius(origin), origin.seq
        found: list[Reached] = []
        waiting: list[mind.Event] = []
        async for event in self._around(mind_id, seq):
            waiting.append(event)
            if len(waiting) == TAKEN_AT_ONCE:
                found += await asyncio.to_thread(radius.take_all, waiting)
                waiting = []
        return found + await asyncio.to_thread(radius.take_all, waiting)

    async def _around(self, mind_id: str, seq: int) -> AsyncIterator[mind.Event]:
        """What an event may have reached: a conversation may be named after what is said in it only later.

        And which instructions held before it.
        """
        if seq > 1:
            async for before in self._peers.read(mind_id, to_seq=seq - 1, kinds=sorted(BEFORE)):
                yield before
        async for event in self._peers.read(mind_id, from_seq=seq + 1, page_size=PAGE):
            yield event


def _report(task: asyncio.Task[None], steps: asyncio.Queue[Progress | BaseException]) -> None:
    error = None if task.cancelled() else task.exception()
    if error is not None:
        steps.put_nowait(error)
