"""Orders erasures and sees them through, between the commits of appends, whoever asked for them and went away."""

from __future__ import annotations

import asyncio
import logging

from services.ledger import erasure
from services.ledger.erasure import Completion, Ordered, Wanted
from services.ledger.journal import Journal
from services.ledger.store import Store
from services.ledger.writer import Writer
from services.runtime.errors import DomainError

_log = logging.getLogger(__name__)


class Eraser:
    """Erasures of one ledger. Made inside a running event loop."""

    def __init__(self, store: Store, journal: Journal, writer: Writer) -> None:
        self._store = store
        self._journal = journal
        self._writer = writer
        self._running: dict[tuple[str, int], asyncio.Task[None]] = {}
        self._is_stopping = False

    async def redact(self, wanted: Wanted) -> Ordered:
        """See ``LedgerService.Redact``. Once this returns the keys are gone."""
        ordered = await self._writer.run(wanted.mind_id, lambda: erasure.order(self._store, wanted))
        # More than one event may have ordered it, and a full disk may have left an earlier one unfinished.
        with self._store.read() as reader:
            pending = reader.pending_erasures()
        for mind_id, seq in pending:
            if mind_id == wanted.mind_id:
                await self._complete(mind_id, seq)
        return ordered

    async def delete(self, mind_id: str, who: str, why: str) -> int:
        """See ``LedgerService.DeleteMind``: the seq of mind_deleted. Once this returns the events are gone."""
        seq = await self._writer.run(mind_id, lambda: erasure.order_deletion(self._store, mind_id, who, why))
        await self._complete(mind_id, seq)
        return seq

    async def complete_all(self) -> None:
        """Finish what a crash interrupted."""
        with self._store.read() as reader:
            pending = reader.pending_erasures()
        for mind_id, seq in pending:
            try:
                await self._complete(mind_id, seq)
            except DomainError as error:
                # A full disk or a damaged mind must not keep the others from being served.
                _log.error("erasure %d of mind %s stays unfinished: %s", seq, mind_id, error.message)

    async def stop(self) -> None:
        """End after the step that runs; the next start goes on."""
        self._is_stopping = True
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def _complete(self, mind_id: str, seq: int) -> None:
        place = (mind_id, seq)
        if place not in self._running:
            task = asyncio.create_task(self._run(mind_id, seq))
            self._running[place] = task
            task.add_done_callback(lambda _: self._running.pop(place, None))
        # A caller that goes away does not stop it.
        await asyncio.shield(self._running[place])

    async def _run(self, mind_id: str, seq: int) -> None:
        completion = Completion(self._store, self._journal, mind_id, seq)
        while not self._is_stopping and await self._writer.run(mind_id, completion.step):
            pass
