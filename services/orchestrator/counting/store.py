"""Counts of every mind and of each of its conversations, on disk: added up as events come, taken back when erased.

All of it is rebuilt from the ledger when it is lost. Keys hold digests of session ids, because LMDB's keys are short.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pmm.mind.v1.events_pb2 import Event
from services.orchestrator.counting.parts import Count, begins, from_header, from_payload
from services.orchestrator.tables import SEQ, Tables, decode, encode, of_mind, remove_mind, under, write
from services.runtime.projection_file import ProjectionFile

TABLES = ("counts", "told", "begun")
"""mind, scope, name → how much; mind, seq → what its payload added; mind, scope → nothing, for each conversation."""
_DIGEST_BYTES = 16
_OF_MIND = bytes(_DIGEST_BYTES)
"""The scope of what is counted over a whole mind."""


class CountStore(Tables):
    """One LMDB file."""

    FORMAT = 1

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, TABLES)

    def take(self, txn: Any, events: Iterable[Event]) -> bool:
        return write(_Writer(self.file, txn), events)

    def counts(
        self, mind_id: str, session_id: str, prefix: str = "", limit: int = 0, *, latest_first: bool = False
    ) -> dict[str, int]:
        """Counts of a conversation, or with none named of the mind, by name without the prefix; 0: all of them."""
        start = of_mind(mind_id) + _scope(session_id)
        found: dict[str, int] = {}
        with self.file.read() as txn:
            rows = under(txn, self.file.table("counts"), start + prefix.encode(), latest_first=latest_first)
            for key, value in rows:
                found[key[len(start) + len(prefix.encode()) :].decode(errors="replace")] = decode(
                    value, type=int
                )
                if len(found) == limit:
                    break
        return found


class _Writer:
    """Changes within one transaction."""

    def __init__(self, file: ProjectionFile, txn: Any) -> None:
        self._txn = txn
        self._counts, self._told, self._begun = map(file.table, TABLES)

    def add(self, event: Event) -> None:
        """Count an event."""
        is_first = begins(event)
        if is_first:
            # LMDB says whether it was new.
            begun = of_mind(event.mind_id) + _scope(event.session_id)
            is_first = self._txn.put(begun, b"", db=self._begun, overwrite=False)
        for count in from_header(event, is_first=is_first):
            self._grow(*_row(event, count))
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
        return remove_mind(self._txn, (self._counts, self._told, self._begun), mind_id)

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
