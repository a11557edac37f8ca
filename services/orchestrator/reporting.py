"""How things go: what this process measured, and what memory counted of its caches where it runs elsewhere."""

from __future__ import annotations

from dataclasses import replace

import pmm_client.errors
from services.orchestrator.peers import Peers
from services.runtime.performance import CacheUse, Performance, Report


class Reporting:
    """Reports of performance."""

    def __init__(self, performance: Performance, peers: Peers) -> None:
        self._performance = performance
        self._peers = peers

    async def report(self, seconds: float | None) -> Report:
        """Of the last so many seconds; None: since the start, which is what another process counts in any case."""
        found = self._performance.report(seconds)
        try:
            counted = await self._peers.caches()
        except pmm_client.errors.PmmError:
            # It is away, and everything else is told all the same.
            return found
        elsewhere = {
            name: CacheUse(hits, hits + misses)
            for name, (hits, misses) in counted.items()
            if name not in found.known_caches and hits + misses
        }
        return replace(found, caches={**found.caches, **elsewhere})
