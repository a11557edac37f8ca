"""What a worker derived before a crash, or before the ledger's answer got lost: it is not derived again.

A rule derives the same from the same message, and the idempotency keys keep it single. A model may answer otherwise
when it is asked again. All that follows from an event is appended at once, so where there is any of it there is
all of it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator.peers import Peers

PAGE = 1_000
MINDS_KEPT = 1_000


@dataclass(frozen=True, slots=True)
class _Known:
    after_seq: int
    """What lies beyond it was read, up to the head of that time."""
    causes: Collection[int]
    """The events from which something followed."""


class Derived:
    """Of one worker. What was there when a mind is first asked about is read once; what comes later we append."""

    def __init__(self, actor: str, kinds: Sequence[str], peers: Peers) -> None:
        self._actor, self._kinds, self._peers = actor, kinds, peers
        self._known: OrderedDict[str, _Known] = OrderedDict()

    def forget(self, mind_id: str = "") -> None:
        """Look again, at a mind or at all: what was appended may be there without our knowing."""
        if mind_id:
            self._known.pop(mind_id, None)
        else:
            self._known.clear()

    async def follows_from(self, event: mind.Event, *, is_sure: bool = True) -> bool:
        """Whether something of the worker's followed from it, as of the last look at its mind; not ``is_sure``: now."""
        if not self._kinds:
            return False
        return event.seq in (await self._of(event, is_sure=is_sure)).causes

    async def _of(self, event: mind.Event, *, is_sure: bool = True) -> _Known:
        known = self._known.get(event.mind_id)
        if known is None or event.seq < known.after_seq or not is_sure:
            known = await self._look(event.mind_id, event.seq)
        return known

    async def _look(self, mind_id: str, after_seq: int) -> _Known:
        head = await self._peers.head(mind_id)
        causes: set[int] = set()
        if head > after_seq:
            tail = self._peers.read(
                mind_id, from_seq=after_seq + 1, to_seq=head, kinds=self._kinds, page_size=PAGE
            )
            causes = {event.causation_seq async for event in tail if event.actor == self._actor}
        known = self._known[mind_id] = _Known(after_seq, causes)
        self._known.move_to_end(mind_id)
        if len(self._known) > MINDS_KEPT:
            self._known.popitem(last=False)
        return known
