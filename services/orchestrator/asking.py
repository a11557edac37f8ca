"""A turn in plain terms: what is asked, and the parts of what is answered."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator.repeats import digest, key_of
from services.orchestrator.terms import Draft


@dataclass(frozen=True, slots=True)
class Ask:
    """A message to a mind."""

    mind_id: str
    text: str
    session_id: str = ""
    idempotency_key: str = ""
    model: str = ""
    sampling: Any = None
    """Handed to inference as it came."""
    query_time: Timestamp | None = None
    speaker: str = ""
    privacy_mode: int = mind.PRIVACY_MODE_UNSPECIFIED

    def new_session(self, prefix: str) -> str:
        """An id for the session that begins with it, the same over its retries."""
        distinct = digest(self.idempotency_key) if self.idempotency_key else uuid.uuid4().hex
        return f"{prefix}-{distinct[:12]}"

    def key_of(self, event: str) -> str:
        """The idempotency key of one of the events that it becomes; empty where it came without one."""
        return key_of(event, self.idempotency_key)

    def draft(self, text: str, session_id: str, *, remember: bool, said_at: Timestamp | None = None) -> Draft:
        """The event that keeps it, with its text as the guard left it.

        ``said_at``: when it was said, where the caller does not say and the ledger would not.
        """
        said = mind.UserMessage(text=text, speaker=self.speaker, occurred_at=self.query_time or said_at)
        return Draft(
            mind.Body(user_message=said),
            session_id=session_id,
            actor="user",
            remember=remember,
            idempotency_key=self.key_of("message"),
            refuse_erased=True,
        )


@dataclass(frozen=True, slots=True)
class TurnStarted:
    """The message is kept, and the prompt is built."""

    session_id: str
    user_seq: int
    receipt: mind.Receipt
    privacy_mode: int
    model: str
    backend: str


@dataclass(frozen=True, slots=True)
class TurnCompleted:
    """The answer is complete and kept."""

    assistant_seq: int
    text: str
    usage: mind.Usage
    finish_reason: int
    timings: mind.TurnTimings
    receipt: mind.Receipt
    warnings: tuple[mind.Warning, ...] = ()


@dataclass(frozen=True, slots=True)
class TurnFailed:
    """The turn ended without an answer."""

    seq: int
    reason: int
    message: str
    inference_reason: str = ""


Part = TurnStarted | str | TurnCompleted | TurnFailed
"""What a turn streams; the text comes as str."""


def replayed(event: mind.Event, user_seq: int) -> list[Part]:
    """The parts of a turn that ended before, from its terminal event."""
    if event.kind == "turn_failed":
        failed = event.body.turn_failed
        return [TurnFailed(event.seq, failed.reason, failed.message)]
    said = event.body.assistant_message
    mode = mind.PRIVACY_MODE_NORMAL if event.remember else mind.PRIVACY_MODE_PAUSED
    return [
        TurnStarted(event.session_id, user_seq, said.receipt, mode, said.model, said.backend),
        said.text,
        TurnCompleted(
            event.seq,
            said.text,
            said.usage,
            said.finish_reason,
            said.timings,
            said.receipt,
            tuple(said.warnings),
        ),
    ]
