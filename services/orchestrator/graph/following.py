"""Keeps the MemeGraph up to date with the ledger, and waits for it where a reader must see its own writes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from services.orchestrator.feed import Feed
from services.orchestrator.graph.parts import KINDS, MESSAGES, event_id
from services.orchestrator.graph.queries import Graph, Subgraph
from services.orchestrator.graph.store import GraphStore
from services.orchestrator.peers import Peers
from services.orchestrator.tables import Following


class Graphs:
    """The graphs of all minds."""

    def __init__(self, store: GraphStore, peers: Peers, feed: Feed) -> None:
        self._store = store
        self._peers = peers
        self._following = Following("graph", store, feed, KINDS)

    async def run(self) -> None:
        """Follow until cancelled."""
        await self._following.run()

    async def reached(self, mind_id: str, seq: int) -> None:
        """Return once the graph has taken in an event."""
        await self._following.reached((await self._peers.event(mind_id, seq)).position)

    async def ask(self, mind_id: str, question: Callable[[Graph], Subgraph], upto: int) -> Subgraph:
        """An answer as of a seq that the mind has."""
        await self.reached(mind_id, upto)
        return await asyncio.to_thread(question, Graph(self._store, mind_id, upto))

    async def around(
        self, mind_id: str, node_id: str, depth: int, limit: int, types: Sequence[str], upto: int
    ) -> Subgraph:
        """What lies around a node as of a seq, or around the last message until then. Raises UnknownNode."""
        centre = node_id or await self._last_message(mind_id, upto)
        return await self.ask(mind_id, lambda graph: graph.around(centre, depth, limit, types), upto)

    async def seqs(self, mind_id: str, node_id: str, upto: int) -> list[int]:
        """The events up to a seq that made or changed a node, oldest first."""
        return await asyncio.to_thread(self._store.seqs, mind_id, node_id, upto)

    async def _last_message(self, mind_id: str, upto: int) -> str:
        """The node of the last message that is to be remembered; empty where there is none."""
        async for event in self._peers.read(
            mind_id, from_seq=upto, reverse=True, kinds=MESSAGES, page_size=8
        ):
            if event.remember:
                return event_id(event.seq)
        return ""
