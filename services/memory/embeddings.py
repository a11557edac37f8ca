"""Vectors by text: on disk for what is stored, in process for queries. Counted, bounded, clearable."""

from __future__ import annotations

import hashlib
import hmac
import struct
import threading
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from cachetools import LRUCache

from services.memory.embedder import Embedder, TextRefused, Vectors
from services.runtime.projection_file import ProjectionFile

_STAMP = struct.Struct(">Q")
_COUNTS = struct.Struct(">QQ")
_MAP_BYTES = 64 * 2**30
TABLES = ("values", "stamps", "meta")
"""Digest → stamp and vector; stamp → digest, the oldest use first; counts."""
REFUSED = "the embedder refuses the text: the memory is found by its words only"

Text = tuple[bytes, str]
"""The key of the mind that it belongs to, and the text."""


@dataclass(slots=True)
class CacheCounts:
    """How one cache has done since the start."""

    hits: int = 0
    misses: int = 0
    evictions: int = 0


class Embeddings:
    """Makes vectors through two caches: of stored texts on disk, of queries in process.

    What is asked is often stored next, and what is stored is often asked again, so each looks into both. Vectors are
    rounded to half precision, as they are stored, so that a vector is the same wherever it comes from.
    """

    def __init__(self, folder: Path, stored: int, queries: int, preload_bytes: int = 0) -> None:
        """Capacities in vectors; 0 is off. ``preload_bytes``: how long the file may be that ``preload`` reads."""
        self.stored = StoredVectors(folder, stored, preload_bytes)
        self.queries = QueryVectors(queries)

    def store(self, embedder: Embedder, texts: Sequence[Text]) -> tuple[Vectors, dict[int, str]]:
        """A vector for each text, and why some have none (zeros). Raises EmbedderAway; nothing is kept then."""
        digests = [digest(key, embedder.id, text) for key, text in texts]
        vectors = np.zeros((len(texts), embedder.dimensions), np.float32)
        failed: dict[int, str] = {}
        with self.stored.using() as cached:
            missing: list[int] = []
            for place, name in enumerate(digests):
                found = cached.get(name, vectors[place])
                known = None if found else self.queries.get(texts[place][0], embedder.id, texts[place][1])
                if known is not None:
                    vectors[place] = known
                    cached.put(name, known)
                elif not found:
                    missing.append(place)
                cached.count(hit=found or known is not None)
            made = _embed(embedder, [texts[place][1] for place in missing])
            for place, vector in zip(missing, made, strict=True):
                if vector is None:
                    failed[place] = REFUSED
                else:
                    vectors[place] = vector
                    cached.put(digests[place], vector)
        return vectors, failed

    def make(self, embedder: Embedder, texts: Sequence[str]) -> tuple[Vectors, dict[int, str]]:
        """The same without a cache, from any thread: for vectors of another embedder, of which none can be there."""
        vectors = np.zeros((len(texts), embedder.dimensions), np.float32)
        failed: dict[int, str] = {}
        for place, vector in enumerate(_embed(embedder, texts)):
            if vector is None:
                failed[place] = REFUSED
            else:
                vectors[place] = vector
        return vectors, failed

    def query(self, embedder: Embedder, text: str, key: bytes) -> tuple[Vectors, bool]:
        """One vector, and whether it was cached: of no mind, where the key is empty, nothing is.

        Raises EmbedderAway, TextRefused.
        """
        if not key:
            # Whether it was cached would tell what others asked.
            return _rounded(embedder.embed([text]))[0], False
        found = self.queries.get(key, embedder.id, text)
        if found is None:
            found = self.stored.peek(digest(key, embedder.id, text), embedder.dimensions)
        self.queries.count(hit=found is not None)
        if found is not None:
            return found, True
        vector = _rounded(embedder.embed([text]))[0]
        self.queries.put(key, embedder.id, text, vector)
        return vector, False

    def forget(self, embedder_ids: Sequence[str], texts: Sequence[Text]) -> None:
        """Drop the vectors of erased texts."""
        self.stored.remove([digest(key, name, text) for name in embedder_ids for key, text in texts])
        self.queries.clear()

    def clear_stored(self) -> int:
        """Drop what is on disk; returns how many entries."""
        return self.stored.clear()

    def clear_stored_of(self, embedder_ids: Sequence[str], texts: Iterable[Text]) -> int:
        """Drop what is on disk of some texts; returns how many entries."""
        return self.stored.remove([digest(key, name, text) for key, text in texts for name in embedder_ids])

    def preload(self) -> None:
        """Have the file in the page cache, if it is not too long."""
        self.stored.preload()

    def compact(self) -> None:
        """Write the file anew without what was dropped."""
        self.stored.compact()

    def close(self) -> None:
        """Sync and close."""
        self.stored.close()


