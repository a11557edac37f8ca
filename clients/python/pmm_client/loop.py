"""Where the client without async runs the one with it."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Awaitable, Callable
from typing import TypeVar

from pmm_client.errors import ClientClosed

T = TypeVar("T")


class Loop:
    """An event loop on a thread of its own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._is_stopped = False
        self._stopping = threading.Lock()
        """Held while a call is given to the loop: none is given to one that has ended, and would wait for ever."""
        self._thread = threading.Thread(target=self.loop.run_forever, name="pmm-client", daemon=True)
        self._thread.start()

    def run(self, awaitable: Awaitable[T]) -> T:
        """Wait for the result; Ctrl-C cancels the call and is raised here. Raises ClientClosed."""

        async def awaited() -> T:
            return await awaitable

        with self._stopping:
            if self._is_stopped:
                if close := getattr(awaitable, "close", None):
                    # Python complains of a call that nobody awaits.
                    close()
                raise ClientClosed
            future = asyncio.run_coroutine_threadsafe(awaited(), self.loop)
        try:
            return future.result()
        except concurrent.futures.CancelledError:
            if self._is_stopped:
                raise ClientClosed from None
            raise
        except BaseException:
            future.cancel()
            raise

    def call(self, function: Callable[[], T]) -> T:
        """Call something that must be called in the loop."""

        async def called() -> T:
            return function()

        return self.run(called())

    def stop(self, close: Callable[[], Awaitable[None]] | None = None) -> None:
        """Close, cancel what still runs, and end the thread. Twice is the same as once."""
        with self._stopping:
            if self._is_stopped:
                return
            self._is_stopped = True
            ended = asyncio.run_coroutine_threadsafe(self._end(close), self.loop)
        ended.result()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    async def _end(self, close: Callable[[], Awaitable[None]] | None) -> None:
        if close is not None:
            await close()
        running = asyncio.all_tasks() - {asyncio.current_task()}
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await self.loop.shutdown_asyncgens()
