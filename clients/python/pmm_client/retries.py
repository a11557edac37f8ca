"""Repeating what may be repeated: a write under one idempotency key, whatever the number of attempts."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Awaitable, Callable
from typing import TypeVar

from pmm_client.errors import ClosedAtOnce, ProtocolMismatch, Unavailable

ATTEMPTS = 5
"""With the pauses between them a call outlasts a restart of the services, and the channel's wait to reconnect."""
FIRST_PAUSE_S = 0.1
MAX_PAUSE_S = 2.0
GROWTH = 3

Result = TypeVar("Result")


def new_key() -> str:
    """An idempotency key for one logical call: the same over all its attempts."""
    return uuid.uuid4().hex


async def retried(call: Callable[[], Awaitable[Result]]) -> Result:
    """Await ``call()``, again after UNAVAILABLE; raises what the last attempt raised."""
    for attempt in range(ATTEMPTS - 1):
        try:
            return await call()
        except Unavailable as error:
            await pause(attempt, error)
    return await call()


async def pause(attempt: int, error: Unavailable) -> None:
    """Wait before the attempt after ``attempt`` (from 0): as long as the server said, or longer each time.

    Raises the error itself where no further attempt can do better.
    """
    if isinstance(error, ProtocolMismatch) and not isinstance(error, ClosedAtOnce):
        raise error
    seconds = error.retry_after
    if seconds is None:
        # Not all at once when a server comes back.
        seconds = FIRST_PAUSE_S * GROWTH**attempt * random.uniform(0.7, 1)
    await asyncio.sleep(min(seconds, MAX_PAUSE_S))
