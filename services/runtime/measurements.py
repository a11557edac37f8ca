"""Measured values on their way to OpenTelemetry's instruments.

An instrument takes some twenty microseconds for a value, and a turn measures dozens before its first token: within an
event loop they wait, and are handed over a little later, a few at a time.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Mapping

from opentelemetry.context import Context, get_current

Attributes = Mapping[str, str | bool | int | float]
Instrument = Callable[[float, Attributes, Context], None]
"""``record`` of a histogram, or ``add`` of a counter."""

DELAY_SECONDS = 0.02
HANDED_AT_ONCE = 32
MOST_WAITING = 1_000


class Measurements:
    """A queue with several ends: any thread may measure, and any may hand over."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[Instrument, float, Attributes, Context]] = deque()
        self._handing = threading.Lock()
        self._is_due = False

    def add(self, instrument: Instrument, value: float, attributes: Attributes) -> None:
        """Hand the value over soon; at once outside of an event loop, or where too many wait."""
        self._waiting.append((instrument, value, attributes, get_current()))
        if not self._is_due:
            self._is_due = True
            self._schedule()
        elif len(self._waiting) > MOST_WAITING:
            self.hand_over()

    def _schedule(self) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self.hand_over()
        else:
            loop.call_later(DELAY_SECONDS, self._hand_some_over)

    def _hand_some_over(self) -> None:
        self._hand_over(HANDED_AT_ONCE)
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._hand_some_over)
        else:
            self._is_due = False

    def hand_over(self) -> None:
        """Everything that waits. Returns when the instruments have it, whoever handed it over."""
        self._is_due = False
        self._hand_over(None)

    def _hand_over(self, most: int | None) -> None:
        with self._handing:
            left = len(self._waiting) if most is None else min(most, len(self._waiting))
            for _ in range(left):
                instrument, value, attributes, context = self._waiting.popleft()
                instrument(value, attributes, context)
