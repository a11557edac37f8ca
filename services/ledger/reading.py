"""Reads: ranges in both directions, filtered by index, opened and checked, a page at a time.

A page is one short transaction, so a slow reader holds nothing back; the next page starts where it ended. It ends
before a damaged event, so that whatever is sound is delivered first; the page that begins there is what fails.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterator
from dataclasses import dataclass

from services.ledger import encoding
from services.ledger.encoding import Record
from services.ledger.errors import BrokenEvent, broken_event
from services.ledger.events import OpenedRecord, Selection
from services.ledger.store import ReadOnlyStore
from services.ledger.stored import StoredRecords
from services.ledger.tables import MindState, Reader

PAGE_BYTES = 1024 * 1024
"""A page ends once its records are this long."""
SCAN_EVENTS = 5_000
"""A page ends, even empty, once so many events were looked at: no transaction is long."""


@dataclass(frozen=True, slots=True)
class Page:
    """Events of one mind, and where the next page begins."""

    events: list[OpenedRecord]
    last_seq: int
    """Everything up to here (down to here in reverse) was delivered or skipped."""
    last_position: int
    """The place in the store of ``last_seq``."""
    is_end: bool


@dataclass(frozen=True, slots=True)
class StorePage:
    """Events of all minds, and how far it went."""

    events: list[OpenedRecord]
    position: int
    is_end: bool


def read_page(
    store: ReadOnlyStore,
    mind_id: str,
    first: int,
    last: int,
    selection: Selection,
    limit: int,
    *,
    reverse: bool,
) -> Page:
    """A page of the seqs from ``first`` to ``last`` (``first`` is the higher one in reverse). Raises BrokenEvent."""
    with store.read() as reader:
        mind = reader.mind(mind_id)
        if mind is None:
            return Page([], last, 0, is_end=True)
        low, high = (last, first) if reverse else (first, last)
        if mind.is_deleted:
            low = max(low, mind.head_seq)
        low, high = _within_time(reader, mind, selection, low, high)
        opener = Opener(store, reader, mind.number, mind_id)
        filling = _Filling(limit)
        seq, record = 0, b""
        try:
            for at, data in _candidates(reader, mind, selection, low, high, reverse=reverse):
                event = opener.wanted(selection, at, data)
                seq, record = at, data
                if filling.ends_with(event):
                    is_end = seq == (low if reverse else high)
                    return Page(filling.events, seq, encoding.position_of(record), is_end)
        except BrokenEvent:
            if not filling.scanned:
                raise
            return Page(filling.events, seq, encoding.position_of(record), is_end=False)
        at_last = reader.raw_event(mind, last)
        return Page(filling.events, last, encoding.position_of(at_last) if at_last else 0, is_end=True)


def read_store_page(store: ReadOnlyStore, after_position: int, selection: Selection, limit: int) -> StorePage:
    """A page of all minds' events after a position. Raises BrokenEvent."""
    with store.read() as reader:
        filling = _Filling(limit)
        position = after_position
        try:
            for position, event in _placed(store, reader, after_position, selection):
                if filling.ends_with(event):
                    return StorePage(filling.events, position, is_end=False)
        except BrokenEvent:
            if not filling.scanned:
                raise
            return StorePage(filling.events, position, is_end=False)
        return StorePage(filling.events, position, is_end=True)


class _Filling:
    """A page while it is filled."""

    def __init__(self, limit: int) -> None:
        self.events: list[OpenedRecord] = []
        self.scanned = 0
        self._limit = limit
        self._size = 0

    def ends_with(self, event: OpenedRecord | None) -> bool:
        """One more was looked at, None where it is not wanted: whether the page ends here."""
        self.scanned += 1
        if event is not None:
            self.events.append(event)
            self._size += len(event.data)
        return len(self.events) >= self._limit or self._size >= PAGE_BYTES or self.scanned >= SCAN_EVENTS


def _placed(
    store: ReadOnlyStore, reader: Reader, after_position: int, selection: Selection
) -> Iterator[tuple[int, OpenedRecord | None]]:
    """Each position of the store that is taken; its event where it is wanted."""
    minds: dict[int, tuple[Opener, int]] = {}
    for position, number, seq in reader.places_from(after_position + 1):
        if number not in minds:
            minds[number] = _opener_and_start(store, reader, number)
        opener, start = minds[number]
        if seq < start:
            yield position, None
            continue
        data = reader.event_at(number, seq)
        if data is None:
            raise broken_event(opener.mind_id, seq, "it is missing")
        yield position, opener.wanted(selection, seq, data)


def _opener_and_start(store: ReadOnlyStore, reader: Reader, number: int) -> tuple[Opener, int]:
    """What opens a mind's records, and its first seq: of one that was deleted only the last event is left."""
    mind_id = reader.name(number)
    state = reader.mind(mind_id)
    start = state.head_seq if state is not None and state.is_deleted else 1
    return Opener(store, reader, number, mind_id), start


