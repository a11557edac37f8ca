"""Rows, vectors and the processed position in one LMDB environment, so that none is ever ahead of another.

``records.py`` says what is kept under which keys, ``reader.py`` and ``batch.py`` what is done with it.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import lmdb

from services.memory.batch import Batch
from services.memory.reader import Reader
from services.memory.records import ERASED, FORMAT, ORDINAL, TABLES
from services.runtime.projection_file import ProjectionFile

_log = logging.getLogger("pmm.memory")

MAP_BYTES = 256 * 2**30
"""Address space, not disk: the file grows as it is written."""


class Store:
    """Rows, vectors and position in one file. One writer at a time; readers anywhere."""

    def __init__(self, folder: Path, preload_bytes: int = 0) -> None:
        """``preload_bytes``: how long the file may be that ``preload`` reads."""
        # A projection may lose its last transactions to a power cut, never its integrity: no metasync.
        options: dict[str, Any] = {
            "map_size": MAP_BYTES,
            "metasync": False,
            "max_readers": 256,
            "preload_bytes": preload_bytes,
        }
        try:
            self._file = ProjectionFile(folder, TABLES, **options)
        except lmdb.Error as error:
            _log.warning("memory's file cannot be read (%s), and is built anew from the ledger", error)
            shutil.rmtree(folder)
            self._file = ProjectionFile(folder, TABLES, **options)
        with self._file.read() as txn:
            known = txn.get(b"format", db=self._file.table("meta")) == ORDINAL.pack(FORMAT)
        if not known:
            self._drop(TABLES)

    def close(self) -> None:
        """Sync and close. No transaction may be open."""
        self._file.close()

    @contextmanager
    def read(self) -> Generator[Reader]:
        """A consistent view; keep it short, and never nest it."""
        with self._file.read() as txn:
            yield Reader(self._file, txn)

    @contextmanager
    def write(self) -> Generator[Batch]:
        """Changes that become visible together, or not at all."""
        with self._file.write() as txn:
            batch = Batch(self._file, txn)
            yield batch
            batch.flush()

    def preload(self) -> None:
        """Have the file in the page cache, if it is not too long."""
        self._file.preload()

    def disk_bytes(self) -> int:
        """Bytes in use by live pages."""
        with self._file.read():
            info, stat = self._file.env.info(), self._file.env.stat()
        return (info["last_pgno"] + 1) * stat["psize"]

    def clear(self) -> None:
        """Drop everything but the spaces, which stay without vectors: the ledger has become another one."""
        self._drop([table for table in TABLES if table not in {"meta", "spaces"}])

    def _drop(self, tables: Sequence[str]) -> None:
        with self._file.write() as txn:
            was_empty = txn.stat(db=self._file.table("minds"))["entries"] == 0
            for table in tables:
                txn.drop(self._file.table(table), delete=False)
            txn.put(b"format", ORDINAL.pack(FORMAT), db=self._file.table("meta"))
            if not was_empty:
                txn.put(ERASED, b"1", db=self._file.table("meta"))

    def holds_erased(self) -> bool:
        """Whether something was erased, and its bytes may still be in the file."""
        with self._file.read() as txn:
            return txn.get(ERASED, db=self._file.table("meta")) is not None

    def compact(self) -> None:
        """Write the file anew without what was erased. In the writer's thread."""
        self._file.compact()
        with self._file.write() as txn:
            txn.delete(ERASED, db=self._file.table("meta"))
