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
from services.ledger.events import Selection, StoredEvent
from services.ledger.store import ReadOnlyStore
from services.ledger.tables import MindState, Reader

PAGE_BYTES = 1024 * 1024
"""A page ends once its payloads are this long."""
SCAN_EVENTS = 5_000
"""A page ends, even empty, once so many events were looked at: no transaction is long."""


@dataclass(frozen=True, slots=True)
class Page:
    """Events of one mind, and where the next page begins."""

    events: list[StoredEvent]
    last_seq: int
    """Everything up to here (down to here in reverse) was delivered or skipped."""
    last_position: int
    """The place in the store of ``last_seq``."""
    is_end: bool


@dataclass(frozen=True, slots=True)
class StorePage:
    """Events of all minds, and how far it went."""

    events: list[StoredEvent]
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
        found = _selected(
            store, reader, mind, selection, _candidates(reader, mind, selection, low, high, reverse=reverse)
        )
        filling = _Filling(limit)
        seq = position = 0
        try:
            for seq, position, event in found:
                if filling.ends_with(event):
                    return Page(filling.events, seq, position, is_end=seq == (low if reverse else high))
        except BrokenEvent:
            if not filling.scanned:
                raise
            return Page(filling.events, seq, position, is_end=False)
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
        self.events: list[StoredEvent] = []
        self.scanned = 0
        self._limit = limit
        self._size = 0

    def ends_with(self, event: StoredEvent | None) -> bool:
        """One more was looked at, None where it is not wanted: whether the page ends here."""
        self.scanned += 1
        if event is not None:
            self.events.append(event)
            self._size += len(event.payload or b"")
        return len(self.events) >= self._limit or self._size >= PAGE_BYTES or self.scanned >= SCAN_EVENTS


def _selected(
    store: ReadOnlyStore,
    reader: Reader,
    mind: MindState,
    selection: Selection,
    found: Iterator[tuple[int, bytes]],
) -> Iterator[tuple[int, int, StoredEvent | None]]:
    """Seq and position of each record; its event where it is wanted."""
    mind_id = reader.name(mind.number)
    wants_all = not selection.kinds and not selection.session_ids
    for seq, data in found:
        record = decoded(mind_id, seq, data)
        is_wanted = wants_all or _admits(selection, record)
        yield seq, record.position, opened(store, reader, mind.number, record) if is_wanted else None


def _placed(
    store: ReadOnlyStore, reader: Reader, after_position: int, selection: Selection
) -> Iterator[tuple[int, StoredEvent | None]]:
    """Each position of the store that is taken; its event where it is wanted."""
    minds: dict[int, tuple[str, int]] = {}
    for position, number, seq in reader.places_from(after_position + 1):
        if number not in minds:
            minds[number] = _name_and_start(reader, number)
        mind_id, start = minds[number]
        if seq < start:
            yield position, None
            continue
        data = reader.event_at(number, seq)
        if data is None:
            raise broken_event(mind_id, seq, "it is missing")
        record = decoded(mind_id, seq, data)
        is_wanted = selection.admits_kind(record.header.kind)
        yield position, opened(store, reader, number, record) if is_wanted else None


def _name_and_start(reader: Reader, number: int) -> tuple[str, int]:
    """A mind's id, and its first seq: of one that was deleted only the last event is left."""
    mind_id = reader.name(number)
    state = reader.mind(mind_id)
    return mind_id, state.head_seq if state is not None and state.is_deleted else 1


def opened(store: ReadOnlyStore, reader: Reader, number: int, record: Record) -> StoredEvent:
    """The event with its payload, both checked against their hashes. Raises BrokenEvent."""
    header = record.header
    if encoding.header_hash(header) != record.hash:
        raise broken_event(header.mind_id, header.seq, "its hash is not the hash of its header")
    if reader.is_redacted(number, header.seq):
        return StoredEvent(header, record.hash, record.position, None, None)
    key = store.event_keys.read(record.position - 1)
    if key is None:
        raise broken_event(header.mind_id, header.seq, "its key is gone without an erasure")
    try:
        joined = encoding.unsealed(key, encoding.place_of(header.mind_id, header.seq), record.sealed)
    except ValueError as error:
        raise broken_event(header.mind_id, header.seq, str(error)) from None
    if hashlib.sha256(joined).digest() != header.payload_digest:
        raise broken_event(header.mind_id, header.seq, "its payload does not match payload_digest")
    return StoredEvent(
        header, record.hash, record.position, joined[encoding.SALT_BYTES :], joined[: encoding.SALT_BYTES]
    )


def decoded(mind_id: str, seq: int, data: bytes) -> Record:
    """A stored record. Raises BrokenEvent where it is none."""
    try:
        return encoding.decode_record(mind_id, seq, data)
    except ValueError as error:
        raise broken_event(mind_id, seq, str(error)) from None


def _admits(selection: Selection, record: Record) -> bool:
    header = record.header
    return selection.admits_kind(header.kind) and (
        not selection.session_ids or header.session_id in selection.session_ids
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
