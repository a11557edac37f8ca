"""How things went in this process, read from the very metrics that OpenTelemetry exports: no second bookkeeping.

Percentiles are interpolated within the histogram's buckets, so they are as exact as those are narrow.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from opentelemetry.sdk.metrics.export import HistogramDataPoint, InMemoryMetricReader, NumberDataPoint

from services.runtime import telemetry

SAMPLE_SECONDS = 60.0
KEPT_SAMPLES = 24 * 60
"""A day."""
MIN_QUERIES = 100
"""A cache that was asked less often is not judged."""
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
class Reading:
    """All metrics of interest at one moment."""

    at: float = 0.0
    """Seconds of the monotonic clock."""
    stages: Mapping[str, Durations] = field(default_factory=lambda: {})
    tokens: Mapping[str, int] = field(default_factory=lambda: {})
    """By model, since the start."""
    caches: Mapping[str, tuple[int, int]] = field(default_factory=lambda: {})
    """Hits and misses by cache, since the start."""


@dataclass(frozen=True, slots=True)
class Report:
    """What happened between two readings."""

    stages: Mapping[str, Durations]
    previous: Mapping[str, Durations]
    """In the period of the same length before; empty where none is known."""
    tokens: Mapping[str, int]
    hit_rates: Mapping[str, float]
    """From 0 to 1."""


class Performance:
    """Keeps a reading a minute, for comparison."""

    def __init__(self) -> None:
        self._history: deque[Reading] = deque(maxlen=KEPT_SAMPLES)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(SAMPLE_SECONDS)
            self._history.append(read())

    def report(self, seconds: float | None) -> Report:
        """Of the last so many seconds; None: since the start."""
        now = read()
        base = self._at(now.at - seconds) if seconds else None
        before = self._at(now.at - 2 * seconds) if seconds and base else None
        start = base or Reading()
        return Report(
            _since(now, start),
            _since(base, before or Reading()) if base else {},
            {model: count - start.tokens.get(model, 0) for model, count in now.tokens.items()},
            dict(_hit_rates(now, start)),
        )

    def _at(self, at: float) -> Reading | None:
        """The newest reading that is as old as that."""
        return next((reading for reading in reversed(self._history) if reading.at <= at), None)


def read() -> Reading:
    """The metrics as they stand now."""
    reader = telemetry.current().reader
    stages: dict[str, Durations] = {}
    tokens: dict[str, int] = {}
    hits: dict[str, dict[str, int]] = {}
    for name, point in _points(reader) if reader else ():
        attributes = point.attributes or {}
        match point:
            case HistogramDataPoint() if name == telemetry.STAGE_DURATION:
                stages[str(attributes["stage"])] = Durations(
                    tuple(point.explicit_bounds), tuple(point.bucket_counts), point.sum, point.min, point.max
                )
            case HistogramDataPoint() if name == telemetry.TOKEN_USAGE:
                model = str(attributes.get("gen_ai.response.model") or attributes.get("gen_ai.request.model"))
                tokens[model] = tokens.get(model, 0) + int(point.sum)
            case NumberDataPoint() if name in telemetry.CACHE_COUNTS:
                hits.setdefault(str(attributes["cache"]), {})[name] = int(point.value)
            case _:
                pass
    hit, miss = telemetry.CACHE_COUNTS
    caches = {cache: (counts.get(hit, 0), counts.get(miss, 0)) for cache, counts in hits.items()}
    return Reading(time.monotonic(), stages, tokens, caches)


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


def _hit_rates(now: Reading, then: Reading) -> Iterator[tuple[str, float]]:
    for cache, (hits, misses) in now.caches.items():
        before = then.caches.get(cache, (0, 0))
        asked = hits + misses - sum(before)
        if asked >= MIN_QUERIES:
            yield cache, (hits - before[0]) / asked
