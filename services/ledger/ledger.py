"""The ledger without its gRPC: append, read, follow, verify. Blocking work runs on small executors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from services.ledger import encoding, export, reading, restore
from services.ledger.bell import Bell
from services.ledger.errors import BeyondHead, UnknownEvent, UnknownMind
from services.ledger.events import ANY, NewEvent, Receipt, Selection, StoredEvent
from services.ledger.restore import Upload
from services.ledger.settings import LedgerSettings
from services.ledger.store import MindState, Reader, Store
from services.ledger.verify import Progress, Step, Verification
from services.ledger.writer import Writer
from services.runtime import telemetry

MIB = 1024 * 1024
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a mind's chain."""

    seq: int
    hash: bytes
    position: int
    recorded_ns: int


@dataclass(frozen=True, slots=True)
class Summary:
    """What the ledger knows of a mind."""

    mind_id: str
    head_seq: int
    created_ns: int
    last_ns: int
    payload_bytes: int
    is_deleted: bool


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

    events: list[StoredEvent]
    position: int
    seq: int
    is_caught_up: bool = False
    """What was stored when the subscription began has been delivered."""
    is_heartbeat: bool = False


class Ledger:
    """Owns the store, the writer and the readers. Made inside a running event loop."""

    def __init__(self, folder: Path, settings: LedgerSettings) -> None:
        self._settings = settings
        self._store = Store(folder, settings.map_initial_mib * MIB)
        self._readers = ThreadPoolExecutor(settings.read_threads, "ledger-read")
        self._bell = Bell()
        self._draining = asyncio.Event()
        self.failure: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
        """Resolved when the disk can no longer be trusted, and the process must end."""
        self._writer = Writer(self._store, settings.group_limit, self._bell.ring, self._fail)

    @property
    def store_id(self) -> str:
        """Names this store; a restore of a backup changes it."""
        return self._store.store_id

    def drain(self) -> None:
        """End every subscription."""
        self._draining.set()
        self._bell.ring_all()

    async def stop(self) -> None:
        """Commit what waits and close the files."""
        await self._writer.stop()
        await asyncio.to_thread(self._readers.shutdown)
        self._store.close()

    async def append(
        self,
        mind_id: str,
        events: Sequence[NewEvent],
        *,
        expected_seq: int | None = None,
        idempotency_key: str = "",
    ) -> Receipt:
        """See ``LedgerService.Append``."""
        with telemetry.stage("ledger.append"):
            receipt = await self._writer.append(mind_id, events, expected_seq, idempotency_key)
        telemetry.count("pmm.ledger.events.appended", sum(not event.existed for event in receipt.events))
        return receipt

    async def read(self, wanted: Range) -> AsyncIterator[tuple[list[StoredEvent], int]]:
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

    async def get(self, mind_id: str, seq: int) -> StoredEvent:
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
                return Head(state.head_seq, state.head_hash, state.head_position, state.head_ns)
            data = reader.raw_event(state, as_of_seq) if as_of_seq < state.head_seq else None
            if data is None:
                raise unknown_event(mind_id, as_of_seq, state.head_seq)
            return Head(
                as_of_seq, encoding.hash_of(data), encoding.position_of(data), encoding.recorded_ns_of(data)
            )

        # A point read takes a microsecond: less than a thread would.
        with self._store.read() as reader:
            return find(reader)

    async def minds(
        self, after: str, prefix: str, limit: int, as_of_position: int | None, may_see: Callable[[str], bool]
    ) -> tuple[list[Summary], str]:
        """Minds by name after a name, and the name to go on after; empty at the end."""

        def find() -> tuple[list[Summary], str]:
            found: list[Summary] = []
            with self._store.read() as reader:
                for mind_id, state in reader.minds_from(max(after, prefix)):
                    if not mind_id.startswith(prefix):
                        break
                    if mind_id == after or not may_see(mind_id):
                        continue
                    summary = _summary(reader, mind_id, state, as_of_position)
                    if summary is None:
                        continue
                    if len(found) == limit:
                        return found, found[-1].mind_id
                    found.append(summary)
            return found, ""

        return await self._in_reader(find)

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
                await asyncio.sleep(self._settings.settle_ms / 1000)
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
        verification = Verification(self._store, mind_id, first or 1, last or head)
        while True:
            step = await self._in_reader(verification.step)
            yield step
            if not isinstance(step, Progress):
                return

    async def export(self, mind_id: str) -> AsyncIterator[tuple[bytes, int, int]]:
        """Whole JSON lines, the seq that they reach, and the head. Raises UnknownMind, BrokenEvent."""
        async for events, head in self.read(Range(mind_id)):
            yield b"".join(map(export.line, events)), events[-1].header.seq, head

    async def restore(self, upload: Upload) -> Head:
        """Make a mind of an export. Raises MindExists, BrokenExport, DiskFull."""
        await self._in_reader(upload.check)
        state = await self._writer.run(upload.mind_id, lambda: restore.write(self._store, upload))
        return Head(state.head_seq, state.head_hash, state.head_position, state.head_ns)

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
        position = (await self.head(mind_id, after)).position if after else 0
        return Delivery([], position, after), end

    def _known(self, reader: Reader, mind_id: str) -> MindState:
        state = reader.mind(mind_id)
        if state is None:
            raise UnknownMind(f"there is no mind {mind_id!r}", mind_id=mind_id)
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


def unknown_event(mind_id: str, seq: int, head: int) -> UnknownEvent:
    """The error for a seq that is not there."""
    return UnknownEvent(f"mind {mind_id!r} has no event {seq}; its head is {head}", head_seq=str(head))


def _bounds(wanted: Range, head: int) -> tuple[int, int]:
    if wanted.reverse:
        return min(wanted.first or head, head), max(wanted.last, 1)
    return max(wanted.first, 1), min(wanted.last or head, head)


def _summary(reader: Reader, mind_id: str, state: MindState, as_of_position: int | None) -> Summary | None:
    head, last_ns = state.head_seq, state.head_ns
    if as_of_position is not None and state.head_position > as_of_position:
        head = _last_at(reader, state, as_of_position)
        if head == 0:
            return None
        data = reader.raw_event(state, head)
        last_ns = encoding.recorded_ns_of(data) if data else 0
    is_deleted = state.is_deleted and head == state.head_seq
    return Summary(mind_id, head, state.created_ns, last_ns, state.payload_bytes, is_deleted)


def _last_at(reader: Reader, state: MindState, position: int) -> int:
    """The last seq at or before a position of the store; 0 where there is none."""
    low, high = 0, state.head_seq
    while low < high:
        middle = (low + high + 1) // 2
        data = reader.raw_event(state, middle)
        if data is not None and encoding.position_of(data) <= position:
            low = middle
        else:
            high = middle - 1
    return low
