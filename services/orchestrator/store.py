"""What the orchestrator keeps on disk: saved snapshots, how far each worker is, a digest key per mind.

All of it is rebuilt from the ledger when it is lost.
"""

from __future__ import annotations

import asyncio
import json
import os
import struct
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from services.runtime.projection_file import ProjectionFile

T = TypeVar("T")
_MAP_BYTES = 64 * 2**30
"""Address space, not disk."""
_ERASED = b"\x00erased"
"""There while what was removed may still be on a free page. No worker has such a name."""
TABLES = ("snapshots", "workers", "keys", "wakes", "wake_times", "dead_letters", "verified", "audited")
"""mind_id, 0x00, seq → dump; name → store_id, 0x00, position; mind_id → 32 random bytes; mind_id → ns since 1970;
the same ns, mind_id → nothing; mind_id, 0x00, worker, 0x00, seq → a dead letter as JSON; mind_id → seq, hash;
mind_id → ns since 1970."""
_SEQ = struct.Struct(">Q")


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An event that a worker could not deal with."""

    mind_id: str
    worker: str
    seq: int
    reason: str
    """A stable code or the name of an error; never holds message text."""
    attempts: int
    last_attempt_ns: int
    retry_ns: int = 0
    """When it is tried again by itself; 0: only when somebody replays it."""

    @property
    def id(self) -> str:
        """Within the mind."""
        return f"{self.worker}:{self.seq}"


class Store:
    """One LMDB file. What reads is short, and called from the event loop; what writes is given to ``beside``."""

    def __init__(self, folder: Path) -> None:
        self._writing = ThreadPoolExecutor(1, "orchestrator-store")
        self._file = ProjectionFile(folder, TABLES, map_size=_MAP_BYTES, metasync=False)
        if self.holds_erased():
            self.compact()
        self._index_wakes()

    def close(self) -> None:
        """Finish what is being written, sync and close."""
        self._writing.shutdown()
        self._file.close()

    async def beside(self, work: Callable[..., T], *arguments: Any) -> T:
        """Do what writes in a thread of its own, one after the other in the order of the calls.

        It waits for the disk, or for the end of a compaction: neither the event loop nor a thread of others may.
        Whoever cancels it waits for its end: the file is not closed under it.
        """
        writing = asyncio.get_running_loop().run_in_executor(self._writing, partial(work, *arguments))
        try:
            return await asyncio.shield(writing)
        except asyncio.CancelledError:
            await asyncio.wait([writing])
            raise

    def save(
        self, mind_id: str, seq: int, dump: bytes, is_kept: Callable[[int], bool] = lambda _: True
    ) -> None:
        """Keep a snapshot, and of those before it the ones whose seqs are to be kept."""
        with self._file.write() as txn:
            txn.put(_snapshot_key(mind_id, seq), dump, db=self._file.table("snapshots"))
            cursor = txn.cursor(db=self._file.table("snapshots"))
            there = cursor.set_range(_snapshot_key(mind_id, 0))
            while there and cursor.key() < _snapshot_key(mind_id, seq):
                its_seq = _SEQ.unpack(cursor.key()[-_SEQ.size :])[0]
                there = cursor.next() if is_kept(its_seq) else cursor.delete()

    def saved_seqs(self, mind_id: str) -> list[int]:
        """The seqs of the snapshots that are kept, the oldest first."""
        prefix = mind_id.encode() + b"\x00"
        with self._file.read() as txn:
            cursor = txn.cursor(db=self._file.table("snapshots"))
            seqs: list[int] = []
            there = cursor.set_range(prefix)
            while there and cursor.key().startswith(prefix):
                seqs.append(_SEQ.unpack(cursor.key()[-_SEQ.size :])[0])
                there = cursor.next()
        return seqs

    def saved(self, mind_id: str, at_most: int) -> tuple[int, bytes] | None:
        """The newest saved snapshot at or before a seq."""
        key = _snapshot_key(mind_id, at_most)
        with self._file.read() as txn:
            cursor = txn.cursor(db=self._file.table("snapshots"))
            found = cursor.set_range(key)
            if not (found and cursor.key() == key):
                found = cursor.prev() if found else cursor.last()
            if not found or not cursor.key().startswith(mind_id.encode() + b"\x00"):
                return None
            return _SEQ.unpack(cursor.key()[-_SEQ.size :])[0], bytes(cursor.value())

    def drop(self, mind_id: str, seq: int) -> None:
        """Remove a snapshot."""
        with self._file.write() as txn:
            txn.delete(_snapshot_key(mind_id, seq), db=self._file.table("snapshots"))

    def erase_from(self, mind_id: str, seq: int) -> bool:
        """Remove the snapshots from a seq on, which may hold what was erased; whether there were any.

        Call ``compact`` then: until it is done, the next start does it.
        """
        removed = False
        with self._file.write() as txn:
            cursor = txn.cursor(db=self._file.table("snapshots"))
            there = cursor.set_range(_snapshot_key(mind_id, seq))
            while there and cursor.key().startswith(mind_id.encode() + b"\x00"):
                there = cursor.delete()
                removed = True
            if removed:
                txn.put(_ERASED, b"1", db=self._file.table("workers"))
        return removed

    def verified(self, mind_id: str) -> tuple[int, bytes]:
        """Up to which event a mind's chain is verified, and its hash there; 0 at the beginning."""
        with self._file.read() as txn:
            value = txn.get(mind_id.encode(), db=self._file.table("verified"))
        return (0, b"") if value is None else (_SEQ.unpack_from(value)[0], bytes(value[_SEQ.size :]))

    def put_verified(self, mind_id: str, seq: int, its_hash: bytes) -> None:
        """Note up to where a mind's chain is verified."""
        with self._file.write() as txn:
            txn.put(mind_id.encode(), _SEQ.pack(seq) + its_hash, db=self._file.table("verified"))

    def audited_ns(self, mind_id: str) -> int:
        """When the comparison of a mind's state with its whole ledger last began, in ns since 1970; 0: never."""
        with self._file.read() as txn:
            value = txn.get(mind_id.encode(), db=self._file.table("audited"))
        return 0 if value is None else _SEQ.unpack(value)[0]

    def put_audited(self, mind_id: str, ns: int) -> None:
        """Note when the comparison of a mind's state with its whole ledger begins."""
        with self._file.write() as txn:
            txn.put(mind_id.encode(), _SEQ.pack(ns), db=self._file.table("audited"))

    def forget_checks(self, mind_id: str) -> None:
        """Forget how far a mind that was deleted is verified, and when it was audited."""
        with self._file.write() as txn:
            for table in ("verified", "audited"):
                txn.delete(mind_id.encode(), db=self._file.table(table))

    def forget_key(self, mind_id: str) -> None:
        """Remove the key of a mind that was deleted."""
        with self._file.write() as txn:
            if txn.delete(mind_id.encode(), db=self._file.table("keys")):
                txn.put(_ERASED, b"1", db=self._file.table("workers"))

    def compact(self) -> None:
        """Write the file anew without what was removed."""
        self._file.compact()
        with self._file.write() as txn:
            txn.delete(_ERASED, db=self._file.table("workers"))

    def holds_erased(self) -> bool:
        """Whether something was removed, and its bytes may still be in the file."""
        with self._file.read() as txn:
            return txn.get(_ERASED, db=self._file.table("workers")) is not None

    def worker(self, name: str) -> tuple[str, int]:
        """The ledger's store_id and the position that a worker has processed."""
        with self._file.read() as txn:
            value = txn.get(name.encode(), db=self._file.table("workers"))
        if value is None:
            return "", 0
        store_id, _, position = bytes(value).partition(b"\x00")
        return store_id.decode(), _SEQ.unpack(position)[0]

    def put_workers(self, places: Mapping[str, tuple[str, int]]) -> None:
        """Note the store_id and the position of some workers, by name."""
        with self._file.write() as txn:
            for name, (store_id, position) in places.items():
                value = store_id.encode() + b"\x00" + _SEQ.pack(position)
                txn.put(name.encode(), value, db=self._file.table("workers"))

    def put_dead_letter(self, letter: DeadLetter) -> None:
        """Keep what a worker could not do."""
        value = json.dumps([letter.reason, letter.attempts, letter.last_attempt_ns, letter.retry_ns]).encode()
        with self._file.write() as txn:
            txn.put(
                _letter_key(letter.mind_id, letter.worker, letter.seq),
                value,
                db=self._file.table("dead_letters"),
            )

    def dead_letters(self, mind_id: str) -> list[DeadLetter]:
        """What workers could not do of a mind, or of all where none is named; the oldest event of a mind first."""
        found = list(self._letters(mind_id.encode() + b"\x00" if mind_id else b""))
        return sorted(found, key=lambda letter: (letter.mind_id, letter.seq, letter.worker))

    def waiting(self, worker: str) -> list[DeadLetter]:
        """What a worker will try again by itself, in the order of the times to do so."""
        found = [letter for letter in self._letters(b"") if letter.worker == worker and letter.retry_ns]
        return sorted(found, key=lambda letter: letter.retry_ns)

    def _letters(self, prefix: bytes) -> Iterator[DeadLetter]:
        with self._file.read() as txn:
            cursor = txn.cursor(db=self._file.table("dead_letters"))
            there = cursor.set_range(prefix)
            while there and (key := bytes(cursor.key())).startswith(prefix):
                mind_id, worker = key[: -_SEQ.size - 1].decode().split("\x00")
                seq = _SEQ.unpack(key[-_SEQ.size :])[0]
                yield DeadLetter(mind_id, worker, seq, *json.loads(bytes(cursor.value())))
                there = cursor.next()

    def drop_dead_letter(self, letter: DeadLetter) -> None:
        """Remove one that was dealt with."""
        with self._file.write() as txn:
            txn.delete(
                _letter_key(letter.mind_id, letter.worker, letter.seq), db=self._file.table("dead_letters")
            )

    def drop_dead_letters(self, mind_id: str) -> None:
        """Remove those of a mind that was deleted."""
        for letter in self.dead_letters(mind_id):
            self.drop_dead_letter(letter)

    def wake_at(self, wakes: Mapping[str, int]) -> None:
        """Note when minds are to be looked at next, in ns since 1970; 0: not before something happens in them."""
        changed = {its_id: ns for its_id, ns in wakes.items() if (self._wake(its_id) or 0) != ns}
        if not changed:
            return
        with self._file.write() as txn:
            for its_id, ns in changed.items():
                key = its_id.encode()
                known = txn.pop(key, db=self._file.table("wakes"))
                if known is not None:
                    txn.delete(bytes(known) + key, db=self._file.table("wake_times"))
                if ns:
                    self._put_wake(txn, key, _SEQ.pack(ns))

    def _put_wake(self, txn: Any, mind_id: bytes, ns: bytes) -> None:
        txn.put(mind_id, ns, db=self._file.table("wakes"))
        txn.put(ns + mind_id, b"", db=self._file.table("wake_times"))

    def wake_by(self, mind_id: str, ns: int) -> None:
        """The same of one mind, unless it is noted for earlier."""
        known = self._wake(mind_id)
        if known is None or ns < known:
            self.wake_at({mind_id: max(1, ns)})

    def awake(self, now_ns: int) -> list[str]:
        """The minds whose time has come, the one that waits for longest first."""
        found: list[str] = []
        with self._file.read() as txn:
            for key in txn.cursor(db=self._file.table("wake_times")).iternext(values=False):
                if _SEQ.unpack_from(key)[0] > now_ns:
                    break
                found.append(bytes(key[_SEQ.size :]).decode())
        return found

    def _wake(self, mind_id: str) -> int | None:
        with self._file.read() as txn:
            known = txn.get(mind_id.encode(), db=self._file.table("wakes"))
        return None if known is None else _SEQ.unpack(known)[0]

    def _index_wakes(self) -> None:
        """Files that were written before there was an index by time have none."""
        with self._file.read() as txn:
            entries = [txn.stat(self._file.table(table))["entries"] for table in ("wakes", "wake_times")]
        if entries[0] == entries[1]:
            return
        with self._file.write() as txn:
            txn.drop(self._file.table("wake_times"), delete=False)
            for key, ns in list(txn.cursor(db=self._file.table("wakes"))):
                self._put_wake(txn, bytes(key), bytes(ns))

    async def key(self, mind_id: str) -> bytes:
        """The mind's key for digests, made at its first use."""
        with self._file.read() as txn:
            known = txn.get(mind_id.encode(), db=self._file.table("keys"))
        return bytes(known) if known is not None else await self.beside(self._made_key, mind_id)

    def _made_key(self, mind_id: str) -> bytes:
        with self._file.write() as txn:
            txn.put(mind_id.encode(), os.urandom(32), db=self._file.table("keys"), overwrite=False)
            return bytes(txn.get(mind_id.encode(), db=self._file.table("keys")))


def _letter_key(mind_id: str, worker: str, seq: int) -> bytes:
    return b"\x00".join([mind_id.encode(), worker.encode(), _SEQ.pack(seq)])


def _snapshot_key(mind_id: str, seq: int) -> bytes:
    return mind_id.encode() + b"\x00" + _SEQ.pack(seq)
