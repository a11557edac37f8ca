"""Snapshots on disk: written beside the event loop; the further back, the fewer, yet each past is a short replay."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict

from services.orchestrator import snapshot as snapshots
from services.orchestrator.snapshot import Snapshot
from services.orchestrator.store import Store

_log = logging.getLogger("pmm.orchestrator")


class Saving:
    """Keeps snapshots and finds them again."""

    def __init__(self, store: Store, distance: int) -> None:
        self._store = store
        self._distance = distance
        self._writing: defaultdict[str, set[asyncio.Task[None]]] = defaultdict(set)

    def keep(self, mind_id: str, state: Snapshot, head: int) -> None:
        """Write the snapshot in the background, if it is one that is worth it on the way to a head."""
        if not is_kept(state.seq, head, self._distance):
            return
        task = asyncio.create_task(self._store.beside(self._write, mind_id, state))
        self._writing[mind_id].add(task)
        task.add_done_callback(lambda done: self._written(mind_id, done))

    async def settled(self, mind_id: str) -> None:
        """Return once nothing of a mind is being written."""
        await asyncio.gather(*self._writing.get(mind_id, ()), return_exceptions=True)

    async def close(self) -> None:
        """Finish what is being written."""
        writing = [task for tasks in self._writing.values() for task in tasks]
        await asyncio.gather(*writing, return_exceptions=True)

    async def latest(self, mind_id: str, at_most: int) -> Snapshot:
        """The newest saved snapshot that can be read, at or before a seq; the empty one where there is none."""
        while (saved := self._store.saved(mind_id, at_most)) is not None:
            seq, data = saved
            try:
                return snapshots.load(data)
            except ValueError as error:
                _log.warning("a saved snapshot of a mind is dropped and replayed: %s", error)
                await self.drop(mind_id, seq)
        return Snapshot()

    async def drop(self, mind_id: str, seq: int) -> None:
        """Remove one that is of no use."""
        await self._store.beside(self._store.drop, mind_id, seq)

    def _write(self, mind_id: str, state: Snapshot) -> None:
        data = snapshots.dump(state)
        self._store.save(mind_id, state.seq, data, lambda seq: is_kept(seq, state.seq, self._distance))

    def _written(self, mind_id: str, task: asyncio.Task[None]) -> None:
        self._writing[mind_id].discard(task)
        if not self._writing[mind_id]:
            del self._writing[mind_id]
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.warning("a snapshot of a mind could not be saved: %s", type(error).__name__)


def is_kept(seq: int, head: int, distance: int) -> bool:
    """Whether a snapshot is kept while the mind is at a head: the further back, the fewer.

    Of the multiples of ``distance``, numbered, one that 2ⁿ divides and no higher power is kept for 2ⁿ⁺² further ones:
    two for each n, and one at most as far behind any seq as that lies behind the head.
    """
    if seq == 0 or seq % distance:
        return False
    number, behind = seq // distance, (head - seq) // distance
    return behind < 4 * (number & -number)
