"""What is measured reaches its instrument soon, once, and in any case before somebody reads it."""

from __future__ import annotations

import asyncio
import threading

from services.runtime import telemetry
from services.runtime.measurements import MOST_WAITING, Measurements
from services.runtime.sections import TelemetrySettings

LATENCY = telemetry.STAGE_DURATION


class Taken:
    """An instrument that only notes."""

    def __init__(self) -> None:
        self.values: list[float] = []

    async def has(self, count: int) -> None:
        """Return once it has so many."""
        while len(self.values) < count:
            await asyncio.sleep(0)

    def __call__(self, value, attributes, context) -> None:
        self.values.append(value)


def recorded(measured: telemetry.Telemetry) -> int:
    """How many durations a reading has."""
    data = measured.reader.get_metrics_data()
    metrics = [
        metric
        for resource in (data.resource_metrics if data else ())
        for scope in resource.scope_metrics
        for metric in scope.metrics
        if metric.name == LATENCY
    ]
    return sum(point.count for metric in metrics for point in metric.data.data_points)


async def test_a_reading_has_what_was_measured_just_before_it():
    before = telemetry.current()
    measured = telemetry.setup(TelemetrySettings(), "test")
    try:
        telemetry.record_ms(LATENCY, 1.0, stage="a")
        telemetry.record_ms(LATENCY, 2.0, stage="b")
        assert recorded(measured) == 2
        assert recorded(measured) == 2, "and once only"
    finally:
        measured.shutdown()
        telemetry._current = before


async def test_values_are_handed_over_by_themselves_and_in_their_order():
    waiting, instrument = Measurements(), Taken()
    for value in range(100):
        waiting.add(instrument, value, {})
    assert not instrument.values, "whoever measures does not wait for it"
    await instrument.has(100)
    assert instrument.values == list(range(100))
    waiting.add(instrument, 100, {})
    await instrument.has(101)


def test_outside_of_an_event_loop_they_are_handed_over_at_once():
    waiting, instrument = Measurements(), Taken()
    waiting.add(instrument, 1, {})
    assert instrument.values == [1]


async def test_no_more_wait_than_may():
    waiting, instrument = Measurements(), Taken()
    for value in range(MOST_WAITING + 2):
        waiting.add(instrument, value, {})
    assert len(instrument.values) > MOST_WAITING


async def test_nothing_is_lost_or_doubled_between_threads():
    waiting, instrument = Measurements(), Taken()

    def measure() -> None:
        for value in range(2_000):
            waiting.add(instrument, value, {})

    threads = [threading.Thread(target=measure) for _ in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        waiting.add(instrument, -1, {})
        waiting.hand_over()
        await asyncio.sleep(0)
    waiting.hand_over()
    assert sum(value >= 0 for value in instrument.values) == 8_000
