"""Verifies the hash chains of the minds in use, a bounded number of events at a time, from where it last ended.

The bytes are read again by the ledger's ``Verify``. How far a mind is verified is kept on disk with the hash there, so
that a ledger which was cut or exchanged is noticed, too.
"""

from __future__ import annotations

import asyncio
import logging
import time

import pmm_client.errors
from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator.active_mind import ActiveMind
from services.orchestrator.minds import Minds
from services.orchestrator.peers import Peers
from services.orchestrator.settings import OrchestratorSettings
from services.orchestrator.snapshot import GENESIS
from services.orchestrator.store import Store
from services.orchestrator.terms import Draft
from services.runtime import telemetry
from services.runtime.errors import DomainError
from services.runtime.projection_file import DISK_ERRORS

BROKEN, REPLACED = "CHAIN_BROKEN", "CHAIN_REPLACED"
ACTOR = "supervisor"
_log = logging.getLogger("pmm.supervisor")


class ChainWatch:
    """Looks at the minds in memory in turn."""

    def __init__(self, minds: Minds, peers: Peers, store: Store, settings: OrchestratorSettings) -> None:
        self._minds = minds
        self._peers = peers
        self._store = store
        self._seconds = settings.tick_seconds
        self._events = settings.verified_events

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(self._seconds)
            await self.look()

    async def look(self) -> None:
        """Verify what came since the last look, as far as the number of events allows: the rest the next time."""
        left = self._events
        for active in self._minds.unverified():
            if left <= 0:
                return
            try:
                left -= await self._verify(active, left)
            except (pmm_client.errors.PmmError, DomainError, *DISK_ERRORS) as error:
                _log.warning("a mind's chain could not be verified: %s", type(error).__name__)
                telemetry.count("pmm.chain.failed")

    async def _verify(self, active: ActiveMind, most: int) -> int:
        """How many events were read again."""
        active.verifying_ns = time.monotonic_ns()
        head = active.snapshot.seq
        seq, its_hash = self._store.verified(active.id)
        if seq and await self._peers.hash_at(active.id, seq) != its_hash:
            message = "the ledger no longer holds the event up to which its chain was verified"
            await self._tell(active, REPLACED, seq, its_hash.hex()[:16], message)
            seq = 0
            await self._store.beside(self._store.put_verified, active.id, seq, GENESIS)
        to_seq = min(head, seq + most)
        if seq < to_seq:
            with telemetry.stage("verify"):
                found = await self._peers.verify(active.id, seq + 1, to_seq)
            telemetry.count("pmm.chain.verified", to_seq - seq)
            if found.break_kind:
                # What comes after it is looked at once there is more.
                active.verified_seq = head
                await self._tell(active, BROKEN, found.seq, found.break_kind, found.message)
                return to_seq - seq
            await self._store.beside(self._store.put_verified, active.id, found.seq, found.hash)
        active.verified_seq = max(seq, to_seq)
        return max(0, to_seq - seq)

    async def _tell(self, active: ActiveMind, code: str, seq: int, what: str, message: str) -> None:
        """Record it, once however often it is found."""
        if active.snapshot.invariants.is_known(code, (seq,)):
            return
        _log.error("%s: event %d of a mind: %s", code, seq, message)
        telemetry.count("pmm.invariants.violated", code=code)
        violated = mind.InvariantViolated(code=code, seqs=[seq], message=message)
        key = f"invariant:{code}:{seq}:{what}"
        draft = Draft(mind.Body(invariant_violated=violated), actor=ACTOR, idempotency_key=key)
        await self._minds.append(active, [draft])
