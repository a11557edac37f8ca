"""What a person is to be reminded of, told while they chat: when it comes, and at the start what is still open."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from pmm.orchestrator.v1.orchestrator_pb2 import Commitment, Mind
from pmm_client import mind as minds
from pmm_client.cli import output
from pmm_client.errors import PmmError

AGAIN_SECONDS = 2.0
"""Before a mind that is not there yet, or services that went away, are asked again."""
TOLD_AT_START = 5


class Reminders:
    """Follows a mind and tells each reminder once."""

    def __init__(self, mind: minds.Mind, tell: Callable[[str], None]) -> None:
        self._mind = mind
        self._tell = tell
        self._told: dict[str, int] = {}
        """Commitment → when it was last reminded of, in ns since 1970, as far as the person was told."""
        self._has_begun = False

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                async for state in self._mind.watch():
                    self._look(state.mind)
            except PmmError:
                # The turns say what is wrong, where something is.
                pass
            await asyncio.sleep(AGAIN_SECONDS)

    def _look(self, mind: Mind) -> None:
        new = [
            one for one in mind.open_commitments if _reminded_ns(one) > self._told.get(one.commitment_id, 0)
        ]
        for one in new if self._has_begun else new[:TOLD_AT_START]:
            self._tell(_line(one))
        if not self._has_begun and len(new) > TOLD_AT_START:
            self._tell(f"and {len(new) - TOLD_AT_START} more: pmm commitments --mind {mind.mind_id}")
        self._has_begun = True
        self._told = {one.commitment_id: _reminded_ns(one) for one in mind.open_commitments}


def _reminded_ns(one: Commitment) -> int:
    return one.reminded_at.ToNanoseconds()


def _line(one: Commitment) -> str:
    due = f" (due {output.date(one.due_at)}, {output.away(one.due_at)})" if one.due_at.seconds else ""
    return f"Reminder: {' '.join(one.text.split())}{due}"
