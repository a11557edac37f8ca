"""The one writer: appends that wait together share one transaction, one fsync of keys and one of LMDB."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import lmdb

from services.ledger import encoding
from services.ledger.encoding import Header, Record
from services.ledger.errors import (
    BeyondHead,
    DiskFull,
    IdempotencyKeyReused,
    MindDeleted,
    MindExists,
    StorageFailed,
    UnknownMind,
    WrongExpectedSeq,
    broken_event,
    broken_mind,
)
from services.ledger.events import BIRTHS, Appended, NewEvent, Receipt
from services.ledger.store import Batch, MindState, StorageFull, Store
from services.ledger.store import Receipt as KeyReceipt
from services.runtime.errors import DataLoss, DomainError

T = TypeVar("T")
_BATCH_KEY = b"batch\x00"
_EVENT_KEY = b"event\x00"


@dataclass(slots=True)
class Append:
    """One append that waits for its commit."""

    mind_id: str
    events: Sequence[NewEvent]
    expected_seq: int | None
    idempotency_key: str
    done: asyncio.Future[Receipt]


@dataclass(slots=True)
class Work:
    """Something else that writes to a mind, in a transaction of its own."""

    mind_id: str
    work: Callable[[], Any]
    done: asyncio.Future[Any]


Outcome = tuple[Append, Receipt | DomainError]


class Writer:
    """A thread with a queue. ``on_commit`` is called in the loop with the minds of every commit."""

    def __init__(
        self,
        store: Store,
        group_limit: int,
        on_commit: Callable[[set[str]], None],
        on_failure: Callable[[BaseException], None],
    ) -> None:
        self._store = store
        self._group_limit = group_limit
        self._on_commit = on_commit
        self._on_failure = on_failure
        self._queue: queue.SimpleQueue[Append | Work | None] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._waiting: set[asyncio.Future[Any]] = set()
        self._failed = False
        self._thread = threading.Thread(target=self._run, name="ledger-writer", daemon=True)
        self._thread.start()

    async def append(
        self, mind_id: str, events: Sequence[NewEvent], expected_seq: int | None, idempotency_key: str
    ) -> Receipt:
        """Wait for the commit that holds the events. A caller that goes away does not undo it."""
        done: asyncio.Future[Receipt] = self._loop.create_future()
        return await self._wait_for(Append(mind_id, events, expected_seq, idempotency_key, done))

    async def run(self, mind_id: str, work: Callable[[], T]) -> T:
        """Run something that writes between two commits. It may be run again when the map has grown."""
        done: asyncio.Future[T] = self._loop.create_future()
        return await self._wait_for(Work(mind_id, work, done))

    async def _wait_for(self, item: Append | Work) -> Any:
        if self._failed:
            raise _failed()
        self._waiting.add(item.done)
        self._queue.put(item)
        try:
            return await item.done
        finally:
            self._waiting.discard(item.done)

    async def stop(self) -> None:
        """Commit what waits, then end the thread."""
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        try:
            while self._turn():
                pass
        except BaseException as error:  # noqa: BLE001  the process ends, whatever it was
            # Pages may be lost that the kernel was told to keep: nothing on this disk can be trusted now.
            self._loop.call_soon_threadsafe(self._fail, error)

    def _fail(self, error: BaseException) -> None:
        self._failed = True
        for done in self._waiting:
            if not done.done():
                done.set_exception(_failed())
        self._on_failure(error)

    def _turn(self) -> bool:
        """Commit what waits; False when the thread shall end."""
        group: list[Append] = []
        following = self._queue.get()
        while isinstance(following, Append):
            group.append(following)
            if len(group) == self._group_limit or self._queue.empty():
                self._finish(group)
                return True
            following = self._queue.get()
        if group:
            self._finish(group)
        if following is None:
            return False
        self._do(following)
        return True

    def _finish(self, group: list[Append]) -> None:
        self._loop.call_soon_threadsafe(self._resolve, self._commit(group))

    def _do(self, work: Work) -> None:
        outcome: Any
        try:
            while True:
                try:
                    outcome = work.work()
                    break
                except lmdb.MapFullError:
                    self._store.grow()
        except StorageFull:
            outcome = _full()
        except DomainError as refused:
            outcome = refused
        self._loop.call_soon_threadsafe(self._resolve_work, work, outcome)

    def _commit(self, group: list[Append]) -> list[Outcome]:
        damaged: dict[int, DomainError] = {}
        at = 0
        while True:
            outcomes: list[Outcome] = []
            try:
                with self._store.write() as batch:
                    for at, append in enumerate(group):
                        outcomes.append((append, damaged.get(at) or self._outcome(batch, append)))
                return outcomes
            except DataLoss as loss:
                # Half of the append may be written: the others begin again without it.
                damaged[at] = loss
            except lmdb.MapFullError:
                self._store.grow()
            except StorageFull:
                return [(append, _full()) for append in group]

    def _outcome(self, batch: Batch, append: Append) -> Receipt | DomainError:
        """Decide, then write: an append that is refused leaves nothing behind. Raises DataLoss at any point."""
        try:
            return _Decision(self._store, batch, append).carry_out()
        except DataLoss:
            raise
        except DomainError as refused:
            return refused

    def _resolve(self, outcomes: list[Outcome]) -> None:
        for append, outcome in outcomes:
            if append.done.done():
                continue
            if isinstance(outcome, Receipt):
                append.done.set_result(outcome)
            else:
                append.done.set_exception(outcome)
        self._on_commit({append.mind_id for append, outcome in outcomes if isinstance(outcome, Receipt)})

    def _resolve_work(self, work: Work, outcome: Any) -> None:
        if not work.done.done():
            if isinstance(outcome, DomainError):
                work.done.set_exception(outcome)
            else:
                work.done.set_result(outcome)
        self._on_commit({work.mind_id})


def _full() -> DiskFull:
    return DiskFull("the disk that holds the ledger is full: make room; nothing was written")


def _failed() -> StorageFailed:
    return StorageFailed(
        "the ledger's disk failed and the server stops; whether this was written is not known: "
        "repeat it with the same idempotency key"
    )


class _Decision:
    """One append against the state of its mind."""

    def __init__(self, store: Store, batch: Batch, append: Append) -> None:
        self._store = store
        self._batch = batch
        self._append = append
        self._state = batch.mind(append.mind_id)

    def carry_out(self) -> Receipt:
        known = self._known_batch()
        if known is not None:
            return known
        existing = self._known_events()
        fresh = [event for i, event in enumerate(self._append.events) if i not in existing]
        if fresh:
            self._check(fresh)
        return self._write(existing)

    def _known_batch(self) -> Receipt | None:
        if self._state is None or not self._append.idempotency_key:
            return None
        seen = self._batch.receipt(self._state, self._hmac(_BATCH_KEY, self._append.idempotency_key.encode()))
        if seen is None:
            return None
        self._must_equal(seen.digest, self._fingerprint(), "idempotency_key")
        return Receipt([self._stored(seq, existed=True) for seq in seen.seqs], seen.head_seq)

    def _known_events(self) -> dict[int, int]:
        """Index in the request → seq, of the events that this mind has seen by their own keys."""
        known: dict[int, int] = {}
        if self._state is None:
            return known
        for i, event in enumerate(self._append.events):
            if not event.idempotency_key:
                continue
            seen = self._batch.receipt(self._state, self._hmac(_EVENT_KEY, event.idempotency_key.encode()))
            if seen is not None:
                digest = self._hmac(_EVENT_KEY, event.fingerprint)
                self._must_equal(seen.digest, digest, f"events[{i}].idempotency_key")
                known[i] = seen.seqs[0]
        return known

    def _check(self, fresh: Sequence[NewEvent]) -> None:
        mind_id, state, expected = self._append.mind_id, self._state, self._append.expected_seq
        if state is not None and state.is_deleted:
            raise MindDeleted(f"mind {mind_id!r} was deleted; its name is never used again", mind_id=mind_id)
        head = state.head_seq if state else 0
        if expected is not None and expected != head:
            raise WrongExpectedSeq(
                f"the head of mind {mind_id!r} is {head}, not {expected}: read from there and decide again",
                head_seq=str(head),
            )
        births = [i for i, event in enumerate(fresh) if event.kind in BIRTHS]
        if state is None and (not births or births[0] != 0):
            raise UnknownMind(
                f"there is no mind {mind_id!r}: its first event must be mind_created", mind_id=mind_id
            )
        if (state is not None and births) or len(births) > 1:
            raise MindExists(f"mind {mind_id!r} has begun already", mind_id=mind_id)
        for seq, event in enumerate(fresh, head + 1):
            if event.causation_seq is not None and event.causation_seq >= seq:
                raise BeyondHead(
                    f"causation_seq {event.causation_seq} of the event that would be {seq} must lie below it",
                    head_seq=str(head),
                )

    def _write(self, existing: dict[int, int]) -> Receipt:
        append, batch = self._append, self._batch
        state = self._state or batch.new_mind(append.mind_id, os.urandom(encoding.KEY_BYTES))
        self._state = state
        first_position = batch.next_position()
        keys: list[bytes] = []
        appended: list[Appended] = []
        now_ns = max(time.time_ns(), state.head_ns)
        for i, event in enumerate(append.events):
            if i in existing:
                appended.append(self._stored(existing[i], existed=True))
                continue
            key = os.urandom(encoding.KEY_BYTES)
            state = self._state = self._put(state, event, key, now_ns)
            keys.append(key)
            appended.append(
                Appended(state.head_seq, state.head_position, state.head_ns, state.head_hash, existed=False)
            )
            if event.idempotency_key:
                self._remember(_EVENT_KEY, event.idempotency_key, event.fingerprint, [state.head_seq])
        if keys:
            self._store.event_keys.write(first_position - 1, keys)
            batch.put_mind(append.mind_id, state)
        if append.idempotency_key:
            digest = self._fingerprint()
            key_digest = self._hmac(_BATCH_KEY, append.idempotency_key.encode())
            seqs = [event.seq for event in appended]
            batch.put_receipt(state, key_digest, KeyReceipt(digest, seqs, state.head_seq))
        return Receipt(appended, state.head_seq)

    def _put(self, state: MindState, event: NewEvent, key: bytes, now_ns: int) -> MindState:
        mind_id, seq = self._append.mind_id, state.head_seq + 1
        salt = os.urandom(encoding.SALT_BYTES)
        header = Header(
            mind_id,
            seq,
            event.kind,
            now_ns,
            event.session_id,
            event.actor,
            event.causation_seq,
            event.trace_id,
            event.remember,
            encoding.payload_digest(salt, event.payload),
            state.head_hash,
        )
        its_hash = encoding.header_hash(header)
        position = self._batch.next_position()
        sealed = encoding.seal(key, mind_id, seq, salt, event.payload)
        self._batch.put_event(state, Record(header, its_hash, position, sealed))
        return MindState(
            state.number,
            seq,
            its_hash,
            position,
            now_ns,
            state.created_ns or now_ns,
            state.payload_bytes + len(event.payload),
        )

    def _remember(self, purpose: bytes, key: str, body: bytes, seqs: list[int]) -> None:
        assert self._state is not None
        receipt = KeyReceipt(self._hmac(purpose, body), seqs)
        self._batch.put_receipt(self._state, self._hmac(purpose, key.encode()), receipt)

    def _stored(self, seq: int, *, existed: bool) -> Appended:
        assert self._state is not None
        data = self._batch.raw_event(self._state, seq)
        if data is None:
            raise broken_event(self._append.mind_id, seq, "it is missing")
        return Appended(
            seq, encoding.position_of(data), encoding.recorded_ns_of(data), encoding.hash_of(data), existed
        )

    def _fingerprint(self) -> bytes:
        expected = "" if self._append.expected_seq is None else str(self._append.expected_seq)
        parts = [expected.encode(), *(event.fingerprint for event in self._append.events)]
        return self._hmac(_BATCH_KEY, b"".join(len(part).to_bytes(8, "big") + part for part in parts))

    def _hmac(self, purpose: bytes, data: bytes) -> bytes:
        """Keyed by the mind, so that what is kept betrays no text, and is void once the key is erased."""
        assert self._state is not None
        key = self._store.mind_keys.read(self._state.number)
        if key is None:
            raise broken_mind(self._append.mind_id, "its key is gone")
        return hmac.digest(key, purpose + data, hashlib.sha256)

    @staticmethod
    def _must_equal(seen: bytes, now: bytes, field: str) -> None:
        if not hmac.compare_digest(seen, now):
            raise IdempotencyKeyReused(
                f"{field} came with another body before: take a new key, or repeat the first body",
                field=field,
            )
