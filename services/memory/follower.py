"""Following the ledger: pages in, positions kept, and those told who wait for a seq."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable

import pmm_client.errors
from pmm.mind.v1.events_pb2 import Event
from services.memory.errors import BeyondHead, IndexBehind
from services.memory.ledger import Ledger, Page
from services.memory.records import Damaged
from services.memory.settings import MemorySettings
from services.memory.store import Store
from services.memory.writer import Writer
from services.runtime import telemetry
from services.runtime.projection_file import DISK_ERRORS
from services.runtime.waiting import LedgerDamaged, Waiting

RECONNECT_SECONDS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
"""Between attempts to reach the ledger, the last one over and over."""
SOON_SECONDS = 0.05
_QUEUED_PAGES = 16
"""Pages that wait while others are processed; the ledger waits with the next."""
DEADLINE_MARGIN_SECONDS = 0.01
"""Left of a caller's deadline for saying that the index is behind."""

_log = logging.getLogger("pmm.memory")


class _Pages:
    """Pages of one subscription that wait to be processed, a bounded number of them."""

    def __init__(self) -> None:
        self._waiting = asyncio.Queue[Page | None]()
        self._room = asyncio.Semaphore(_QUEUED_PAGES)
        self._is_over = False

    async def fill(self, subscription: AsyncIterator[Page]) -> None:
        """Read until the subscription ends, no further ahead than there is room."""
        async for page in subscription:
            await self._room.acquire()
            self._waiting.put_nowait(page)

    def end(self) -> None:
        """No page comes any more."""
        self._waiting.put_nowait(None)

    async def next(self) -> Page | None:
        """The next page; None at the end."""
        if self._is_over:
            return None
        page = await self._waiting.get()
        self._room.release()
        return page

    def waiting(self) -> Page | None:
        """The next page if it is there already."""
        if self._waiting.empty():
            return None
        page = self._waiting.get_nowait()
        self._room.release()
        self._is_over = page is None
        return page