def digest(key: bytes, embedder_id: str, text: str) -> bytes:
    """The name of a text's vector: HMAC-SHA-256 under the mind's own key, so that it betrays no text, and goes with
    the mind (docs/ledger-format.md, erasure).
    """
    return hmac.digest(key, f"{embedder_id}\0{text}".encode(), hashlib.sha256)


def _embed(embedder: Embedder, texts: Sequence[str]) -> list[Vectors | None]:
    """A vector a text; None for those that the embedder refuses, found by halving. Raises EmbedderAway."""
    if not texts:
        return []
    try:
        return list(_rounded(embedder.embed(texts)))
    except TextRefused:
        if len(texts) == 1:
            return [None]
    half = len(texts) // 2
    return [*_embed(embedder, texts[:half]), *_embed(embedder, texts[half:])]


def _rounded(vectors: Vectors) -> Vectors:
    return vectors.astype(np.float16).astype(np.float32)


class StoredVectors:
    """Vectors of stored texts, in LMDB across restarts, the least recently used going first. One writer."""

    name = "embeddings"

    def __init__(self, folder: Path, capacity: int, preload_bytes: int) -> None:
        self.capacity = capacity
        self.counts = CacheCounts()
        # Losing the last entries to a power cut costs only speed.
        self._file = ProjectionFile(
            folder, TABLES, preload_bytes=preload_bytes, map_size=_MAP_BYTES, metasync=False, sync=False
        )
        with self._file.read() as txn:
            last = txn.cursor(db=self._file.table("stamps"))
            self._stamp: int = _STAMP.unpack(last.key())[0] if last.last() else 0
            counts = txn.get(b"counts", bytes(_COUNTS.size), db=self._file.table("meta"))
            self._past_hits, self._past_misses = _COUNTS.unpack(counts)

    @contextmanager
    def using(self) -> Generator[_Use]:
        """One transaction in which vectors are looked up and added."""
        if not self.capacity:
            yield _Use(self, self._file, None)
            return
        with self._file.write() as txn:
            use = _Use(self, self._file, txn)
            yield use
            use.evict()
            txn.put(b"counts", _COUNTS.pack(*self.lifetime()), db=self._file.table("meta"))

    def peek(self, name: bytes, dimensions: int) -> Vectors | None:
        """A vector, without noting that it was used. From any thread."""
        with self._file.read() as txn:
            value = txn.get(name, db=self._file.table("values"))
            return None if value is None else _decoded(value, dimensions)

    def next_stamp(self) -> bytes:
        """A later one with each call."""
        self._stamp += 1
        return _STAMP.pack(self._stamp)

    def remove(self, names: Sequence[bytes]) -> int:
        """Drop some; returns how many were there."""
        values, stamps = self._file.table("values"), self._file.table("stamps")
        removed = 0
        with self._file.write() as txn:
            for name in names:
                value = txn.get(name, db=values)
                if value is not None:
                    txn.delete(value[: _STAMP.size], db=stamps)
                    removed += txn.delete(name, db=values)
        return removed

    def clear(self) -> int:
        """Drop everything; returns how many entries."""
        with self._file.write() as txn:
            removed: int = txn.stat(db=self._file.table("values"))["entries"]
            txn.drop(self._file.table("values"), delete=False)
            txn.drop(self._file.table("stamps"), delete=False)
        return removed

    def preload(self) -> None:
        """Have the file in the page cache, if it is not too long."""
        self._file.preload()

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
        return self._past_hits + self.counts.hits, self._past_misses + self.counts.misses

    def close(self) -> None:
        """Sync and close."""
        self._file.close()


