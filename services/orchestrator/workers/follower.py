"""Workers: durable followers of the ledger, each with a position of its own.

What a worker derives from an event carries an idempotency key made of worker, event, kind and ordinal. The position
is saved after the derived events are, so a crash repeats an event and the keys keep its consequences single.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pmm_client.errors
from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator.errors import MindDeleted, ModelFailed, StillFailing
from services.orchestrator.minds import Minds
from services.orchestrator.peers import Peers
from services.orchestrator.store import DeadLetter, Store
from services.orchestrator.terms import Draft
from services.runtime import telemetry
from services.runtime.errors import DomainError

RECONNECT_SECONDS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
"""Between attempts to reach the ledger, the last one over and over."""

ATTEMPTS, RETRY_SECONDS = 3, 0.05
"""For one event, with twice the pause before each further one; then it is a dead letter."""
_RETRIED = (pmm_client.errors.Unavailable, pmm_client.errors.DeadlineExceeded)
_GONE = (pmm_client.errors.UnknownMind, pmm_client.errors.MindDeleted, MindDeleted)
_FAILURES = (pmm_client.errors.PmmError, DomainError, ModelFailed, ValueError, OverflowError)
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
        self._derived: Counter[str] = Counter()
        self._failed: Counter[str] = Counter()

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

    @property
    def name(self) -> str:
        """The worker's."""
        return self._worker.name

    @property
    def position(self) -> int:
        """The store's events up to here are processed."""
        return self._position

    def derived(self, mind_id: str) -> int:
        """Events that it derived for a mind, since the start."""
        return self._derived[mind_id]

    def failures(self, mind_id: str) -> int:
        """Events of a mind that it could not deal with, since the start."""
        return self._failed[mind_id]

    async def replay(self, letter: DeadLetter) -> list[int]:
        """Try a dead letter again; the seqs of what it derived. Raises StillFailing."""
        event = await self._peers.event(letter.mind_id, letter.seq)
        if event.redacted:
            self._store.drop_dead_letter(letter)
            return []
        try:
            seqs = await self._follow_up(event)
        except _FAILURES as error:
            self._store.put_dead_letter(_letter(letter.worker, event, error, letter.attempts + 1))
            raise StillFailing(
                f"worker {letter.worker} fails as before ({_reason(error)}): mend the cause first",
                dead_letter_id=letter.id,
            ) from None
        self._store.drop_dead_letter(letter)
        return seqs

    async def _process(self, events: list[mind.Event]) -> None:
        for event in events:
            if not event.remember or event.redacted:
                continue
            with telemetry.stage(f"worker.{self._worker.name}"):
                await self._attempt(event)

    async def _attempt(self, event: mind.Event) -> None:
        """Follow up, some times over; what then still fails must not stop all that comes after it."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                await self._follow_up(event)
            except _RETRIED:
                raise
            except _GONE:
                # Its mind was deleted meanwhile: nothing of it may stay, a dead letter neither.
                return
            except _FAILURES as error:
                if attempt < ATTEMPTS:
                    await asyncio.sleep(RETRY_SECONDS * 2 ** (attempt - 1))
                    continue
                _log.warning(
                    "worker %s leaves event %d of a mind: %s", self._worker.name, event.seq, _reason(error)
                )
                self._failed[event.mind_id] += 1
                self._store.put_dead_letter(_letter(self._worker.name, event, error, attempt))
                telemetry.count("pmm.worker.failed", worker=self._worker.name)
            return

    async def _follow_up(self, event: mind.Event) -> list[int]:
        bodies = await self._worker.derive(event, self._minds)
        if not bodies:
            return []
        active = await self._minds.open(event.mind_id)
        drafts = [self._draft(event, body, i) for i, body in enumerate(bodies)]
        seqs = await self._minds.append(active, drafts)
        self._derived[event.mind_id] += len(bodies)
        telemetry.count("pmm.worker.derived", len(bodies), worker=self._worker.name)
        return seqs

    def _draft(self, event: mind.Event, body: mind.Body, ordinal: int) -> Draft:
        kind = body.WhichOneof("kind")
        return Draft(
            body,
            session_id=event.session_id,
            actor=self._worker.name,
            causation_seq=event.seq,
            idempotency_key=f"{self._worker.name}:{event.seq}:{kind}:{ordinal}",
        )


def _letter(worker: str, event: mind.Event, error: Exception, attempts: int) -> DeadLetter:
    return DeadLetter(event.mind_id, worker, event.seq, _reason(error), attempts, time.time_ns())


def _reason(error: Exception) -> str:
    """A stable code where it has one, or its name: its text may quote what somebody wrote."""
    return getattr(error, "reason", "") or type(error).__name__
