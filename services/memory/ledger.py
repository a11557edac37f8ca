"""What memory needs of the ledger, in plain terms. ``peers.py`` provides it over gRPC."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from pmm.mind.v1.events_pb2 import Body, Event


@dataclass(frozen=True, slots=True)
class Page:
    """Events of all minds in the order of the store."""

    events: list[Event]
    position: int
    """Everything up to here has been delivered."""
    store_id: str
    head_position: int
    """The store's last position when the subscription began."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An event to append."""

    body: Body
    idempotency_key: str = ""


class Ledger(Protocol):
    """The ledger, as memory sees it."""

    def subscribe(self, after_position: int) -> AsyncIterator[Page]:
        """Everything after a position, then what comes. Ends only by an exception.

        Raises ConnectionError, and pmm_client's DataLoss where an event is damaged.
        """
        ...

    def read(self, mind_id: str, after_seq: int) -> AsyncIterator[list[Event]]:
        """The events of a mind after a seq, up to its head. Raises ConnectionError, and pmm_client's DataLoss."""
        ...

    async def head(self, mind_id: str) -> int:
        """The last seq of a mind. Raises UnknownMind."""
        ...

    async def append(self, mind_id: str, drafts: Sequence[Draft], expected_seq: int | None) -> int:
        """Append events; returns the mind's head. Raises WrongSeq, IdempotencyKeyReused, and what the ledger answers.

        An event whose key was seen is not written again, and needs no ``expected_seq``.
        """
        ...
