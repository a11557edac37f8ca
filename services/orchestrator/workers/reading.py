"""A turn knows what the messages before it told: it waits a little for the workers that read them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from services.orchestrator.active_mind import ActiveMind
from services.orchestrator.extraction.extractor import Extractor
from services.orchestrator.workers.follower import Follower


class Reading:
    """The workers that read messages."""

    def __init__(self, followers: Sequence[Follower], extractor: Extractor, budget_seconds: float) -> None:
        self._followers = followers
        self._extractor = extractor
        self._budget_seconds = budget_seconds

    async def settled(self, active: ActiveMind) -> None:
        """Return once what this process kept of the mind is read and what follows from it appended, or it takes long.

        Nobody waits for a model that reads along: the one that answers has the last messages before it.
        """
        position = active.said_position
        behind = [one for one in self._followers if not one.has_reached(active.id, position)]
        if not behind or self._extractor.asks_model:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(self._budget_seconds):
                for follower in behind:
                    await follower.reached(active.id, position)
