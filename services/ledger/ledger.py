"""The ledger without its gRPC: append, read, follow, verify. Blocking work runs on small executors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from services.ledger import (
    backup,
    encoding,
    erasure,
    export,
    listing,
    masterkey,
    reading,
    restore,
)
from services.ledger.backup import Backup
from services.ledger.bell import Bell
from services.ledger.decision import AppendCall, Quotas
from services.ledger.eraser import Eraser
from services.ledger.erasure import Ordered, Status, Wanted
from services.ledger.errors import BeyondHead, DiskFull, unknown_event, unknown_mind
from services.ledger.events import ANY, NewEvent, OpenedRecord, Receipt, Selection
from services.ledger.journal import Journal
from services.ledger.listing import Summary
from services.ledger.proofs import Consistency, Inclusion, Prover, TreeHead
from services.ledger.restore import Upload
from services.ledger.settings import LedgerSettings
from services.ledger.signing import SigningKeys
from services.ledger.store import Store
from services.ledger.tables import MindState, Reader
from services.ledger.verify import Progress, Step, Verification
from services.ledger.workers import Workers
from services.ledger.writer import Limits, Writer
from services.runtime import telemetry
from services.runtime.durable import is_full

MIB = 1024 * 1024
ALONE_EVENTS = 50_000
"""So many are verified before processes that help would have started."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a mind's chain."""

    seq: int
    hash: bytes
    position: int
    recorded_ns: int
    restored_seq: int = 0
    """Up to here the events came with a restore."""


@dataclass(frozen=True, slots=True)
class Range:
    """What ``read`` is to deliver. ``first`` and ``last`` as in the contract: 0 stands for an end."""

    mind_id: str
    first: int = 0
    last: int = 0
    reverse: bool = False
    limit: int = 0
    selection: Selection = ANY
    min_seq: int = 0
    page_events: int = 0


@dataclass(slots=True)
class Delivery:
    """Part of a subscription: events, and how far everything has been delivered or skipped."""

    events: list[OpenedRecord]
    position: int
    seq: int
    is_caught_up: bool = False
    """What was stored when the subscription began has been delivered."""
    is_heartbeat: bool = False


