"""What a search shows, without saying the same twice. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from services.memory.rows import EPISODE, PAGE_BYTES, Row

SPARE = 2
"""So many times as many of the best are looked at as are asked for."""


def distinct(
    row_at: Callable[[int], Row | None],
    first: int,
    last: int,
    k: int,
    reach: int,
    messages: Mapping[int, int],
    successor: Callable[[Row], Row | None] = lambda _: None,
) -> tuple[list[tuple[int, Row]], int]:
    """At most ``k`` rows from the place ``first`` on, each with the place that its score has; and where more follow.

    Fewer where their texts are very long.

    It is looked at the places below ``last``. ``row_at`` is the row at a place, None where nothing may be shown;
    ``messages`` are the places of messages by seq. A memory that was drawn from one of these, less than ``reach``
    places away, gives its place to the message, which says all that the memory does, in the person's own words. What
    stood on a page before is left out. What says how something was comes after its ``successor``, which says how it is.
    """
    kept: dict[str, tuple[int, Row]] = {}
    before = length = 0
    place = max(0, first - reach) if messages else first
    while place < last and len(kept) < before + k and length < PAGE_BYTES:
        row = row_at(place)
        if row is not None:
            shown = row if row.type == EPISODE else _message(row, place, reach, row_at, messages) or row
            newer = successor(shown) if shown.memory_id not in kept else None
            both = [each for each in (newer, shown) if each and each.memory_id not in kept]
            if before < len(kept) and len(kept) + len(both) > before + k and place >= first:
                # They are left to the next page together.
                break
            for each in both[:k]:
                kept[each.memory_id] = (place, each)
                length += each.length if place >= first else 0
        place += 1
        before = len(kept) if place <= first else before
    return list(kept.values())[before:], place


def _message(
    row: Row, place: int, reach: int, row_at: Callable[[int], Row | None], messages: Mapping[int, int]
) -> Row | None:
    """The message that it was drawn from, if that is near enough."""
    near = (messages[seq] for seq in row.source_seqs if seq in messages)
    found = next((at for at in near if abs(at - place) < reach), None)
    return None if found is None else row_at(found)
