"""Keeps the MemeGraph up to date with the ledger, and waits for it where a reader must see its own writes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import pmm_client.errors
from services.orchestrator.graph.parts import KINDS
from services.orchestrator.graph.queries import Graph, Subgraph
from services.orchestrator.graph.store import GraphStore
from services.orchestrator.peers import Peers
from services.runtime import telemetry

RECONNECT_SECONDS = 1.0
_log = logging.getLogger("pmm.graph")


class Graphs:
    """The graphs of all minds."""

    def __init__(self, store: GraphStore, peers: Peers) -> None:
        self._store = store
        self._peers = peers
        self._store_id, self._position = store.position()
        self._moved = asyncio.Event()

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            try:
                async for store_id, events, position in self._peers.follow(self._position, KINDS):
                    if store_id != self._store_id:
                        await asyncio.to_thread(self._store.start_anew, store_id)
                        self._store_id, self._position = store_id, 0
                        break
                    if position > self._position:
                        with telemetry.stage("graph"):
                            await asyncio.to_thread(self._store.apply, events, store_id, position)
                        self._position = position
                        self._moved.set()
                        self._moved = asyncio.Event()
            except (ConnectionError, pmm_client.errors.Unavailable) as error:
                _log.warning("the graph waits for the ledger: %s", error)
            await asyncio.sleep(RECONNECT_SECONDS)

    async def reached(self, mind_id: str, seq: int) -> None:
        """Return once the graph has taken in an event."""
        position = (await self._peers.event(mind_id, seq)).position
        while self._position < position:
            await self._moved.wait()

    async def ask(self, mind_id: str, question: Callable[[Graph], Subgraph]) -> Subgraph:
        """An answer as of the mind's head."""
        await self.reached(mind_id, await self._peers.head(mind_id))
        return await asyncio.to_thread(question, Graph(self._store, mind_id))
