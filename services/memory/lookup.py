"""Memories by page, by id and by event, straight from the store: no index is needed. Each raises MindDeleted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from services.memory.errors import ListingChanged
from services.memory.filters import Filter
from services.memory.index import MindIndex
from services.memory.reader import Reader
from services.memory.records import Mind
from services.memory.rows import PAGE_BYTES, Origins, Row
from services.memory.store import Store
from services.memory.vectors import Ordinals

LOOKED_AT_ONCE = 1_000
"""Rows in one transaction, however few of them fit: the file cannot be exchanged meanwhile, and nobody else may read
where it is about to be."""
LOOKED_AT_A_PAGE = 10 * LOOKED_AT_ONCE
"""Rows for a page that few fit: it ends there, so that no page takes the longer, the larger a mind is."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a listing goes on, whatever is appended, erased or rebuilt meanwhile."""

    as_of_seq: int
    """All pages list what held here."""
    foldings: int
    """How often the mind had been folded again when the listing began."""
    version_seq: int
    """The next one is of this seq and memory, or is the first after it."""
    memory_id: str


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a listing."""

    rows: list[Row]
    following: Place | None = None
    """Where to go on; None at the end."""
    is_given_up: bool = False
    """Whether it ends where it does because few of the rows that were looked at fit."""


def listing(
    store: Store,
    mind_id: str,
    wanted: Filter,
    limit: int,
    place: Place | None,
    as_of_seq: int | None,
    now_ns: int,
    index: MindIndex | None = None,
) -> Page:
    """Rows that have not expired, newest first, from a place on.

    There may be less than a page of them, or none, before the end. With the mind's index only rows that meet the filter
    are looked at. Raises ListingChanged.
    """
    found: list[Row] = []
    size = 0
    among: Ordinals | None = None
    for _ in range(LOOKED_AT_A_PAGE // LOOKED_AT_ONCE):
        with store.read() as stored:
            mind = stored.living(mind_id)
            if mind is None:
                return Page([])
            if place is None:
                place = _beginning(stored, mind, wanted, as_of_seq)
            if place.foldings != mind.foldings:
                raise ListingChanged(
                    f"something was erased of mind {mind_id!r} that other memories hung on: "
                    "list it from the first page",
                    mind_id=mind_id,
                )
            if index is not None and index.mind.number == mind.number:
                among = wanted.candidates(index, mind.next_ordinal) if among is None else among
            rows = stored.newest_first(mind, (place.version_seq, place.memory_id), among)
            # No clock of a mind goes back: what comes after the first that was recorded too early was so as well.
            in_time = takewhile(lambda row: row.recorded_ns >= wanted.recorded_from_ns, rows)
            for looked_at, row in enumerate(in_time):
                fits = (
                    row.holds_at(place.as_of_seq) and not 0 < row.expires_ns <= now_ns and wanted.admits(row)
                )
                is_full = fits and (len(found) == limit or size >= PAGE_BYTES)
                if is_full or looked_at == LOOKED_AT_ONCE:
                    place = replace(place, version_seq=row.version_seq, memory_id=row.memory_id)
                    break
                if fits:
                    found.append(stored.whole(mind, row))
                    size += found[-1].length
            else:
                return Page(found)
        if is_full:
            return Page(found, place)
    return Page(found, place, is_given_up=True)


def _beginning(stored: Reader, mind: Mind, wanted: Filter, as_of_seq: int | None) -> Place:
    """Behind the newest row that may be listed."""
    as_of = mind.seq if as_of_seq is None else as_of_seq
    last = min(as_of, mind.seq)
    if wanted.recorded_to_ns:
        last = min(last, stored.last_before(mind, wanted.recorded_to_ns))
    return Place(as_of, mind.foldings, last + 1, "")


def versions(store: Store, mind_id: str, memory_id: str, limit: int) -> tuple[list[Row], int]:
    """The newest versions of a memory, oldest first, and how many there is no room for."""
    with store.read() as stored:
        mind = stored.living(mind_id)
        if mind is None:
            return [], 0
        its_id = stored.resolved(mind, memory_id)
        origins = Origins(stored.origins(mind, its_id))
        rows = (stored.row(mind, ordinal) for ordinal in stored.own_versions(mind, its_id))
        found, left_out = _first((row for row in rows if row), limit, origins.whole)
    return found[::-1], left_out


def _first(rows: Iterable[Row], limit: int, complete: Callable[[Row], Row]) -> tuple[list[Row], int]:
    """So many as one answer may hold, each with the events that it comes from, and how many more there are."""
    found: list[Row] = []
    size = left_out = 0
    for row in rows:
        if left_out or len(found) == limit or size >= PAGE_BYTES:
            left_out += 1
        else:
            found.append(complete(row))
            size += found[-1].length
    return found, left_out


def version(store: Store, mind_id: str, memory_id: str, as_of_seq: int | None) -> Row | None:
    """The newest version of a memory, or the newest at a seq."""
    with store.read() as stored:
        mind = stored.living(mind_id)
        if mind is None:
            return None
        rows = (stored.row(mind, ordinal) for ordinal in stored.versions(mind, memory_id))
        found = next(
            (row for row in rows if row and (as_of_seq is None or row.version_seq <= as_of_seq)), None
        )
        return found and stored.whole(mind, found)


def of_events(store: Store, mind_id: str, seqs: Sequence[int], limit: int) -> tuple[list[Row], int]:
    """The memories that came from events and hold now, by the seq that formed them; and how many are left out."""
    with store.read() as stored:
        mind = stored.living(mind_id)
        if mind is None:
            return [], 0
        ids = {row.memory_id for seq in seqs for _, row in stored.come_from(mind, seq)}
        held = (stored.own_at(mind, memory_id, mind.seq) for memory_id in ids)
        ordered = sorted((found for found in held if found), key=lambda found: found[0])
        return _first((row for _, row in ordered), limit, lambda row: stored.whole(mind, row))
