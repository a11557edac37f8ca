"""The keys of sealed payloads, in segment files apart from the events, so that a key can be erased for good.

A segment holds 4,096 keys of 32 bytes; zeros where there is none. Written and synced before the LMDB commit
that needs its keys: an orphan key harms nobody, and is overwritten when its slot is used.
"""

from __future__ import annotations

import errno
import mmap
import os
from pathlib import Path

from services.ledger.encoding import KEY_BYTES

KEYS_PER_SEGMENT = 4_096
SEGMENT_BYTES = KEYS_PER_SEGMENT * KEY_BYTES
_NO_KEY = bytes(KEY_BYTES)


class KeySegments:
    """Keys by slot. One writer; readers anywhere."""

    def __init__(self, folder: Path, prefix: str) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        sync_folder(folder)
        self._folder = folder
        self._prefix = prefix
        self._mapped: dict[int, mmap.mmap] = {}
        self._unsynced: dict[int, int] = {}
        self._descriptors: dict[int, int] = {}

    def write(self, first_slot: int, keys: list[bytes]) -> None:
        """Put keys into consecutive slots. Durable after ``sync``."""
        slot, done = first_slot, 0
        while done < len(keys):
            segment, offset = divmod(slot, KEYS_PER_SEGMENT)
            count = min(len(keys) - done, KEYS_PER_SEGMENT - offset)
            descriptor = self._open(segment)
            data = b"".join(keys[done : done + count])
            written = os.pwrite(descriptor, data, offset * KEY_BYTES)
            if written != len(data):
                raise OSError(errno.ENOSPC, "short write to a key segment")
            self._unsynced[segment] = descriptor
            slot, done = slot + count, done + count

    def sync(self) -> None:
        """Wait until every key that was written is on disk."""
        for descriptor in self._unsynced.values():
            os.fdatasync(descriptor)
        self._unsynced.clear()

    def read(self, slot: int) -> bytes | None:
        """The key in a slot; None where there is none."""
        segment, offset = divmod(slot, KEYS_PER_SEGMENT)
        mapped = self._mapped.get(segment) or self._map(segment)
        if mapped is None:
            return None
        key = mapped[offset * KEY_BYTES : (offset + 1) * KEY_BYTES]
        return key if key != _NO_KEY else None

    def close(self) -> None:
        """Close every file."""
        for mapped in self._mapped.values():
            mapped.close()
        for descriptor in self._descriptors.values():
            os.close(descriptor)
        self._mapped.clear()
        self._descriptors.clear()

    def _path(self, segment: int) -> Path:
        return self._folder / f"{self._prefix}-{segment:08d}.keys"

    def _open(self, segment: int) -> int:
        if segment not in self._descriptors:
            descriptor = os.open(self._path(segment), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                self._allocate(descriptor)
            except OSError:
                os.close(descriptor)
                raise
            # Writing goes on in the last segment; those before it are read through their maps.
            for old, its_descriptor in list(self._descriptors.items()):
                if old not in self._unsynced:
                    os.close(its_descriptor)
                    del self._descriptors[old]
            self._descriptors[segment] = descriptor
        return self._descriptors[segment]

    def _allocate(self, descriptor: int) -> None:
        """All of the segment's room at once: a full disk is met here, and never by a write into the map."""
        if os.fstat(descriptor).st_size < SEGMENT_BYTES:
            os.posix_fallocate(descriptor, 0, SEGMENT_BYTES)
            os.fsync(descriptor)
            sync_folder(self._folder)

    def _map(self, segment: int) -> mmap.mmap | None:
        path = self._path(segment)
        if not path.exists() or path.stat().st_size < SEGMENT_BYTES:
            return None
        with path.open("rb") as file:
            return self._mapped.setdefault(segment, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on disk: a synced file may else be lost with its name."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
