"""Between a backend and its client: tokens that come faster than anybody can see travel together.

A backend is read as fast as it gives, so that a client that reads slowly holds up neither the engine nor those that
wait for a slot. What the client has not taken yet is joined.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import aclosing, contextmanager, suppress
from itertools import groupby

from services.inference.generation import Delta, Part

MAX_HELD = 16_384
"""Parts that are kept for a slow client; then the backend waits for it."""


class Pace:
    """How often a stream may send: seldomer the more streams are open, as they share a processor."""

    def __init__(self, seconds: float, max_per_second: float) -> None:
        self._seconds, self._max_per_second = seconds, max_per_second
        self._streams = 0

    @property
    def interval(self) -> float:
        """Seconds from one delta of a stream to its next."""
        return max(self._seconds, self._streams / self._max_per_second)

    @contextmanager
    def stream(self) -> Generator[None]:
        """Counts one."""
        self._streams += 1
        try:
            yield
        finally:
            self._streams -= 1


async def coalesced(parts: AsyncGenerator[Part], pace: Pace) -> AsyncGenerator[Part]:
    """The same parts, with deltas joined that come faster than the pace; the first and the last do not wait for it.

    Raises what ``parts`` raises, after everything that came before it.
    """
    held = _Held()
    reader = asyncio.create_task(held.read(parts))
    try:
        with pace.stream():
            while taken := await held.take(pace.interval):
                for part in taken:
                    yield part
        await reader
    finally:
        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)


class _Held:
    """What was read and not yet taken."""

    def __init__(self) -> None:
        self._parts: list[Part] = []
        self._is_read = False
        self._something, self._urgent, self._room = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._room.set()
        self._now = asyncio.get_running_loop().time
        self._delta_at = float("-inf")

    async def read(self, parts: AsyncGenerator[Part]) -> None:
        """Read it to its end."""
        try:
            async with aclosing(parts):
                async for part in parts:
                    self._parts.append(part)
                    self._something.set()
                    if not isinstance(part, Delta):
                        self._urgent.set()
                    if len(self._parts) >= MAX_HELD:
                        self._room.clear()
                        await self._room.wait()
        finally:
            self._is_read = True
            self._something.set()
            self._urgent.set()

    async def take(self, interval: float) -> list[Part]:
        """What is there, so many seconds after the last delta or once something cannot wait; at the end, nothing."""
        await self._something.wait()
        now = self._now()
        if now < self._delta_at + interval:
            early = interval - now % interval
            with suppress(TimeoutError):
                async with asyncio.timeout(early):
                    await self._urgent.wait()
        taken, self._parts = _joined(self._parts), []
        self._room.set()
        if not self._is_read:
            self._something.clear()
            self._urgent.clear()
        if any(isinstance(part, Delta) for part in taken):
            self._delta_at = self._now()
        return taken


def _joined(parts: Sequence[Part]) -> list[Part]:
    """Each run of deltas as one."""
    joined: list[Part] = []
    for are_deltas, run in groupby(parts, lambda part: isinstance(part, Delta)):
        if are_deltas:
            deltas = [part for part in run if isinstance(part, Delta)]
            joined.append(
                Delta(
                    "".join(delta.text for delta in deltas),
                    sum(delta.tokens for delta in deltas),
                    tuple(token for delta in deltas for token in delta.logprobs),
                )
            )
        else:
            joined.extend(run)
    return joined
