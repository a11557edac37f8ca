"""Reading a mind beyond its bounded state: what is history lies in the ledger, and is read from there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from pmm.mind.v1.events_pb2 import Event
from services.orchestrator.active_mind import ActiveMind
from services.orchestrator.errors import BeyondHead
from services.orchestrator.forgetting import Traces
from services.orchestrator.minds import Minds
from services.orchestrator.peers import Peers
from services.orchestrator.projections.commitments import COMMITMENTS
from services.orchestrator.projections.directives import DIRECTIVES, Directive
from services.orchestrator.projections.metrics import METRICS, Metrics
from services.orchestrator.projections.reflections import COMPARED, Compared, Reflection, novelties, told
from services.orchestrator.projections.traits import TRAITS_PROJECTION
from services.orchestrator.snapshot import Snapshot
from services.orchestrator.thinned import Thinned
from services.runtime.times import nanoseconds

ERASED = "event_redacted"
PAGE = 1_000
"""Events that are read at once where many are."""
AT_ONCE = 100
"""States that are compared without a pause."""
MAX_NAME_CHANGES = MAX_SAMPLES = 1_000
IDENTITY_KINDS = ("identity_proposed", "identity_adopted", "identity_cleared", "user_identified")
_METRICS_KINDS = tuple({**METRICS.folds, **COMMITMENTS.folds, **TRAITS_PROJECTION.folds})
"""Of the events that move the scores, and of those that tell whether such an event makes sense."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The scores after one event."""

    seq: int
    recorded_ns: int
    metrics: Metrics


class Views:
    """Each is as of a seq, and gives the same ever after, but for what was erased."""

    def __init__(self, minds: Minds, peers: Peers, traces: Traces) -> None:
        self._minds = minds
        self._traces = traces
        self._peers = peers

    async def course(self, mind_id: str, to_seq: int, count: int) -> list[Sample]:
        """The scores up to a seq, oldest first: so many samples, evenly spaced over the events that moved them."""
        if not count:
            return []
        state, samples = Snapshot(), Thinned[Sample](MAX_SAMPLES)
        async for event in self._peers.read(mind_id, to_seq=to_seq, kinds=_METRICS_KINDS, page_size=PAGE):
            before, state = state.metrics, state.fold(event)
            if state.metrics is not before:
                samples.add(Sample(event.seq, nanoseconds(event.recorded_at), state.metrics))
        return samples.evenly(count)

    async def reflections(self, mind_id: str, from_seq: int, size: int) -> tuple[list[Compared], int]:
        """Those at a seq and before it, latest first, and the seq for the next page; 0 at the end."""
        kept = list[Reflection]()
        # However many were erased in a row, the page is full, and each is compared with as many as it was at first.
        async for event in self._peers.read(
            mind_id, from_seq=from_seq, reverse=True, kinds=("reflection_recorded",)
        ):
            if not event.redacted:
                kept.append(told(event))
            if len(kept) == size + COMPARED:
                break
        kept.reverse()
        # Long ones take a while: others must not wait for it.
        new = await asyncio.to_thread(lambda: list(novelties(one.text for one in kept)))
        page = list(zip(kept, new, strict=True))[-size:]
        return page[::-1], page[0][0].seq - 1 if len(kept) > size else 0

    async def names(self, mind_id: str, upto: int) -> list[Event]:
        """The latest changes of the mind's name and of the user's up to a seq that were not erased, oldest first."""
        found: list[Event] = []
        async for event in self._peers.read(mind_id, from_seq=upto, kinds=IDENTITY_KINDS, reverse=True):
            if not event.redacted:
                found.append(event)
            if len(found) == MAX_NAME_CHANGES:
                break
        # One that is told again stands where it was.
        return sorted(found, key=lambda event: event.body.identity_cleared.cleared_seq or event.seq)

    async def retired(self, mind_id: str, upto: int) -> list[Directive]:
        """Instructions that had ended at a seq, the latest first."""
        state, ended = DIRECTIVES.initial, dict[str, Directive]()
        kinds = ("directive_adopted", "directive_retired")
        async for event in self._peers.read(mind_id, to_seq=upto, kinds=kinds, page_size=PAGE):
            before, (state, _) = state, DIRECTIVES.apply(state, event)
            its_id = getattr(event.body, event.kind).directive_id
            if state.retired > before.retired:
                gone = before.by_id.get(its_id) if event.kind == "directive_retired" else before.least()
                # None: one that is told again, of what was retired again since.
                if gone is not None:
                    ended[gone.id] = gone
            if its_id in state.by_id:
                ended.pop(its_id, None)
        return list(reversed(ended.values()))

    async def ends(self, mind_id: str, from_seq: int, to_seq: int) -> tuple[Snapshot, Snapshot]:
        """The states at two seqs; 0: before the first event, and at the head. Raises BeyondHead."""
        last = await self._minds.as_of(mind_id, to_seq or None)
        if from_seq > last.seq:
            raise BeyondHead(
                f"seq {from_seq} lies above the head of mind {mind_id!r}, which is {last.seq}",
                head_seq=str(last.seq),
            )
        return await self._minds.as_of(mind_id, from_seq) if from_seq else Snapshot(), last

    async def between(self, mind_id: str, first: Snapshot, last: Snapshot) -> AsyncIterator[list[Snapshot]]:
        """The states from one to another, the later one included, some at a time."""
        if first.seq == last.seq:
            return
        states = [first]
        since = first.seq + 1
        async for event in self._peers.read(mind_id, from_seq=since, to_seq=last.seq, page_size=PAGE):
            states.append(states[-1].apply(event))
            if len(states) > AT_ONCE:
                yield states[1:]
                states = states[-1:]
        yield states[1:]

    async def watch(self, mind_id: str) -> AsyncIterator[tuple[Snapshot, list[str]]]:
        """The state now, and after each change, with the kinds of the events since; a slow reader gets the latest."""
        active = await self._minds.open(mind_id)
        shown = await self._without_erased(active, active.snapshot.seq)
        yield shown, []
        async for seq, kinds in self._peers.watch(mind_id, shown.seq):
            # What came while the reader was slow was shown together with an earlier page.
            if seq <= shown.seq:
                continue
            if ERASED in kinds:
                shown = await self._without_erased(active, seq)
            else:
                shown = await self._minds.reach(active, seq)
            yield shown, kinds

    async def _without_erased(self, active: ActiveMind, seq: int) -> Snapshot:
        """The state at a seq or after it: none follows once it was dropped, and what was erased would stay in sight."""
        await self._traces.left(active.id, await self._minds.reach(active, seq))
        return await self._minds.reach(active, seq)
