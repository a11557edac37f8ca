"""How the orchestrator itself does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from google.protobuf.message import Message

from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from services.orchestrator.checks.fields import MAX_NAME
from services.runtime import checks
from services.runtime.checks import Check
from services.runtime.errors import Violation

MAX_PERIOD_SECONDS = 12 * 3_600
"""Half of what is kept: a period is compared with the one before."""


def list_workers(request: pb.ListWorkersRequest) -> Iterator[Violation]:
    """ListWorkers."""
    yield from checks.mind_id(request.mind_id, optional=True)


def get_performance(request: pb.GetPerformanceRequest) -> Iterator[Violation]:
    """GetPerformance."""
    if request.HasField("period"):
        yield from checks.duration(request.period, "period", high_seconds=MAX_PERIOD_SECONDS)
        if not (request.period.seconds or request.period.nanos):
            yield Violation("period", "must be longer than nothing; unset: since the start")


def list_dead_letters(request: pb.ListDeadLettersRequest) -> Iterator[Violation]:
    """ListDeadLetters."""
    yield from checks.mind_id(request.mind_id, optional=True)
    yield from checks.identifier(request.worker, "worker", optional=True)


def replay_dead_letter(request: pb.ReplayDeadLetterRequest) -> Iterator[Violation]:
    """ReplayDeadLetter."""
    yield from checks.mind_id(request.mind_id)
    yield from checks.text(request.dead_letter_id, "dead_letter_id", max_bytes=MAX_NAME, required=True)


CHECKS: Mapping[type[Message], Check] = {
    pb.ListWorkersRequest: list_workers,
    pb.GetPerformanceRequest: get_performance,
    pb.ListDeadLettersRequest: list_dead_letters,
    pb.ReplayDeadLetterRequest: replay_dead_letter,
}