class Follower:
    """Keeps the store up with the ledger."""

    def __init__(
        self,
        ledger: Ledger,
        store: Store,
        writer: Writer,
        settings: MemorySettings,
        in_writer: Callable[[Callable[[], object]], Awaitable[object]],
        on_another_ledger: Callable[[], None],
    ) -> None:
        """``on_another_ledger`` runs in the writer thread when the store has been emptied for another ledger."""
        self._ledger = ledger
        self._store = store
        self._writer = writer
        self._settings = settings
        self._in_writer = in_writer
        self._on_another_ledger = on_another_ledger
        with store.read() as stored:
            self._store_id, self.position = stored.place()
            self.reached = {mind_id: mind.seq for mind_id, mind in stored.all_minds()}
        self._head_position = self.position
        self._waiting = Waiting()
        self._needed = asyncio.Event()
        """Set while somebody waits for events that are not indexed yet."""

    @property
    def catching_up(self) -> bool:
        """Whether what was in the ledger when we connected has not been processed yet."""
        return self.position < self._head_position

    @property
    def progress(self) -> float:
        """How far the catching up is, from 0 to 1."""
        return min(1.0, self.position / self._head_position) if self._head_position else 1.0

    async def run(self) -> None:
        """Follow for ever. What the ledger's absence ends begins again."""
        attempt = 0
        while True:
            before = self.position
            try:
                await self._follow()
            except ConnectionError as error:
                _log.warning(
                    "the ledger is away (%s); memory serves what it has up to %d", error, self.position
                )
            except pmm_client.errors.DataLoss as damage:
                if not self._waiting.is_at_damage:
                    _log.error("memory cannot go on: %s", damage)
                self._waiting.stuck(damage)
            except DISK_ERRORS as error:
                # Nothing of the page was written: it comes again. A full disk may have room by then.
                _log.warning("what comes from the ledger cannot be written, and is tried again: %s", error)
            except Damaged:
                await self.rebuild()
            attempt = 0 if self.position > before else attempt
            await asyncio.sleep(RECONNECT_SECONDS[min(attempt, len(RECONNECT_SECONDS) - 1)])
            attempt += 1

    async def _follow(self) -> None:
        """Take pages until the subscription ends, which only an exception does, or the ledger is another one."""
        pages = _Pages()
        reading = asyncio.create_task(pages.fill(self._ledger.subscribe(self.position)))
        reading.add_done_callback(lambda _: pages.end())
        try:
            while (page := await pages.next()) is not None:
                if not await self._take(page, pages):
                    return
            await reading
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def rebuild(self) -> None:
        """Throw everything away and begin with the ledger's first event: what is stored is damaged."""
        _log.error("memory's file is damaged, and is built anew from the ledger")
        self.reached.clear()
        await self._in_writer(lambda: self._begin_anew(""))
        self._store_id, self.position = "", 0

    async def _take(self, page: Page, others: _Pages) -> bool:
        """Process a page, and with it those that have come meanwhile.

        False if the ledger has become another one and must be read from the start.
        """
        if page.store_id != self._store_id:
            if self.position:
                _log.warning("the ledger is another one than before: memory is rebuilt")
            # Nobody may take the seqs of the other ledger for this one's.
            self.reached.clear()
            await self._in_writer(lambda: self._begin_anew(page.store_id))
            self._store_id, self.position, self._head_position = page.store_id, 0, page.head_position
            return page.position == 0
        self._head_position = max(self._head_position, page.head_position)
        if page.position <= self.position:
            return True
        if page.events and not self.catching_up:
            await self._settle()
        events, position = self._together(page, others)
        reached: dict[str, int] = {}
        with telemetry.stage("memory.index"):
            await self._in_writer(
                lambda: reached.update(self._writer.process(events, page.store_id, position))
            )
        self.reached.update(reached)
        self.position = position
        self._waiting.went_on()
        self._needed.clear()
        telemetry.count("pmm.memory.events.processed", len(events))
        return True

    def _together(self, page: Page, others: _Pages) -> tuple[list[Event], int]:
        """The events of a page and of those that wait behind it, and the position that these reach."""
        events, position = list(page.events), page.position
        while len(events) < self._settings.batch_events and (following := others.waiting()) is not None:
            events += following.events
            position = max(position, following.position)
        return events, position

    def _begin_anew(self, store_id: str) -> None:
        self._store.clear()
        self._writer.finish_erasing()
        self._on_another_ledger()
        self._writer.process([], store_id, 0)

    async def _settle(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._needed.wait(), self._settings.settle_ms / 1000)

    async def reach(self, mind_id: str, seq: int, within: float | None) -> None:
        """Wait until a mind has been processed up to a seq, for at most ``within`` seconds.

        Raises UnknownMind, BeyondHead, IndexBehind, LedgerDamaged.
        """
        if self.reached.get(mind_id, -1) >= seq or await self._reaches_soon(mind_id, seq):
            return
        head = await self._ledger.head(mind_id)
        if seq > head:
            raise BeyondHead(
                f"seq {seq} lies above the head of mind {mind_id!r}, which is {head}", head_seq=str(head)
            )
        limit = None if within is None else max(0.0, within - DEADLINE_MARGIN_SECONDS)
        try:
            async with asyncio.timeout(limit):
                while self.reached.get(mind_id, 0) < seq:
                    self._needed.set()
                    await self._waiting.moved()
        except TimeoutError:
            reached = self.reached.get(mind_id, 0)
            raise IndexBehind(
                f"the index of mind {mind_id!r} stands at seq {reached}: repeat with a longer deadline, or "
                "without min_seq",
                index_seq=str(reached),
            ) from None

    async def _reaches_soon(self, mind_id: str, seq: int) -> bool:
        """Whether the index gets there by itself: what was just appended is on its way."""
        if mind_id not in self.reached:
            return False
        with contextlib.suppress(TimeoutError, LedgerDamaged):
            async with asyncio.timeout(SOON_SECONDS):
                while self.reached[mind_id] < seq:
                    self._needed.set()
                    await self._waiting.moved()
        return self.reached[mind_id] >= seq
