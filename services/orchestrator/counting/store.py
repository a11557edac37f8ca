"""Counts of every mind and of each of its conversations, on disk: added up as events come, taken back when erased.

All of it is rebuilt from the ledger when it is lost. Keys hold digests of session ids, because LMDB's keys are short.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pmm.mind.v1.events_pb2 import Event
from services.orchestrator.counting.parts import TURNS, Count, Quarter, begins, from_payload, quarter
from services.orchestrator.tables import SEQ, Tables, decode, encode, of_mind, remove_mind, under, write
from services.runtime.projection_file import ProjectionFile

TABLES = ("counts", "told", "begun", "days")
"""mind, scope, name → how much; mind, seq → what its payload added; mind, scope → nothing, for each conversation;
mind, day of UTC since 1970 → its quarters of an hour in which something happened, by their number in the day."""
_QUARTERS = 96
"""Of an hour, in a day."""
_DIGEST_BYTES = 16
_OF_MIND = bytes(_DIGEST_BYTES)
"""The scope of what is counted over a whole mind."""


class CountStore(Tables):
    """One LMDB file."""

    FORMAT = 3

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, TABLES)

    def take(self, txn: Any, events: Iterable[Event]) -> bool:
        return write(_Writer(self.file, txn), events)

    def counts(self, mind_id: str, session_id: str) -> dict[str, int]:
        """Counts of a conversation, or with none named of the mind, by name."""
        start = of_mind(mind_id) + _scope(session_id)
        with self.file.read() as txn:
            return {
                key[len(start) :].decode(errors="replace"): decode(value, type=int)
                for key, value in under(txn, self.file.table("counts"), start)
            }

    def quarters(self, mind_id: str) -> dict[int, Quarter]:
        """Quarters of an hour in which something happened in a mind, by their number since 1970 UTC."""
        start = of_mind(mind_id)
        found: dict[int, Quarter] = {}
        with self.file.read() as txn:
            for key, value in under(txn, self.file.table("days"), start):
                (day,) = SEQ.unpack(key[len(start) :])
                for number, its_quarter in decode(value, type=dict[int, Quarter]).items():
                    found[day * _QUARTERS + number] = its_quarter
        return found


class _Writer:
    """Changes within one transaction."""

    def __init__(self, file: ProjectionFile, txn: Any) -> None:
        self._txn = txn
        self._counts, self._told, self._begun, self._days = map(file.table, TABLES)

    def add(self, event: Event) -> None:
        """Count an event."""
        is_first = begins(event)
        if is_first:
            # LMDB says whether it was new.
            begun = of_mind(event.mind_id) + _scope(event.session_id)
            is_first = self._txn.put(begun, b"", db=self._begun, overwrite=False)
        if is_first or event.kind in TURNS:
            self._add_to_day(event, is_first=is_first)
        told = [_row(event, count) for count in from_payload(event)]
        for key, amount in told:
            self._grow(key, amount)
        if told:
            self._txn.put(of_mind(event.mind_id) + SEQ.pack(event.seq), encode(told), db=self._told)

    def remove_payload(self, mind_id: str, seq: int) -> bool:
        """Whether it had added anything."""
        told = self._txn.pop(of_mind(mind_id) + SEQ.pack(seq), db=self._told)
        if told is None:
            return False
        for key, amount in decode(bytes(told), type=list[tuple[bytes, int]]):
            self._grow(key, -amount)
        return True

    def remove_mind(self, mind_id: str) -> bool:
        """Whether there was anything."""
        return remove_mind(self._txn, (self._counts, self._told, self._begun, self._days), mind_id)

    def _add_to_day(self, event: Event, *, is_first: bool) -> None:
        day, number = divmod(quarter(event), _QUARTERS)
        key = of_mind(event.mind_id) + SEQ.pack(day)
        known = self._txn.get(key, db=self._days)
        quarters = decode(bytes(known), type=dict[int, Quarter]) if known else {}
        quarters.setdefault(number, Quarter()).add(event, is_first=is_first)
        self._txn.put(key, encode(quarters), db=self._days)

    def _grow(self, key: bytes, amount: int) -> None:
        known = self._txn.get(key, db=self._counts)
        now = amount + (decode(bytes(known), type=int) if known else 0)
        if now:
            self._txn.put(key, encode(now), db=self._counts)
        elif known:
            self._txn.delete(key, db=self._counts)


def _row(event: Event, count: Count) -> tuple[bytes, int]:
    of_session, name, amount = count
    return of_mind(event.mind_id) + _scope(event.session_id if of_session else "") + name.encode(), amount


def _scope(session_id: str) -> bytes:
    if not session_id:
        return _OF_MIND
    return hashlib.blake2b(session_id.encode(), digest_size=_DIGEST_BYTES).digest()
