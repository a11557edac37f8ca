"""Why a turn ends without its answer, in words."""

from __future__ import annotations

import time
from typing import NamedTuple

from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator.errors import ModelFailed
from services.runtime import deadline

_TEXT = {
    mind.TURN_FAILURE_REASON_CANCELLED: "the caller went away",
    mind.TURN_FAILURE_REASON_DEADLINE: "the deadline passed before the answer was complete",
}


class Failure(NamedTuple):
    """A reason and what to say of it."""

    reason: mind.TurnFailureReason.ValueType
    message: str


def left(began: float, most_seconds: float) -> Failure:
    """Of a turn that was cancelled, which began at a ``perf_counter`` and may take so many seconds."""
    late, gone = mind.TURN_FAILURE_REASON_DEADLINE, mind.TURN_FAILURE_REASON_CANCELLED
    reason = late if _is_late(began, most_seconds) else gone
    return Failure(reason, _TEXT[reason])


def unanswered(error: ModelFailed, began: float, most_seconds: float) -> Failure:
    """Of a turn whose model failed: it has no more time than the turn, and may be the first to notice."""
    if _is_late(began, most_seconds):
        return Failure(mind.TURN_FAILURE_REASON_DEADLINE, _TEXT[mind.TURN_FAILURE_REASON_DEADLINE])
    return Failure(mind.TURN_FAILURE_REASON_MODEL_ERROR, error.message)


def _is_late(began: float, most_seconds: float) -> bool:
    """Whether the caller's time or the turn's is over, or as good as: a timer may ring a little before its time."""
    remaining, turn_remaining = deadline.remaining(), began + most_seconds - time.perf_counter()
    return min(turn_remaining, turn_remaining if remaining is None else remaining) < deadline.NEARLY_OVER
