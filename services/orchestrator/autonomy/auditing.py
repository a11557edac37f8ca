"""Compares a mind's state with what its whole ledger folds to, now and then, in the background. The ledger wins."""

from __future__ import annotations

import asyncio
import logging

from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator.forgetting import ERASURE
from services.orchestrator.minds import Minds
from services.orchestrator.peers import Peers
from services.orchestrator.snapshot import Snapshot, dump
from services.orchestrator.store import Store
from services.orchestrator.terms import Draft
from services.runtime import telemetry

MISMATCH = "SNAPSHOT_MISMATCH"
PAGE = 1_000
FOLDED_AT_ONCE = 100
"""Events, half a millisecond of them: turns go on in between."""
_log = logging.getLogger("pmm.supervisor")


class Auditing:
    """One mind at a time: folding a long ledger takes a while, and turns go first."""

    def __init__(self, minds: Minds, peers: Peers, store: Store) -> None:
        self._minds = minds
        self._peers = peers
        self._store = store
        self._one_at_a_time = asyncio.Lock()

    async def audit(self, mind_id: str) -> bool:
        """Whether the state is what the ledger folds to; where it is not, it is thrown away and that is recorded."""
        async with self._one_at_a_time:
            # Looked at before the state is: what was erased up to there has left it.
            _, erased_position = self._store.worker(ERASURE)
            state = (await self._minds.at_hand(mind_id)).snapshot
            replayed = Snapshot()
            async for event in self._peers.read(mind_id, to_seq=state.seq, page_size=PAGE):
                replayed = replayed.apply(event)
                if event.seq % FOLDED_AT_ONCE == 0:
                    await asyncio.sleep(0)
            if dump(replayed) == dump(state) or await self._may_hold_erased(mind_id, state, erased_position):
                return True
            _log.error(
                "a mind's state at seq %d is not what its ledger folds to: it is folded anew", state.seq
            )
            telemetry.count("pmm.snapshot.mismatches")
            await self._minds.forget(mind_id, lambda: self._store.beside(self._store.erase_from, mind_id, 0))
            active = await self._minds.open(mind_id)
            violated = mind.InvariantViolated(
                code=MISMATCH,
                seqs=[state.seq],
                message="the state in memory was not what the ledger folds to",
            )
            await self._minds.append(
                active, [Draft(mind.Body(invariant_violated=violated), actor="supervisor")]
            )
            return False

    async def _may_hold_erased(self, mind_id: str, state: Snapshot, erased_position: int) -> bool:
        """Whether the state may hold what the ledger no longer does: it is dropped for each erasure, a moment later.

        ``erased_position``: that far it had been when the state was looked at.
        """
        erased_seq = state.summaries.erased_seq
        if erased_seq and (await self._peers.event(mind_id, erased_seq)).position > erased_position:
            return True
        erasures = self._peers.read(
            mind_id, from_seq=state.seq + 1, kinds=("event_redacted", "mind_deleted"), limit=1
        )
        return any([True async for _ in erasures])
