"""The keys of sealed payloads, in segment files apart from the events, so that a key can be erased for good.

A segment holds 4,096 keys of 32 bytes; zeros where there is none. Written and synced before the LMDB commit
that needs its keys: an orphan key harms nobody, and is overwritten when its slot is used. Keys for the next slots are
made and synced ahead, so that most commits need not wait for theirs; each seals once, and is forgotten when the
process ends. The name of a segment
whose keys are wrapped says by which master key: ``events-00000000.<id>.keys``.
"""

from __future__ import annotations

import errno
import mmap
import os
import threading
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from services.ledger.encoding import KEY_BYTES
from services.ledger.masterkey import PLAIN, KeyWrap, MasterKeys
from services.runtime.durable import PARTIAL, sync, write_durably

KEYS_PER_SEGMENT = 4_096
SEGMENT_BYTES = KEYS_PER_SEGMENT * KEY_BYTES
_NO_KEY = bytes(KEY_BYTES)
_MAPPED_SEGMENTS = 64
"""A map costs a descriptor, and a million events have 245 segments."""
KEYS_AHEAD = 128
"""A page of the file; one sync for so many lone events."""
_SUFFIX = ".keys"


class KeySegments:
    """Keys by slot. One writer; readers anywhere."""

    def __init__(self, folder: Path, prefix: str, masters: MasterKeys, *, is_readonly: bool = False) -> None:
        self._folder = folder
        self._prefix = prefix
        self._masters = masters
        self._mapped: dict[int, mmap.mmap] = {}
        self._mapping = threading.Lock()
        """Held while a segment is mapped or replaced: nobody may keep a map of a file that was replaced."""
        self._unsynced: dict[int, int] = {}
        self._ahead: dict[int, bytes] = {}
        """Keys that are on disk and have sealed nothing, by slot."""
        self._descriptors: dict[int, int] = {}
        if not is_readonly:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            for partial in folder.glob(f"{prefix}-*{PARTIAL}"):
                partial.unlink()
            self._wrap_all()
            sync(folder)

    def take(self, first_slot: int, count: int) -> list[bytes]:
        """Keys for consecutive slots that have sealed nothing yet. Durable after ``sync``."""
        ahead = [self._ahead.pop(slot, None) for slot in range(first_slot, first_slot + count)]
        keys = [key or os.urandom(KEY_BYTES) for key in ahead]
        if None in ahead:
            self.write(first_slot, keys)
        return keys

    @property
    def is_short(self) -> bool:
        """Whether ``make_ahead`` is due."""
        return len(self._ahead) < KEYS_AHEAD // 4

    def make_ahead(self, next_slot: int) -> None:
        """Put keys on disk for the next slot and those behind it. Raises OSError."""
        keys = [os.urandom(KEY_BYTES) for _ in range(KEYS_AHEAD)]
        self.write(next_slot, keys)
        self.sync()
        self._ahead = dict(enumerate(keys, next_slot))

    def write(self, first_slot: int, keys: list[bytes]) -> None:
        """Put keys into consecutive slots. Durable after ``sync``."""
        for slot in range(first_slot, first_slot + len(keys)):
            self._ahead.pop(slot, None)
        wrap = self._masters.current
        slot, done = first_slot, 0
        while done < len(keys):
            segment, offset = divmod(slot, KEYS_PER_SEGMENT)
            count = min(len(keys) - done, KEYS_PER_SEGMENT - offset)
            descriptor = self._open(segment)
            data = b"".join(
                wrap.wrap(self._prefix, slot + i, key) for i, key in enumerate(keys[done : done + count])
            )
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
        return self._masters.current.unwrap(self._prefix, slot, key) if key != _NO_KEY else None

    def erase(self, slots: Iterable[int]) -> None:
        """Put zeros in place of keys, in files written anew: once this returns the keys are on no page of any file.

        Only between two commits.
        """
        by_segment: dict[int, list[int]] = defaultdict(list)
        for slot in slots:
            segment, offset = divmod(slot, KEYS_PER_SEGMENT)
            by_segment[segment].append(offset)
        for segment, offsets in by_segment.items():
            self._erase(segment, offsets)

    def forget_maps(self) -> None:
        """Look at the files anew: another process may have replaced them, and what was erased must not be held."""
        with self._mapping:
            self._mapped.clear()

    def close(self) -> None:
        """Close every file."""
        self._mapped.clear()
        for descriptor in self._descriptors.values():
            os.close(descriptor)
        self._descriptors.clear()

    def _erase(self, segment: int, offsets: list[int]) -> None:
        path = self._path(segment)
        if not path.exists():
            return
        content = bytearray(path.read_bytes())
        for offset in offsets:
            content[offset * KEY_BYTES : (offset + 1) * KEY_BYTES] = _NO_KEY
        with self._mapping:
            write_durably(path, bytes(content))
            self._mapped.pop(segment, None)
        descriptor = self._descriptors.pop(segment, None)
        if descriptor is not None:
            os.close(descriptor)

    def _wrap_all(self) -> None:
        """Bring every segment under the current master key: the first start with it, or with another one."""
        current = self._masters.current
        for path in sorted(self._folder.glob(f"{self._prefix}-*{_SUFFIX}")):
            wrap_id = _wrap_id(path)
            if wrap_id == current.id:
                continue
            segment = int(path.name.split(".")[0].removeprefix(f"{self._prefix}-"))
            # A crash after the new file had its name, and before the old one lost it.
            if self._path(segment).exists():
                path.unlink()
                continue
            wrapped = self._rewrapped(segment, path.read_bytes(), self._masters.by_id(wrap_id, path))
            write_durably(self._path(segment), wrapped)
            path.unlink()

    def _rewrapped(self, segment: int, content: bytes, old: KeyWrap) -> bytes:
        keys: list[bytes] = []
        for offset in range(len(content) // KEY_BYTES):
            slot = segment * KEYS_PER_SEGMENT + offset
            key = content[offset * KEY_BYTES : (offset + 1) * KEY_BYTES]
            if key != _NO_KEY:
                key = self._masters.current.wrap(self._prefix, slot, old.unwrap(self._prefix, slot, key))
            keys.append(key)
        return b"".join(keys)

    def _path(self, segment: int) -> Path:
        wrap_id = self._masters.current.id
        middle = f".{wrap_id}" if wrap_id else ""
        return self._folder / f"{self._prefix}-{segment:08d}{middle}{_SUFFIX}"

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
            sync(self._folder)

    def _map(self, segment: int) -> mmap.mmap | None:
        path = self._path(segment)
        with self._mapping:
            if not path.exists() or path.stat().st_size < SEGMENT_BYTES:
                return None
            if len(self._mapped) >= _MAPPED_SEGMENTS:
                del self._mapped[next(iter(self._mapped))]
            with path.open("rb") as file:
                mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            return self._mapped.setdefault(segment, mapped)


def _wrap_id(path: Path) -> str:
    parts = path.name.split(".")
    return parts[1] if len(parts) == 3 else PLAIN.id
