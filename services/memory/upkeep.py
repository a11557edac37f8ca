"""What goes on beside following and searching: minds grow, are saved and unloaded, missing vectors are made."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from services.memory.embedder import Embedder, EmbedderAway
from services.memory.embeddings import Embeddings
from services.memory.errors import IndexRebuilding
from services.memory.index import MindIndex
from services.memory.minds import LoadedMinds
from services.memory.records import Damaged, Space
from services.memory.spaces import Spaces
from services.memory.vectors import one_thread_each
from services.runtime.projection_file import DISK_ERRORS

PAUSE_SECONDS = 0.5
"""Between looks at what there is to do."""
AWAY_SECONDS = 5.0
"""Before an embedder that was away, or a disk that was full, is tried again."""
IDLE_CHECK_SECONDS = 30.0
VECTORS_AT_ONCE = 64

_log = logging.getLogger("pmm.memory")
T = TypeVar("T")


class Upkeep:
    """Two loops with a thread each: one for indexes, one for vectors."""

    def __init__(
        self,
        minds: LoadedMinds,
        spaces: Spaces,
        embeddings: Embeddings,
        in_writer: Callable[[Callable[[], None]], Awaitable[None]],
        load: Callable[[str], Awaitable[MindIndex | None]],
        after_switch: Callable[[], None],
        is_catching_up: Callable[[], bool],
        on_damage: Callable[[], None],
    ) -> None:
        """``after_switch`` runs in the writer thread when another embedder's vectors are searched from then on;
        ``on_damage`` when what is stored is not what was written.
        """
        self._minds = minds
        self._spaces = spaces
        self._embeddings = embeddings
        self._in_writer = in_writer
        self._load = load
        self._after_switch = after_switch
        self._is_catching_up = is_catching_up
        self._on_damage = on_damage
        self._growing = ThreadPoolExecutor(1, "memory-upkeep", one_thread_each)
        self._making = ThreadPoolExecutor(1, "memory-vectors", one_thread_each)
        self._idle_checked = 0.0

    async def look_after_indexes(self) -> None:
        """Build, grow, save and unload indexes, for ever."""
        while True:
            await asyncio.sleep(PAUSE_SECONDS)
            try:
                await self._look_after_indexes()
            except Damaged:
                self._on_damage()
            except IndexRebuilding as error:
                _log.info("an index was not built: %s", error)
            except DISK_ERRORS as error:
                _log.warning("an index could not be written, and is tried again: %s", error)
                await asyncio.sleep(AWAY_SECONDS)

    async def _look_after_indexes(self) -> None:
        for mind_id in self._minds.stale():
            await self._replace(mind_id)
        if not self._is_catching_up():
            for mind_id in await self._in(self._growing, self._minds.unbuilt):
                await self._build(mind_id)
        for mind_id in self._minds.outgrown():
            await self._grow(mind_id)
        for mind_id, index in self._minds.unsaved():
            await self._in(
                self._growing, lambda mind_id=mind_id, index=index: self._minds.save(mind_id, index)
            )
        await self._unload_idle()

    async def _build(self, mind_id: str) -> None:
        await self._load(mind_id)

    async def _replace(self, mind_id: str) -> None:
        index = await self._in(self._growing, lambda: self._minds.read(mind_id))
        if index is None:
            await self._in_writer(lambda: self._minds.drop(mind_id))
        else:
            await self._in_writer(lambda: self._minds.replace(mind_id, index))

    async def _grow(self, mind_id: str) -> None:
        index = self._minds.loaded(mind_id)
        if index is None:
            return
        try:
            layout = await self._in(self._growing, lambda: self._minds.grown_now(mind_id, index))
        # What FAISS raises, also where memory runs out.
        except RuntimeError as error:
            _log.warning("the index of mind %s could not grow, and is searched as it is: %s", mind_id, error)
            await asyncio.sleep(AWAY_SECONDS)
            return
        if layout is None:
            return
        await self._in_writer(lambda: _ignore(self._minds.rearrange(mind_id, index, layout)))

    async def _unload_idle(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._idle_checked < IDLE_CHECK_SECONDS:
            return
        self._idle_checked = now
        for mind_id, index in self._minds.idle():
            await self._in(
                self._growing, lambda mind_id=mind_id, index=index: self._minds.save(mind_id, index)
            )
            await self._in_writer(lambda mind_id=mind_id, index=index: self._minds.drop_if(mind_id, index))

    async def look_after_vectors(self) -> None:
        """Make the vectors that are missing, and those of the next embedder, for ever."""
        while True:
            try:
                await self._in(self._making, self._spaces.reopen)
                if self._spaces.embedder is not None:
                    await self._fill(self._spaces.embedder, self._spaces.searched, loaded=True)
                if self._spaces.next_embedder is not None:
                    await self._fill_next(self._spaces.next_embedder)
                await self._remove_old()
                await asyncio.sleep(PAUSE_SECONDS)
            except Damaged:
                self._on_damage()
                await asyncio.sleep(PAUSE_SECONDS)
            except DISK_ERRORS as error:
                _log.warning("vectors could not be written, and are tried again: %s", error)
                await asyncio.sleep(AWAY_SECONDS)
            except EmbedderAway as error:
                _log.warning("%s; the missing vectors are made when it is back", error)
                await asyncio.sleep(AWAY_SECONDS)

    async def _fill_next(self, embedder: Embedder) -> None:
        spaces: list[Space | None] = []
        await self._in_writer(lambda: spaces.append(self._spaces.next_space()))
        space = spaces[0]
        if space is None:
            return
        await self._fill(embedder, space, loaded=False)
        await self._in_writer(lambda: self._after_switch() if self._spaces.switch() else None)

    async def _fill(self, embedder: Embedder, space: Space, *, loaded: bool) -> None:
        for mind_id in await self._in(self._making, lambda: self._spaces.lagging(space)):
            filled = False
            while True:
                made = await self._in(
                    self._making,
                    lambda mind_id=mind_id: self._spaces.make(
                        embedder, space, mind_id, VECTORS_AT_ONCE, self._embeddings
                    ),
                )
                if made is None:
                    break
                await self._in_writer(lambda made=made: self._spaces.keep(made))
                filled = True
            if filled and loaded:
                await self._in_writer(lambda mind_id=mind_id: self._minds.drop(mind_id))

    async def _remove_old(self) -> None:
        removed = [True]
        while removed[-1]:
            await self._in_writer(lambda: removed.append(self._spaces.remove_old()))

    def stop(self) -> None:
        """Wait for what runs; blocks."""
        self._growing.shutdown()
        self._making.shutdown()

    @staticmethod
    async def _in(executor: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(executor, work)


def _ignore(_result: MindIndex | bool | None) -> None:
    """For work whose result nobody needs."""
