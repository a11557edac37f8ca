"""What the orchestrator needs of the other services, in plain terms. ``peers.py`` provides it over gRPC."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec
from google.protobuf.timestamp_pb2 import Timestamp

from pmm.mind.v1 import events_pb2 as mind

RECALL = "recall"
"""The backend that answers with quotations of memories: it has nothing to say of its own."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An event to append."""

    body: mind.Body
    session_id: str = ""
    actor: str = "system"
    causation_seq: int | None = None
    remember: bool = True
    idempotency_key: str = ""
    refuse_erased: bool = False
    """Whether a key whose event was erased is refused. A caller may mean something else by it; a worker does not."""

    @property
    def kind(self) -> str:
        """The kind that the event will have."""
        return self.body.WhichOneof("kind") or ""


@dataclass(frozen=True, slots=True)
class Summary:
    """What the ledger knows of a mind."""

    mind_id: str
    head_seq: int
    created_at: Timestamp
    last_recorded_at: Timestamp
    is_deleted: bool


class Recalled(msgspec.Struct, frozen=True):
    """A memory that a search found."""

    memory_id: str
    text: str
    speaker: str
    occurred_ns: int
    type: int
    source_seqs: tuple[int, ...]
    score: float
    superseded_by: str = ""
    """The memory that says how it is instead, where that is over which the query is about in this one."""
    quoted_speaker: str = ""
    """Who says all of it, where the person only passed on what somebody else said."""


@dataclass(frozen=True, slots=True)
class Said:
    """A message of a conversation."""

    role: str
    """"system", "user" or "assistant"."""
    text: str
    seq: int = 0


@dataclass(frozen=True, slots=True)
class StorePage:
    """Events of all minds, and how far they go."""

    store_id: str
    """The ledger's; empty where it lost what was read of it."""
    events: list[mind.Event]
    position: int
    """Everything up to here was read, or skipped."""
    is_caught_up: bool
    """Whether it reaches what was the ledger's head."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of verifying a part of a chain."""

    seq: int
    """The last event that was verified, or the first that is broken."""
    hash: bytes = b""
    break_kind: str = ""
    """Empty where all is well."""
    message: str = ""
    """What is wrong."""


@dataclass(frozen=True, slots=True)
class Started:
    """A model has accepted the call."""

    model: str
    backend: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The model is done."""

    finish_reason: int
    usage: mind.Usage = field(default_factory=mind.Usage)


@dataclass(frozen=True, slots=True)
class Answer:
    """All that a model said."""

    text: str
    model: str
    backend: str
    is_cut: bool = False
    """Whether it had more to say than it was let."""


Part = Started | str | Finished
"""What a model's stream is made of; the text comes as str."""
