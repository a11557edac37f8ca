"""An LMDB file of something that can be rebuilt, which can be written anew without what was deleted from it.

LMDB leaves deleted values on its free pages until it needs them. ``compact`` copies what is there into another file and
puts that in the first one's place, so that no file holds what was erased.
"""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import lmdb
import psutil

from services.runtime.durable import sync
from services.runtime.gate import MapGate

DISK_ERRORS = (lmdb.Error, OSError)
"""What a full or failing disk shows as: nothing of the transaction was written."""
_WORK_FOLDER = "compact.partial"
_DATA_FILE = "data.mdb"
_READ_AT_ONCE = 2**20
"""Bytes."""
_log = logging.getLogger("pmm.projection")


class ProjectionFile:
    """One LMDB environment with named tables. One writer at a time; readers anywhere, but never nested."""

    def __init__(
        self, folder: Path, tables: Sequence[str], *, preload_bytes: int = 0, **options: Any
    ) -> None:
        """``preload_bytes``: how long a file ``preload`` reads at most; ``options`` are those of ``lmdb.open``."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.rmtree(folder / _WORK_FOLDER, ignore_errors=True)
        self._folder = folder
        self._names = tuple(tables)
        self._options: dict[str, Any] = {"max_dbs": len(self._names), "mode": 0o600, **options}
        self._preload_bytes = preload_bytes
        self._is_closed = False
        self._gate = MapGate()
        self._writing = threading.Lock()
        self._open()

    def _open(self) -> None:
        self.env = lmdb.open(str(self._folder), **self._options)
        self._tables: dict[str, Any] = {name: self.env.open_db(name.encode()) for name in self._names}

    def table(self, name: str) -> Any:
        """The handle of a table. Another one after ``compact``: do not keep it."""
        return self._tables[name]

    @contextmanager
    def read(self) -> Generator[Any]:
        """A consistent view; keep it short."""
        self._gate.enter()
        try:
            with self.env.begin() as txn:
                yield txn
        finally:
            self._gate.leave()

    @contextmanager
    def write(self) -> Generator[Any]:
        """Changes that become visible together, or not at all. Waits for another thread that writes."""
        with self._writing:
            self._gate.enter()
            try:
                with self.env.begin(write=True) as txn:
                    yield txn
            finally:
                self._gate.leave()

    def compact(self) -> None:
        """Write the file anew. The caller is in no transaction; writers wait, readers for the exchange alone.

        Raises lmdb.Error where the disk has no room: the file is then as it was.
        """
        with self._writing:
            self._compact()

    def _compact(self) -> None:
        work = self._folder / _WORK_FOLDER
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(mode=0o700)
        try:
            self.env.copy(str(work), compact=True)
            sync(work / _DATA_FILE)
            # LMDB writes the copy past the page cache.
            self._read_ahead(work / _DATA_FILE)
            # While it is open its blocks are not freed, which takes longer than all the rest of the exchange.
            with (self._folder / _DATA_FILE).open("rb"), self._gate.alone():
                self.env.close()
                (work / _DATA_FILE).replace(self._folder / _DATA_FILE)
                self._open()
            sync(self._folder)
        finally:
            shutil.rmtree(work, ignore_errors=True)

    def preload(self) -> None:
        """Read the file into the kernel's page cache, where it is short enough, and half of the free memory holds it:
        who looks up a few rows of many would else wait for the disk at each.

        A disk that cannot be read is left to those who need what is on it.
        """
        self._read_ahead(self._folder / _DATA_FILE)

    def _read_ahead(self, path: Path) -> None:
        # An advice (POSIX_FADV_WILLNEED) is followed for the first few hundred kilobytes of what it names.
        portion = bytearray(_READ_AT_ONCE)
        try:
            if path.stat().st_size > min(self._preload_bytes, psutil.virtual_memory().available // 2):
                return
            with path.open("rb", buffering=0) as file:
                while not self._is_closed and file.readinto(portion):
                    pass
        except OSError as error:
            _log.warning("%s is not read ahead: %s", path, error)

    def close(self) -> None:
        """Sync and close. No transaction may be open."""
        self._is_closed = True
        self.env.sync(True)
        self.env.close()
