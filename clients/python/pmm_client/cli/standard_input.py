"""Reading that may wait for a person or another program: Ctrl-C ends it at once."""

from __future__ import annotations

import signal
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import BinaryIO

from pmm_client.cli import exits
from pmm_client.cli.connection import CliError


def read_line() -> bytes:
    """The next line; empty at the end."""
    with _plain_ctrl_c():
        return sys.stdin.buffer.readline()


def read_all() -> bytes:
    """All that is left."""
    with _plain_ctrl_c():
        return sys.stdin.buffer.read()


def read_chunk(source: BinaryIO, size: int) -> bytes:
    """The next bytes of standard input, or of a file, which nobody waits for; empty at the end. Raises CliError."""
    if source is not sys.stdin.buffer:
        return source.read(size)
    with _plain_ctrl_c():
        try:
            return source.read(size)
        except KeyboardInterrupt:
            # gRPC, whose task reads what is sent, would say of a KeyboardInterrupt that the call ended.
            raise CliError("interrupted: nothing was sent to its end", exits.INTERRUPTED) from None


@contextmanager
def _plain_ctrl_c() -> Generator[None]:
    """asyncio's handler would only cancel the task, which waits."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
