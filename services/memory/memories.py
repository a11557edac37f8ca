"""The memory service without its gRPC: follow the ledger, answer questions."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from cachetools import TTLCache

from services.memory import lookup, search
from services.memory.cache import CacheCounts, EmbeddingCache, QueryCache
from services.memory.embedder import Embedder, Vectors
from services.memory.errors import BeyondHead, IndexBehind, UnknownMemory
from services.memory.follow import Ledger, Page
from services.memory.index import EVERYTHING, Filter, MindIndex
from services.memory.minds import LoadedMinds
from services.memory.rows import Row
from services.memory.settings import MemorySettings
from services.memory.store import Store
from services.memory.vectors import one_thread_each
from services.memory.writer import Writer
from services.runtime import telemetry

RECONNECT_SECONDS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
"""Between attempts to reach the ledger, the last one over and over."""
UNLOAD_CHECK_SECONDS = 30.0
SOON_SECONDS = 0.05
DEADLINE_MARGIN_SECONDS = 0.01
"""Left of a caller's deadline for saying that the index is behind."""

_log = logging.getLogger("pmm.memory")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Request:
    """A search, in plain terms."""

    mind_id: str
    query: str
    k: int = 10
    offset: int = 0
    filter: Filter = EVERYTHING
    as_of_seq: int | None = None
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Hit:
    """A memory and how it was found."""

    row: Row
    found: search.Found


@dataclass(frozen=True, slots=True)
class Answer:
    """What a search found, and where the index stood."""

    hits: list[Hit]
    has_more: bool
    index_seq: int
    rebuilding: bool
    cached: bool


@dataclass(frozen=True, slots=True)
class CacheReport:
    """How one cache does."""

    name: str
    entries: int
    bytes: int
    counts: CacheCounts
    lifetime_hits: int
    lifetime_misses: int


