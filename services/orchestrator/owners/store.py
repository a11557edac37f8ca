"""Whose the minds are, and which of them an owner means who names none: on disk, and rebuilt from the ledger if lost.

An owner's default mind is the one that was last marked so by them, or else the first that was made for them. The mark
is ``policy_changed`` in the ledger of that mind. A copy has marks that were the origin's, and they do not count.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec

from pmm.mind.v1.events_pb2 import Event
from services.orchestrator.tables import Tables, decode, encode, under, write
from services.runtime.projection_file import ProjectionFile
from services.runtime.times import nanoseconds

MARK = "default_of."
"""What the key of a mark's policy begins with; the owner follows."""
KINDS = ("mind_created", "mind_imported", "policy_changed", "event_redacted", "mind_deleted")
TABLES = ("minds", "names", "births", "marks")
"""mind_id → Known; owner, mind_id → nothing; owner, ns, position → mind_id, by birth; the same by mark."""
_MOMENT = struct.Struct(">QQ")
_DIGEST_BYTES = 16


class Known(msgspec.Struct, array_like=True):
    """What is kept of a mind."""

    owner: str
    born: bytes
    """The end of its key in ``births``."""
    copied_seq: int = 0
    """Marks up to here are those of its origin."""
    marks: dict[int, tuple[str, bytes]] = {}
    """By seq: for whom, and the end of its key in ``marks``."""


class OwnerStore(Tables):
    """One LMDB file. Keys hold digests of owners, because LMDB's keys are short."""

    FORMAT = 1

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, TABLES)

    def take(self, txn: Any, events: Iterable[Event]) -> bool:
        return write(_Writer(self.file, txn), events)

    def owner(self, mind_id: str) -> str:
        """Whose a mind is; empty where nobody knows."""
        with self.file.read() as txn:
            known = _known(self.file, txn, mind_id)
        return known.owner if known else ""

    def minds(self, owner: str, after: str, prefix: str, limit: int) -> list[str]:
        """So many of an owner's minds by name, of those after a name and with a prefix."""
        start, found = _of(owner), list[str]()
        with self.file.read() as txn:
            cursor = txn.cursor(db=self.file.table("names"))
            there = cursor.set_range(start + max(f"{after}\x00" if after else "", prefix).encode())
            while there and (key := bytes(cursor.key())).startswith(start + prefix.encode()):
                found.append(key[len(start) :].decode())
                there = len(found) < limit and cursor.next()
        return found

    def default(self, owner: str, may_be: Callable[[str], bool]) -> tuple[str, bool] | None:
        """The mind that an owner means, of those that it may be, and whether it was marked."""
        with self.file.read() as txn:
            marked = under(txn, self.file.table("marks"), _of(owner), latest_first=True)
            made = under(txn, self.file.table("births"), _of(owner))
            for is_marked, rows in ((True, marked), (False, made)):
                for _, mind_id in rows:
                    if may_be(mind_id.decode()):
                        return mind_id.decode(), is_marked
        return None


class _Writer:
    """Changes within one transaction."""

    def __init__(self, file: ProjectionFile, txn: Any) -> None:
        self._file, self._txn = file, txn

    def add(self, event: Event) -> None:
        if event.redacted:
            return
        if event.kind == "policy_changed":
            self._mark(event)
        else:
            self._begin(event)

    def _begin(self, event: Event) -> None:
        """A mind begins, under its own name or as a copy."""
        body = getattr(event.body, event.kind)
        is_copy = event.kind == "mind_imported"
        born_ns = nanoseconds(body.copied_at if is_copy else event.recorded_at) or nanoseconds(
            event.recorded_at
        )
        born = _MOMENT.pack(max(0, born_ns), event.position)
        known = Known(body.owner, born, body.origin_seq if is_copy else 0)
        self._put(event.mind_id, known)
        self._txn.put(_of(known.owner) + event.mind_id.encode(), b"", db=self._file.table("names"))
        self._txn.put(_of(known.owner) + known.born, event.mind_id.encode(), db=self._file.table("births"))

    def _mark(self, event: Event) -> None:
        """An owner's default mind, where the policy is that."""
        key, known = event.body.policy_changed.key, _known(self._file, self._txn, event.mind_id)
        if not key.startswith(MARK) or known is None or event.seq <= known.copied_seq:
            return
        owner, end = key.removeprefix(MARK), _MOMENT.pack(nanoseconds(event.recorded_at), event.position)
        for seq in [seq for seq, (of, _) in known.marks.items() if of == owner]:
            self._unmark(known, seq)
        known.marks[event.seq] = (owner, end)
        self._txn.put(_of(owner) + end, event.mind_id.encode(), db=self._file.table("marks"))
        self._put(event.mind_id, known)

    def remove_payload(self, mind_id: str, seq: int) -> bool:
        """Whether anything of it was kept here."""
        if seq == 1:
            return self.remove_mind(mind_id)
        known = _known(self._file, self._txn, mind_id)
        if known is None or seq not in known.marks:
            return False
        self._unmark(known, seq)
        self._put(mind_id, known)
        return True

    def remove_mind(self, mind_id: str) -> bool:
        """Whether it was there."""
        known = _known(self._file, self._txn, mind_id)
        if known is None:
            return False
        for seq in list(known.marks):
            self._unmark(known, seq)
        self._txn.delete(_of(known.owner) + mind_id.encode(), db=self._file.table("names"))
        self._txn.delete(_of(known.owner) + known.born, db=self._file.table("births"))
        self._txn.delete(mind_id.encode(), db=self._file.table("minds"))
        return True

    def _unmark(self, known: Known, seq: int) -> None:
        owner, end = known.marks.pop(seq)
        self._txn.delete(_of(owner) + end, db=self._file.table("marks"))

    def _put(self, mind_id: str, known: Known) -> None:
        self._txn.put(mind_id.encode(), encode(known), db=self._file.table("minds"))


def _known(file: ProjectionFile, txn: Any, mind_id: str) -> Known | None:
    value = txn.get(mind_id.encode(), db=file.table("minds"))
    return decode(bytes(value), type=Known) if value else None


def _of(owner: str) -> bytes:
    return hashlib.blake2b(owner.encode(), digest_size=_DIGEST_BYTES).digest()
