"""Workers: durable followers of the ledger, each with a position of its own.

What a worker derives from an event carries an idempotency key made of worker, event, kind and ordinal. The position
is saved after the derived events are, so a crash repeats an event and the keys keep its consequences single.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pmm_client.errors
from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator.minds import Minds
from services.orchestrator.peers import Peers
from services.orchestrator.store import Store
from services.orchestrator.terms import Draft
from services.runtime import telemetry
from services.runtime.errors import DomainError

RECONNECT_SECONDS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
"""Between attempts to reach the ledger, the last one over and over."""

_RETRIED = (pmm_client.errors.Unavailable, pmm_client.errors.DeadlineExceeded)
_log = logging.getLogger("pmm.worker")
Derive = Callable[[mind.Event, Minds], Awaitable[list[mind.Body]]]


@dataclass(frozen=True)
class Worker:
    """What a worker looks at, and what it derives from it."""

    name: str
    kinds: tuple[str, ...]
    derive: Derive


class Follower:
    """Runs one worker over all minds."""

    def __init__(self, worker: Worker, minds: Minds, peers: Peers, store: Store) -> None:
        self._worker = worker
        self._minds = minds
        self._peers = peers
        self._store = store
        self._store_id, self._position = store.worker(worker.name)

    async def run(self) -> None:
        """Follow until cancelled."""
        attempt = 0
        while True:
            try:
                async for store_id, events, position in self._peers.follow(
                    self._position, self._worker.kinds
                ):
                    attempt = 0
                    if store_id != self._store_id:
                        self._store_id, self._position = store_id, 0
                        self._store.put_worker(self._worker.name, store_id, 0)
                        break
                    await self._process(events)
                    if position > self._position:
                        self._position = position
                        self._store.put_worker(self._worker.name, store_id, position)
            except (ConnectionError, *_RETRIED) as error:
                _log.warning("worker %s waits for the ledger: %s", self._worker.name, error)
            await asyncio.sleep(RECONNECT_SECONDS[min(attempt, len(RECONNECT_SECONDS) - 1)])
            attempt += 1

    async def _process(self, events: list[mind.Event]) -> None:
        for event in events:
            if not event.remember or event.redacted:
                continue
            try:
                with telemetry.stage(f"worker.{self._worker.name}"):
                    await self._follow_up(event)
            except _RETRIED:
                raise
            except (pmm_client.errors.PmmError, DomainError, ValueError, OverflowError) as error:
                # One event that cannot be dealt with must not stop all that come after it.
                _log.warning(
                    "worker %s skips event %d of a mind: %s",
                    self._worker.name,
                    event.seq,
                    type(error).__name__,
                )
                telemetry.count("pmm.worker.skipped", worker=self._worker.name)

    async def _follow_up(self, event: mind.Event) -> None:
        bodies = await self._worker.derive(event, self._minds)
        if bodies:
            active = await self._minds.open(event.mind_id)
            await self._minds.append(active, [self._draft(event, body, i) for i, body in enumerate(bodies)])
            telemetry.count("pmm.worker.derived", len(bodies), worker=self._worker.name)

    def _draft(self, event: mind.Event, body: mind.Body, ordinal: int) -> Draft:
        kind = body.WhichOneof("kind")
        return Draft(
            body,
            session_id=event.session_id,
            actor=self._worker.name,
            causation_seq=event.seq,
            idempotency_key=f"{self._worker.name}:{event.seq}:{kind}:{ordinal}",
        )