class Opener:
    """Opens the records of one mind, in one transaction."""

    def __init__(self, store: ReadOnlyStore, reader: Reader, number: int, mind_id: str) -> None:
        self.mind_id = mind_id
        self._store = store
        self._reader = reader
        self._number = number
        self._records = StoredRecords(mind_id)

    def opened(self, seq: int, data: bytes) -> OpenedRecord:
        """A record with its payload, both checked against their hashes. Raises BrokenEvent."""
        return self._unsealed(seq, data, self._checked(seq, data))

    def wanted(self, selection: Selection, seq: int, data: bytes) -> OpenedRecord | None:
        """The same; None, with its payload not looked at, where the record is not wanted."""
        sealed = self._checked(seq, data)
        return self._unsealed(seq, data, sealed) if _admits(selection, data) else None

    def _checked(self, seq: int, data: bytes) -> bytes:
        """The sealed payload of a record that says of itself what was hashed."""
        try:
            its_hash, sealed = self._records.chain_hash(seq, data)
        except ValueError as error:
            raise self._broken(seq, str(error)) from None
        if its_hash != encoding.hash_of(data):
            raise self._broken(seq, "its hash is not the hash of its header")
        return sealed

    def _unsealed(self, seq: int, data: bytes, sealed: bytes) -> OpenedRecord:
        if self._reader.is_redacted(self._number, seq):
            return OpenedRecord(self._records.mind, seq, data, None)
        key = self._store.event_keys.read(encoding.position_of(data) - 1)
        if key is None:
            raise self._broken(seq, "its key is gone without an erasure")
        try:
            salted = encoding.unsealed(key, self._records.place(seq), sealed)
        except ValueError as error:
            raise self._broken(seq, str(error)) from None
        if hashlib.sha256(salted).digest() != encoding.payload_digest_of(data):
            raise self._broken(seq, "its payload does not match payload_digest")
        return OpenedRecord(self._records.mind, seq, data, salted)

    def _broken(self, seq: int, why: str) -> BrokenEvent:
        return broken_event(self.mind_id, seq, why)


def decoded(mind_id: str, seq: int, data: bytes) -> Record:
    """A stored record. Raises BrokenEvent where it is none."""
    try:
        return encoding.decode_record(mind_id, seq, data)
    except ValueError as error:
        raise broken_event(mind_id, seq, str(error)) from None


def _admits(selection: Selection, data: bytes) -> bool:
    return (not selection.kinds or selection.admits_kind(encoding.kind_of(data))) and (
        not selection.session_ids or encoding.session_of(data) in selection.session_ids
    )


def _candidates(
    reader: Reader, mind: MindState, selection: Selection, low: int, high: int, *, reverse: bool
) -> Iterator[tuple[int, bytes]]:
    """Records that may be wanted, by the narrowest index that there is."""
    if low > high:
        return
    if selection.session_ids:
        seqs = _merged(reader, "sessions", mind, selection.session_ids, low, high, reverse=reverse)
    elif selection.kinds:
        kinds = [kind for kind in selection.kinds if kind != "custom.*"]
        if "custom.*" in selection.kinds:
            kinds = sorted({*kinds, *reader.custom_kinds(mind)})
        seqs = _merged(reader, "kinds", mind, tuple(kinds), low, high, reverse=reverse)
    elif not reverse:
        expected = low
        for seq, data in reader.events_from(mind, low, high):
            if seq != expected:
                break
            yield seq, data
            expected = seq + 1
        if expected <= min(high, mind.head_seq) and not mind.is_deleted:
            raise broken_event(reader.name(mind.number), expected, "it is missing")
        return
    else:
        seqs = iter(range(high, low - 1, -1))
    for seq in seqs:
        data = reader.raw_event(mind, seq)
        if data is not None:
            yield seq, data
        elif not mind.is_deleted:
            raise broken_event(reader.name(mind.number), seq, "it is missing")


def _merged(
    reader: Reader,
    table: str,
    mind: MindState,
    values: tuple[str, ...],
    low: int,
    high: int,
    *,
    reverse: bool,
) -> Iterator[int]:
    parts = [
        reader.indexed(table, mind, value, low, high, reverse=reverse) for value in dict.fromkeys(values)
    ]
    return heapq.merge(*parts, reverse=reverse)


def _within_time(
    reader: Reader, mind: MindState, selection: Selection, low: int, high: int
) -> tuple[int, int]:
    """The seqs that the time bounds leave. The clock never goes back within a mind, so they are a range."""
    if selection.recorded_from_ns is not None:
        low = _first_at(reader, mind, selection.recorded_from_ns, low, high)
    if selection.recorded_to_ns is not None:
        high = _first_at(reader, mind, selection.recorded_to_ns, low, high) - 1
    return low, high


def _first_at(reader: Reader, mind: MindState, time_ns: int, low: int, high: int) -> int:
    """The first seq recorded at or after a time; one above ``high`` where there is none."""
    end = high + 1
    while low < end:
        middle = (low + end) // 2
        data = reader.raw_event(mind, middle)
        if data is None or encoding.recorded_ns_of(data) < time_ns:
            low = middle + 1
        else:
            end = middle
    return low