class Ledger:
    """Owns the store, the writer and the readers. Made inside a running event loop."""

    def __init__(self, folder: Path, settings: LedgerSettings) -> None:
        self._settings = settings
        masters = masterkey.load(settings.master_key_file, settings.previous_master_key_file)
        self._store = Store(folder, settings.map_initial_mib * MIB, masters)
        self._journal = Journal(folder / "journal")
        backup.remove_leftovers(folder)
        self._prover = Prover(self._store, SigningKeys(folder / "signing"), self._journal, settings.log_name)
        self._readers = ThreadPoolExecutor(settings.read_threads, "ledger-read")
        self._bell = Bell(settings.settle_ms / 1000)
        self._draining = asyncio.Event()
        self.failure: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
        """Resolved when the disk can no longer be trusted, and the process must end."""
        quotas = Quotas(settings.quota_events, settings.quota_mib * MIB)
        limits = Limits(settings.group_limit, quotas)
        self._writer = Writer(self._store, limits, self._bell.ring, self._fail)
        self._workers = Workers(folder, settings.master_key_files())
        self._eraser = Eraser(self._store, self._journal, self._writer)

    @property
    def store_id(self) -> str:
        """Names this store; a restore of a backup changes it."""
        return self._store.store_id

    async def start(self) -> None:
        """Finish the erasures that a crash interrupted."""
        await self._eraser.complete_all()

    def drain(self) -> None:
        """End every subscription."""
        self._draining.set()
        self._bell.ring_all()

    async def stop(self) -> None:
        """Commit what waits and close the files."""
        await self._eraser.stop()
        await self._writer.stop()
        await asyncio.to_thread(self._readers.shutdown)
        self._store.close()

    async def append(
        self,
        mind_id: str,
        events: Sequence[NewEvent],
        *,
        expected_seq: int | None = None,
        expected_hash: bytes = b"",
        idempotency_key: str = "",
    ) -> Receipt:
        """See ``LedgerService.Append``."""
        call = AppendCall(mind_id, events, expected_seq, idempotency_key, expected_hash)
        with telemetry.stage("ledger.append"):
            receipt = await self._writer.append(call)
        telemetry.count("pmm.ledger.events.appended", sum(not event.existed for event in receipt.events))
        return receipt

    async def read(self, wanted: Range) -> AsyncIterator[tuple[list[OpenedRecord], int]]:
        """Pages of events, and the head when it began. Raises UnknownMind, BeyondHead, BrokenEvent."""
        head = (await self.head(wanted.mind_id)).seq
        if wanted.min_seq > head:
            raise beyond(wanted.mind_id, wanted.min_seq, head)
        first, last = _bounds(wanted, head)
        remaining = wanted.limit or head
        step = -1 if wanted.reverse else 1
        while remaining > 0 and (last - first) * step >= 0:
            count = min(remaining, wanted.page_events or self._settings.page_events)
            page = await self._page(wanted, first, last, count)
            if page.events:
                yield page.events, head
            remaining -= len(page.events)
            if page.is_end:
                return
            first = page.last_seq + step

    async def get(self, mind_id: str, seq: int) -> OpenedRecord:
        """One event. Raises UnknownMind, UnknownEvent, BrokenEvent."""
        head = (await self.head(mind_id)).seq
        if seq > head:
            raise unknown_event(mind_id, seq, head)
        page = await self._page(Range(mind_id), seq, seq, 1)
        if not page.events:
            raise unknown_event(mind_id, seq, head)
        return page.events[0]

    async def head(self, mind_id: str, as_of_seq: int | None = None) -> Head:
        """The end of the chain, now or at a seq. Raises UnknownMind, UnknownEvent."""

        def find(reader: Reader) -> Head:
            state = self._known(reader, mind_id)
            if as_of_seq is None or as_of_seq == state.head_seq:
                return Head(
                    state.head_seq, state.head_hash, state.head_position, state.head_ns, state.restored_seq
                )
            is_there = as_of_seq < state.head_seq and not state.is_deleted
            data = reader.raw_event(state, as_of_seq) if is_there else None
            if data is None:
                raise unknown_event(mind_id, as_of_seq, state.head_seq)
            return Head(
                as_of_seq,
                encoding.hash_of(data),
                encoding.position_of(data),
                encoding.recorded_ns_of(data),
                min(as_of_seq, state.restored_seq),
            )

        # A point read takes a microsecond: less than a thread would.
        with self._store.read() as reader:
            return find(reader)

    async def minds(
        self, after: str, prefix: str, limit: int, as_of_position: int | None, may_see: Callable[[str], bool]
    ) -> tuple[list[Summary], str]:
        """Minds by name after a name, and the name to go on after; empty at the end."""

        return await self._in_reader(
            lambda: listing.minds(self._store, after, prefix, limit, as_of_position, may_see)
        )

    async def subscribe(
        self, mind_id: str, after: int, kinds: Sequence[str], heartbeat_seconds: float
    ) -> AsyncIterator[Delivery]:
        """One mind's events after a seq, or all minds' after a position (``mind_id`` empty), without end.

        Reads from disk at the consumer's pace: between two pages nothing is held for it. Ends when the
        server drains. Raises UnknownMind, BeyondHead, BrokenEvent.
        """
        place, end = await self._start(mind_id, after)
        was_caught_up = False
        now = asyncio.get_running_loop().time
        spoke_at = now()
        while not self._draining.is_set():
            grown = self._bell.listen(mind_id)
            page = await self._next(mind_id, place, tuple(kinds))
            page.is_caught_up = page.position >= end
            if page.position != place.position or page.is_caught_up != was_caught_up:
                place, was_caught_up = page, page.is_caught_up
                yield page
                spoke_at = now()
                continue
            try:
                async with asyncio.timeout_at(spoke_at + heartbeat_seconds):
                    await grown.wait()
            except TimeoutError:
                yield Delivery([], place.position, place.seq, is_heartbeat=True)
                spoke_at = now()

    async def head_position(self) -> int:
        """The last position of the store."""
        with self._store.read() as reader:
            return reader.head_position()

    async def verify(self, mind_id: str, first: int, last: int) -> AsyncIterator[Step]:
        """Check a range; the last step is Verified or Broken. Raises UnknownMind, UnknownEvent."""
        head = (await self.head(mind_id)).seq
        if max(first, last) > head:
            raise unknown_event(mind_id, max(first, last), head)
        first, last = first or 1, last or head
        if last - first >= ALONE_EVENTS:
            try:
                async for step in self._workers.verify(mind_id, first, last):
                    yield step
            finally:
                self._store.forget_dead_readers()
            return
        verification = Verification(self._store, mind_id, first, last)
        while True:
            step = await self._in_reader(verification.step)
            yield step
            if not isinstance(step, Progress):
                return

    async def checkpoint(self, mind_id: str, size: int, *, signed: bool) -> TreeHead:
        """See ``LedgerService.GetCheckpoint``. Raises UnknownMind, UnknownEvent, MindDeleted, DiskFull."""
        try:
            return await self._in_reader(lambda: self._prover.checkpoint(mind_id, size, signed=signed))
        except OSError as error:
            if is_full(error):
                raise DiskFull(
                    "the disk that holds the ledger is full: make room; no checkpoint was given out"
                ) from None
            raise

    # A proof takes some twenty point reads: less than a thread would.
    def inclusion(self, mind_id: str, seq: int, size: int) -> Inclusion:
        """See ``LedgerService.GetInclusionProof``. Raises UnknownMind, UnknownEvent, MindDeleted."""
        return self._prover.inclusion(mind_id, seq, size)

    def consistency(self, mind_id: str, from_size: int, to_size: int) -> Consistency:
        """See ``LedgerService.GetConsistencyProof``. Raises UnknownMind, UnknownEvent, MindDeleted."""
        return self._prover.consistency(mind_id, from_size, to_size)

    async def redact(self, wanted: Wanted) -> Ordered:
        """See ``LedgerService.Redact``. Raises UnknownMind, MindDeleted, UnknownEvent, DiskFull."""
        return await self._eraser.redact(wanted)

    async def delete(self, mind_id: str, who: str, why: str) -> int:
        """See ``LedgerService.DeleteMind``: the seq of mind_deleted. Raises UnknownMind, DiskFull."""
        return await self._eraser.delete(mind_id, who, why)

    def erasure(self, mind_id: str, seq: int) -> Status:
        """How far the erasure is that an event orders. Raises UnknownMind, UnknownRedaction."""
        with self._store.read() as reader:
            return erasure.status(reader, mind_id, seq)

    async def export(self, mind_id: str) -> AsyncIterator[tuple[bytes, int, int]]:
        """Whole JSON lines, the seq that they reach, and the head. Raises UnknownMind, BrokenEvent."""
        async for events, head in self.read(Range(mind_id)):
            yield b"".join(export.line(event.event()) for event in events), events[-1].seq, head

    async def restore(self, upload: Upload) -> Head:
        """Make a mind of an export, but for what was erased since. Raises MindExists, BrokenExport,
        WitnessedCheckpoint, MindDeleted, DiskFull.
        """
        mind_id = upload.mind_id
        await self._in_reader(lambda: upload.check(self._journal))
        await self._writer.run(mind_id, lambda: restore.write(self._store, self._journal, upload))
        return await self.head(mind_id)

    async def backup(self) -> AsyncIterator[tuple[bytes, int]]:
        """Parts of an archive, and about how long it is altogether. Raises BackupRunning, DiskFull."""
        copying = Backup(self._store)
        chunks = copying.chunks()
        loop = asyncio.get_running_loop()
        # A thread of its own: the copy takes as long as the disk needs, and must be put away after the last part.
        thread = ThreadPoolExecutor(1, "ledger-backup")
        try:
            while (part := await loop.run_in_executor(thread, lambda: next(chunks, None))) is not None:
                yield part, copying.total_bytes
        finally:
            thread.submit(chunks.close)
            thread.shutdown(wait=False)

    async def _page(self, wanted: Range, first: int, last: int, count: int) -> reading.Page:
        return await self._in_reader(
            lambda: reading.read_page(
                self._store, wanted.mind_id, first, last, wanted.selection, count, reverse=wanted.reverse
            )
        )

    async def _next(self, mind_id: str, place: Delivery, kinds: tuple[str, ...]) -> Delivery:
        selection, count = Selection(kinds=kinds), self._settings.page_events
        if mind_id:
            head = await self.head(mind_id)
            if head.seq == place.seq:
                return Delivery([], place.position, place.seq)
            page = await self._page(Range(mind_id, selection=selection), place.seq + 1, head.seq, count)
            return Delivery(page.events, page.last_position, page.last_seq)
        if await self.head_position() == place.position:
            return Delivery([], place.position, 0)
        found = await self._in_reader(
            lambda: reading.read_store_page(self._store, place.position, selection, count)
        )
        return Delivery(found.events, found.position, 0)

    async def _start(self, mind_id: str, after: int) -> tuple[Delivery, int]:
        """Where a subscription begins, and the position of what was there by then."""
        head = await self.head(mind_id) if mind_id else None
        end = head.position if head else await self.head_position()
        if after > (head.seq if head else end):
            raise BeyondHead(
                f"{after} lies beyond the end, which is {head.seq if head else end}: this is another store "
                "than before; rebuild",
                head=str(head.seq if head else end),
            )
        if head is None:
            return Delivery([], after, 0), end
        return Delivery([], self._position_at(mind_id, after), after), end

    def _position_at(self, mind_id: str, seq: int) -> int:
        """0 at the start, and for an event that went with its mind."""
        with self._store.read() as reader:
            state = self._known(reader, mind_id)
            data = reader.raw_event(state, seq) if seq else None
            return encoding.position_of(data) if data else 0

    def _known(self, reader: Reader, mind_id: str) -> MindState:
        state = reader.mind(mind_id)
        if state is None:
            raise unknown_mind(mind_id)
        return state

    def _fail(self, error: BaseException) -> None:
        if not self.failure.done():
            self.failure.set_result(error)

    async def _in_reader(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._readers, work)


def beyond(mind_id: str, seq: int, head: int) -> BeyondHead:
    """The error for a seq that the mind has not reached."""
    return BeyondHead(
        f"seq {seq} lies above the head of mind {mind_id!r}, which is {head}", head_seq=str(head)
    )


def _bounds(wanted: Range, head: int) -> tuple[int, int]:
    if wanted.reverse:
        return min(wanted.first or head, head), max(wanted.last, 1)
    return max(wanted.first, 1), min(wanted.last or head, head)