class Memories:
    """Owns the store, the loaded minds, the caches and the follower."""

    def __init__(self, folder: Path, ledger: Ledger, embedder: Embedder, settings: MemorySettings) -> None:
        self.embedder = embedder
        self._ledger = ledger
        self._settings = settings
        self._store = Store(folder / "store")
        self._embeddings = EmbeddingCache(folder / "embeddings", settings.embedding_cache_entries)
        self._queries = QueryCache(settings.query_cache_entries)
        self._results = TTLCache[tuple[Request, int], list[search.Found], float](
            max(1, settings.result_cache_entries), settings.result_cache_seconds, time.monotonic
        )
        self._result_counts = CacheCounts()
        self._minds = LoadedMinds(self._store, embedder.dimensions, settings)
        self._writer = Writer(self._store, self._minds, embedder, self._embeddings)
        self._writer.finish_erasing()
        self._writing = ThreadPoolExecutor(1, "memory-writer", one_thread_each)
        self._searching = ThreadPoolExecutor(settings.search_threads, "memory-search", one_thread_each)
        self._loads: dict[str, asyncio.Task[MindIndex | None]] = {}
        with self._store.read() as stored:
            self._store_id, self._position = stored.place()
            self._reached = {mind_id: mind.seq for mind_id, mind in stored.all_minds()}
        self._head_position = self._position
        self._advanced = asyncio.Event()
        self._needed = asyncio.Event()
        """Set while somebody waits for events that are not indexed yet."""
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to follow the ledger."""
        self._tasks = [asyncio.create_task(self._follow()), asyncio.create_task(self._unload_idle())]

    async def failed(self) -> BaseException:
        """Return what ended the following, which nothing but a fault of ours does."""
        done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            if not task.cancelled() and (error := task.exception()) is not None:
                return error
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    async def stop(self) -> None:
        """Stop following, wait for what runs, close the files."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.to_thread(self._writing.shutdown)
        await asyncio.to_thread(self._searching.shutdown)
        self._embeddings.close()
        self._store.close()

    async def search(self, request: Request, *, min_seq: int = 0, within: float | None = None) -> Answer:
        """Rank a mind's memories. ``within``: seconds to wait for min_seq.

        Raises UnknownMind, BeyondHead, IndexBehind.
        """
        await self._reach(request.mind_id, max(min_seq, request.as_of_seq or 0), within)
        index = await self._load(request.mind_id)
        index_seq = self._reached.get(request.mind_id, 0)
        if index is None:
            return Answer([], False, index_seq, self.rebuilding, False)
        hits, has_more, cached = await self._in_search(lambda: self._search(request, index))
        return Answer(hits, has_more, index_seq, self.rebuilding, cached)

    async def listing(
        self,
        mind_id: str,
        wanted: Filter,
        limit: int,
        before: int | None,
        as_of_seq: int | None,
        min_seq: int,
        within: float | None,
    ) -> tuple[list[Row], int | None, int]:
        """Rows newest first, below the ordinal ``before``; where to go on; and the seq of the index."""
        await self._reach(mind_id, max(min_seq, as_of_seq or 0), within)
        found, following = await self._in_search(
            lambda: lookup.listing(self._store, mind_id, wanted, limit, before, as_of_seq)
        )
        return found, following, self._reached.get(mind_id, 0)

    async def get(
        self, mind_id: str, memory_id: str, as_of_seq: int | None, min_seq: int, within: float | None
    ) -> Row:
        """One memory as it is, or was at a seq. Raises UnknownMemory."""
        await self._reach(mind_id, max(min_seq, as_of_seq or 0), within)
        versions = await self._in_search(lambda: lookup.versions(self._store, mind_id, memory_id))
        if as_of_seq is not None:
            versions = [row for row in versions if row.version_seq <= as_of_seq]
        if not versions:
            raise UnknownMemory(f"mind {mind_id!r} has no memory {memory_id!r}", memory_id=memory_id)
        return versions[-1]

    async def history(self, mind_id: str, memory_id: str) -> list[Row]:
        """Every version, oldest first. Raises UnknownMemory."""
        await self._reach(mind_id, 0, None)
        versions = await self._in_search(lambda: lookup.versions(self._store, mind_id, memory_id))
        if not versions:
            raise UnknownMemory(f"mind {mind_id!r} has no memory {memory_id!r}", memory_id=memory_id)
        return versions

    async def of_events(self, mind_id: str, seqs: Sequence[int]) -> list[Row]:
        """The memories that came from the events and hold now, by the seq that formed them."""
        await self._reach(mind_id, 0, None)
        return await self._in_search(lambda: lookup.of_events(self._store, mind_id, seqs))

    async def embed(self, texts: Sequence[str]) -> tuple[list[Vectors], list[bool]]:
        """A vector a text, and whether it was cached."""

        def run() -> list[tuple[Vectors, bool]]:
            return [self._queries.embed(self.embedder, text) for text in texts]

        pairs = await self._in_search(run)
        return [vector for vector, _ in pairs], [cached for _, cached in pairs]

    async def known(self, mind_id: str) -> None:
        """Raises UnknownMind if neither memory nor the ledger knows the mind."""
        await self._reach(mind_id, 0, None)

    @property
    def position(self) -> int:
        """Processed up to this position of the ledger's store."""
        return self._position

    @property
    def rebuilding(self) -> bool:
        """Whether what was in the ledger when we connected has not been processed yet."""
        return self._position < self._head_position

    @property
    def progress(self) -> float:
        """How far the catching up is, from 0 to 1."""
        return min(1.0, self._position / self._head_position) if self._head_position else 1.0

    def seq_of(self, mind_id: str) -> int:
        """Processed up to this seq of the mind."""
        return self._reached.get(mind_id, 0)

    def index_kind(self, mind_id: str) -> str:
        """The kind of the mind's vector index, empty where it is not loaded."""
        index = self._minds.get(mind_id)
        return index.vectors.kind if index else ""

    async def held(self, mind_id: str | None) -> tuple[int, int]:
        """Memories that hold now, and in how many minds; of one mind, or of all."""

        def count() -> tuple[int, int]:
            with self._store.read() as stored:
                if mind_id is not None:
                    mind = stored.mind(mind_id)
                    return (mind.held, int(mind.held > 0)) if mind else (0, 0)
                counts = [mind.held for _, mind in stored.all_minds()]
                return sum(counts), sum(1 for held in counts if held)

        return await self._in_search(count)

    def disk_bytes(self) -> int:
        """Bytes on disk."""
        return self._store.disk_bytes() + self._embeddings.size()[1]

    def cache_reports(self) -> list[CacheReport]:
        """One for each cache."""
        hits, misses = self._embeddings.lifetime()
        queries, results = self._queries.counts, self._result_counts
        return [
            CacheReport("embeddings", *self._embeddings.size(), self._embeddings.counts, hits, misses),
            CacheReport("queries", *self._queries.size(), queries, queries.hits, queries.misses),
            CacheReport("results", len(self._results), 0, results, results.hits, results.misses),
        ]

    async def clear_caches(self, names: Sequence[str]) -> int:
        """Empty the named caches, all when none is named; returns how many entries went."""
        chosen = set(names) or {"embeddings", "queries", "results"}
        removed = 0
        if "embeddings" in chosen:
            removed += await self._in_writer(self._embeddings.clear)
        if "queries" in chosen:
            removed += self._queries.clear()
        if "results" in chosen:
            removed += len(self._results)
            self._results.clear()
        return removed

    async def _follow(self) -> None:
        attempt = 0
        while True:
            try:
                async for page in self._ledger.subscribe(self._position):
                    attempt = 0
                    if not await self._take(page):
                        break
            except ConnectionError as error:
                _log.warning(
                    "the ledger is away (%s); memory serves what it has up to %d", error, self._position
                )
            await asyncio.sleep(RECONNECT_SECONDS[min(attempt, len(RECONNECT_SECONDS) - 1)])
            attempt += 1

    async def _take(self, page: Page) -> bool:
        """Process a page; False if the ledger has become another one and must be read from the start."""
        if page.store_id != self._store_id:
            if self._position:
                _log.warning("the ledger is another one than before: memory is rebuilt")
            # Nobody may take the seqs of the other ledger for this one's.
            self._reached.clear()
            await self._in_writer(self._store.clear)
            await self._in_writer(self._writer.finish_erasing)
            self._minds.clear()
            self._store_id, self._position, self._head_position = page.store_id, 0, page.head_position
            await self._in_writer(lambda: self._writer.process([], page.store_id, 0))
            return page.position == 0
        self._head_position = max(self._head_position, page.head_position)
        if page.position > self._position:
            if page.events and not self.rebuilding:
                await self._settle()
            with telemetry.stage("memory.index"):
                reached = await self._in_writer(
                    lambda: self._writer.process(page.events, page.store_id, page.position)
                )
            self._reached.update(reached)
            self._position = page.position
            self._advanced.set()
            self._advanced = asyncio.Event()
            self._needed.clear()
            telemetry.count("pmm.memory.events.processed", len(page.events))
        return True

    async def _settle(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._needed.wait(), self._settings.settle_ms / 1000)

    async def _unload_idle(self) -> None:
        while True:
            await asyncio.sleep(UNLOAD_CHECK_SECONDS)
            await self._in_writer(self._minds.unload_idle)

    async def _reach(self, mind_id: str, seq: int, within: float | None) -> None:
        if await self._reaches_soon(mind_id, seq):
            return
        head = await self._ledger.head(mind_id)
        if seq > head:
            raise BeyondHead(
                f"seq {seq} lies above the head of mind {mind_id!r}, which is {head}", head_seq=str(head)
            )
        limit = None if within is None else max(0.0, within - DEADLINE_MARGIN_SECONDS)
        try:
            async with asyncio.timeout(limit):
                while self._reached.get(mind_id, 0) < seq:
                    self._needed.set()
                    await self._advanced.wait()
        except TimeoutError:
            reached = self._reached.get(mind_id, 0)
            raise IndexBehind(
                f"the index of mind {mind_id!r} stands at seq {reached}: repeat with a longer deadline, or "
                "without min_seq",
                index_seq=str(reached),
            ) from None

    async def _reaches_soon(self, mind_id: str, seq: int) -> bool:
        """Whether the index gets there by itself: what was just appended is on its way."""
        if mind_id not in self._reached:
            return False
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SOON_SECONDS):
                while self._reached[mind_id] < seq:
                    self._needed.set()
                    await self._advanced.wait()
        return self._reached[mind_id] >= seq

    async def _load(self, mind_id: str) -> MindIndex | None:
        loaded = self._minds.get(mind_id)
        if loaded is not None:
            return loaded
        if mind_id not in self._loads:
            task = asyncio.create_task(self._read_and_publish(mind_id))
            self._loads[mind_id] = task
            task.add_done_callback(lambda _: self._loads.pop(mind_id, None))
        # A caller that gives up must not take the loading away from the next one.
        return await asyncio.shield(self._loads[mind_id])

    async def _read_and_publish(self, mind_id: str) -> MindIndex | None:
        with telemetry.stage("memory.load"):
            index = await self._in_search(lambda: self._minds.read(mind_id))
            return (
                None if index is None else await self._in_writer(lambda: self._minds.publish(mind_id, index))
            )

    def _search(self, request: Request, index: MindIndex) -> tuple[list[Hit], bool, bool]:
        key = (request, index.version)
        found = self._results.get(key) if self._settings.result_cache_entries else None
        cached = found is not None
        self._result_counts.hits += cached
        self._result_counts.misses += not cached
        if found is None:
            allowed = index.allowed(request.filter, request.as_of_seq, time.time_ns())
            wanted = request.offset + request.k + 1
            query = search.prepare(
                index,
                request.query,
                lambda text: self._queries.embed(self.embedder, text)[0],
                allowed,
                max(self._settings.candidates, wanted),
                request.exact,
            )
            found = search.search(index, query, wanted)
            self._results[key] = found
        shown = found[request.offset : request.offset + request.k]
        with self._store.read() as stored:
            mind = stored.mind(request.mind_id)
            rows = [stored.row(mind, hit.ordinal) for hit in shown] if mind else []
        hits = [Hit(row, hit) for row, hit in zip(rows, shown, strict=False) if row is not None]
        return hits, len(found) > request.offset + request.k, cached

    async def _in_search(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._searching, work)

    async def _in_writer(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._writing, work)
