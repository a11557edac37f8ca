"""How much a server takes on at once, and from whom."""

from __future__ import annotations

import asyncio
from collections import Counter

from services.runtime.errors import ResourceExhausted, Unavailable

RETRY_AFTER_SECONDS = 1.0
"""Until a client that was refused for load should come back."""

STARTING_RETRY_SECONDS = 0.5

StreamOf = tuple[str, str]
"""A client, and the method that it called."""


class TooManyCalls(ResourceExhausted):
    """The server runs as many calls as it may."""

    reason = "TOO_MANY_CALLS"


class TooManyStreams(ResourceExhausted):
    """This client holds as many open streams of a method as it may."""

    reason = "TOO_MANY_STREAMS"


class Starting(Unavailable):
    """The service is not ready yet."""

    reason = "STARTING"


class Stopping(Unavailable):
    """The service takes no more calls."""

    reason = "STOPPING"


class Limits:
    """Counts running calls over all services of a server."""

    def __init__(self, max_calls: int, max_streams_per_peer: int) -> None:
        self._max_calls = max_calls
        self._max_streams = max_streams_per_peer
        self._calls = 0
        self._streams: Counter[StreamOf] = Counter()

    def enter(self, stream_of: StreamOf | None = None) -> None:
        """Count one call, and whose stream it is if it is one. Raises TooManyCalls or TooManyStreams."""
        if self._calls >= self._max_calls:
            raise TooManyCalls(
                f"the server runs {self._max_calls} calls already: try again later",
                retry_after=RETRY_AFTER_SECONDS,
            )
        if stream_of:
            if self._streams[stream_of] >= self._max_streams:
                raise TooManyStreams(
                    f"this client has {self._max_streams} streams of {stream_of[1]} open: end one before "
                    "opening another",
                    retry_after=RETRY_AFTER_SECONDS,
                )
            self._streams[stream_of] += 1
        self._calls += 1

    def leave(self, stream_of: StreamOf | None = None) -> None:
        """The call that was counted has ended."""
        self._calls -= 1
        if stream_of:
            self._streams[stream_of] -= 1
            if not self._streams[stream_of]:
                del self._streams[stream_of]


class Gate:
    """Whether one service takes calls, and how many of them run."""

    def __init__(self, service: str) -> None:
        self._service = service
        self._open = False
        self._stopping = False
        self._running = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def open(self) -> None:
        """Take calls from now on."""
        self._open = True

    def shut(self) -> None:
        """Take no more calls; those that run go on."""
        self._stopping = True

    async def idle(self) -> None:
        """Return when no call of the service runs."""
        await self._idle.wait()

    def enter(self) -> None:
        """Count one call. Raises Starting or Stopping."""
        if self._stopping:
            raise Stopping(
                f"{self._service} is stopping: connect again and retry", retry_after=RETRY_AFTER_SECONDS
            )
        if not self._open:
            raise Starting(f"{self._service} is starting: retry shortly", retry_after=STARTING_RETRY_SECONDS)
        self._running += 1
        if self._running == 1:
            self._idle.clear()

    def leave(self) -> None:
        """The call that was counted has ended."""
        self._running -= 1
        if not self._running:
            self._idle.set()
