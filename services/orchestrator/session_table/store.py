"""Every conversation of every mind, on disk: found by id, latest first, and counted, each now or as of any event.

All of it is rebuilt from the ledger when it is lost. Keys hold digests of session ids, because LMDB's keys are short.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from pmm.mind.v1 import events_pb2 as mind
from pmm.mind.v1.events_pb2 import Event
from services.orchestrator.projections.sessions import TOUCHING, Session, mode_told, touched
from services.orchestrator.tables import SEQ, Tables, decode, encode, of_mind, remove_mind, under, write
from services.runtime.projection_file import ProjectionFile

TABLES = ("rows", "touches", "latest", "begun", "told", "told_in", "turns", "reached")
"""mind, session → the row; mind, session, seq → when that event was, when the session had ended, messages, answers and
imported messages then; mind, last seq → session id; mind, first seq → how many had begun then; mind, session, seq →
the title and mode that an event told; mind, seq → the session of such an event; mind, seq → an open turn; mind → the
last event that was taken in."""
KINDS = (*TOUCHING, "event_redacted", "mind_deleted")
_TELLING = frozenset({"session_started", "session_renamed", "privacy_mode_changed"})
_TERMINAL = frozenset({"assistant_message", "turn_failed"})
_TOLD = tuple[str | None, int | None]
"""The title and the mode that an event told, where it told them."""
_DIGEST_BYTES = 16
_MAX_SEQ = 2**63 - 1


class SessionStore(Tables):
    """One LMDB file."""

    FORMAT = 4

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, TABLES)

    def take(self, txn: Any, events: Iterable[Event]) -> bool:
        events, writer = list(events), _Writer(self.file, txn)
        is_erased = write(writer, events)
        writer.write({event.mind_id: event.seq for event in events})
        return is_erased

    def reached(self, mind_id: str) -> int:
        """The last event of a mind that was taken in, of those that concern conversations."""
        with self.file.read() as txn:
            value = txn.get(mind_id.encode(), db=self.file.table("reached"))
        return SEQ.unpack(value)[0] if value else 0

    def get(self, mind_id: str, session_id: str, at_seq: int) -> Session | None:
        """A conversation as it was at an event, but for what was erased."""
        with self.file.read() as txn:
            return self._as_of(txn, mind_id, session_id, at_seq)

    def count(self, mind_id: str, at_seq: int) -> int:
        """How many conversations had begun by an event."""
        with self.file.read() as txn:
            begun = self.file.table("begun")
            for _, number in under(
                txn, begun, of_mind(mind_id), latest_first=True, before=_key(mind_id, at_seq + 1)
            ):
                return SEQ.unpack(number)[0]
        return 0

    def begun(self, mind_id: str, after_seq: int, to_seq: int, size: int) -> list[int]:
        """The events after one, up to another, with which conversations began: so many at most, the latest."""
        prefix, found = of_mind(mind_id), list[int]()
        with self.file.read() as txn:
            begun = self.file.table("begun")
            for key, _ in under(txn, begun, prefix, latest_first=True, before=_key(mind_id, to_seq + 1)):
                (seq,) = SEQ.unpack(key[len(prefix) :])
                if seq <= after_seq or len(found) == size:
                    break
                found.append(seq)
        return found[::-1]

    def listed(self, mind_id: str, at_seq: int, before_seq: int, size: int) -> list[Session]:
        """So many conversations as they were at an event, those whose last event lay below another, latest first.

        Each in which something has happened since is looked at, in memory; of the others no more than are wanted.
        """
        prefix = of_mind(mind_id)
        with self.file.read() as txn:
            latest = self.file.table("latest")
            moved: dict[int, Session] = {}
            for key, session_id in under(txn, latest, prefix, latest_first=True):
                if SEQ.unpack(key[len(prefix) :])[0] <= at_seq:
                    break
                session = self._as_of(txn, mind_id, session_id.decode(), at_seq)
                if session is not None and session.last_seq < before_seq:
                    moved[session.last_seq] = session
            unmoved: list[Session] = []
            before = _key(mind_id, min(before_seq, at_seq + 1))
            for _, session_id in under(txn, latest, prefix, latest_first=True, before=before):
                if len(unmoved) == size:
                    break
                unmoved += filter(None, [self._as_of(txn, mind_id, session_id.decode(), at_seq)])
        return sorted([*moved.values(), *unmoved], key=lambda session: session.last_seq, reverse=True)[:size]

    def _as_of(self, txn: Any, mind_id: str, session_id: str, at_seq: int) -> Session | None:
        row_key = _row_key(mind_id, session_id)
        value = txn.get(row_key, db=self.file.table("rows"))
        now = decode(bytes(value), type=Session) if value else None
        if now is None or now.first_seq > at_seq:
            return None
        if now.last_seq <= at_seq:
            return now
        before = row_key + SEQ.pack(at_seq + 1)
        key, value = next(under(txn, self.file.table("touches"), row_key, latest_first=True, before=before))
        last_event_ns, ended_ns, *counts = decode(value, type=tuple[int, int, int, int, int])
        title, mode = _told(txn, self.file, row_key, at_seq)
        return Session(
            session_id, now.first_seq, SEQ.unpack(key[len(row_key) :])[0], now.started_ns, last_event_ns,
            title, mode, ended_ns, *counts,
        )  # fmt: skip


def _told(txn: Any, file: ProjectionFile, row_key: bytes, at_seq: int) -> tuple[str, int]:
    """Title and mode of a conversation at an event."""
    title, mode = "", int(mind.PRIVACY_MODE_NORMAL)
    for key, value in under(txn, file.table("told"), row_key):
        if SEQ.unpack(key[len(row_key) :])[0] > at_seq:
            break
        told_title, told_mode = decode(value, type=_TOLD)
        title = title if told_title is None else told_title
        mode = told_mode or mode
    return title, mode


class _Writer:
    """Changes within one transaction: rows are read and written once a page."""

    def __init__(self, file: ProjectionFile, txn: Any) -> None:
        self._file, self._txn = file, txn
        self._rows: dict[tuple[str, str], Session] = {}
        self._before: dict[tuple[str, str], int] = {}
        """Where in the order a row stands that was read from the table."""

    def add(self, event: Event) -> None:
        place = _key(event.mind_id, event.causation_seq)
        if event.kind in _TERMINAL and self._get("turns", place) is None:
            return
        # A turn may also run outside any conversation, and end within one.
        if event.session_id and not self._touch(event):
            return
        if event.kind == "user_message":
            self._put("turns", _key(event.mind_id, event.seq), b"")
        elif event.kind in _TERMINAL:
            self._delete("turns", place)

    def _touch(self, event: Event) -> bool:
        """Whether the event made sense in its conversation; one that did not changes nothing."""
        known = self._row(event.mind_id, event.session_id)
        try:
            row = touched(known, event)
        except (KeyError, ValueError):
            return False
        if known is None:
            number = self._count(event.mind_id) + 1
            self._put("begun", _key(event.mind_id, event.seq), SEQ.pack(number))
        if event.kind in _TELLING:
            self._tell(event)
        counts = (row.user_messages, row.assistant_messages, row.imported_messages)
        touch = encode((row.last_event_ns, row.ended_ns, *counts))
        self._put("touches", _row_key(event.mind_id, row.id) + SEQ.pack(event.seq), touch)
        self._rows[event.mind_id, event.session_id] = row
        return True

    def _tell(self, event: Event) -> None:
        """Note what an event tells, for the day when it is erased."""
        body = event.body
        match event.kind:
            case "session_started":
                told = (body.session_started.title, mode_told(event))
            case "session_renamed":
                told = (body.session_renamed.title, None)
            case _:
                told = (None, mode_told(event))
        key = _row_key(event.mind_id, event.session_id) + SEQ.pack(event.seq)
        self._put("told", key, encode(told))
        self._put("told_in", _key(event.mind_id, event.seq), event.session_id.encode())

    def remove_payload(self, mind_id: str, seq: int) -> bool:
        """Whether there was anything: the row is then what the events that are left tell."""
        found = self._get("told_in", _key(mind_id, seq))
        if found is None:
            return False
        session_id = found.decode()
        prefix = _row_key(mind_id, session_id)
        self._delete("told_in", _key(mind_id, seq))
        told_title, told_mode = decode(self._get("told", prefix + SEQ.pack(seq)) or b"", type=_TOLD)
        # What reading the ledger anew would give: no title, and nothing that is to be remembered.
        told = (None if told_title is None else "", told_mode and mind.PRIVACY_MODE_PAUSED)
        self._put("told", prefix + SEQ.pack(seq), encode(told))
        title, mode = _told(self._txn, self._file, prefix, _MAX_SEQ)
        row = self._row(mind_id, session_id)
        if row is not None:
            self._rows[mind_id, session_id] = replace(row, title=title, privacy_mode=mode)
        return True

    def remove_mind(self, mind_id: str) -> bool:
        """Whether there was anything. How far it is stays: nobody waits for what will not come."""
        self.write({})
        return remove_mind(self._txn, map(self._file.table, TABLES[:-1]), mind_id)

    def write(self, reached: Mapping[str, int]) -> None:
        """Write the rows that were changed, and how far each mind is."""
        for (mind_id, session_id), row in self._rows.items():
            before = self._before.get((mind_id, session_id))
            if before is not None and before != row.last_seq:
                self._delete("latest", _key(mind_id, before))
            self._put("latest", _key(mind_id, row.last_seq), session_id.encode())
            self._put("rows", _row_key(mind_id, session_id), encode(row))
        for mind_id, seq in reached.items():
            self._put("reached", mind_id.encode(), SEQ.pack(seq))
        self._rows, self._before = {}, {}

    def _row(self, mind_id: str, session_id: str) -> Session | None:
        known = self._rows.get((mind_id, session_id))
        if known is None and (found := self._get("rows", _row_key(mind_id, session_id))):
            known = decode(found, type=Session)
            self._before[mind_id, session_id] = known.last_seq
        return known

    def _count(self, mind_id: str) -> int:
        begun = under(self._txn, self._file.table("begun"), of_mind(mind_id), latest_first=True)
        return next((SEQ.unpack(number)[0] for _, number in begun), 0)

    def _get(self, table: str, key: bytes) -> bytes | None:
        value = self._txn.get(key, db=self._file.table(table))
        return None if value is None else bytes(value)

    def _put(self, table: str, key: bytes, value: bytes) -> None:
        self._txn.put(key, value, db=self._file.table(table))

    def _delete(self, table: str, key: bytes) -> None:
        self._txn.delete(key, db=self._file.table(table))


def _key(mind_id: str, seq: int) -> bytes:
    return of_mind(mind_id) + SEQ.pack(seq)


def _row_key(mind_id: str, session_id: str) -> bytes:
    return of_mind(mind_id) + hashlib.blake2b(session_id.encode(), digest_size=_DIGEST_BYTES).digest()
