"""A measured figure."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One line of ``build/bench.json``."""

    name: str
    """``mind.turn_overhead.10k.ms_p50``: what, of what size, in which unit."""
    value: float
    unit: str
    n: int
    """How often it was measured."""
    spread: float
    """Interquartile range of the measurements, in the same unit."""


def row(name: str, values: Sequence[float], unit: str) -> Row:
    """The median of measurements."""
    quarters = statistics.quantiles(values, n=4) if len(values) > 1 else [values[0]] * 3
    return Row(name, statistics.median(values), unit, len(values), quarters[2] - quarters[0])


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which this share of the measurements lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
