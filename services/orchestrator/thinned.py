"""Evenly spaced ones of however many there are, in bounded memory."""

from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")


class Thinned(Generic[T]):
    """All of up to twice as many as are kept; beyond that every second, every fourth …, and the last."""

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._spaced: list[T] = []
        self._latest: list[T] = []
        """The last, where it is not among those."""
        self._count, self._stride = 0, 1

    def add(self, one: T) -> None:
        """The next."""
        self._latest = [one]
        if self._count % self._stride == 0:
            self._spaced.append(one)
            self._latest = []
        if len(self._spaced) > 2 * self._kept:
            self._spaced, self._stride = self._spaced[::2], 2 * self._stride
        self._count += 1

    def evenly(self, count: int) -> list[T]:
        """So many of them, the last among them; all that there are where they are no more. ``count`` from 1."""
        some = [*self._spaced, *self._latest]
        if len(some) <= count:
            return some
        step = (len(some) - 1) / max(1, count - 1)
        return [some[len(some) - 1 - round(step * back)] for back in range(count)][::-1]
