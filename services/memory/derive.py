"""From events to what they change in memory. Pure: the same events give the same changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from google.protobuf.timestamp_pb2 import Timestamp

from pmm.mind.v1 import events_pb2 as mind
from services.memory.rows import Row


@dataclass(frozen=True, slots=True)
class Add:
    """A memory is formed."""

    row: Row


@dataclass(frozen=True, slots=True)
class Revise:
    """A memory gets a new version: ``revise`` makes it from the one that held."""

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

    seqs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class EraseMind:
    """Everything of the mind goes."""


Change = Add | Revise | Retract | Erase | EraseMind


def changes(event: mind.Event) -> list[Change]:
    """What one event changes. An event that may not be remembered, or is redacted, adds nothing."""
    derive = _BY_KIND.get(event.kind)
    if derive is None or event.redacted:
        return []
    if not event.remember and event.kind not in _ALWAYS:
        return []
    return derive(event)


def episode_id(seq: int) -> str:
    """The id of a turn's memory."""
    return f"e{seq}"


def nanoseconds(time: Timestamp) -> int:
    """0 where the time is not set."""
    return time.seconds * 1_000_000_000 + time.nanos


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
    recorded_ns = nanoseconds(event.recorded_at)
    return [
        Add(
            Row(
                memory_id=body.memory_id,
                type=body.type or mind.MEMORY_TYPE_OTHER,
                text=body.text,
                version_seq=event.seq,
                occurred_ns=nanoseconds(body.valid_from) or recorded_ns,
                recorded_ns=recorded_ns,
                session_id=event.session_id,
                source_seqs=list(dict.fromkeys([event.seq, *body.source_seqs])),
                importance=body.importance,
                tags=list(body.tags),
                entities=list(body.entities),
                valid_from_ns=nanoseconds(body.valid_from),
                valid_to_ns=nanoseconds(body.valid_to),
                expires_ns=nanoseconds(body.expires_at),
                source_kind=event.kind,
            )
        )
    ]


def _memory_revised(event: mind.Event) -> list[Change]:
    body = event.body.memory_revised

    def revise(old: Row) -> Row:
        return Row(
            memory_id=old.memory_id,
            type=old.type,
            text=body.text or old.text,
            version_seq=event.seq,
            speaker=old.speaker,
            occurred_ns=old.occurred_ns,
            recorded_ns=nanoseconds(event.recorded_at),
            session_id=old.session_id,
            source_seqs=list(dict.fromkeys([*old.source_seqs, event.seq, *body.source_seqs])),
            importance=body.importance if body.HasField("importance") else old.importance,
            tags=list(body.tags) or old.tags,
            entities=list(body.entities) or old.entities,
            valid_from_ns=old.valid_from_ns,
            valid_to_ns=nanoseconds(body.valid_to) or old.valid_to_ns,
            expires_ns=nanoseconds(body.expires_at) or old.expires_ns,
            version=old.version + 1,
            source_kind=old.source_kind,
            external_id=old.external_id,
        )

    return [Revise(body.memory_id, revise)]


def _memory_retracted(event: mind.Event) -> list[Change]:
    return [Retract(event.body.memory_retracted.memory_id, event.seq)]


def _event_redacted(event: mind.Event) -> list[Change]:
    return [Erase(tuple(event.body.event_redacted.seqs))]


def _mind_deleted(_event: mind.Event) -> list[Change]:
    return [EraseMind()]


_BY_KIND: dict[str, Callable[[mind.Event], list[Change]]] = {
    "user_message": _user_message,
    "assistant_message": _assistant_message,
    "message_imported": _message_imported,
    "memory_recorded": _memory_recorded,
    "memory_revised": _memory_revised,
    "memory_retracted": _memory_retracted,
    "event_redacted": _event_redacted,
    "mind_deleted": _mind_deleted,
}
_ALWAYS = frozenset({"event_redacted", "mind_deleted"})
"""Erasures are honoured whatever the header says."""
