"""Workers: durable followers of the ledger, each with a position of its own.

What a worker derives from an event carries an idempotency key made of worker, event, kind and ordinal. The position
is saved after the derived events are, so a crash repeats events and the keys keep their consequences single.

What fails does not hold up what comes after it: the event becomes a dead letter. Where a model or another service
was away, the letter is tried again by itself, with pauses that double; where the fault lies elsewhere, an operator
replays it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

import pmm_client.errors
from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator.errors import MindDeleted, ModelFailed, StillFailing
from services.orchestrator.feed import Feed, Pace
from services.orchestrator.minds import Minds
from services.orchestrator.peers import Peers
from services.orchestrator.store import DeadLetter, Store
from services.orchestrator.terms import Draft
from services.orchestrator.workers.derived import Derived
from services.orchestrator.workers.lanes import Lanes
from services.orchestrator.workers.pauses import NEVER_NS, has_come, pause_ns
from services.orchestrator.workers.tally import Tallies, Tally
from services.runtime import telemetry
from services.runtime.errors import DomainError
from services.runtime.projection_file import DISK_ERRORS
from services.runtime.waiting import DiskFailed, DiskFull, Waiting

RECONNECT_SECONDS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
"""Between attempts to reach the ledger, the last one over and over."""

ATTEMPTS, RETRY_SECONDS = 3, 0.05
"""For one event, with twice the pause before each further one; then it is a dead letter."""
LOOK_SECONDS = 0.5
"""Between looks for letters whose time has come."""
UNREAD_EVENTS = 200
"""At the end of what a mind was restored with, workers may not have read where it came from, or have left dead letters.
They are milliseconds behind as a rule, and a few messages where a model reads along; what lies further back is not read
anew."""
SETTLE_SECONDS = 0.015
"""Workers begin so long after an event reaches this process: not while its turn waits for its first token, unless the
model takes its time."""
_RETRIED = (
    pmm_client.errors.Unavailable,
    pmm_client.errors.DeadlineExceeded,
    pmm_client.errors.RateLimited,
)
_GONE = (
    pmm_client.errors.UnknownMind,
    pmm_client.errors.UnknownEvent,
    pmm_client.errors.MindDeleted,
    MindDeleted,
)
_DISK_STUCK = (DiskFull, DiskFailed)
"""What another follower here cannot write keeps this one waiting."""
CONTENT_FAULTS = (ValueError, ArithmeticError, LookupError, TypeError)
"""What an event that holds something unforeseen makes of code that reads it: any application may append one."""
_FAILURES = (pmm_client.errors.PmmError, DomainError, ModelFailed, *CONTENT_FAULTS)
_log = logging.getLogger("pmm.worker")
Derive = Callable[[mind.Event, Minds], Awaitable[list[mind.Body]]]
Act = Callable[[mind.Event], Awaitable[list[int]]]


@dataclass(frozen=True)
class Worker:
    """What a worker looks at, and what it derives from it."""

    name: str
    kinds: tuple[str, ...]
    derive: Derive | None = None
    """The events that follow from one: they are appended for it, each once."""
    act: Act | None = None
    """Instead: appends by itself what it decides from the mind's state, once however often it is called; their seqs."""
    appends: bool = True
    """Whether what it derives are events. Those of a mind that was restored came along with it."""
    derives: tuple[str, ...] = ()
    """The kinds that may follow; it is looked whether they are there already where a crash may have hidden it."""
    wants: Callable[[mind.Event], bool] = lambda _: True
    """Whether it looks at an event of its kinds at all: what it does not want costs next to nothing."""
    heeds_unremembered: bool = False
    """Whether it looks also at what is not to be remembered."""
    waiting: Waiting = field(default_factory=Waiting)
    """Those who wait for what it does."""


