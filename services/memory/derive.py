"""From events to what they change in memory. Pure: the same events give the same changes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
from google.protobuf.timestamp_pb2 import Timestamp

from pmm.mind.v1 import events_pb2 as mind
from services.memory.analysis import same_words
from services.memory.claims import Claim, claims, contradicts
from services.memory.rows import FACT_TYPES, Row
from services.runtime.times import nanoseconds

MAX_MEMORY_ID_BYTES = 256
"""What fits into the keys of the store, with room."""


class Unindexable(Exception):
    """An event from which no memory can be made; the text says why, and holds none of the event's."""


@dataclass(frozen=True, slots=True)
class Add:
    """A memory is formed, unless the same is held in the same words."""

    row: Row
    contradicts: tuple[str, ...] = ()
    """Memories that cease to hold where this one begins to."""


@dataclass(frozen=True, slots=True)
class Revise:
    """A memory gets a new version: ``revise`` makes it from the one that held, with the events that it adds."""

    memory_id: str
    revise: Callable[[Row], Row]


@dataclass(frozen=True, slots=True)
class Retract:
    """A memory no longer holds."""

    memory_id: str
    seq: int


@dataclass(frozen=True, slots=True)
class Erase:
    """Whatever came from these events goes, with its history."""

    seqs: frozenset[int]


@dataclass(frozen=True, slots=True)
class EraseMind:
    """Everything of the mind goes."""


Change = Add | Revise | Retract | Erase | EraseMind


def changes(event: mind.Event) -> list[Change]:
    """What one event changes. An event that may not be remembered, or is redacted, adds nothing.

    Raises Unindexable.
    """
    derive = _BY_KIND.get(event.kind)
    if derive is None or event.redacted:
        return []
    if not event.remember and event.kind not in _ALWAYS:
        return []
    return derive(event)


def episode_id(seq: int) -> str:
    """The id of a turn's memory."""
    return f"e{seq}"


def sameness(row: Row) -> str | None:
    """Rows with the same key say the same, and are one memory; None where a row is like no other.

    Of what was said, only a message that was imported again is the same: people repeat themselves.
    """
    if not row.is_turn:
        return fact_sameness(row.type, row.text)
    if row.external_id or (row.source_kind == "message_imported" and row.occurred_ns != row.recorded_ns):
        return f"{row.speaker}\0{row.occurred_ns}\0{row.external_id}\0{row.text}"
    return None


def fact_sameness(kind: int, text: str) -> str:
    """``sameness`` of a memory that is no turn."""
    return f"{kind}\0{same_words(text)}"


def claims_of(row: Row) -> tuple[Claim, ...]:
    """What a fact says to be so. An event claims nothing: it stays itself, whatever comes after it."""
    return lasting(row, becomes(row))


def becomes(row: Row) -> tuple[Claim, ...]:
    """How something is from then on, or is no longer: what a fact says, or an event makes so."""
    return claims(row.text) if row.type in _CLAIMING or row.type == mind.MEMORY_TYPE_EVENT else ()


def lasting(row: Row, said: tuple[Claim, ...]) -> tuple[Claim, ...]:
    """Of what a row says to be so or over, that which it claims."""
    return tuple(one for one in said if not one.is_over) if row.type in _CLAIMING else ()


def rules_out(row: Row, claim: Claim, held: Row) -> bool:
    """Whether what a row claims leaves nothing of what is held.

    An ending that names nothing ("I quit my job in 2004") is of what was so at about that time; and what happened long
    before something was said to be so ("I moved to Lisbon in 2015") is told of earlier days.
    """
    is_of_its_time = not claim.value if claim.is_over else row.type == mind.MEMORY_TYPE_EVENT
    if is_of_its_time and begins_ns(row) < held.occurred_ns - _SOON_NS:
        return False
    return any(contradicts(claim, other) for other in claims_of(held))


def says_again(row: Row, held: Row) -> bool:
    """Whether what is held in the same words is meant: not where that was over when this began to be so anew."""
    return not 0 < held.valid_to_ns <= begins_ns(row)


def merged(held: Row, again: Row) -> Row:
    """A new version of what is held, to which the same was added. Nothing else of the other may be in it: when the
    other's event is erased, only the mention of it goes.
    """
    return msgspec.structs.replace(
        held,
        version=held.version + 1,
        version_seq=again.version_seq,
        recorded_ns=again.recorded_ns,
        also_seqs=[again.version_seq],
    )


def closed(held: Row, at_ns: int, event_seq: int, recorded_ns: int) -> Row:
    """A new version of what is held, which ceased to be true at a time. When the event that says so is erased, only
    that is taken back.
    """
    return msgspec.structs.replace(
        held,
        version=held.version + 1,
        version_seq=event_seq,
        recorded_ns=recorded_ns,
        also_seqs=[event_seq],
        valid_to_ns=at_ns,
    )


def ended_before(row: Row, rival: Row, at_ns: int) -> Row:
    """What is told later, but held earlier, ended when that began which is known already, or when that was told."""
    if row.valid_to_ns:
        return row
    why = list(dict.fromkeys((rival.formed_seq, rival.version_seq)))
    return msgspec.structs.replace(row, valid_to_ns=at_ns, also_seqs=why)


def begins_ns(row: Row) -> int:
    """From when on a memory holds."""
    return row.valid_from_ns or row.occurred_ns


