"""How a mind is and what it thinks of itself: scores, instructions, reflections, statistics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from google.protobuf.message import Message

from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from services.orchestrator.checks.fields import MAX_WHY, as_of_seq, at_seq, idempotency_key, page
from services.runtime import checks
from services.runtime.checks import Check
from services.runtime.errors import Violation

MAX_SAMPLES = 1_000


def get_metrics(request: pb.GetMetricsRequest) -> Iterator[Violation]:
    """GetMetrics."""
    yield from at_seq(request)
    yield from checks.in_range(request.samples, "samples", 0, MAX_SAMPLES)


def retire_directive(request: pb.RetireDirectiveRequest) -> Iterator[Violation]:
    """RetireDirective."""
    yield from checks.mind_id(request.mind_id)
    yield from idempotency_key(request)
    yield from checks.identifier(request.directive_id, "directive_id")
    yield from checks.text(request.why, "why", max_bytes=MAX_WHY)


def list_reflections(request: pb.ListReflectionsRequest) -> Iterator[Violation]:
    """ListReflections."""
    yield from checks.mind_id(request.mind_id)
    yield from page(request)
    yield from as_of_seq(request)


def reflect(request: pb.ReflectRequest) -> Iterator[Violation]:
    """Reflect."""
    yield from checks.mind_id(request.mind_id)
    yield from idempotency_key(request)
    yield from checks.enum_known(request.style, "style", mind.ReflectionStyle, optional=True)


def get_analytics(request: pb.GetAnalyticsRequest) -> Iterator[Violation]:
    """GetAnalytics."""
    yield from at_seq(request)
    yield from checks.identifier(request.session_id, "session_id", optional=True)


CHECKS: Mapping[type[Message], Check] = {
    pb.ListDirectivesRequest: at_seq,
    pb.GetAnalyticsRequest: get_analytics,
    pb.GetTraitsRequest: at_seq,
    pb.GetStageRequest: at_seq,
    pb.GetMetricsRequest: get_metrics,
    pb.RetireDirectiveRequest: retire_directive,
    pb.ListReflectionsRequest: list_reflections,
    pb.ReflectRequest: reflect,
}
