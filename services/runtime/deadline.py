"""How long the current call may still take."""

from __future__ import annotations

import asyncio
import time
from contextvars import ContextVar
from types import TracebackType

from services.runtime.errors import DeadlineExceeded

NEARLY_OVER = 0.25
"""Seconds before its deadline at which a call that goes away has met it: a caller's clock is ahead by the way here."""
_deadline: ContextVar[float | None] = ContextVar("pmm_deadline", default=None)


def remaining() -> float | None:
    """Seconds until the current call's deadline, at least 0; None when it has none.

    A call to a peer passes on what remains less a margin, so that the peer gives up first.
    """
    deadline = _deadline.get()
    return None if deadline is None else max(0.0, deadline - time.monotonic())


def start(client_seconds: float | None) -> None:
    """For the server only: notes the deadline that the client sent, for the rest of this task."""
    _deadline.set(None if client_seconds is None else time.monotonic() + client_seconds)


class at_most:
    """Limit a block to so many seconds, then raise DeadlineExceeded: ``async with at_most(30):``"""

    __slots__ = ("_seconds", "_timer")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._timer = asyncio.timeout(seconds)

    async def __aenter__(self) -> None:
        _deadline.set(time.monotonic() + self._seconds)
        await self._timer.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        try:
            await self._timer.__aexit__(kind, error, tb)
        except TimeoutError:
            raise DeadlineExceeded(
                f"not done within the server's limit of {self._seconds:g} s for this call: ask for less, or send a "
                "deadline of your own"
            ) from None
