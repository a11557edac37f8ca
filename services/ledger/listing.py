"""Minds by name, now or as of a position of the store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from services.ledger import encoding
from services.ledger.store import Store
from services.ledger.tables import MindState, Reader


@dataclass(frozen=True, slots=True)
class Summary:
    """What the ledger knows of a mind."""

    mind_id: str
    head_seq: int
    created_ns: int
    last_ns: int
    payload_bytes: int
    is_deleted: bool


def minds(
    store: Store,
    after: str,
    prefix: str,
    limit: int,
    as_of_position: int | None,
    may_see: Callable[[str], bool],
) -> tuple[list[Summary], str]:
    """Minds by name after a name, and the name to go on after; empty at the end."""
    found: list[Summary] = []
    with store.read() as reader:
        for mind_id, state in reader.minds_from(max(after, prefix)):
            if not mind_id.startswith(prefix):
                break
            if mind_id == after or not may_see(mind_id):
                continue
            summary = _summary(reader, mind_id, state, as_of_position)
            if summary is None:
                continue
            if len(found) == limit:
                return found, found[-1].mind_id
            found.append(summary)
    return found, ""


def _summary(reader: Reader, mind_id: str, state: MindState, as_of_position: int | None) -> Summary | None:
    head, last_ns = state.head_seq, state.head_ns
    if as_of_position is not None and state.head_position > as_of_position:
        head = _last_at(reader, state, as_of_position)
        if head == 0:
            return None
        data = reader.raw_event(state, head)
        last_ns = encoding.recorded_ns_of(data) if data else 0
    is_deleted = state.is_deleted and head == state.head_seq
    return Summary(mind_id, head, state.created_ns, last_ns, state.payload_bytes, is_deleted)


def _last_at(reader: Reader, state: MindState, position: int) -> int:
    """The last seq at or before a position of the store; 0 where there is none."""
    low, high = 0, state.head_seq
    while low < high:
        middle = (low + high + 1) // 2
        data = reader.raw_event(state, middle)
        if data is not None and encoding.position_of(data) <= position:
            low = middle
        else:
            high = middle - 1
    return low
