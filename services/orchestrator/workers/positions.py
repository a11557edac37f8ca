"""How far the workers are, kept on disk: all of them in one write, now and then."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from services.orchestrator.store import Store
from services.orchestrator.workers.follower import Follower
from services.runtime.projection_file import DISK_ERRORS

_log = logging.getLogger("pmm.worker")
SAVE_SECONDS = 0.5
"""Between two writes. What was done since is repeated after a crash, and its keys keep it single."""


class Positions:
    """Of all workers of this process."""

    def __init__(self, followers: Sequence[Follower], store: Store) -> None:
        self._followers = followers
        self._store = store
        self._saved = self._now()

    async def run(self) -> None:
        """Save until cancelled."""
        while True:
            await asyncio.sleep(SAVE_SECONDS)
            # They move in the event loop, and are looked at there.
            if changed := self._changed():
                try:
                    await self._store.beside(self._store.put_workers, changed)
                except DISK_ERRORS as error:
                    _log.warning("how far the workers are cannot be written, and is tried again: %s", error)
                    continue
                self._saved |= changed

    def save(self) -> None:
        """Write what has changed since the last time, once no worker runs."""
        self._store.put_workers(self._changed())

    def _changed(self) -> dict[str, tuple[str, int]]:
        return dict(self._now().items() - self._saved.items())

    def _now(self) -> dict[str, tuple[str, int]]:
        return {follower.name: (follower.store_id, follower.position) for follower in self._followers}
