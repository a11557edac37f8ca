"""Wakes those who follow a mind when it has grown, and nobody else: most minds are quiet while one is busy."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

EVERY_MIND = ""
"""The name under which a follower of all minds waits."""


class Bell:
    """Used within one event loop."""

    def __init__(self) -> None:
        self._waited_for: dict[str, asyncio.Event] = {}

    def listen(self, mind_id: str) -> asyncio.Event:
        """Set once the mind grows. Take it before looking at the disk: growth in between then shows all the same."""
        return self._waited_for.setdefault(mind_id, asyncio.Event())

    def ring(self, mind_ids: Iterable[str]) -> None:
        """These minds have grown."""
        for mind_id in (*mind_ids, EVERY_MIND):
            if event := self._waited_for.pop(mind_id, None):
                event.set()

    def ring_all(self) -> None:
        """Wake everybody."""
        self.ring(list(self._waited_for))
