"""The ledger's events for all who follow them in this process, workers and tables: read and decoded once.

Whoever is behind catches up by a subscription of its own. Whoever has caught up shares one, which hands every event
out to all, and goes back to its own where it falls behind again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field

from pmm.mind.v1.events_pb2 import Event
from pmm_client.errors import DataLoss
from services.orchestrator.peers import Peers
from services.orchestrator.terms import StorePage

MAX_WAITING_EVENTS = 2_000
"""Handed out and not taken: beyond it a follower reads for itself again, at its own pace."""


@dataclass(slots=True)
class Pace:
    """How soon a follower wants to be told."""

    settle_seconds: float
    """So long after an event it gets what has come by then: it does not compete with the turn that appended it, and
    takes what a busy time brings in fewer pages."""
    _hurried: asyncio.Event = field(default_factory=asyncio.Event)

    def hurry(self) -> None:
        """Somebody waits for what comes next."""
        self._hurried.set()

    async def settled(self) -> None:
        """Return when the time is over, or at once where somebody waits."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self.settle_seconds):
                await self._hurried.wait()
        self._hurried.clear()


class Feed:
    """Shares one subscription. ``run`` it while anybody follows."""

    def __init__(self, peers: Peers) -> None:
        self._peers = peers
        self._shares: set[_Share] = set()
        self._begun = asyncio.Event()
        self._store_id, self._position = "", 0

    async def run(self) -> None:
        """Hand out what comes until cancelled."""
        while True:
            await self._begun.wait()
            try:
                await self._hand_out()
            except (ConnectionError, DataLoss):
                # Each reads for itself then, and sees why.
                pass
            finally:
                self._begun.clear()
                for share in self._shares:
                    share.end()
                self._shares.clear()

    async def _hand_out(self) -> None:
        async with aclosing(self._peers.follow(self._position, ())) as pages:
            async for page in pages:
                if page.store_id != self._store_id:
                    return
                self._position = max(self._position, page.position)
                for share in [share for share in self._shares if not share.put(page.events, self._position)]:
                    share.end()
                    self._shares.discard(share)

    async def follow(
        self, after_position: int, kinds: Sequence[str], pace: Pace
    ) -> AsyncGenerator[StorePage]:
        """All minds' events of some kinds after a position. See ``Peers.follow``. Raises ConnectionError, DataLoss."""
        position = after_position
        while True:
            share: _Share | None = None
            async with aclosing(self._peers.follow(position, kinds)) as pages:
                async for page in pages:
                    yield page
                    position = max(position, page.position)
                    if page.is_caught_up and (share := self._join(page.store_id, position, kinds)):
                        break
            if share is None:
                return
            try:
                while (events := await share.take(pace)) is not None:
                    position = share.position
                    yield StorePage(self._store_id, events, position, is_caught_up=True)
            finally:
                self._shares.discard(share)

    def _join(self, store_id: str, position: int, kinds: Sequence[str]) -> _Share | None:
        """A share in what comes after a position; None where the shared subscription is beyond it."""
        if not self._begun.is_set():
            self._store_id, self._position = store_id, position
            self._begun.set()
        if store_id != self._store_id or position < self._position:
            return None
        share = _Share(position, frozenset(kinds))
        self._shares.add(share)
        return share


class _Share:
    """What one follower is yet to take."""

    def __init__(self, position: int, kinds: frozenset[str]) -> None:
        self.position = position
        """Everything up to here was taken, or is not wanted."""
        self._kinds = kinds
        self._events: list[Event] = []
        self._position = position
        self._filled = asyncio.Event()
        self._is_over = False

    def put(self, events: Sequence[Event], position: int) -> bool:
        """Add a page of the shared subscription; whether there was room."""
        self._events += [
            event for event in events if event.position > self._position and event.kind in self._kinds
        ]
        if position > self._position:
            self._position = position
            self._filled.set()
        return len(self._events) <= MAX_WAITING_EVENTS

    def end(self) -> None:
        """Nothing comes any more; what was not taken is to be read anew."""
        self._is_over = True
        self._filled.set()

    async def take(self, pace: Pace) -> list[Event] | None:
        """What has come, once there is anything; None at the end."""
        await self._filled.wait()
        if not self._is_over:
            await pace.settled()
        if self._is_over:
            return None
        self._filled.clear()
        events, self._events = self._events, []
        self.position = self._position
        return events