class _Use:
    """Look-ups and additions of one transaction; of none where the cache is off."""

    def __init__(self, cache: StoredVectors, file: ProjectionFile, txn: Any) -> None:
        self._cache = cache
        self._file = file
        self._txn = txn

    def get(self, name: bytes, into: Vectors) -> bool:
        """Copy a vector, if it is there."""
        value = self._txn.get(name, db=self._file.table("values")) if self._txn else None
        vector = None if value is None else _decoded(value, len(into))
        if value is None or vector is None:
            return False
        into[:] = vector
        self._txn.delete(value[: _STAMP.size], db=self._file.table("stamps"))
        self._write(name, value[_STAMP.size :])
        return True

    def put(self, name: bytes, vector: Vectors) -> None:
        """Add a vector."""
        if self._txn:
            self._write(name, vector.astype(np.float16).tobytes())

    def count(self, *, hit: bool) -> None:
        """Note how a look-up went."""
        self._cache.counts.hits += hit
        self._cache.counts.misses += not hit

    def evict(self) -> None:
        """Make room: the least recently used go."""
        values, stamps = self._file.table("values"), self._file.table("stamps")
        excess = self._txn.stat(db=values)["entries"] - self._cache.capacity
        oldest = self._txn.cursor(db=stamps)
        for _ in range(max(0, excess)):
            oldest.first()
            self._txn.delete(oldest.value(), db=values)
            oldest.delete()
            self._cache.counts.evictions += 1

    def _write(self, name: bytes, vector: bytes) -> None:
        stamp = self._cache.next_stamp()
        self._txn.put(name, stamp + vector, db=self._file.table("values"))
        self._txn.put(stamp, name, db=self._file.table("stamps"))


def _decoded(value: bytes, dimensions: int) -> Vectors | None:
    if len(value) != _STAMP.size + dimensions * np.dtype(np.float16).itemsize:
        return None
    return np.frombuffer(value, np.float16, offset=_STAMP.size).astype(np.float32)


class QueryVectors:
    """Vectors of queries, in process only: what somebody asked is written nowhere. Thread-safe."""

    name = "queries"

    def __init__(self, capacity: int) -> None:
        self.counts = CacheCounts()
        self._entries: LRUCache[tuple[bytes, str, str], Vectors] = LRUCache(max(1, capacity))
        """By the key of the mind, the embedder and the text."""
        self._capacity = capacity
        self._lock = threading.Lock()

    def get(self, key: bytes, embedder_id: str, text: str) -> Vectors | None:
        """The vector, if it is there."""
        with self._lock:
            return self._entries.get((key, embedder_id, text)) if self._capacity else None

    def put(self, key: bytes, embedder_id: str, text: str, vector: Vectors) -> None:
        """Add a vector."""
        if self._capacity:
            with self._lock:
                self.counts.evictions += len(self._entries) >= self._capacity
                self._entries[key, embedder_id, text] = vector

    def count(self, *, hit: bool) -> None:
        """Note how a look-up went."""
        with self._lock:
            self.counts.hits += hit
            self.counts.misses += not hit

    def clear(self, key: bytes | None = None) -> int:
        """Drop what belongs to a mind, or everything; returns how many entries."""
        with self._lock:
            gone = [entry for entry in self._entries if key is None or entry[0] == key]
            for entry in gone:
                del self._entries[entry]
        return len(gone)

    def size(self) -> tuple[int, int]:
        """Entries and bytes, about."""
        with self._lock:
            sizes = [len(text) + vector.nbytes for (_, _, text), vector in self._entries.items()]
        return len(sizes), sum(sizes)
