"""How long the current call may still take."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from contextvars import ContextVar

from services.runtime.errors import DeadlineExceeded

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


@asynccontextmanager
async def at_most(seconds: float) -> AsyncGenerator[None]:
    """Limit the block to so many seconds, then raise DeadlineExceeded."""
    _deadline.set(time.monotonic() + seconds)
    timer = asyncio.timeout(seconds)
    try:
        async with timer:
            yield
    except TimeoutError:
        if timer.expired():
            raise DeadlineExceeded(
                f"not done within the server's limit of {seconds:g} s for this call: ask for less, or send a "
                "deadline of your own"
            ) from None
        raise
