"""A service's data folder: made if missing, locked by one process, marked with the version of its format."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from services.runtime.durable import write_durably
from services.runtime.exits import DATA_FOLDER, DATA_LOCKED, StartupError

FORMAT_FILE = "FORMAT"
LOCK_FILE = "LOCK"


@contextmanager
def locked_folder(path: Path) -> Generator[Path]:
    """Hold the folder against every other process, for as long as the block runs.

    The lock goes with the process, however it ends. Raises StartupError 73 or 75.
    """
    path = path.expanduser().absolute()
    lock_file = path / LOCK_FILE
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _unusable(path, error) from None
    try:
        _lock(path, descriptor)
        yield path
    finally:
        os.close(descriptor)


def _lock(path: Path, descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pid = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
        holder = f"process {pid}" if pid else "another process"
        raise StartupError(
            DATA_LOCKED, f"data folder {path} is in use by {holder}: stop it first, or choose another folder"
        ) from None
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    except OSError as error:
        raise _unusable(path, error) from None


@contextmanager
def service_folder(
    path: Path, name: str, format_version: int, oldest_format: int | None = None
) -> Generator[Path]:
    """The locked folder of one service, whose format is the given version. Raises StartupError 73 or 75.

    A folder from ``oldest_format`` on is marked with the version: the service brings what is in it up to date.
    """
    with locked_folder(path) as folder:
        _check_format(folder, name, format_version, oldest_format or format_version)
        yield folder


def _check_format(folder: Path, name: str, expected: int, oldest: int) -> None:
    file = folder / FORMAT_FILE
    try:
        found_text = file.read_text("ascii") if file.exists() else None
        if found_text is None:
            write_durably(file, f"{name} {expected}\n".encode())
            return
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable(folder, error) from None
    words = found_text.split()
    if len(words) != 2 or words[0] != name or not words[1].isdecimal():
        raise StartupError(
            DATA_FOLDER,
            f"{file} does not say '{name} <version>': {folder} is not a data folder of the {name} service",
        )
    found = int(words[1])
    if found > expected:
        raise StartupError(
            DATA_FOLDER,
            f"data folder {folder} was written by a newer release (format {found}, this reads {expected}): "
            "upgrade, or choose another folder; nothing was changed",
        )
    if found < oldest:
        raise StartupError(
            DATA_FOLDER,
            f"data folder {folder} has format {found}, and this release reads {expected}: export the minds "
            "with the release that wrote it, and import them; nothing was changed",
        )
    if found < expected:
        write_durably(file, f"{name} {expected}\n".encode())


def _unusable(path: Path, error: Exception) -> StartupError:
    why = error.strerror if isinstance(error, OSError) and error.strerror else "unreadable"
    if isinstance(error, FileExistsError):
        why = "it is a file"
    # Neither a file in its place nor a folder that cannot be is mended by rights.
    advice = "make it writable, or " if isinstance(error, PermissionError) else ""
    return StartupError(
        DATA_FOLDER,
        f"data folder {path} cannot be used ({why.lower()}): {advice}choose another with --data",
    )
