"""Keeps the MemeGraph up to date with the ledger, and waits for it where a reader must see its own writes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from services.orchestrator.graph.parts import KINDS
from services.orchestrator.graph.queries import Graph, Subgraph
from services.orchestrator.graph.store import GraphStore
from services.orchestrator.peers import Peers
from services.orchestrator.tables import Following


class Graphs:
    """The graphs of all minds."""

    def __init__(self, store: GraphStore, peers: Peers) -> None:
        self._store = store
        self._peers = peers
        self._following = Following("graph", store, peers, KINDS)

    async def run(self) -> None:
        """Follow until cancelled."""
        await self._following.run()

    async def reached(self, mind_id: str, seq: int) -> None:
        """Return once the graph has taken in an event."""
        position = (await self._peers.event(mind_id, seq)).position
        while self._following.position < position:
            await self._following.moved()

    async def ask(self, mind_id: str, question: Callable[[Graph], Subgraph]) -> Subgraph:
        """An answer as of the mind's head."""
        await self.reached(mind_id, await self._peers.head(mind_id))
        return await asyncio.to_thread(question, Graph(self._store, mind_id))
