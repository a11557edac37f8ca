"""Backups: a tar archive of everything that the ledger keeps, taken while it serves.

LMDB is copied in one read transaction, by a process of its own so that the map may grow meanwhile. The key segments
come after the events that need them, and the journal after the segments: what was erased in between is erased again
when the backup is restored. The manifest comes last, so that an archive that was cut short has none.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import IO

import lmdb
import msgspec

from services.ledger.errors import BackupRunning, DiskFull
from services.ledger.store import READER_MAP_BYTES, Store
from services.runtime.datadir import FORMAT_FILE
from services.runtime.durable import PARTIAL, is_full

FORMAT = ("ledger", 2, 1)
"""Name, version and oldest version of the data folder's format."""
MANIFEST = "backup.json"
DATA = "data.mdb"
FOLDERS = ("keys", "signing", "journal")
CHUNK_BYTES = 1024 * 1024
_WORK_FOLDER = "backup.partial"
_DISK_FULL_EXIT = 3


class Manifest(msgspec.Struct):
    """What an archive holds."""

    store_id: str
    """Of the store that was copied; the one that is made of the copy takes another."""
    position: int
    """Everything up to here is in it."""
    files: dict[str, str]
    """SHA-256 (hex) of every file."""


class Backup:
    """One backup on its way. Blocking: for a reader's thread."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._folder = store.folder
        self._work = store.folder / _WORK_FOLDER
        self._digests: dict[str, str] = {}
        self.total_bytes = 0
        """About how long the archive is; known once the copy is made."""

    def chunks(self) -> Generator[bytes]:
        """The archive, in parts. Raises BackupRunning, DiskFull."""
        try:
            self._work.mkdir(mode=0o700)
        except FileExistsError:
            raise BackupRunning("another backup is on its way: wait for it") from None
        try:
            position = self._copy()
            self.total_bytes = sum(_padded(path.stat().st_size) for path in self._paths())
            yield from self._file(DATA, self._work / DATA)
            for path in self._paths()[1:]:
                content = path.read_bytes()
                yield from self._member(
                    str(path.relative_to(self._folder)), io.BytesIO(content), len(content)
                )
            version = f"{FORMAT[0]} {FORMAT[1]}\n".encode()
            yield from self._member(FORMAT_FILE, io.BytesIO(version), len(version))
            manifest = msgspec.json.encode(Manifest(self._store.store_id, position, self._digests))
            yield from self._member(MANIFEST, io.BytesIO(manifest), len(manifest))
            yield bytes(2 * tarfile.BLOCKSIZE)
        finally:
            shutil.rmtree(self._work)

    def _copy(self) -> int:
        """Copy LMDB; the last position of the copy."""
        command = [sys.executable, "-m", "services.ledger.backup", str(self._folder), str(self._work)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == _DISK_FULL_EXIT:
            raise DiskFull("the disk that holds the ledger has no room for a copy: make room, and repeat it")
        if done.returncode:
            raise OSError(f"the copy of the events failed: {done.stderr.strip()}")
        return int(done.stdout)

    def _paths(self) -> list[Path]:
        rest = [
            path
            for name in FOLDERS
            for path in sorted((self._folder / name).iterdir())
            if path.suffix != PARTIAL
        ]
        return [self._work / DATA, *rest]

    def _file(self, name: str, path: Path) -> Iterator[bytes]:
        with path.open("rb") as file:
            yield from self._member(name, file, path.stat().st_size)

    def _member(self, name: str, content: IO[bytes], size: int) -> Iterator[bytes]:
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, 0o600
        yield info.tobuf(tarfile.PAX_FORMAT)
        digest = hashlib.sha256()
        while part := content.read(CHUNK_BYTES):
            digest.update(part)
            yield part
        if size % tarfile.BLOCKSIZE:
            yield bytes(-size % tarfile.BLOCKSIZE)
        self._digests[name] = digest.hexdigest()


def remove_leftovers(folder: Path) -> None:
    """What a backup left behind that a crash cut off."""
    shutil.rmtree(folder / _WORK_FOLDER, ignore_errors=True)


def _padded(size: int) -> int:
    return tarfile.BLOCKSIZE + size + -size % tarfile.BLOCKSIZE


def _copy_environment(source: str, target: str) -> int:
    """Copy without the free pages, and with them whatever they held. The last position of the copy."""
    with lmdb.open(source, map_size=READER_MAP_BYTES, readonly=True) as env:
        env.copy(target, compact=True)
    with lmdb.open(target, readonly=True, lock=False, max_dbs=16) as env:
        positions = env.open_db(b"positions", create=False)
        with env.begin(db=positions) as txn:
            cursor = txn.cursor()
            return int.from_bytes(cursor.key(), "big") if cursor.last() else 0


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{_copy_environment(*sys.argv[1:])}\n")
    except (OSError, lmdb.Error) as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(_DISK_FULL_EXIT if is_full(error) else os.EX_IOERR)
