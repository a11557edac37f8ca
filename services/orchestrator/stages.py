"""How long each stage of a turn took."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from pmm.mind.v1 import events_pb2 as mind
from services.runtime import telemetry


@dataclass
class Clock:
    """How long each stage took, in seconds."""

    began: float = field(default_factory=time.perf_counter)
    seconds: dict[str, float] = field(default_factory=lambda: {})

    def timings(self) -> mind.TurnTimings:
        """As the event has them."""
        timings = mind.TurnTimings()
        for name, seconds in {**self.seconds, "total": time.perf_counter() - self.began}.items():
            getattr(timings, name).FromNanoseconds(int(seconds * 1e9))
        return timings


class Stage:
    """A stage: a span, a histogram, and a line in the turn's timings."""

    def __init__(self, clock: Clock, name: str) -> None:
        self._clock, self._name = clock, name
        self._span = telemetry.stage(f"turn.{name}")

    def __enter__(self) -> None:
        self._span.__enter__()
        self._began = time.perf_counter()

    def __exit__(self, *error: object) -> None:
        self._clock.seconds[self._name] = time.perf_counter() - self._began
        self._span.__exit__(*error)  # type: ignore[arg-type]
