"""What the orchestrator keeps on disk: saved snapshots, how far each worker is, a digest key per mind.

All of it is rebuilt from the ledger when it is lost.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import Any

import lmdb

_MAP_BYTES = 64 * 2**30
"""Address space, not disk."""
_SEQ = struct.Struct(">Q")


class Store:
    """One LMDB environment. Calls are short and made from the event loop."""

    def __init__(self, folder: Path) -> None:
        self._env = lmdb.open(str(folder), map_size=_MAP_BYTES, max_dbs=4, metasync=False)
        self._snapshots: Any = self._env.open_db(b"snapshots")  # mind_id, 0x00, seq → dump
        self._workers: Any = self._env.open_db(b"workers")  # name → store_id, 0x00, position
        self._keys: Any = self._env.open_db(b"keys")  # mind_id → 32 random bytes

    def close(self) -> None:
        """Sync and close."""
        self._env.sync(True)
        self._env.close()

    def save(self, mind_id: str, seq: int, dump: bytes) -> None:
        """Keep a snapshot."""
        with self._env.begin(write=True) as txn:
            txn.put(_snapshot_key(mind_id, seq), dump, db=self._snapshots)

    def saved(self, mind_id: str, at_most: int) -> tuple[int, bytes] | None:
        """The newest saved snapshot at or before a seq."""
        key = _snapshot_key(mind_id, at_most)
        with self._env.begin() as txn:
            cursor = txn.cursor(db=self._snapshots)
            found = cursor.set_range(key)
            if not (found and cursor.key() == key):
                found = cursor.prev() if found else cursor.last()
            if not found or not cursor.key().startswith(mind_id.encode() + b"\x00"):
                return None
            return _SEQ.unpack(cursor.key()[-_SEQ.size :])[0], bytes(cursor.value())

    def drop(self, mind_id: str, seq: int) -> None:
        """Remove a snapshot."""
        with self._env.begin(write=True) as txn:
            txn.delete(_snapshot_key(mind_id, seq), db=self._snapshots)

    def worker(self, name: str) -> tuple[str, int]:
        """The ledger's store_id and the position that a worker has processed."""
        with self._env.begin() as txn:
            value = txn.get(name.encode(), db=self._workers)
        if value is None:
            return "", 0
        store_id, _, position = bytes(value).partition(b"\x00")
        return store_id.decode(), _SEQ.unpack(position)[0]

    def put_worker(self, name: str, store_id: str, position: int) -> None:
        """Note how far a worker is."""
        with self._env.begin(write=True) as txn:
            txn.put(name.encode(), store_id.encode() + b"\x00" + _SEQ.pack(position), db=self._workers)

    def key(self, mind_id: str) -> bytes:
        """The mind's key for digests, made at its first use."""
        with self._env.begin() as txn:
            known = txn.get(mind_id.encode(), db=self._keys)
        if known is not None:
            return bytes(known)
        with self._env.begin(write=True) as txn:
            made = os.urandom(32)
            txn.put(mind_id.encode(), made, db=self._keys)
            return made


def _snapshot_key(mind_id: str, seq: int) -> bytes:
    return mind_id.encode() + b"\x00" + _SEQ.pack(seq)
