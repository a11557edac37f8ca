"""The ledger's files: one LMDB environment and the key segments. The one module that opens the engine."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import lmdb

from services.ledger.batch import Batch
from services.ledger.errors import broken_store
from services.ledger.inspector import Inspector
from services.ledger.keys import KeySegments
from services.ledger.masterkey import NO_MASTER_KEY, MasterKeys
from services.ledger.room import Room
from services.ledger.tables import TABLES, Reader
from services.runtime.durable import is_full, sync
from services.runtime.gate import MapGate

T = TypeVar("T")
_MAX_READERS = 1_024
READER_MAP_BYTES = 2**40
"""Address space, not memory: more than any store has, so that it need not grow with the writer's."""
_STORE_ID = b"store_id"
_RECEIPTS = b"receipts"
_BY_EVENT_KEYS = b"2"
"""Receipts whose digests go with the keys of their events."""


class StorageFull(Exception):
    """The disk has no room; nothing was written."""


class ReadOnlyStore:
    """The files as another process has them, or as nobody has: nothing is written, nothing is made."""

    def __init__(self, folder: Path, masters: MasterKeys = NO_MASTER_KEY, *, is_shared: bool = True) -> None:
        """``is_shared``: a server may write meanwhile. Raises lmdb.Error where the files are none of a ledger."""
        self.folder = folder
        self._env = lmdb.open(
            str(folder),
            map_size=READER_MAP_BYTES,
            max_dbs=len(TABLES),
            max_readers=_MAX_READERS,
            readonly=True,
            lock=is_shared,
        )
        self._open(masters, is_readonly=True)

    def _open(self, masters: MasterKeys, *, is_readonly: bool) -> None:
        self.tables: dict[str, Any] = {
            name: self._env.open_db(name.encode(), create=not is_readonly) for name in TABLES
        }
        keys = self.folder / "keys"
        self.event_keys = KeySegments(keys, "events", masters, is_readonly=is_readonly)
        self.mind_keys = KeySegments(keys, "minds", masters, is_readonly=is_readonly)

    def close(self) -> None:
        """Close every file."""
        self._env.close()
        self.event_keys.close()
        self.mind_keys.close()

    @contextmanager
    def read(self) -> Generator[Reader]:
        """A consistent view. Keep it short, for it holds back the reuse of pages, and never nest it."""
        try:
            with self._env.begin() as txn:
                yield Reader(self, txn)
        except lmdb.Error as error:
            raise broken_store(str(error)) from None

    @contextmanager
    def inspect(self) -> Generator[Inspector]:
        """A consistent view for a check of the whole; it may be long, where nobody writes."""
        with self._env.begin() as txn:
            yield Inspector(self, txn)


class Store(ReadOnlyStore):
    """One LMDB environment and its key segments. One writer at a time, any number of readers."""

    def __init__(self, folder: Path, map_bytes: int, masters: MasterKeys = NO_MASTER_KEY) -> None:
        self.folder = folder
        self._gate = MapGate()
        self._env = lmdb.open(
            str(folder), map_size=map_bytes, max_dbs=len(TABLES), max_readers=_MAX_READERS, mode=0o600
        )
        self._open(masters, is_readonly=False)
        with self._env.begin(write=True) as txn:
            stored = txn.get(_STORE_ID, db=self.tables["meta"])
            if stored is None:
                stored = _new_store_id()
                txn.put(_STORE_ID, stored, db=self.tables["meta"])
        self.store_id = bytes(stored).decode()
        sync(folder)
        self.page_bytes: int = self._env.stat()["psize"]
        self._room = Room(folder / "data.mdb", self.page_bytes)
        self.run(self._upgrade)

    def _upgrade(self) -> None:
        """Void the digests that format 1 kept under the key of a mind: erasing an event would not have erased them."""
        with self.write() as batch:
            if batch.meta(_RECEIPTS) != _BY_EVENT_KEYS:
                batch.void_receipts()
                batch.put_meta(_RECEIPTS, _BY_EVENT_KEYS)

    def close(self) -> None:
        """Close every file."""
        super().close()
        self._room.close()

    @contextmanager
    def read(self) -> Generator[Reader]:
        self._gate.enter()
        try:
            with self._env.begin() as txn:
                yield Reader(self, txn)
        except lmdb.Error as error:
            raise broken_store(str(error)) from None
        finally:
            self._gate.leave()

    @contextmanager
    def write(self) -> Generator[Batch]:
        """Changes that reach the disk together before this returns, or not at all.

        Raises StorageFull, with nothing written; lmdb.MapFullError, after which ``grow`` and the same again.
        Anything else means that the disk cannot be trusted: stop.
        """
        try:
            with self._env.begin(write=True) as txn:
                batch = Batch(self, txn)
                yield batch
                self.settle(batch)
        except lmdb.MapFullError:
            raise
        except (lmdb.Error, OSError) as error:
            if is_full(error):
                raise StorageFull from error
            raise

    def settle(self, batch: Batch) -> None:
        """All of a batch but its commit, which then finds room: for what must not be done without the commit.

        Raises OSError, ENOSPC where there is no room.
        """
        batch.flush()
        self.take_room(batch)
        # The keys first: a sealed payload must never be on disk without its key.
        self.event_keys.sync()
        self.mind_keys.sync()

    def make_keys_ahead(self) -> None:
        """Have keys on disk for the next events, so that their commits need not wait for them. For the writer, at rest.

        A full disk is left to the commit to meet. Raises OSError: the disk cannot be trusted.
        """
        if not self.event_keys.is_short:
            return
        with self.read() as reader:
            next_slot = reader.head_position()
        try:
            self.event_keys.make_ahead(next_slot)
        except OSError as error:
            if not is_full(error):
                raise

    def rename(self) -> None:
        """Take a new store_id: whoever followed this store must begin anew."""
        with self.write() as batch:
            stored = _new_store_id()
            batch.put_meta(_STORE_ID, stored)
        self.store_id = stored.decode()

    def take_room(self, batch: Batch) -> None:
        """Make the file as long as a commit of the batch needs it. Raises OSError, ENOSPC where there is no room."""
        used = self._env.info()["last_pgno"] + 1
        if not self._room.holds(used + batch.most_pages()):
            self._room.ensure(used + batch.pages())

    def run(self, work: Callable[[], T]) -> T:
        """The result of work that writes; it is begun again when the map has to grow."""
        while True:
            try:
                return work()
            except lmdb.MapFullError:
                self.grow()

    def forget_dead_readers(self) -> None:
        """Free the places of processes that were ended while they read: theirs hold back the reuse of pages."""
        self._env.reader_check()

    def grow(self) -> None:
        """Double the map, once no reader is in it. The caller must be in no transaction itself."""
        with self._gate.alone():
            self._env.set_mapsize(2 * self._env.info()["map_size"])


def _new_store_id() -> bytes:
    return os.urandom(16).hex().encode()
