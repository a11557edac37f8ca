"""How things went in this process, read from the very metrics that OpenTelemetry exports: no second bookkeeping.

Percentiles are interpolated within the histogram's buckets, so they are as exact as those are narrow.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from opentelemetry.sdk.metrics import Exemplar
from opentelemetry.sdk.metrics.export import HistogramDataPoint, InMemoryMetricReader, NumberDataPoint

from services.runtime import telemetry

SAMPLE_SECONDS = 60.0
KEPT_SAMPLES = 24 * 60 + 5
"""A day, and a little more: a period of half a day is up to a sample longer, and so is the one before."""
KEPT_SLOW_TURNS = 1_000
PREFIX_CACHE = "prompt prefix"
_Key = tuple[str, frozenset[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Durations:
    """A histogram, in milliseconds."""

    bounds: tuple[float, ...]
    counts: tuple[int, ...]
    """One more than bounds."""
    total: float
    low: float
    high: float

    @property
    def count(self) -> int:
        """How many."""
        return sum(self.counts)

    def less(self, earlier: Durations | None) -> Durations:
        """What came after an earlier reading; its extremes are then only known to the bucket."""
        if earlier is None or not earlier.count:
            return self
        counts = tuple(now - then for now, then in zip(self.counts, earlier.counts, strict=True))
        edges = (0.0, *self.bounds, max(self.high, self.bounds[-1]))
        filled = [edge for edge, count in zip(pairwise(edges), counts, strict=True) if count]
        low, high = (filled[0][0], filled[-1][1]) if filled else (0.0, 0.0)
        return Durations(
            self.bounds, counts, self.total - earlier.total, max(low, self.low), min(high, self.high)
        )

    def percentile(self, share: float) -> float:
        """Below it lie so many of all, from 0 to 1; 0 where there is none."""
        wanted, seen = share * self.count, 0
        edges = (0.0, *self.bounds, max(self.high, self.bounds[-1]))
        for (low, high), count in zip(pairwise(edges), self.counts, strict=True):
            if count and seen + count >= wanted:
                within = low + (high - low) * (wanted - seen) / count
                return min(self.high, max(self.low, within))
            seen += count
        return self.high

    def above(self, bound: float) -> int:
        """How many took longer than one of the bounds."""
        return sum(self.counts[self.bounds.index(bound) + 1 :])


@dataclass(frozen=True, slots=True)
class ModelUse:
    """What a model was used for."""

    calls: int = 0
    seconds: float = 0.0
    """All calls together."""
    input_tokens: int = 0
    output_tokens: int = 0

    def less(self, earlier: ModelUse) -> ModelUse:
        """What came after an earlier reading."""
        return ModelUse(
            self.calls - earlier.calls,
            self.seconds - earlier.seconds,
            self.input_tokens - earlier.input_tokens,
            self.output_tokens - earlier.output_tokens,
        )


@dataclass(frozen=True, slots=True)
class CacheUse:
    """How often a cache was asked, and had it."""

    hits: int = 0
    asked: int = 0

    @property
    def rate(self) -> float:
        """From 0 to 1; 1 where it was not asked."""
        return self.hits / self.asked if self.asked else 1.0


@dataclass(frozen=True, slots=True)
class SlowTurn:
    """A turn that took long, from an exemplar of its histogram."""

    mind_id: str
    session_id: str
    seq: int
    """Of what ended it."""
    seconds: float
    ended_ns: int


@dataclass(frozen=True, slots=True)
class Reading:
    """All metrics of interest at one moment."""

    at: float = 0.0
    """Seconds of the monotonic clock."""
    stages: Mapping[str, Durations] = field(default_factory=lambda: {})
    models: Mapping[str, ModelUse] = field(default_factory=lambda: {})
    """Since the start."""
    caches: Mapping[str, CacheUse] = field(default_factory=lambda: {})
    """Since the start."""
    slow_turns: tuple[SlowTurn, ...] = ()
    """Since the last reading: one of each bucket."""


@dataclass(frozen=True, slots=True)
class Report:
    """What happened between two readings."""

    stages: Mapping[str, Durations]
    previous: Mapping[str, Durations]
    """In the period of the same length before; empty where none is known."""
    models: Mapping[str, ModelUse]
    caches: Mapping[str, CacheUse]
    slow_turns: Sequence[SlowTurn] = ()
    """The slowest first."""
    known_caches: frozenset[str] = frozenset()
    """Those that this process has, asked or not."""
    seconds: float = 0.0
    """How long it was: never shorter than asked for where so much is known, and by less than a sample longer."""
    previous_seconds: float = 0.0
    """How long the period before was, likewise; 0 where none is known."""


class Performance:
    """Keeps a reading a minute, for comparison. A period begins with a reading."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._history: deque[Reading] = deque(maxlen=KEPT_SAMPLES)
        self._slow: deque[SlowTurn] = deque(maxlen=KEPT_SLOW_TURNS)
        """What the exemplars of all readings named: a reader gets each only once."""

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(SAMPLE_SECONDS)
            self._history.append(self._read())

    def report(self, seconds: float | None) -> Report:
        """Of the last so many seconds, and of as many before; None: since the start."""
        now = self._read()
        base = self._at(now.at - seconds) if seconds else None
        before = self._at(base.at - seconds) if seconds and base else None
        start, earlier = base or Reading(self._started), before or Reading(self._started)
        since_ns = time.time_ns() - int((now.at - base.at) * 1e9) if base else 0
        models = {name: use.less(start.models.get(name, ModelUse())) for name, use in now.models.items()}
        return Report(
            _since(now, start),
            _since(base, earlier) if base else {},
            {name: use for name, use in models.items() if use.calls or use.input_tokens},
            dict(_cache_uses(now, start)),
            sorted(
                (turn for turn in self._slow if turn.ended_ns >= since_ns), key=lambda turn: -turn.seconds
            ),
            frozenset(now.caches),
            now.at - start.at,
            base.at - earlier.at if base else 0.0,
        )

    def _read(self) -> Reading:
        reading = read()
        self._slow.extend(reading.slow_turns)
        return reading

    def _at(self, at: float) -> Reading | None:
        """The newest reading that is as old as that."""
        return next((reading for reading in reversed(self._history) if reading.at <= at), None)


