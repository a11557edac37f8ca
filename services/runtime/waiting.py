"""Waiting for what follows the ledger: whoever waits learns that it went on, or that a damaged event keeps it there."""

from __future__ import annotations

import asyncio

import pmm_client.errors
from services.runtime.caller import current_caller
from services.runtime.errors import DataLoss


class LedgerDamaged(DataLoss):
    """What the answer needs lies behind what cannot be read; ``reason`` is the ledger's where it may be told."""

    reason = "LEDGER_DAMAGED"

    def __init__(self, message: str, reason: str = "", **metadata: str) -> None:
        super().__init__(message, **metadata)
        self.reason = reason or self.reason  # pyright: ignore[reportAttributeAccessIssue]


class Waiting:
    """Those who wait for one follower."""

    def __init__(self) -> None:
        self._damage: pmm_client.errors.DataLoss | None = None
        """What keeps the follower from going on, until it does."""
        self._moved = asyncio.Event()

    @property
    def is_stuck(self) -> bool:
        """Whether the follower cannot go on."""
        return self._damage is not None

    def went_on(self) -> None:
        """The follower has done more than before."""
        self._damage = None
        self._tell()

    def stuck(self, damage: pmm_client.errors.DataLoss) -> None:
        """The follower cannot go on behind a damaged event: nobody is to wait for it."""
        self._damage = damage
        self._tell()

    async def moved(self) -> None:
        """Return once the follower may have done more than it has now; look whether it has, and call again if not.

        Raises LedgerDamaged where it cannot go on.
        """
        if self._damage is not None:
            raise told(self._damage)
        # It may go on and then be stuck before a waiter wakes, who may have what it waited for.
        await self._moved.wait()

    def _tell(self) -> None:
        self._moved.set()
        self._moved = asyncio.Event()


def told(damage: pmm_client.errors.DataLoss) -> LedgerDamaged:
    """What a caller is told of it, who may have no business with the mind that is damaged."""
    mind_id = damage.metadata.get("mind_id", "")
    if current_caller().may_reach(mind_id):
        return LedgerDamaged(damage.message, damage.reason, **damage.metadata)
    return LedgerDamaged("the ledger is damaged in another mind: its operator finds where in the log")
