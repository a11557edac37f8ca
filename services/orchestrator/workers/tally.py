"""How a worker did since the process began."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

MINDS_KEPT = 10_000
"""A mind that was left longest begins again at 0 when it is taken up; the sum over all keeps it."""


@dataclass(slots=True)
class Tally:
    """Events, by what became of them."""

    processed: int = 0
    """Followed up, whether or not anything came of it."""
    failed: int = 0
    """Left as dead letters."""
    retries: int = 0
    """Attempts after the first."""
    derived: int = 0
    """Events that came of those that were processed."""
    last_success_ns: int = 0

    @property
    def success_rate(self) -> float:
        """Processed over processed and failed, from 0 to 1; 1 where there was nothing to do."""
        tried = self.processed + self.failed
        return self.processed / tried if tried else 1.0


class Tallies:
    """By mind, of those that were worked on last; and of all."""

    def __init__(self) -> None:
        self.total = Tally()
        self._minds: OrderedDict[str, Tally] = OrderedDict()

    def of(self, mind_id: str) -> Tally:
        """A mind's."""
        return self._minds.get(mind_id) or Tally()

    def count(self, what: str, mind_id: str, amount: int) -> None:
        """Add to a number of a mind's."""
        for tally in (self.total, self._kept(mind_id)):
            setattr(tally, what, getattr(tally, what) + amount)

    def succeeded(self, mind_id: str, now_ns: int) -> None:
        """Note when an event was followed up."""
        self.total.last_success_ns = self._kept(mind_id).last_success_ns = now_ns

    def _kept(self, mind_id: str) -> Tally:
        tally = self._minds.setdefault(mind_id, Tally())
        self._minds.move_to_end(mind_id)
        if len(self._minds) > MINDS_KEPT:
            self._minds.popitem(last=False)
        return tally
