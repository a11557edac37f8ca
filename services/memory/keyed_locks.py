"""A lock for each of very many things, kept only while somebody holds it or waits for it."""

from __future__ import annotations

import threading
from weakref import WeakValueDictionary


class KeyedLocks:
    """Locks by number; thread-safe."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._used: WeakValueDictionary[int, threading.Lock] = WeakValueDictionary()

    def of(self, number: int) -> threading.Lock:
        """The lock of a number: ``with locks.of(3):``."""
        with self._guard:
            return self._used.setdefault(number, threading.Lock())

    def __len__(self) -> int:
        """How many are in use."""
        return len(self._used)
