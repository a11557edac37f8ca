"""What says how something is now, where a memory says how it was: a closed fact, or a message that told of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

from services.memory import derive
from services.memory.claims import Claim, asked_for, contradicts, is_of
from services.memory.reader import Reader
from services.memory.records import Mind
from services.memory.rows import EPISODE, Row

_DRAWN = 16
"""Facts of one message that are looked at."""
_STATES = 8
"""Memories about the same thing that are looked at, the newest: they may tell of earlier times."""


class Successors:
    """What says how it is instead of some memories, as one search sees them: each is looked up once."""

    def __init__(
        self,
        stored: Reader,
        mind: Mind,
        size: int,
        seq: int,
        places: Mapping[int, int],
        now_ns: int,
        query: str,
    ) -> None:
        """``size``: rows that may be seen; ``seq``: what holds here counts; ``places``: of the ordinals found."""
        self._asked = asked_for(query)
        self._stored, self._mind, self._size, self._seq = stored, mind, size, seq
        self._places = places
        self._now_ns = now_ns
        self.found: dict[str, Row | None] = {}
        """By memory id, of those that were asked for."""

    def of(self, row: Row) -> Row | None:
        """What says how it is instead; None where it still is so, that has expired, or nobody knows.

        Of a message that counts which was drawn from it and is of what the query names ("where does she live"), or else
        was found first; where none was found, all of it. Of a memory that was drawn from a message, the message.
        ``row`` comes with its events.
        """
        if row.memory_id not in self.found:
            newer = self._newest(row)
            has_expired = newer is not None and 0 < newer.expires_ns <= self._now_ns
            self.found[row.memory_id] = None if has_expired else newer
        return self.found[row.memory_id]

    def _newest(self, row: Row) -> Row | None:
        stored, mind, seq = self._stored, self._mind, self._seq
        is_message = row.type == EPISODE
        facts = (
            _asked_about(stored, mind, row.version_seq, seq, self._places, self._asked)
            if is_message
            else [row]
        )
        newest: Row | None = None
        for fact in facts:
            newest = _newer(stored, mind, fact, self._size, seq)
            if newest is None:
                return None
        return newest and (_message(stored, mind, newest, seq) or newest)


def _asked_about(
    stored: Reader, mind: Mind, event_seq: int, seq: int, places: Mapping[int, int], asked: frozenset[str]
) -> list[Row]:
    # Of what is over by now that counts which was told last.
    drawn = dict(sorted(islice(_drawn(stored, mind, event_seq, seq), _DRAWN)))
    of_asked = drawn.values() if asked else ()
    named = [row for row in of_asked if any(is_of(one, asked) for one in derive.claims_of(row))]
    if len(named) == 1:
        return named
    first = min(places.keys() & drawn.keys(), key=places.__getitem__, default=None)
    return [*drawn.values()] if first is None else [drawn[first]]


def _drawn(stored: Reader, mind: Mind, event_seq: int, seq: int) -> Iterator[tuple[int, Row]]:
    for _, first in stored.come_from(mind, event_seq):
        held = stored.own_at(mind, first.memory_id, seq) if first.type != EPISODE else None
        row = stored.whole(mind, held[1]) if held else None
        if held and row and event_seq in row.source_seqs:
            yield held[0], row


def _newer(stored: Reader, mind: Mind, fact: Row, size: int, seq: int) -> Row | None:
    rivals = (_rival(stored, mind, fact, said, size, seq) for said in derive.becomes(fact))
    return max((row for row in rivals if row), key=derive.begins_ns, default=None)


def _rival(stored: Reader, mind: Mind, fact: Row, said: Claim, size: int, seq: int) -> Row | None:
    """The newest that tells how the same thing is, where it contradicts. That something else is over tells nothing.

    What contradicted and is over itself leads to what tells of that: who joined Siemens and quit is not back at Xero.
    """
    first = (stored.row(mind, ordinal) for ordinal in islice(stored.became(mind, said.of, size), _STATES))
    held = [stored.at(mind, row.memory_id, seq) for row in first if row]
    told = [stored.whole(mind, row) for row in held if row]
    between: Row | None = None

    def beginning(row: Row) -> tuple[int, int]:
        at_ns, told = _beginning(row)
        # What ended it comes after it, on whatever day that was: "I left Acme last year".
        return (
            (at_ns, told)
            if row.formed_seq not in fact.also_seqs
            else (max(at_ns, derive.begins_ns(fact)), told)
        )

    for row in sorted(told, key=beginning, reverse=True):
        if row.memory_id == fact.memory_id or beginning(row)[0] < fact.valid_from_ns:
            break
        says = [one for one in derive.becomes(row) if one.of == said.of]
        if any(contradicts(one, said) for one in says):
            if not row.valid_to_ns:
                return row
            if _beginning(row) > _beginning(fact):
                between = between or row
        elif not row.valid_to_ns and any(not one.is_over and one.value == said.value for one in says):
            break
    return between and _newer(stored, mind, between, size, seq)


def _beginning(row: Row) -> tuple[int, int]:
    """For an order: of what began at the same time the event counts that formed it."""
    return derive.begins_ns(row), min(row.source_seqs, default=row.version_seq)


def _message(stored: Reader, mind: Mind, row: Row, seq: int) -> Row | None:
    said = (first for each in row.source_seqs for _, first in stored.come_from(mind, each))
    messages = (first.memory_id for first in said if first.type == EPISODE)
    held = (stored.own_at(mind, memory_id, seq) for memory_id in messages)
    return next((stored.whole(mind, found[1]) for found in held if found), None)