def _episode(
    event: mind.Event, text: str, speaker: str, occurred: Timestamp, external_id: str = ""
) -> list[Change]:
    if not text.strip():
        return []
    recorded_ns = nanoseconds(event.recorded_at)
    return [
        Add(
            Row(
                memory_id=episode_id(event.seq),
                type=mind.MEMORY_TYPE_EPISODE,
                text=text,
                formed_seq=event.seq,
                version_seq=event.seq,
                speaker=speaker,
                occurred_ns=nanoseconds(occurred) or recorded_ns,
                recorded_ns=recorded_ns,
                session_id=event.session_id,
                source_seqs=[event.seq],
                source_kind=event.kind,
                external_id=external_id,
            )
        )
    ]


def _user_message(event: mind.Event) -> list[Change]:
    body = event.body.user_message
    return _episode(event, body.text, body.speaker or "user", body.occurred_at)


def _assistant_message(event: mind.Event) -> list[Change]:
    body = event.body.assistant_message
    # What was composed from memories says nothing that they do not say already.
    if body.backend == "recall":
        return []
    return _episode(event, body.text, "assistant", Timestamp())


def _message_imported(event: mind.Event) -> list[Change]:
    body = event.body.message_imported
    return _episode(event, body.text, body.speaker, body.occurred_at, body.external_id)


def _memory_recorded(event: mind.Event) -> list[Change]:
    body = event.body.memory_recorded
    _check_id(body.memory_id)
    if not body.text.strip():
        raise Unindexable("memory_recorded has no text")
    recorded_ns = nanoseconds(event.recorded_at)
    return [
        Add(
            Row(
                memory_id=body.memory_id,
                type=body.type if body.type in FACT_TYPES else mind.MEMORY_TYPE_OTHER,
                text=body.text,
                formed_seq=event.seq,
                version_seq=event.seq,
                occurred_ns=nanoseconds(body.valid_from) or recorded_ns,
                recorded_ns=recorded_ns,
                session_id=event.session_id,
                source_seqs=list(dict.fromkeys([event.seq, *body.source_seqs])),
                importance=_within(body.importance, 0.0, 1.0),
                tags=list(body.tags),
                entities=list(body.entities),
                valid_from_ns=nanoseconds(body.valid_from),
                valid_to_ns=nanoseconds(body.valid_to),
                expires_ns=nanoseconds(body.expires_at),
                source_kind=event.kind,
            ),
            tuple(body.contradicts),
        )
    ]


def _within(value: float, low: float, high: float) -> float:
    """An application may have appended any number: what is none says nothing."""
    return 0.0 if math.isnan(value) else max(low, min(high, value))


def _check_id(memory_id: str) -> None:
    if not memory_id:
        raise Unindexable("the event names no memory")
    if len(memory_id.encode()) > MAX_MEMORY_ID_BYTES:
        raise Unindexable(f"memory_id is longer than {MAX_MEMORY_ID_BYTES} bytes")


def _memory_revised(event: mind.Event) -> list[Change]:
    body = event.body.memory_revised
    _check_id(body.memory_id)

    def revise(old: Row) -> Row:
        return msgspec.structs.replace(
            old,
            text=body.text or old.text,
            text_seq=event.seq if body.text else old.text_seq,
            version_seq=event.seq,
            recorded_ns=nanoseconds(event.recorded_at),
            source_seqs=list(dict.fromkeys([event.seq, *body.source_seqs])),
            importance=_within(body.importance, 0.0, 1.0) if body.HasField("importance") else old.importance,
            tags=list(body.tags) or old.tags,
            entities=list(body.entities) or old.entities,
            valid_to_ns=nanoseconds(body.valid_to) or old.valid_to_ns,
            expires_ns=nanoseconds(body.expires_at) or old.expires_ns,
            version=old.version + 1,
        )

    return [Revise(body.memory_id, revise)]


def _memory_retracted(event: mind.Event) -> list[Change]:
    body = event.body.memory_retracted
    _check_id(body.memory_id)
    return [Retract(body.memory_id, event.seq)]


def _memory_rated(event: mind.Event) -> list[Change]:
    body = event.body.memory_rated
    _check_id(body.memory_id)

    def revise(old: Row) -> Row:
        return msgspec.structs.replace(
            old,
            version_seq=event.seq,
            recorded_ns=nanoseconds(event.recorded_at),
            rating=(old.rating * old.ratings + _within(body.rating, -1.0, 1.0)) / (old.ratings + 1),
            ratings=old.ratings + 1,
            version=old.version + 1,
        )

    return [Revise(body.memory_id, revise)]


def _event_redacted(event: mind.Event) -> list[Change]:
    return [Erase(frozenset(event.body.event_redacted.seqs))]


def _mind_deleted(_event: mind.Event) -> list[Change]:
    return [EraseMind()]


_BY_KIND: dict[str, Callable[[mind.Event], list[Change]]] = {
    "user_message": _user_message,
    "assistant_message": _assistant_message,
    "message_imported": _message_imported,
    "memory_recorded": _memory_recorded,
    "memory_revised": _memory_revised,
    "memory_retracted": _memory_retracted,
    "memory_rated": _memory_rated,
    "event_redacted": _event_redacted,
    "mind_deleted": _mind_deleted,
}
_SOON_NS = 183 * 86_400 * 10**9
"""Half a year: what ended so long before something was said had ended before it."""
_CLAIMING = frozenset({mind.MEMORY_TYPE_FACT, mind.MEMORY_TYPE_PREFERENCE, mind.MEMORY_TYPE_RELATIONSHIP})
_ALWAYS = frozenset({"event_redacted", "mind_deleted"})
"""Erasures are honoured whatever the header says."""