class Follower:
    """Runs one worker over all minds: in order within a mind, and so that none waits for another one's model."""

    def __init__(self, worker: Worker, minds: Minds, peers: Peers, store: Store, feed: Feed) -> None:
        self._worker = worker
        self._minds = minds
        self._peers = peers
        self._store = store
        self._feed = feed
        self._pace = Pace(SETTLE_SECONDS)
        self._before = Derived(worker.name, worker.derives, peers)
        self.store_id, position = store.worker(worker.name)
        """The ledger that it follows."""
        self._lanes = Lanes(self._process, self._read_again, position)
        self._tallies = Tallies()
        self._look_ns = 0
        """When to look for letters to try again."""
        self._breaks, self._doubtful = peers.breaks, 0
        """How often the ledger was lost from sight, and the position up to which events were read before."""

    async def run(self) -> None:
        """Follow until cancelled."""
        # A fault of ours in one of its tasks ends it, and with it the service.
        async with asyncio.TaskGroup() as group:
            group.create_task(self._try_again())
            await self._follow(group)

    async def _follow(self, group: asyncio.TaskGroup) -> None:
        attempt = 0
        while True:
            self._before.forget()
            try:
                async with aclosing(
                    self._feed.follow(self._lanes.delivered, self._worker.kinds, self._pace)
                ) as pages:
                    async for page in pages:
                        attempt = 0
                        if page.store_id != self.store_id:
                            await self._start_anew(page.store_id)
                            break
                        for event in filter(self._worker.wants, page.events):
                            await self._lanes.put(event, group)
                        self._lanes.deliver(page.position)
                        self._worker.waiting.went_on()
            except pmm_client.errors.DataLoss as error:
                if not self._worker.waiting.is_at_damage:
                    _log.error("worker %s cannot go on: %s", self._worker.name, error)
                self._worker.waiting.stuck(error)
            except ConnectionError as error:
                _log.warning("worker %s waits for the ledger: %s", self._worker.name, error)
            await asyncio.sleep(RECONNECT_SECONDS[min(attempt, len(RECONNECT_SECONDS) - 1)])
            attempt += 1

    async def _start_anew(self, store_id: str) -> None:
        """The ledger is another one."""
        await self._lanes.close()
        self.store_id = store_id
        self._lanes = Lanes(self._process, self._read_again, 0)

    async def _read_again(
        self, mind_id: str, from_seq: int, to_seq: int, limit: int
    ) -> list[mind.Event] | None:
        """The first of a mind's events between two seqs, none of a mind that is gone; None where the ledger does not
        answer, or cannot read them.
        """
        kinds = self._worker.kinds
        read = self._peers.read(mind_id, from_seq=from_seq, to_seq=to_seq, kinds=kinds, limit=limit)
        try:
            return [event async for event in read]
        except _GONE:
            return []
        except pmm_client.errors.PmmError as error:
            _log.warning("worker %s cannot read on in a mind: %s", self._worker.name, error.reason)
            return None

    @property
    def name(self) -> str:
        """The worker's."""
        return self._worker.name

    @property
    def position(self) -> int:
        """The store's events up to here are processed."""
        return self._lanes.done

    @property
    def seen(self) -> int:
        """The store's events up to here were received."""
        return self._lanes.delivered

    def has_reached(self, mind_id: str, position: int) -> bool:
        """Whether every event of a mind up to a position of the store is processed."""
        return self._lanes.is_done(mind_id, position)

    async def reached(self, mind_id: str, position: int) -> None:
        """Return once every event of a mind up to a position of the store is processed."""
        while not self.has_reached(mind_id, position):
            await self._lanes.moved()

    def tally(self, mind_id: str) -> Tally:
        """How it did with a mind since the start; empty: with all of them."""
        return self._tallies.of(mind_id) if mind_id else self._tallies.total

    async def replay(self, letter: DeadLetter) -> list[int]:
        """Try a dead letter again; the seqs of what it derived. Raises StillFailing."""
        self._count("retries", letter.mind_id)
        event = await self._peers.event(letter.mind_id, letter.seq)
        if event.redacted:
            await self._store.beside(self._store.drop_dead_letter, letter)
            return []
        try:
            seqs = await self._follow_up(event)
        except (*_GONE, *_DISK_STUCK):
            # Of a mind that is gone no letter may stay, and without room on the disk the letter stays as it is.
            raise
        except _FAILURES as error:
            await self._leave(letter.mind_id, letter.seq, error, letter.attempts + 1)
            raise StillFailing(
                f"worker {letter.worker} fails as before ({_reason(error)}): mend the cause first",
                dead_letter_id=letter.id,
            ) from None
        await self._store.beside(self._store.drop_dead_letter, letter)
        self._succeeded(event.mind_id)
        return seqs

    async def _try_again(self) -> None:
        """Try the letters that wait for another service, until the first that fails again."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            now_ns = time.time_ns()
            if not has_come(self._look_ns, now_ns):
                continue
            letters = self._store.waiting(self._worker.name)
            self._look_ns = min((letter.retry_ns for letter in letters), default=NEVER_NS)
            await self._has_room_for(self._replay_due(letters, now_ns))

    async def _replay_due(self, letters: Sequence[DeadLetter], now_ns: int) -> None:
        for letter in letters:
            if not has_come(letter.retry_ns, now_ns):
                continue
            try:
                await self.replay(letter)
            except StillFailing:
                # What it waits for is still away, and the others would only find that out, too.
                self._look_ns = now_ns + pause_ns(letter.attempts)
                return
            except _RETRIED:
                return
            except _GONE:
                await self._store.beside(self._store.drop_dead_letter, letter)
            except pmm_client.errors.PmmError as error:
                # Where the ledger cannot read the event, only a person can mend it.
                await self._leave(letter.mind_id, letter.seq, error, letter.attempts + 1)

    async def _process(self, event: mind.Event) -> None:
        # What lay behind many others was read again, by its kind alone.
        if event.redacted or not self._worker.wants(event):
            return
        if not (event.remember or self._worker.heeds_unremembered):
            return
        with telemetry.stage(f"worker.{self._worker.name}"):
            while True:
                if await self._has_room_for(self._attempt(event)):
                    return
                await asyncio.sleep(RECONNECT_SECONDS[-1])

    async def _has_room_for(self, work: Awaitable[None]) -> bool:
        """Whether it was done: on a full disk neither it nor a dead letter can be, and there may be room again."""
        try:
            await work
        except (*DISK_ERRORS, *_DISK_STUCK) as error:
            _log.warning("worker %s waits for the disk: %s", self._worker.name, error)
            self._worker.waiting.stuck(error)
            return False
        return True

    async def _attempt(self, event: mind.Event) -> None:
        """Follow up, some times over; what then still fails must not stop all that comes after it."""
        attempt = 0
        while True:
            attempt += 1
            try:
                await self._follow_up(event)
            except _GONE:
                # Its mind was deleted meanwhile: nothing of it may stay, a dead letter neither.
                return
            except _DISK_STUCK:
                raise
            except _FAILURES as error:
                if attempt < ATTEMPTS and not isinstance(error, ModelFailed):
                    self._count("retries", event.mind_id)
                    await asyncio.sleep(RETRY_SECONDS * 2 ** (attempt - 1))
                    continue
                if isinstance(error, _RETRIED) and not await self._ledger_answers(event.mind_id):
                    # Without it nothing can be done, nor left: it is waited for.
                    _log.warning("worker %s waits: %s", self._worker.name, _reason(error))
                    await asyncio.sleep(RECONNECT_SECONDS[-1])
                    attempt = 0
                    continue
                await self._leave(event.mind_id, event.seq, error, attempt)
                self._count("failed", event.mind_id)
            else:
                self._succeeded(event.mind_id)
            return

    async def _ledger_answers(self, mind_id: str) -> bool:
        """Whether it does, be it that the mind is gone or cannot be read."""
        try:
            await self._peers.head(mind_id)
        except pmm_client.errors.PmmError as error:
            return not isinstance(error, _RETRIED)
        return True

    async def _leave(self, mind_id: str, seq: int, error: Exception, attempts: int) -> None:
        """Make an event a dead letter."""
        now_ns = time.time_ns()
        waits = isinstance(error, _RETRIED) or (isinstance(error, ModelFailed) and error.may_pass)
        retry_ns = now_ns + pause_ns(attempts) if waits else 0
        reason = _reason(error)
        _log.warning("worker %s leaves event %d of a mind: %s", self._worker.name, seq, reason)
        letter = DeadLetter(mind_id, self._worker.name, seq, reason, attempts, now_ns, retry_ns)
        await self._store.beside(self._store.put_dead_letter, letter)
        if waits:
            self._look_ns = min(self._look_ns, retry_ns)

    def _succeeded(self, mind_id: str) -> None:
        self._count("processed", mind_id)
        self._tallies.succeeded(mind_id, time.time_ns())

    def _count(self, what: str, mind_id: str, amount: int = 1) -> None:
        """In the tally, and as pmm.worker.<what>."""
        self._tallies.count(what, mind_id, amount)
        telemetry.count(f"pmm.worker.{what}", amount, worker=self._worker.name)

    async def _follow_up(self, event: mind.Event) -> list[int]:
        if self._worker.appends and await self._came_along(event):
            return []
        if self._worker.act is not None:
            seqs = await self._worker.act(event)
            self._count("derived", event.mind_id, len(seqs))
            return seqs
        if self._worker.derive is None or await self._before.follows_from(event):
            return []
        bodies = await self._worker.derive(event, self._minds)
        return await self._append(event, bodies) if bodies else []

    async def _came_along(self, event: mind.Event) -> bool:
        """Whether the event came with a restore, and with it all that this worker makes of it, as far as is known.

        Those at the end it may not have read, or have failed at: they are read where nothing follows from them. Who
        acts on the mind as a whole finds it as it was left.
        """
        restored_seq = await self._minds.restored_seq(event.mind_id)
        return event.seq <= restored_seq - (UNREAD_EVENTS if self._worker.derives else 0)

    async def _append(self, event: mind.Event, bodies: list[mind.Body]) -> list[int]:
        """All that follows from an event at once; nothing where it is there already, or the event was erased."""
        drafts = [self._draft(event, body, ordinal) for ordinal, body in enumerate(bodies)]
        try:
            seqs = await self._unless_erased(event, drafts)
        except pmm_client.errors.IdempotencyKeyReused:
            if await self._before.follows_from(event, is_sure=False):
                return []
            raise
        except _RETRIED:
            # It may be there although nobody said so.
            self._before.forget(event.mind_id)
            raise
        self._count("derived", event.mind_id, len(seqs))
        return seqs

    async def _unless_erased(self, event: mind.Event, drafts: list[Draft]) -> list[int]:
        """A model takes its time: what was erased meanwhile leaves nothing behind, nor what the ledger lost."""
        active = await self._minds.at_hand(event.mind_id)
        drops = active.drops
        while True:
            erased_seq = active.snapshot.summaries.erased_seq
            is_in_doubt = self._is_doubtful(event) or erased_seq > event.seq or active.drops != drops
            if is_in_doubt and not await self._is_there(event):
                return []
            seqs = await self._minds.append_unless_erased(active, drafts, erased_seq)
            if seqs is not None:
                return seqs

    def _is_doubtful(self, event: mind.Event) -> bool:
        """Whether the ledger may have come back with another history since the event was read."""
        if self._breaks != self._peers.breaks:
            self._breaks, self._doubtful = self._peers.breaks, max(self._lanes.delivered, event.position)
        return event.position <= self._doubtful

    async def _is_there(self, event: mind.Event) -> bool:
        now = await self._peers.event(event.mind_id, event.seq)
        return now.hash == event.hash and not now.redacted

    def _draft(self, event: mind.Event, body: mind.Body, ordinal: int) -> Draft:
        kind = body.WhichOneof("kind")
        return Draft(
            body,
            session_id=event.session_id,
            actor=self._worker.name,
            causation_seq=event.seq,
            idempotency_key=f"{self._worker.name}:{event.seq}:{kind}:{ordinal}",
        )


def _reason(error: Exception) -> str:
    """A stable code where it has one, or its name: its text may quote what somebody wrote."""
    return getattr(error, "reason", "") or type(error).__name__
