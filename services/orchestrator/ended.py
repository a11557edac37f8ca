"""Commitments that have ended: their ends are read from the ledger, and the MemeGraph tells where they began."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from msgspec.structs import replace

from pmm.mind.v1.events_pb2 import Event
from services.orchestrator.graph.following import Graphs
from services.orchestrator.peers import Peers
from services.orchestrator.projections.commitments import COMMITMENTS, Commitment, is_unshown
from services.runtime.times import nanoseconds

CLOSED, EXPIRED = "commitment_closed", "commitment_expired"
READ_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Ended:
    """An episode of a commitment, and how it ended."""

    commitment: Commitment
    """As it was just before; without words where they were erased."""
    kind: str
    outcome: int
    seq: int
    ns: int


class EndedCommitments:
    """Pages of them, the latest end first. A page's work grows with the page alone."""

    def __init__(self, peers: Peers, graphs: Graphs) -> None:
        self._peers = peers
        self._graphs = graphs

    async def page(
        self, mind_id: str, kind: str, from_seq: int, size: int, project: str
    ) -> tuple[list[Ended], int]:
        """Those that ended at a seq or before it, and the seq to go on from; 0 at the end.

        With a project, of the next ``size`` that ended only those that belong to it.
        """
        await self._graphs.reached(mind_id, from_seq)
        events = self._peers.read(mind_id, from_seq=from_seq, reverse=True, limit=size + 1, kinds=(kind,))
        ends = [event async for event in events]
        told = [end for end in ends[:size] if not (end.redacted or is_unshown(end.body.commitment_closed))]
        gate = asyncio.Semaphore(READ_AT_ONCE)

        async def one(end: Event) -> Ended:
            async with gate:
                return await self._ended(mind_id, end)

        found = await asyncio.gather(*(one(end) for end in told))
        kept = [ended for ended in found if not project or ended.commitment.project == project]
        return kept, ends[size].seq if len(ends) > size else 0

    async def _ended(self, mind_id: str, end: Event) -> Ended:
        body = getattr(end.body, end.kind)
        its_id: str = body.commitment_id
        first = await self._first_told(mind_id, end)
        state = COMMITMENTS.initial
        for event in await self._episode(mind_id, its_id, first.seq):
            state, _ = COMMITMENTS.apply(state, event)
        was = state.by_id.get(its_id) or Commitment(its_id, "", 0, 0)
        evidence = tuple(getattr(body, "evidence_seqs", ()))
        return Ended(
            replace(was, evidence=evidence),
            end.kind,
            getattr(body, "outcome", 0),
            first.seq,
            nanoseconds(first.recorded_at),
        )

    async def _first_told(self, mind_id: str, end: Event) -> Event:
        """Where an end was told first: of what was erased the header says when."""
        seq = end.body.commitment_closed.closed_seq or end.body.commitment_expired.expired_seq
        return await self._peers.event(mind_id, seq) if 0 < seq < end.seq else end

    async def _episode(self, mind_id: str, its_id: str, before_seq: int) -> list[Event]:
        """The events that opened and changed it, oldest first."""
        events: list[Event] = []
        for seq in reversed(await self._graphs.seqs(mind_id, f"commitment:{its_id}", before_seq)):
            events.append(await self._peers.event(mind_id, seq))
            if events[-1].kind == "commitment_opened":
                break
        return events[::-1]
