"""Minds that are folded again from the ledger, beside what is held of them, because an erasure reaches further.

What was erased goes at once, and with it the whole memory. But without a revision there would be the version before it,
without a rating another order, without what closed a fact perhaps another that closes it: what remains is what the
ledger says without the erased events, and that is found by folding what it has.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import pmm_client.errors
from services.memory.ledger import Ledger
from services.memory.records import Damaged, Mind
from services.memory.store import Store
from services.memory.writer import Writer
from services.runtime.projection_file import DISK_ERRORS

PAUSE_SECONDS = 0.2
AWAY_SECONDS = 5.0
_log = logging.getLogger("pmm.memory")


class Refolding:
    """Runs beside the follower, which goes on: other minds do not wait, and searches have what is held."""

    def __init__(
        self,
        ledger: Ledger,
        store: Store,
        writer: Writer,
        in_writer: Callable[[Callable[[], None]], Awaitable[None]],
        on_damage: Callable[[], None],
    ) -> None:
        """``on_damage`` when what is stored is not what was written."""
        self._ledger = ledger
        self._store = store
        self._writer = writer
        self._in_writer = in_writer
        self._on_damage = on_damage

    async def run(self) -> None:
        """Fold what is to be folded again, for ever."""
        while True:
            await asyncio.sleep(PAUSE_SECONDS)
            # Each is tried: one with a damaged event must not keep the others waiting.
            folded = [await self._tried(mind_id) for mind_id in list(self._writer.folding)]
            if not all(folded):
                await asyncio.sleep(AWAY_SECONDS)

    async def _tried(self, mind_id: str) -> bool:
        try:
            await self._fold(mind_id)
        except Damaged:
            self._on_damage()
        except (ConnectionError, pmm_client.errors.DataLoss, *DISK_ERRORS) as error:
            _log.warning("a mind could not be folded again, and is tried again: %s", error)
            return False
        return True

    async def _fold(self, mind_id: str) -> None:
        mind = await asyncio.to_thread(self._mind, mind_id)
        if mind is None or mind.beside is None:
            self._writer.folding.discard(mind_id)
            return
        number, after_seq = mind.beside.number, mind.beside.seq
        async for events in self._ledger.read(mind_id, after_seq):
            await self._in_writer(lambda events=events: self._writer.fold(mind_id, number, events))

    def _mind(self, mind_id: str) -> Mind | None:
        with self._store.read() as stored:
            return stored.mind(mind_id)
