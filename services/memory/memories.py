"""The memory service without its gRPC: follow the ledger, answer questions."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from services.memory import lookup
from services.memory.answering import Answering
from services.memory.device import choose
from services.memory.embedder import EmbedderAway, TextRefused, Vectors
from services.memory.embeddings import Embeddings
from services.memory.errors import EmbedderFailed, IndexRebuilding, UnknownMemory
from services.memory.filters import Filter
from services.memory.follower import Follower
from services.memory.index import MindIndex
from services.memory.ledger import Ledger
from services.memory.managing import Managing
from services.memory.minds import LoadedMinds
from services.memory.ranking import Ranking
from services.memory.records import Damaged
from services.memory.refolding import Refolding
from services.memory.reporting import Report, Reporting
from services.memory.requests import Answer, Request
from services.memory.reranker import Reranker
from services.memory.rows import Row
from services.memory.settings import MemorySettings
from services.memory.spaces import Spaces
from services.memory.store import Store
from services.memory.upkeep import Upkeep
from services.memory.vectors import one_thread_each
from services.memory.writer import Writer
from services.runtime import telemetry

LOADERS = 2
"""Minds that are loaded at a time: searches of others do not wait for them."""
MAX_LISTED = 1_000
"""Versions of a memory, and memories of events."""
T = TypeVar("T")


class Memories:
    """Owns the store, the loaded minds, the caches, the follower and the upkeep."""

    def __init__(self, folder: Path, ledger: Ledger, settings: MemorySettings) -> None:
        """Raises StartupError, ImportError, ValueError, EmbedderAway."""
        self._settings = settings
        embedder = settings.embedder_settings()
        device = choose(settings.device)
        reranker = Reranker(settings.reranker, embedder.device) if settings.reranker else None
        preload_bytes = settings.preload_mib * 2**20
        self._store = Store(folder / "store", preload_bytes)
        self.spaces = Spaces(self._store, embedder)
        self._embeddings = Embeddings(
            folder / "embeddings",
            settings.embedding_cache_entries,
            settings.query_cache_entries,
            preload_bytes,
        )
        self._minds = LoadedMinds(self._store, folder / "minds", self.spaces, device, settings)
        self._writer = Writer(self._store, self._minds, self.spaces, self._embeddings)
        self._writer.finish_erasing()
        self._writing = ThreadPoolExecutor(1, "memory-writer", one_thread_each)
        self._searching = ThreadPoolExecutor(settings.search_threads, "memory-search", one_thread_each)
        self._loading = ThreadPoolExecutor(LOADERS, "memory-load", one_thread_each)
        self._beside = ThreadPoolExecutor(settings.search_threads, "memory-words", one_thread_each)
        ranking = Ranking(self._store, self._embeddings, self.spaces, reranker, settings, self._beside)
        self._answering = Answering(self._store, self.spaces, ranking, settings)
        self._follower = Follower(
            ledger, self._store, self._writer, settings, self._in_writer, self._forget_loaded
        )
        self._refolding = Refolding(ledger, self._store, self._writer, self._in_writer, self._rebuild)
        self._reporting = Reporting(
            self._store, self._minds, self.spaces, self._embeddings, self._answering, self._follower, device
        )
        self.managing = Managing(ledger, self._store, self._follower, self._in_search)
        self._upkeep = Upkeep(
            self._minds,
            self.spaces,
            self._embeddings,
            self._in_writer,
            self._load,
            self._forget_loaded,
            lambda: self._follower.catching_up,
            self._rebuild,
        )
        self._loads: dict[str, asyncio.Task[MindIndex | None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_rebuilding = False

    def start(self) -> None:
        """Begin to follow the ledger."""
        self._failure = asyncio.get_running_loop().create_future()
        self._following = self._begin(self._follower.run())
        self._begin(self._refolding.run())
        self._begin(self._preload())
        self._begin(self._upkeep.look_after_indexes())
        self._begin(self._upkeep.look_after_vectors())
        self._reporting.observe()

    async def _preload(self) -> None:
        await asyncio.to_thread(self._store.preload)
        await asyncio.to_thread(self._embeddings.preload)

    def _begin(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not self._failure.done():
            self._failure.set_result(error)

    async def failed(self) -> BaseException:
        """Return what ended the following, which nothing but a fault of ours does."""
        return await asyncio.shield(self._failure)

    def _rebuild(self) -> None:
        """Begin anew with the ledger's first event: something stored is damaged."""
        if self._is_rebuilding:
            return
        self._is_rebuilding = True
        self._following.cancel()
        self._following = self._begin(self._rebuild_and_follow(self._following))

    async def _rebuild_and_follow(self, before: asyncio.Task[None]) -> None:
        await asyncio.wait([before])
        await self._follower.rebuild()
        self._is_rebuilding = False
        await self._follower.run()

    async def stop(self) -> None:
        """Stop following, wait for what runs, save what is loaded, close the files."""
        self._minds.stopping.set()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.to_thread(self._upkeep.stop)
        for executor in (self._loading, self._writing, self._searching, self._beside):
            await asyncio.to_thread(executor.shutdown)
        await asyncio.to_thread(self._minds.save_all)
        self._embeddings.close()
        self._store.close()

    async def search(self, request: Request, *, min_seq: int = 0, within: float | None = None) -> Answer:
        """Rank a mind's memories. ``within``: seconds to wait for min_seq.

        Raises UnknownMind, MindDeleted, BeyondHead, IndexBehind, ListingChanged.
        """
        await self._follower.reach(request.mind_id, max(min_seq, request.as_of_seq or 0), within)
        index = await self._load(request.mind_id)
        index_seq = self.seq_of(request.mind_id)
        hits, next_offset, erasures, cached = await self._in_search(
            lambda: self._answering.hits(request, index)
        )
        return Answer(hits, next_offset, erasures, index_seq, self.rebuilding, cached)

    async def listing(
        self,
        mind_id: str,
        wanted: Filter,
        limit: int,
        place: lookup.Place | None,
        as_of_seq: int | None,
        min_seq: int,
        within: float | None,
    ) -> tuple[lookup.Page, int]:
        """Rows newest first, from a place on, and the seq of the index. Raises ListingChanged."""
        as_of = place.as_of_seq if place else as_of_seq or 0
        await self._follower.reach(mind_id, max(min_seq, as_of), within)
        index_seq = self.seq_of(mind_id)

        async def page(index: MindIndex | None) -> lookup.Page:
            return await self._in_search(
                lambda: lookup.listing(
                    self._store, mind_id, wanted, limit, place, as_of_seq, time.time_ns(), index
                )
            )

        if wanted.is_of_time_alone:
            return await page(None), index_seq
        index = self._minds.get(mind_id)
        found = await page(index)
        # An index takes a while to load: only where few memories fit is it worth it.
        if index is None and found.is_given_up:
            found = await page(await self._load(mind_id))
        return found, index_seq

    async def get(
        self, mind_id: str, memory_id: str, as_of_seq: int | None, min_seq: int, within: float | None
    ) -> Row:
        """One memory as it is, or was at a seq. Raises UnknownMemory."""
        await self._follower.reach(mind_id, max(min_seq, as_of_seq or 0), within)
        found = await self._in_search(lambda: lookup.version(self._store, mind_id, memory_id, as_of_seq))
        if found is None:
            raise UnknownMemory(f"mind {mind_id!r} has no memory {memory_id!r}", memory_id=memory_id)
        return found

    async def history(
        self, mind_id: str, memory_id: str, min_seq: int, within: float | None
    ) -> tuple[list[Row], int]:
        """The newest versions, oldest first, and how many older ones are left out. Raises UnknownMemory."""
        await self._follower.reach(mind_id, min_seq, within)
        versions, left_out = await self._in_search(
            lambda: lookup.versions(self._store, mind_id, memory_id, MAX_LISTED)
        )
        if not versions:
            raise UnknownMemory(f"mind {mind_id!r} has no memory {memory_id!r}", memory_id=memory_id)
        return versions, left_out

    async def of_events(
        self, mind_id: str, seqs: Sequence[int], min_seq: int, within: float | None
    ) -> tuple[list[Row], int]:
        """The first memories that came from the events and hold now, by the seq that formed them, and how many are left
        out.
        """
        await self._follower.reach(mind_id, min_seq, within)
        return await self._in_search(lambda: lookup.of_events(self._store, mind_id, seqs, MAX_LISTED))

    async def embed(self, texts: Sequence[str], mind_id: str) -> tuple[list[Vectors], list[bool]]:
        """A vector a text, and whether it was cached with the mind's; without a mind nothing is.

        Raises EmbedderFailed, UnknownMind, MindDeleted.
        """
        if mind_id:
            await self.known(mind_id)
        key = await self._in_search(lambda: self._key_of(mind_id))

        def run() -> list[tuple[Vectors, bool]]:
            embedder = self.spaces.embedder
            if embedder is None:
                raise EmbedderFailed("the embedder cannot be reached: try again later")
            try:
                return [self._embeddings.query(embedder, text, key) for text in texts]
            except (EmbedderAway, TextRefused) as error:
                raise EmbedderFailed(f"{error}: try again later, or with other texts") from None

        pairs = await self._in_search(run)
        return [vector for vector, _ in pairs], [cached for _, cached in pairs]

    async def known(self, mind_id: str) -> None:
        """Raises UnknownMind if neither memory nor the ledger knows the mind, MindDeleted if it has ended."""
        await self._follower.reach(mind_id, 0, None)
        await self._in_search(lambda: self._key_of(mind_id))

    @property
    def rebuilding(self) -> bool:
        """Whether another answer may come later: events are still to be processed, a mind is being folded again, or
        vectors are being made anew.
        """
        return (
            self._follower.catching_up or bool(self._writer.folding) or self.spaces.next_embedder is not None
        )

    def seq_of(self, mind_id: str) -> int:
        """Processed up to this seq of the mind."""
        return self._follower.reached.get(mind_id, 0)

    async def report(self, mind_id: str) -> Report:
        """How memory does, and how much it holds of one mind, or of all where that is empty.

        Raises UnknownMind, MindDeleted.
        """
        if mind_id:
            await self.known(mind_id)
        return await self._in_search(lambda: self._reporting.report(mind_id, is_rebuilding=self.rebuilding))

    async def clear_caches(self, names: Sequence[str], mind_id: str) -> int:
        """Empty the named caches, all when none is named, of one mind or of all; returns how many entries went.

        What queries were understood to mean is of no mind.
        """
        if mind_id:
            await self.known(mind_id)
        chosen = set(names) or {"embeddings", "queries", "results", "understanding"}
        removed = 0
        if "embeddings" in chosen:
            removed += await self._in_writer(lambda: self._clear_embeddings(mind_id))
        if "queries" in chosen:
            key = await self._in_search(lambda: self._key_of(mind_id)) if mind_id else None
            removed += self._embeddings.queries.clear(key)
        if "results" in chosen:
            removed += self._answering.results.clear(lambda asked: mind_id in ("", asked[0][0]))
        if "understanding" in chosen and not mind_id:
            removed += self._answering.understood.clear()
        return removed

    def _clear_embeddings(self, mind_id: str) -> int:
        if not mind_id:
            return self._embeddings.clear_stored()
        with self._store.read() as stored:
            mind = stored.mind(mind_id)
            texts = [(mind.key, row.text) for _, row in stored.rows_from(mind, 0)] if mind else []
        return self._embeddings.clear_stored_of(self.spaces.embedder_ids(), texts)

    def _key_of(self, mind_id: str) -> bytes:
        with self._store.read() as stored:
            mind = stored.living(mind_id) if mind_id else None
        return mind.key if mind else b""

    def _forget_loaded(self) -> None:
        self._minds.clear()
        self._answering.results.clear()

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
            index = await self._in(self._loading, lambda: self._minds.read(mind_id))
            return (
                None if index is None else await self._in_writer(lambda: self._minds.publish(mind_id, index))
            )

    async def _in_search(self, work: Callable[[], T]) -> T:
        return await self._in(self._searching, work)

    async def _in(self, executor: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(executor, work)
        except Damaged:
            self._rebuild()
            raise IndexRebuilding(
                "what memory had stored is damaged, and is being built anew from the ledger: try again"
            ) from None

    async def _in_writer(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._writing, work)
