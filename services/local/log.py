"""The log of ``pmm up --detach``: a file that every process of the run appends to, kept small while they run."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

LOG_FILE = "log/pmm.log"
LOOK_SECONDS = 1.0
"""Between two looks at its size: what a second brings may be more than allowed."""


@contextmanager
def kept_small(log: Path, max_bytes: int, kept: int) -> Generator[None]:
    """While it lasts, set the log aside whenever it is larger, if it is what this process writes to.

    ``pmm.log.1`` is the latest of those set aside, of which so many are kept.
    """
    if not _is_standard_output(log):
        yield
        return
    ended = threading.Event()
    looking = threading.Thread(target=_look, args=(log, max_bytes, kept, ended), name="pmm-log", daemon=True)
    looking.start()
    try:
        yield
    finally:
        ended.set()
        looking.join()


def _is_standard_output(log: Path) -> bool:
    with suppress(OSError):
        return os.path.samestat(os.fstat(1), log.stat())
    return False


def _look(log: Path, max_bytes: int, kept: int, ended: threading.Event) -> None:
    while True:
        # Without room it is tried again: on a full disk the log does not grow either.
        with suppress(OSError):
            if log.stat().st_size > max_bytes:
                _set_aside(log, kept)
        if ended.wait(LOOK_SECONDS):
            return


def _set_aside(log: Path, kept: int) -> None:
    """Copy it and empty it: others have it open, down to libraries in C, and know of no other file."""
    copy = _aside(log, 0)
    try:
        with (
            log.open("rb") as source,
            open(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as into,
        ):
            shutil.copyfileobj(source, into)
        for number in reversed(range(kept)):
            with suppress(FileNotFoundError):
                _aside(log, number).replace(_aside(log, number + 1))
        os.truncate(log, 0)
    finally:
        copy.unlink(missing_ok=True)


def _aside(log: Path, number: int) -> Path:
    return log.with_name(f"{log.name}.{number}")
