"""Reports of performance: from histograms, exact where their buckets are, and compared with the time before."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orchestrator import convert_reports
from services.orchestrator.alerts import alerts
from services.runtime import performance, telemetry
from services.runtime.performance import (
    PREFIX_CACHE,
    CacheUse,
    Durations,
    ModelUse,
    Performance,
    Reading,
    Report,
)
from services.runtime.sections import TelemetrySettings

BOUNDS = telemetry.DURATION_BUCKETS_MS


@pytest.fixture
def measuring() -> Iterator[None]:
    """Telemetry as a process has it that exports nothing."""
    before = telemetry.current()
    made = telemetry.setup(TelemetrySettings.model_construct(), "test")
    yield
    made.shutdown()
    telemetry._current = before


def durations(*values: float) -> Durations:
    counts = [0] * (len(BOUNDS) + 1)
    for value in values:
        counts[next((i for i, bound in enumerate(BOUNDS) if value <= bound), len(BOUNDS))] += 1
    return Durations(BOUNDS, tuple(counts), sum(values), min(values, default=0.0), max(values, default=0.0))


@pytest.mark.usefixtures("measuring")
def test_what_was_measured_is_read_where_nothing_is_exported() -> None:
    for _ in range(10):
        telemetry.record_ms(telemetry.STAGE_DURATION, 3.0, stage="turn")
    telemetry.record_ms("pmm.something.else", 3.0)
    telemetry.observe("pmm.memory.cache.hits", lambda: [(90, {"cache": "queries"})])
    telemetry.observe("pmm.memory.cache.misses", lambda: [(110, {"cache": "queries"})])
    report = Performance().report(None)

    assert report.stages["turn"].count == 10
    assert report.stages["turn"].percentile(0.5) == 3.0
    assert report.caches == {"queries": CacheUse(90, 200)}
    assert list(alerts(report)) == [
        "the cache queries has 45% of what is asked: if it is full, make it larger"
    ]


def test_a_period_is_compared_with_the_one_before(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.monotonic()
    early, middle, late = durations(1, 1), durations(1, 1, 40, 40), durations(1, 1, 40, 40, 700, 700, 700)
    readings = [
        Reading(now - 120, {"turn": early}),
        Reading(now - 60, {"turn": middle}, {"m": ModelUse(1, 2.0, 3, 2)}),
    ]
    history = Performance()
    history._history.extend(readings)
    monkeypatch.setattr(
        performance, "read", lambda: Reading(now, {"turn": late}, {"m": ModelUse(4, 5.0, 9, 3)})
    )
    report = history.report(60)

    assert (report.stages["turn"].count, report.previous["turn"].count) == (3, 2)
    assert 500 < report.stages["turn"].percentile(0.5) <= 700
    assert 25 < report.previous["turn"].percentile(0.5) <= 50
    assert report.models == {"m": ModelUse(3, 3.0, 6, 1)}
    assert report.stages["turn"].low == 500.0
    assert history.report(None).stages["turn"].count == 7


@pytest.mark.parametrize(
    ("asked", "counts", "seconds"),
    [
        # A period begins with a reading, and the one before with another.
        (60, (3, 2), (90, 60)),
        (30, (3, 2), (90, 60)),
        (100, (5, 2), (150, 60)),
        # What is older than the process is not known.
        (200, (7, 0), (210, 0)),
        (1_000, (7, 0), (210, 0)),
    ],
)
async def test_a_report_says_how_long_a_period_it_is_of(
    monkeypatch: pytest.MonkeyPatch, asked: float, counts: tuple[int, int], seconds: tuple[float, float]
) -> None:
    began = 5_000.0
    readings = [
        Reading(began + 60, {"turn": durations(1, 1)}),
        Reading(began + 120, {"turn": durations(*[1] * 4)}),
    ]
    monkeypatch.setattr(performance.time, "monotonic", lambda: began)
    history = Performance()
    history._history.extend(readings)
    monkeypatch.setattr(performance, "read", lambda: Reading(began + 210, {"turn": durations(*[1] * 7)}))
    report = history.report(asked)
    told = convert_reports.performance(report, lambda _: True)

    before = report.previous.get("turn")
    assert (report.stages["turn"].count, before.count if before else 0) == counts
    assert (told.period.ToSeconds(), told.previous_period.ToSeconds()) == seconds
    assert told.HasField("previous_period") == bool(seconds[1])


def test_what_is_slow_is_told() -> None:
    slow = Report({"turn": durations(100, 6_000), "turn.append": durations(700)}, {}, {}, {})
    slower = Report({"turn": durations(100, 6_000, 12_000)}, {}, {}, {})

    assert [line.split(" took")[0] for line in alerts(slow)] == ["1 of 2 turns", "1 times turn.append"]
    assert [line.split(":")[0] for line in alerts(slower)] == [
        "1 of 3 turns took longer than 10 s",
        "2 of 3 turns took longer than 5 s",
    ]
    well = {"often": CacheUse(90, 100), "seldom": CacheUse(0, 99), PREFIX_CACHE: CacheUse(0, 900)}
    assert list(alerts(Report({"turn": durations(100)}, {}, {}, well))) == []
    badly = Report({}, {}, {}, {"often": CacheUse(69, 100)})
    assert [line.split(":")[0] for line in alerts(badly)] == ["the cache often has 69% of what is asked"]


@pytest.mark.usefixtures("measuring")
def test_slow_turns_are_named_by_the_exemplars_of_their_histogram() -> None:
    turns = telemetry.Distribution(telemetry.TURN_DURATION, "s", telemetry.TURN_BUCKETS_S)
    history = Performance()
    turns.record(1.0, mind="ada", session="s", seq=1)
    turns.record(5.5, mind="ada", session="s", seq=2)
    first = history.report(None)
    turns.record(40.0, mind="ben", session="t", seq=3)
    turns.record(70.0)  # incognito: nobody's
    second = history.report(None)

    assert [(turn.seq, turn.seconds) for turn in first.slow_turns] == [(2, 5.5)]
    # Each is told by one reading only, and kept.
    assert [(turn.mind_id, turn.session_id, turn.seq) for turn in second.slow_turns] == [
        ("ben", "t", 3),
        ("ada", "s", 2),
    ]


@given(st.lists(st.floats(0.01, 50_000), min_size=1, max_size=60), st.floats(0.01, 1))
def test_a_percentile_lies_within_its_bucket(values: list[float], share: float) -> None:
    found = durations(*values)
    exact = sorted(values)[
        min(len(values) - 1, max(0, -(-int(share * len(values) * 1_000_000) // 1_000_000) - 1))
    ]
    edges = (0.0, *BOUNDS, float("inf"))
    estimate = found.percentile(share)

    assert min(values) <= estimate <= max(values)
    bucket = next(i for i, edge in enumerate(edges[1:]) if exact <= edge)
    assert edges[max(0, bucket - 1)] <= estimate <= edges[min(bucket + 2, len(edges) - 1)]
