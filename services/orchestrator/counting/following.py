"""Keeps the counts up to date with the ledger, and tells them as of now, or as of a seq."""

from __future__ import annotations

import asyncio
from zoneinfo import ZoneInfo

from services.orchestrator.counting import parts
from services.orchestrator.counting.parts import Tally
from services.orchestrator.counting.statistics import Statistics, of_mind, of_session
from services.orchestrator.counting.store import CountStore
from services.orchestrator.feed import Feed
from services.orchestrator.peers import Peers
from services.orchestrator.tables import Following

PAGE = 1_000


class Counts:
    """The counts of all minds."""

    def __init__(self, store: CountStore, peers: Peers, feed: Feed) -> None:
        self._store = store
        self._peers = peers
        self._following = Following("counts", store, feed, parts.KINDS)

    async def run(self) -> None:
        """Follow the ledger until cancelled."""
        await self._following.run()

    async def reached(self, mind_id: str, seq: int) -> None:
        """Return once an event is counted."""
        await self._following.reached((await self._peers.event(mind_id, seq)).position)

    async def now(self, mind_id: str, session_id: str, seq: int, zone: ZoneInfo) -> Statistics:
        """Of a conversation, or with none named of the mind, once an event is counted."""
        await self.reached(mind_id, seq)
        if session_id:
            return of_session(await asyncio.to_thread(self._store.counts, mind_id, session_id))
        return await asyncio.to_thread(self._of_mind, mind_id, zone)

    async def then(self, mind_id: str, session_id: str, seq: int, zone: ZoneInfo) -> Statistics:
        """The same as of a seq: counted anew from the ledger, for the table has only what is so now."""
        tally = Tally()
        events = self._peers.read(
            mind_id,
            to_seq=seq,
            kinds=parts.KINDS,
            session_ids=(session_id,) if session_id else (),
            page_size=PAGE,
        )
        async for event in events:
            tally.add(event)
        return of_session(tally.of_session) if session_id else of_mind(tally.of_mind, tally.quarters, zone)

    def _of_mind(self, mind_id: str, zone: ZoneInfo) -> Statistics:
        return of_mind(self._store.counts(mind_id, ""), self._store.quarters(mind_id), zone)
