"""Wakes those who follow a mind when it has grown, and nobody else: most minds are quiet while one is busy."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

EVERY_MIND = ""
"""The name under which a follower of all minds waits."""


class Bell:
    """Used within one event loop."""

    def __init__(self, settle_seconds: float) -> None:
        """``settle_seconds``: how long after it has grown, so that what follows is read together with it."""
        self._settle_seconds = settle_seconds
        self._waited_for: dict[str, asyncio.Event] = {}
        self._grown: set[str] = set()

    def listen(self, mind_id: str) -> asyncio.Event:
        """Set once the mind grows. Take it before looking at the disk: growth in between then shows all the same."""
        return self._waited_for.setdefault(mind_id, asyncio.Event())

    def ring(self, mind_ids: Iterable[str]) -> None:
        """These minds have grown."""
        if not self._grown:
            asyncio.get_running_loop().call_later(self._settle_seconds, self._wake)
        self._grown.update(mind_ids, (EVERY_MIND,))

    def ring_all(self) -> None:
        """Wake everybody, at once."""
        self._grown.update(self._waited_for)
        self._wake()

    def _wake(self) -> None:
        for mind_id in self._grown:
            if event := self._waited_for.pop(mind_id, None):
                event.set()
        self._grown.clear()
