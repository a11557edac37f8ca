"""How a worker did since the process began."""

from __future__ import annotations

from dataclasses import dataclass


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

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.processed + other.processed,
            self.failed + other.failed,
            self.retries + other.retries,
            self.derived + other.derived,
            max(self.last_success_ns, other.last_success_ns),
        )
