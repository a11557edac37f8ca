"""The order of what is done in one session: one thing at a time, first come, first served."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from services.orchestrator.errors import TooManyTurns

RETRY_AFTER_SECONDS = 1.0


@dataclass
class _Slot:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    taken: int = 0
    """By how many: the one that holds it, and those that wait."""


class Slots:
    """One for each session in which something is being done."""

    def __init__(self, waiting_turns: int) -> None:
        self._waiting_turns = waiting_turns
        self._slots: dict[tuple[str, str], _Slot] = {}

    @asynccontextmanager
    async def turn(self, mind_id: str, session_id: str) -> AsyncGenerator[None]:
        """Held by a turn. Raises TooManyTurns where as many wait as may."""
        slot = self._slots.get((mind_id, session_id))
        if slot is not None and slot.taken > self._waiting_turns:
            raise TooManyTurns(
                f"{slot.taken} messages of session {session_id!r} wait for their turn",
                retry_after=RETRY_AFTER_SECONDS,
            )
        async with self.held(mind_id, session_id):
            yield

    @asynccontextmanager
    async def held(self, mind_id: str, session_id: str) -> AsyncGenerator[None]:
        """Held by whoever lets the turns before it finish, however many they are."""
        slot = self._slots.setdefault((mind_id, session_id), _Slot())
        slot.taken += 1
        try:
            async with slot.lock:
                yield
        finally:
            slot.taken -= 1
            if not slot.taken:
                self._slots.pop((mind_id, session_id), None)
