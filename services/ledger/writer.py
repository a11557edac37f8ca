"""The one writer: appends that wait together share one transaction, one fsync of keys and one of LMDB."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import lmdb

from services.ledger.batch import Batch
from services.ledger.decision import AppendCall, Decision, Quotas
from services.ledger.errors import DiskFull, StorageFailed
from services.ledger.events import Receipt
from services.ledger.store import StorageFull, Store
from services.runtime.errors import DataLoss, DomainError

T = TypeVar("T")
GROUP_BYTES = 16 * 1024 * 1024
"""A group ends once its payloads are this long: a commit is to stay short, and its pages in memory few."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What bounds a commit, and a mind."""

    group_appends: int
    quotas: Quotas


@dataclass(slots=True)
class Append:
    """One append that waits for its commit."""

    call: AppendCall
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
        limits: Limits,
        on_commit: Callable[[set[str]], None],
        on_failure: Callable[[BaseException], None],
    ) -> None:
        self._store = store
        self._limits = limits
        self._on_commit = on_commit
        self._on_failure = on_failure
        self._queue: queue.SimpleQueue[Append | Work | None] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._waiting: set[asyncio.Future[Any]] = set()
        self._failed = False
        self._thread = threading.Thread(target=self._run, name="ledger-writer", daemon=True)
        self._thread.start()

    async def append(self, call: AppendCall) -> Receipt:
        """Wait for the commit that holds the events. A caller that goes away does not undo it."""
        done: asyncio.Future[Receipt] = self._loop.create_future()
        return await self._wait_for(Append(call, done))

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
        size = 0
        following = self._queue.get()
        while isinstance(following, Append):
            group.append(following)
            size += sum(len(event.payload) for event in following.call.events)
            is_enough = len(group) == self._limits.group_appends or size >= GROUP_BYTES
            if is_enough or self._queue.empty():
                self._finish(group)
                if self._queue.empty():
                    self._store.make_keys_ahead()
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
            outcome = self._store.run(work.work)
        except StorageFull:
            outcome = DiskFull("the disk that holds the ledger is full: make room, and repeat it")
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
            return Decision(self._store, batch, append.call, self._limits.quotas).carry_out()
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
        self._on_commit({append.call.mind_id for append, outcome in outcomes if isinstance(outcome, Receipt)})

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
