"""Between wire and domain: what an operator looks at, performance and workers, and sets, policies."""

from __future__ import annotations

from collections.abc import Callable

from google.protobuf.duration_pb2 import Duration
from google.protobuf.json_format import ParseDict

from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from services.orchestrator.alerts import alerts
from services.orchestrator.policies import POLICIES, held
from services.orchestrator.projections.profile import Profile
from services.orchestrator.store import DeadLetter
from services.orchestrator.times import timestamp
from services.orchestrator.workers.operations import Progress
from services.runtime.performance import Durations, ModelUse, Report, SlowTurn

MAX_SLOW_TURNS = 20


def performance(report: Report, may_reach: Callable[[str], bool]) -> pb.GetPerformanceResponse:
    """How things go; of slow turns those in minds that the caller may reach."""
    return pb.GetPerformanceResponse(
        stages=[
            _stage(name, durations, report.previous.get(name))
            for name, durations in sorted(report.stages.items())
        ],
        cache_hit_rates={name: use.rate for name, use in report.caches.items()},
        alerts=alerts(report),
        tokens_by_model={name: use.input_tokens + use.output_tokens for name, use in report.models.items()},
        models=[_model(name, use) for name, use in sorted(report.models.items())],
        slow_turns=[_slow_turn(turn) for turn in report.slow_turns if may_reach(turn.mind_id)][
            :MAX_SLOW_TURNS
        ],
        period=_duration(1_000 * report.seconds),
        previous_period=_duration(1_000 * report.previous_seconds) if report.previous_seconds else None,
    )


def _model(name: str, use: ModelUse) -> pb.ModelUsage:
    return pb.ModelUsage(
        model=name,
        calls=use.calls,
        input_tokens=use.input_tokens,
        output_tokens=use.output_tokens,
        avg=_duration(1_000 * use.seconds / use.calls) if use.calls else None,
    )


def _slow_turn(turn: SlowTurn) -> pb.SlowTurn:
    return pb.SlowTurn(
        mind_id=turn.mind_id,
        session_id=turn.session_id,
        seq=turn.seq,
        duration=_duration(1_000 * turn.seconds),
        ended_at=timestamp(turn.ended_ns),
    )


def policies(profile: Profile) -> list[pb.Policy]:
    """All that a mind can have, and what holds."""
    found: list[pb.Policy] = []
    said = held(profile)
    for key, policy in sorted(POLICIES.items()):
        shown = pb.Policy(key=key, is_set=key in said, meaning=policy.meaning, allowed=policy.allowed)
        ParseDict(said.get(key, policy.default), shown.value)
        ParseDict(policy.default, shown.default_value)
        found.append(shown)
    return found


def worker(progress: Progress) -> pb.Worker:
    """How a worker does."""
    return pb.Worker(
        name=progress.name,
        seq=progress.seq,
        lag=progress.lag,
        derived=progress.tally.derived,
        failures=progress.tally.failed,
        processed=progress.tally.processed,
        success_rate=progress.tally.success_rate,
        last_success_at=timestamp(progress.tally.last_success_ns),
        retries=progress.tally.retries,
        dead_letters=progress.dead_letters,
    )


def dead_letter(letter: DeadLetter) -> pb.DeadLetter:
    """What a worker left."""
    return pb.DeadLetter(
        dead_letter_id=letter.id,
        worker=letter.worker,
        seq=letter.seq,
        reason=letter.reason,
        attempts=letter.attempts,
        last_attempt_at=timestamp(letter.last_attempt_ns),
        next_attempt_at=timestamp(letter.retry_ns),
        mind_id=letter.mind_id,
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
        previous_p95=_duration(previous.percentile(0.95)) if previous else None,
        previous_count=previous.count if previous else 0,
    )


def _duration(milliseconds: float) -> Duration:
    made = Duration()
    made.FromMicroseconds(round(milliseconds * 1000))
    return made
