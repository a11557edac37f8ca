"""What a search shows, without saying the same twice. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from services.memory.rows import EPISODE, Row

SPARE = 2
"""So many times as many of the best are looked at as are asked for."""


def distinct(
    row_at: Callable[[int], Row | None], places: int, k: int, messages: Mapping[int, int]
) -> tuple[list[tuple[int, Row]], int]:
    """At most ``k`` rows, each with the place, from 0, that its score has; and how many places were looked at.

    ``row_at`` is the row at a place, None where nothing may be shown; ``messages`` are the places of messages by seq.
    A memory that was drawn from one of these gives its place to the message, which says all that the memory does, in
    the person's own words.
    """
    kept: dict[str, tuple[int, Row]] = {}
    place = 0
    while place < places and len(kept) < k:
        row = row_at(place)
        if row is not None:
            shown = row if row.type == EPISODE else _message(row, row_at, messages) or row
            kept.setdefault(shown.memory_id, (place, shown))
        place += 1
    return list(kept.values()), place


def _message(row: Row, row_at: Callable[[int], Row | None], messages: Mapping[int, int]) -> Row | None:
    found = next((messages[seq] for seq in (*row.source_seqs, *row.also_seqs) if seq in messages), None)
    return None if found is None else row_at(found)
