"""Vectors by text: on disk for what is stored, in process for queries. Counted, bounded, clearable."""

from __future__ import annotations

import hashlib
import hmac
import struct
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from cachetools import LRUCache

from services.memory.embedder import Embedder, Vectors
from services.runtime.projection_file import ProjectionFile

_STAMP = struct.Struct(">Q")
_COUNTS = struct.Struct(">QQ")
_MAP_BYTES = 64 * 2**30
_DIGEST_BYTES = 32
TABLES = ("values", "stamps", "meta")
"""Digest → stamp and vector; stamp → digest, the oldest use first; counts."""


@dataclass(slots=True)
class CacheCounts:
    """How one cache has done since the start."""

    hits: int = 0
    misses: int = 0
    evictions: int = 0


class EmbeddingCache:
    """Vectors of stored texts, in LMDB across restarts, the least recently used going first.

    Keys are HMAC-SHA-256 under the mind's own key, so that a key betrays no text, and go with the mind
    (docs/ledger-format.md, erasure). Used by one writer thread.
    """

    name = "embeddings"

    def __init__(self, folder: Path, capacity: int) -> None:
        self.capacity = capacity
        self.counts = CacheCounts()
        # Losing the last entries to a power cut costs only speed.
        self._file = ProjectionFile(folder, TABLES, map_size=_MAP_BYTES, metasync=False, sync=False)
        with self._file.read() as txn:
            last = txn.cursor(db=self._file.table("stamps"))
            self._stamp = _STAMP.unpack(last.key())[0] if last.last() else 0
            self.past_hits, self.past_misses = _COUNTS.unpack(
                txn.get(b"counts", bytes(16), db=self._file.table("meta"))
            )

    def embed(self, embedder: Embedder, items: Sequence[tuple[bytes, str]]) -> Vectors:
        """Vectors of ``(mind key, text)`` pairs, in order; what is not cached is made in one batch."""
        if not self.capacity:
            return embedder.embed([text for _, text in items])
        digests = [_digest(key, embedder.id, text) for key, text in items]
        vectors = np.zeros((len(items), embedder.dimensions), np.float32)
        with self._file.write() as txn:
            missing = [i for i, digest in enumerate(digests) if not self._load(txn, digest, vectors[i])]
            if missing:
                vectors[missing] = embedder.embed([items[i][1] for i in missing])
                for i in missing:
                    self._store(txn, digests[i], vectors[i].tobytes())
            self.counts.hits += len(items) - len(missing)
            self.counts.misses += len(missing)
            self._evict(txn)
            txn.put(b"counts", _COUNTS.pack(*self.lifetime()), db=self._file.table("meta"))
        return vectors

    def forget(self, embedder: Embedder, items: Sequence[tuple[bytes, str]]) -> None:
        """Drop the vectors of erased texts."""
        with self._file.write() as txn:
            for key, text in items:
                self._remove(txn, _digest(key, embedder.id, text))

    def clear(self) -> int:
        """Drop everything; returns how many entries."""
        with self._file.write() as txn:
            removed = txn.stat(db=self._file.table("values"))["entries"]
            txn.drop(self._file.table("values"), delete=False)
            txn.drop(self._file.table("stamps"), delete=False)
        return removed

    def compact(self) -> None:
        """Write the file anew without what was dropped."""
        self._file.compact()

    def size(self) -> tuple[int, int]:
        """Entries and bytes."""
        with self._file.read() as txn:
            stat = txn.stat(db=self._file.table("values"))
            pages = stat["leaf_pages"] + stat["branch_pages"] + stat["overflow_pages"]
            return stat["entries"], pages * stat["psize"]

    def lifetime(self) -> tuple[int, int]:
        """Hits and misses since the folder was made."""
        return self.past_hits + self.counts.hits, self.past_misses + self.counts.misses

    def close(self) -> None:
        """Sync and close."""
        self._file.close()

    def _load(self, txn: Any, digest: bytes, into: Vectors) -> bool:
        value = txn.get(digest, db=self._file.table("values"))
        if value is None or len(value) != _STAMP.size + into.nbytes:
            return False
        into[:] = np.frombuffer(value, np.float32, offset=_STAMP.size)
        txn.delete(value[: _STAMP.size], db=self._file.table("stamps"))
        self._store(txn, digest, value[_STAMP.size :])
        return True

    def _store(self, txn: Any, digest: bytes, vector: bytes) -> None:
        self._stamp += 1
        stamp = _STAMP.pack(self._stamp)
        txn.put(digest, stamp + vector, db=self._file.table("values"))
        txn.put(stamp, digest, db=self._file.table("stamps"))

    def _remove(self, txn: Any, digest: bytes) -> None:
        value = txn.get(digest, db=self._file.table("values"))
        if value is not None:
            txn.delete(value[: _STAMP.size], db=self._file.table("stamps"))
            txn.delete(digest, db=self._file.table("values"))

    def _evict(self, txn: Any) -> None:
        excess = txn.stat(db=self._file.table("values"))["entries"] - self.capacity
        oldest = txn.cursor(db=self._file.table("stamps"))
        for _ in range(max(0, excess)):
            oldest.first()
            txn.delete(oldest.value(), db=self._file.table("values"))
            oldest.delete()
            self.counts.evictions += 1


class QueryCache:
    """Vectors of queries, in process only: what somebody asked is written nowhere."""

    name = "queries"

    def __init__(self, capacity: int) -> None:
        self.counts = CacheCounts()
        self._entries: LRUCache[tuple[str, str], Vectors] = LRUCache(max(1, capacity))
        self._capacity = capacity
        self._lock = threading.Lock()

    def embed(self, embedder: Embedder, text: str) -> tuple[Vectors, bool]:
        """The text's vector, and whether it was cached."""
        key = (embedder.id, text)
        with self._lock:
            cached = self._entries.get(key) if self._capacity else None
            self.counts.hits += cached is not None
            self.counts.misses += cached is None
        if cached is not None:
            return cached, True
        vector = embedder.embed([text])[0]
        if self._capacity:
            with self._lock:
                self.counts.evictions += len(self._entries) >= self._capacity
                self._entries[key] = vector
        return vector, False

    def clear(self) -> int:
        """Drop everything; returns how many entries."""
        with self._lock:
            removed = len(self._entries)
            self._entries.clear()
        return removed

    def size(self) -> tuple[int, int]:
        """Entries and bytes, about."""
        entries = list(self._entries.items())
        return len(entries), sum(len(text) + vector.nbytes for (_, text), vector in entries)


def _digest(key: bytes, embedder_id: str, text: str) -> bytes:
    return hmac.digest(key, f"{embedder_id}\0{text}".encode(), hashlib.sha256)[:_DIGEST_BYTES]
