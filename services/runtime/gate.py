"""Keeps readers out of LMDB's map while the writer replaces it by a larger one."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager


class MapGate:
    """Many that read the map, or the one that replaces it: LMDB unmaps it beneath whoever still reads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._readers = 0
        self._is_replaced = False

    def enter(self) -> None:
        """For a reader: the map stays as it is until ``leave``. Never nested, for a replacement may wait in between."""
        with self._changed:
            while self._is_replaced:
                self._changed.wait()
            self._readers += 1

    def leave(self) -> None:
        """The reader is done."""
        with self._changed:
            self._readers -= 1
            if not self._readers and self._is_replaced:
                self._changed.notify_all()

    @contextmanager
    def alone(self) -> Generator[None]:
        """For the writer: nobody reads."""
        with self._changed:
            self._is_replaced = True
            while self._readers:
                self._changed.wait()
        try:
            yield
        finally:
            with self._changed:
                self._is_replaced = False
                self._changed.notify_all()
