"""Memories in the order in which a search found them, and what each strategy gave them. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.memory.vectors import Ordinals

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Shares:
    """What each strategy gave each of some memories."""

    strategies: tuple[str, ...]
    raw: Floats
    """The strategies' own scores: a row a strategy, a column a memory."""
    added: Floats
    """The same of what each adds to the score."""

    def take(self, places: Ordinals | slice) -> Shares:
        """Of those at some places, in the order of these."""
        return Shares(self.strategies, self.raw[:, places], self.added[:, places])

    def beside(self, strategy: str, raw: Floats, added: Floats) -> Shares:
        """These, and what one more strategy gave to the same memories."""
        return Shares(
            (*self.strategies, strategy), np.vstack([self.raw, raw]), np.vstack([self.added, added])
        )

    def followed_by(self, others: Shares) -> Shares:
        """These, and those of other memories; a strategy that did not judge them gave them nothing."""
        missing = ((0, len(self.strategies) - len(others.strategies)), (0, 0))
        return Shares(
            self.strategies,
            np.hstack([self.raw, np.pad(others.raw, missing)]),
            np.hstack([self.added, np.pad(others.added, missing)]),
        )


@dataclass(frozen=True, slots=True)
class Ranked:
    """Memories in their order, best first."""

    ordinals: Ordinals
    scores: Floats
    shares: Shares | None
    """What the scores are made of; None where nobody asks for it, as it takes several times as much memory."""

    def __len__(self) -> int:
        return len(self.ordinals)

    def take(self, places: Ordinals | slice) -> Ranked:
        """Those at some places, in the order of these."""
        return Ranked(self.ordinals[places], self.scores[places], self.shares and self.shares.take(places))

    def followed_by(self, others: Ranked) -> Ranked:
        """These, and then those of the others that are not among them."""
        new = others.take(np.flatnonzero(~np.isin(others.ordinals, self.ordinals)))
        return Ranked(
            np.concatenate([self.ordinals, new.ordinals]),
            np.concatenate([self.scores, new.scores]),
            self.shares.followed_by(new.shares) if self.shares and new.shares else None,
        )
