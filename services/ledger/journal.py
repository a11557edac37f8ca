"""What a restored backup must not undo: erasures that were carried out, and checkpoints that were given out.

Two files of JSON Lines beside the events, in ``journal/``, each line on disk before what it tells of is done or
answered. They hold seqs and hashes, never words. docs/ledger-format.md describes them.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

import msgspec

from services.runtime.durable import sync, write_durably

_COMPACT_LINES = 10_000
_Line = TypeVar("_Line", bound=msgspec.Struct)


class Erased(msgspec.Struct, frozen=True, omit_defaults=True):
    """Payloads that were erased, or a mind that was deleted."""

    mind_id: str
    at_ns: int
    """When, UTC, ns since 1970."""
    events: tuple[tuple[int, str], ...] = ()
    """Seq and chain hash (hex), so that another event of that seq is not taken for it."""
    deleted: str = ""
    """The chain hash (hex) of the first event of a mind that was deleted."""


class Witnessed(msgspec.Struct, frozen=True):
    """A checkpoint that was signed and given out."""

    mind_id: str
    size: int
    root: str
    """Hex."""


class Journal:
    """The two files. Used by one thread at a time."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True, mode=0o700)
        self._erased = folder / "erased.jsonl"
        self._witnessed = folder / "witnessed.jsonl"
        self._latest = {line.mind_id: line for line in _read(self._witnessed, Witnessed)}
        _write(self._witnessed, self._latest.values())
        self._witnessed_lines = len(self._latest)

    def note_erased(self, line: Erased) -> None:
        """Write that payloads are about to be erased; on disk once this returns."""
        _append(self._erased, line)

    def erased(self) -> list[Erased]:
        """Every erasure, oldest first."""
        return list(_read(self._erased, Erased))

    def note_witnessed(self, line: Witnessed) -> None:
        """Write that a checkpoint is about to be given out; on disk once this returns. Raises OSError."""
        known = self._latest.get(line.mind_id)
        if known is not None and known.size >= line.size:
            return
        if self._witnessed_lines >= _COMPACT_LINES + len(self._latest):
            latest = self._latest | {line.mind_id: line}
            _write(self._witnessed, latest.values())
            self._witnessed_lines = len(latest)
        else:
            _append(self._witnessed, line)
            self._witnessed_lines += 1
        # Only what is on disk is known: where there was no room, the next one who asks writes it.
        self._latest[line.mind_id] = line

    def witnessed(self, mind_id: str) -> Witnessed | None:
        """The largest checkpoint of a mind that was given out."""
        return self._latest.get(mind_id)

    def all_witnessed(self) -> list[Witnessed]:
        """The largest checkpoint of each mind that was given out."""
        return list(self._latest.values())

    def forget_witnessed(self, mind_id: str) -> None:
        """Give up a checkpoint: the history that it was of has been rolled back on purpose."""
        latest = {name: line for name, line in self._latest.items() if name != mind_id}
        _write(self._witnessed, latest.values())
        self._latest, self._witnessed_lines = latest, len(latest)

    def take_over(self, other: Journal) -> None:
        """Add what another journal holds."""
        known = set(self.erased())
        for line in other.erased():
            if line not in known:
                self.note_erased(line)
        for witnessed in other.all_witnessed():
            self.note_witnessed(witnessed)


def _read(path: Path, form: type[_Line]) -> Iterable[_Line]:
    """The lines; the last one may have been cut short by a crash, before anything was done about it."""
    if not path.exists():
        return
    decoder = msgspec.json.Decoder(form)
    for line in path.read_bytes().splitlines(keepends=True):
        if line.endswith(b"\n"):
            yield decoder.decode(line)


def _append(path: Path, line: msgspec.Struct) -> None:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        content = os.pread(descriptor, os.fstat(descriptor).st_size, 0)
        whole = content.rfind(b"\n") + 1
        os.ftruncate(descriptor, whole)
        data = msgspec.json.encode(line) + b"\n"
        if os.pwrite(descriptor, data, whole) < len(data):
            os.ftruncate(descriptor, whole)
            raise OSError(28, os.strerror(28))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    sync(path.parent)


def _write(path: Path, lines: Iterable[msgspec.Struct]) -> None:
    write_durably(path, b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
