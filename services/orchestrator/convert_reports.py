"""Between wire and domain: reports of performance."""

from __future__ import annotations

from google.protobuf.duration_pb2 import Duration

from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from services.orchestrator.alerts import alerts
from services.runtime.performance import Durations, Report


def performance(report: Report) -> pb.GetPerformanceResponse:
    """How things go."""
    return pb.GetPerformanceResponse(
        stages=[
            _stage(name, durations, report.previous.get(name))
            for name, durations in sorted(report.stages.items())
        ],
        cache_hit_rates=report.hit_rates,
        alerts=alerts(report),
        tokens_by_model=report.tokens,
    )


def _stage(name: str, durations: Durations, previous: Durations | None) -> pb.StagePerformance:
    return pb.StagePerformance(
        stage=name,
        count=durations.count,
        avg=_duration(durations.total / durations.count),
        min=_duration(durations.low),
        max=_duration(durations.high),
        p50=_duration(durations.percentile(0.50)),
        p95=_duration(durations.percentile(0.95)),
        p99=_duration(durations.percentile(0.99)),
        previous_p50=_duration(previous.percentile(0.50)) if previous else None,
    )


def _duration(milliseconds: float) -> Duration:
    made = Duration()
    made.FromMicroseconds(round(milliseconds * 1000))
    return made
