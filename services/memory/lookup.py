"""Memories by page, by id and by event, straight from the store: no index is needed. Each raises MindDeleted."""

from __future__ import annotations

from collections.abc import Sequence

from services.memory.filters import Filter
from services.memory.rows import Row
from services.memory.store import Store


def listing(
    store: Store,
    mind_id: str,
    wanted: Filter,
    limit: int,
    before: int | None,
    as_of_seq: int | None,
    now_ns: int,
) -> tuple[list[Row], int | None]:
    """Rows that have not expired, newest first, below the ordinal ``before``, and where to go on; None at the end."""
    found: list[Row] = []
    with store.read() as stored:
        mind = stored.living(mind_id)
        if mind is None:
            return [], None
        last = mind.next_ordinal if before is None else before - 1
        for ordinal, row in stored.rows_down_from(mind, last) if last >= 0 else ():
            holds = row.ended_seq == 0 if as_of_seq is None else row.holds_at(as_of_seq)
            if not holds or 0 < row.expires_ns <= now_ns or not wanted.admits(row):
                continue
            if len(found) == limit:
                return found, ordinal + 1
            found.append(row)
    return found, None


def versions(store: Store, mind_id: str, memory_id: str) -> list[Row]:
    """Every version of a memory, oldest first."""
    with store.read() as stored:
        mind = stored.living(mind_id)
        if mind is None:
            return []
        rows = [stored.row(mind, ordinal) for ordinal in stored.versions(mind, memory_id)]
    return [row for row in rows if row is not None]


def of_events(store: Store, mind_id: str, seqs: Sequence[int]) -> list[Row]:
    """The memories that came from events and hold now, by the seq that formed them."""
    with store.read() as stored:
        mind = stored.living(mind_id)
        if mind is None:
            return []
        ordinals = sorted({ordinal for seq in seqs for ordinal in stored.ordinals_of(mind, seq)})
        rows = [stored.row(mind, ordinal) for ordinal in ordinals]
    return [row for row in rows if row is not None and row.ended_seq == 0]
