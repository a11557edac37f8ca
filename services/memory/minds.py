"""The minds that are loaded for searching: loaded on demand, kept current, unloaded when idle."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

from services.memory.embedder import Vectors
from services.memory.index import MindIndex
from services.memory.rows import Row
from services.memory.settings import MemorySettings
from services.memory.store import Mind, Store


class LoadedMinds:
    """``MindIndex`` by mind. Changed by the writer thread, read from any."""

    def __init__(self, store: Store, dimensions: int, settings: MemorySettings) -> None:
        self._store = store
        self._dimensions = dimensions
        self._settings = settings
        self._loaded: dict[str, MindIndex] = {}

    def get(self, mind_id: str) -> MindIndex | None:
        """The index if it is loaded."""
        index = self._loaded.get(mind_id)
        if index is not None:
            index.last_used = time.monotonic()
        return index

    def read(self, mind_id: str) -> MindIndex | None:
        """Build an index from what is stored. Hand the result to ``publish`` in the writer thread."""
        with self._store.read() as stored:
            mind = stored.mind(mind_id)
            if mind is None or mind.deleted:
                return None
            index = MindIndex(
                self._dimensions, flat_limit=self._settings.flat_limit, probes=self._settings.probes
            )
            self._extend(
                index, stored.rows_from(mind, 0), stored.vectors_from(mind, 0, self._dimensions), mind
            )
            index.changes = mind.changes
        return index

    def publish(self, mind_id: str, index: MindIndex) -> MindIndex:
        """In the writer thread: bring a freshly read index up to date, and let searches have it."""
        known = self._loaded.get(mind_id)
        if known is not None:
            return known
        with self._store.read() as stored:
            mind = stored.mind(mind_id)
            assert mind is not None, "a mind's record is never removed"
            if mind.changes == index.changes:
                first = len(index)
                vectors = stored.vectors_from(mind, first, self._dimensions)
                self._extend(index, stored.rows_from(mind, first), vectors, mind)
                self._loaded[mind_id] = index
        if mind_id not in self._loaded:
            # Rows ended while it was being read. No more can end now: this is the thread that ends them.
            again = self.read(mind_id)
            self._loaded[mind_id] = again if again is not None else index
        self._loaded[mind_id].last_used = time.monotonic()
        return self._loaded[mind_id]

    def drop(self, mind_id: str) -> None:
        """Forget a loaded index; the next search loads it anew."""
        self._loaded.pop(mind_id, None)

    def clear(self) -> None:
        """Forget all of them."""
        self._loaded.clear()

    def unload_idle(self) -> None:
        """Forget those that nobody has used for a while."""
        before = time.monotonic() - self._settings.idle_unload_seconds
        for mind_id, index in list(self._loaded.items()):
            if index.last_used < before:
                self.drop(mind_id)

    def _extend(
        self,
        index: MindIndex,
        rows: Iterator[tuple[int, Row]],
        vectors: tuple[list[int], Vectors],
        mind: Mind,
    ) -> None:
        first = len(index)
        count = mind.next_ordinal - first
        if count <= 0:
            return
        dense: list[Row | None] = [None] * count
        for ordinal, row in rows:
            dense[ordinal - first] = row
        matrix = np.zeros((count, self._dimensions), np.float32)
        ordinals, values = vectors
        if ordinals:
            matrix[np.array(ordinals) - first] = values
        index.add(dense, matrix)