def read() -> Reading:
    """The metrics as they stand now."""
    reader = telemetry.current().reader
    stages: dict[str, Durations] = {}
    models: defaultdict[str, ModelUse] = defaultdict(ModelUse)
    counted: defaultdict[str, dict[str, int]] = defaultdict(dict)
    slow: list[SlowTurn] = []
    for name, point in _points(reader) if reader else ():
        attributes = point.attributes or {}
        match point:
            case HistogramDataPoint() if name == telemetry.STAGE_DURATION:
                stages[str(attributes["stage"])] = Durations(
                    tuple(point.explicit_bounds), tuple(point.bucket_counts), point.sum, point.min, point.max
                )
            case HistogramDataPoint() if name in (telemetry.TOKEN_USAGE, telemetry.MODEL_DURATION):
                model = str(attributes.get("gen_ai.response.model") or attributes.get("gen_ai.request.model"))
                models[model] = _with_use(models[model], name, point)
            case HistogramDataPoint() if name == telemetry.TURN_DURATION:
                slow = [_slow_turn(exemplar) for exemplar in point.exemplars]
            case NumberDataPoint() if name in telemetry.CACHE_COUNTS:
                counted[str(attributes["cache"])][name] = int(point.value)
            case NumberDataPoint() if name in telemetry.PREFIX_CACHE:
                so_far = counted[PREFIX_CACHE].get(name, 0)
                counted[PREFIX_CACHE][name] = so_far + int(point.value)
            case _:
                pass
    caches = {cache: _cache_use(counts) for cache, counts in counted.items()}
    return Reading(time.monotonic(), stages, dict(models), caches, tuple(slow))


def _with_use(use: ModelUse, name: str, point: HistogramDataPoint) -> ModelUse:
    if name == telemetry.MODEL_DURATION:
        return replace(use, calls=use.calls + point.count, seconds=use.seconds + point.sum)
    if (point.attributes or {}).get("gen_ai.token.type") == "input":
        return replace(use, input_tokens=use.input_tokens + int(point.sum))
    return replace(use, output_tokens=use.output_tokens + int(point.sum))


def _cache_use(counts: Mapping[str, int]) -> CacheUse:
    hits, misses = (counts.get(name, 0) for name in telemetry.CACHE_COUNTS)
    prefix_hits, asked = (counts.get(name, 0) for name in telemetry.PREFIX_CACHE)
    return CacheUse(hits + prefix_hits, hits + misses + asked)


def _slow_turn(exemplar: Exemplar) -> SlowTurn:
    said = exemplar.filtered_attributes or {}
    return SlowTurn(
        str(said["mind"]),
        str(said["session"]),
        int(str(said["seq"])),
        exemplar.value,
        exemplar.time_unix_nano,
    )


def _points(reader: InMemoryMetricReader) -> Iterator[tuple[str, HistogramDataPoint | NumberDataPoint]]:
    data = reader.get_metrics_data()
    for of_resource in data.resource_metrics if data else ():
        for of_scope in of_resource.scope_metrics:
            for metric in of_scope.metrics:
                for point in metric.data.data_points:
                    if isinstance(point, HistogramDataPoint | NumberDataPoint):
                        yield metric.name, point


def _since(now: Reading, then: Reading) -> dict[str, Durations]:
    found = {stage: durations.less(then.stages.get(stage)) for stage, durations in now.stages.items()}
    return {stage: durations for stage, durations in found.items() if durations.count}


def _cache_uses(now: Reading, then: Reading) -> Iterator[tuple[str, CacheUse]]:
    for cache, use in now.caches.items():
        before = then.caches.get(cache, CacheUse())
        if use.asked > before.asked:
            yield cache, CacheUse(use.hits - before.hits, use.asked - before.asked)
