"""Workers: durable followers of the ledger, each with a position of its own.

What a worker derives from an event carries an idempotency key made of worker, event, kind and ordinal. The position
is saved after the derived events are, so a crash repeats events and the keys keep their consequences single.
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
from services.orchestrator.workers.lanes import Lanes
from services.runtime import telemetry
from services.runtime.errors import DomainError

RECONNECT_SECONDS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
"""Between attempts to reach the ledger, the last one over and over."""

ATTEMPTS, RETRY_SECONDS = 3, 0.05
"""For one event, with twice the pause before each further one; then it is a dead letter."""
SAVE_SECONDS = 0.5
"""Between two writes of the position to disk."""
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
    """Runs one worker over all minds: in order within a mind, and so that none waits for another one's model."""

    def __init__(self, worker: Worker, minds: Minds, peers: Peers, store: Store) -> None:
        self._worker = worker
        self._minds = minds
        self._peers = peers
        self._store = store
        self._store_id, self._saved = store.worker(worker.name)
        self._lanes = Lanes(self._process, self._saved)
        self._derived: Counter[str] = Counter()
        self._failed: Counter[str] = Counter()

    async def run(self) -> None:
        """Follow until cancelled."""
        try:
            # A fault of ours in one of its tasks ends it, and with it the service.
            async with asyncio.TaskGroup() as group:
                group.create_task(self._save_now_and_then())
                await self._follow(group)
        finally:
            self._save()

    async def _follow(self, group: asyncio.TaskGroup) -> None:
        attempt = 0
        while True:
            try:
                async for store_id, events, position in self._peers.follow(
                    self._lanes.delivered, self._worker.kinds
                ):
                    attempt = 0
                    if store_id != self._store_id:
                        await self._start_anew(store_id)
                        break
                    for event in events:
                        await self._lanes.put(event, group)
                    self._lanes.deliver(position)
            except ConnectionError as error:
                _log.warning("worker %s waits for the ledger: %s", self._worker.name, error)
            await asyncio.sleep(RECONNECT_SECONDS[min(attempt, len(RECONNECT_SECONDS) - 1)])
            attempt += 1

    async def _start_anew(self, store_id: str) -> None:
        """The ledger is another one."""
        await self._lanes.close()
        self._store_id, self._saved = store_id, 0
        self._store.put_worker(self._worker.name, store_id, 0)
        self._lanes = Lanes(self._process, 0)

    async def _save_now_and_then(self) -> None:
        """What was done since is repeated after a crash, and its keys keep it single."""
        while True:
            await asyncio.sleep(SAVE_SECONDS)
            self._save()

    def _save(self) -> None:
        if self._lanes.done > self._saved:
            self._saved = self._lanes.done
            self._store.put_worker(self._worker.name, self._store_id, self._saved)

    @property
    def name(self) -> str:
        """The worker's."""
        return self._worker.name

    @property
    def position(self) -> int:
        """The store's events up to here are processed."""
        return self._lanes.done

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

    async def _process(self, event: mind.Event) -> None:
        if not event.remember or event.redacted:
            return
        with telemetry.stage(f"worker.{self._worker.name}"):
            await self._attempt(event)

    async def _attempt(self, event: mind.Event) -> None:
        """Follow up, some times over; what then still fails must not stop all that comes after it."""
        attempt = 0
        while True:
            attempt += 1
            try:
                await self._follow_up(event)
            except _RETRIED as error:
                # It is not the event's fault: it waits until its turn, and so does its mind.
                attempt -= 1
                _log.warning("worker %s waits: %s", self._worker.name, _reason(error))
                await asyncio.sleep(RECONNECT_SECONDS[-1])
                continue
            except _GONE:
                # Its mind was deleted meanwhile: nothing of it may stay, a dead letter neither.
                return
            except _FAILURES as error:
                if attempt < ATTEMPTS:
                    await asyncio.sleep(RETRY_SECONDS * 2 ** (attempt - 1))
                    continue
                self._leave(event, error, attempt)
            return

    def _leave(self, event: mind.Event, error: Exception, attempts: int) -> None:
        _log.warning("worker %s leaves event %d of a mind: %s", self._worker.name, event.seq, _reason(error))
        self._failed[event.mind_id] += 1
        self._store.put_dead_letter(_letter(self._worker.name, event, error, attempts))
        telemetry.count("pmm.worker.failed", worker=self._worker.name)

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
