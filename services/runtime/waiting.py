"""Waiting for what follows the ledger: whoever waits learns that it went on, or what keeps it where it is."""

from __future__ import annotations

import asyncio

import pmm_client.errors
from services.runtime.caller import current_caller
from services.runtime.durable import is_full
from services.runtime.errors import DataLoss, DomainError, ResourceExhausted, Unavailable


class LedgerDamaged(DataLoss):
    """What the answer needs lies behind what cannot be read; ``reason`` is the ledger's where it may be told."""

    reason = "LEDGER_DAMAGED"

    def __init__(self, message: str, reason: str = "", **metadata: str) -> None:
        super().__init__(message, **metadata)
        self.reason = reason or self.reason  # pyright: ignore[reportAttributeAccessIssue]


class DiskFull(ResourceExhausted):
    """What the answer needs cannot be written; it will be once there is room."""

    reason = "DISK_FULL"


class DiskFailed(Unavailable):
    """The same where the disk does not say that it is full."""

    reason = "STORAGE_FAILED"


STUCK = (LedgerDamaged, DiskFull, DiskFailed)
"""What a wait ends in where what is waited for cannot go on."""


class Waiting:
    """Those who wait for one follower."""

    def __init__(self) -> None:
        self._obstacle: Exception | None = None
        """What keeps the follower from going on, until it does."""
        self._moved = asyncio.Event()

    @property
    def is_at_damage(self) -> bool:
        """Whether a damaged event keeps the follower from going on."""
        return isinstance(self._obstacle, pmm_client.errors.DataLoss)

    def went_on(self) -> None:
        """The follower has done more than before."""
        self._obstacle = None
        self._tell()

    def stuck(self, obstacle: Exception) -> None:
        """The follower cannot go on, be it behind a damaged event or for its disk: nobody is to wait for it."""
        self._obstacle = obstacle
        self._tell()

    async def moved(self) -> None:
        """Return once the follower may have done more than it has now; look whether it has, and call again if not.

        Raises one of STUCK where it cannot go on.
        """
        if isinstance(self._obstacle, pmm_client.errors.DataLoss):
            raise told(self._obstacle)
        if self._obstacle is not None:
            raise _of_disk(self._obstacle)
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


def _of_disk(error: Exception) -> DomainError:
    if is_full(error) or isinstance(error, DiskFull):
        return DiskFull("the disk that holds what is read from the ledger is full: make room, and repeat it")
    return DiskFailed("what is read from the ledger cannot be written to disk: the log says why")
