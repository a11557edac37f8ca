"""The conversations of all minds: those that were touched lately from the state, the others from the table."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from services.orchestrator.feed import Feed
from services.orchestrator.projections.sessions import Session
from services.orchestrator.session_table.store import KINDS, SessionStore
from services.orchestrator.snapshot import Snapshot
from services.orchestrator.tables import Following


class Behind(Exception):
    """The table must first take in an event."""

    def __init__(self, seq: int) -> None:
        super().__init__(seq)
        self.seq = seq


@dataclass(frozen=True, slots=True)
class Page:
    """Of a listing."""

    sessions: list[Session]
    next_place: str
    """Where the next one begins; empty at the end."""


class SessionTable:
    """Answers as of a state; where the table is behind it, it is waited for."""

    def __init__(self, store: SessionStore, feed: Feed) -> None:
        self._store = store
        self._following = Following("sessions", store, feed, KINDS)

    async def run(self) -> None:
        """Follow the ledger until cancelled."""
        await self._following.run()

    def now(self, mind_id: str, state: Snapshot, session_id: str) -> Session | None:
        """A conversation, None where there is none. Raises Behind."""
        sessions = state.sessions
        recent = sessions.recent.get(session_id)
        if recent is not None or not sessions.forgotten_seq:
            return recent
        if self._store.reached(mind_id) < sessions.forgotten_seq:
            raise Behind(sessions.forgotten_seq)
        return self._store.get(mind_id, session_id, state.seq)

    async def find(self, mind_id: str, state: Snapshot, session_id: str) -> Session | None:
        """A conversation, None where there is none."""
        while True:
            try:
                return self.now(mind_id, state, session_id)
            except Behind as behind:
                await self.reached(mind_id, behind.seq)

    async def count(self, mind_id: str, state: Snapshot) -> int:
        """How many conversations there are."""
        sessions = state.sessions
        if not sessions.forgotten_seq:
            return len(sessions.recent)
        await self.reached(mind_id, sessions.seq)
        return self._store.count(mind_id, state.seq)

    async def begun(self, mind_id: str, after_seq: int, state: Snapshot, size: int) -> list[int]:
        """The events after a seq with which conversations began, up to a state: so many at most, the latest."""
        await self.reached(mind_id, state.sessions.seq)
        return self._store.begun(mind_id, after_seq, state.seq, size)

    async def page(self, mind_id: str, state: Snapshot, place: str, size: int) -> Page:
        """Conversations as they were at the state with which the listing began, latest first.

        ``place``: where the page begins; empty for the first.
        """
        at_seq, before_seq = map(int, place.split(".")) if place else (state.seq, state.seq + 1)
        await self.reached(mind_id, state.sessions.seq)
        found = await asyncio.to_thread(self._store.listed, mind_id, at_seq, before_seq, size + 1)
        following = f"{at_seq}.{found[size - 1].last_seq}" if len(found) > size else ""
        return Page(found[:size], following)

    async def reached(self, mind_id: str, seq: int) -> None:
        """Return once the table has taken in an event of those that concern conversations."""
        while self._store.reached(mind_id) < seq:
            await self._following.moved()
