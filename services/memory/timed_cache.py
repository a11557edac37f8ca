"""Answers kept for a while: bounded, counted, and safe among threads, which cachetools leaves to its users."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from cachetools import TTLCache

from services.memory.embeddings import CacheCounts

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class _Entries(TTLCache[K, V]):
    """Counts what goes to make room."""

    def __init__(self, capacity: int, seconds: float, counts: CacheCounts) -> None:
        super().__init__(capacity, seconds, time.monotonic)
        self._counts = counts

    def popitem(self) -> tuple[K, V]:
        """Drop the least recently used."""
        self._counts.evictions += 1
        return super().popitem()


class TimedCache(Generic[K, V]):
    """The least recently used go first, and each after some seconds. A capacity of 0 is off."""

    def __init__(self, capacity: int, seconds: float) -> None:
        self.counts = CacheCounts()
        self._capacity = capacity
        self._entries = _Entries[K, V](max(1, capacity), seconds, self.counts)
        self._lock = threading.Lock()

    def __len__(self) -> int:
        with self._lock:
            return len(self._entries)

    def get(self, key: K, is_enough: Callable[[V], bool] = lambda _: True) -> V | None:
        """The value, if it is there and enough; counted."""
        with self._lock:
            found = self._entries.get(key) if self._capacity else None
            hit = found is not None and is_enough(found)
            self.counts.hits += hit
            self.counts.misses += not hit
        return found if hit else None

    def put(self, key: K, value: V) -> None:
        """Keep a value."""
        if self._capacity:
            with self._lock:
                self._entries[key] = value

    def clear(self, wanted: Callable[[K], bool] = lambda _: True) -> int:
        """Drop some, or everything; returns how many."""
        with self._lock:
            gone = [key for key in list(self._entries) if wanted(key)]
            for key in gone:
                del self._entries[key]
        return len(gone)
