"""Room on the disk, taken before LMDB needs it.

LMDB reports a write that a full disk cut short as EIO, just as it reports a disk that is breaking, and only the
first is harmless. So the data file is allocated ahead of each commit: a full disk is met here, where it is
clearly that and nothing has been written.
"""

from __future__ import annotations

import os
from pathlib import Path

STEP_BYTES = 1024 * 1024
"""Allocated ahead where there is room: an allocation costs more than the commit that needs it."""


class Room:
    """How far the data file is allocated. Used by the one writer."""

    def __init__(self, path: Path, page_bytes: int) -> None:
        self._page_bytes = page_bytes
        # LMDB's locks are on its lock file: a descriptor of our own on the data file disturbs none.
        self._descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        self._allocated = os.fstat(self._descriptor).st_size

    def holds(self, pages: int) -> bool:
        """Whether the file is that long."""
        return pages * self._page_bytes <= self._allocated

    def ensure(self, pages: int) -> None:
        """Make the file that long at least. Raises OSError, ENOSPC where there is no room."""
        needed = pages * self._page_bytes
        if needed <= self._allocated:
            return
        for end in (needed + STEP_BYTES, needed):
            try:
                os.posix_fallocate(self._descriptor, self._allocated, end - self._allocated)
            except OSError:
                if end == needed:
                    raise
            else:
                self._allocated = end
                return

    def close(self) -> None:
        """Close the descriptor."""
        os.close(self._descriptor)
