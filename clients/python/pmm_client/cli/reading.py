"""What follows a stream ends when its reader does: it would notice with the next line alone, which may never come."""

from __future__ import annotations

import asyncio
import io
import os
import select
import stat
import sys
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")


async def while_read(work: Coroutine[Any, Any, T]) -> T:
    """Do it for as long as somebody reads standard output. Raises BrokenPipeError as soon as nobody does."""
    task = asyncio.ensure_future(work)
    has_gone = False

    def stop() -> None:
        nonlocal has_gone
        has_gone = task.cancel()

    with _when_nobody_reads(stop):
        try:
            return await task
        except asyncio.CancelledError:
            if has_gone:
                raise BrokenPipeError from None
            raise


@contextmanager
def _when_nobody_reads(tell: Callable[[], None]) -> Generator[None]:
    """Called when the other end of a pipe is closed; a file has none, and a terminal ends the process itself."""
    pipe, loop = _pipe(), asyncio.get_running_loop()
    if pipe is None:
        yield
        return

    def look() -> None:
        # Whoever reads from a socket may also write to it.
        loop.remove_reader(pipe)
        if _is_hung_up(pipe):
            tell()

    loop.add_reader(pipe, look)
    try:
        yield
    finally:
        loop.remove_reader(pipe)


def _pipe() -> int | None:
    """The descriptor of standard output, where that is a pipe or a socket."""
    try:
        descriptor = sys.stdout.fileno()
    except io.UnsupportedOperation:
        return None
    mode = os.fstat(descriptor).st_mode
    return descriptor if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) else None


def _is_hung_up(pipe: int) -> bool:
    poll = select.poll()
    poll.register(pipe, 0)
    return bool(poll.poll(0))
