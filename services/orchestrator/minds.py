"""The minds that are active: their snapshots, kept current, and the one way to change them."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from weakref import WeakValueDictionary

from pmm.mind.v1 import events_pb2 as mind
from pmm_client.errors import DiskFull, IdempotencyKeyReused, WrongExpectedSeq
from services.orchestrator.active_mind import ActiveMind
from services.orchestrator.errors import BeyondHead, MindDeleted
from services.orchestrator.lately import Lately
from services.orchestrator.peers import Peers
from services.orchestrator.projections.identity import IDENTITY
from services.orchestrator.prompt import CHARACTERS_PER_TOKEN
from services.orchestrator.saving import Saving
from services.orchestrator.settings import OrchestratorSettings
from services.orchestrator.snapshot import Snapshot
from services.orchestrator.store import Store
from services.orchestrator.terms import Draft

_log = logging.getLogger("pmm.orchestrator")
NAMING = (*IDENTITY.folds, "mind_created", "mind_imported", "policy_changed")
"""Kinds that change a mind's names or settings."""
CLOSED_AT_ONCE = 500
"""Interrupted turns, in one append."""


class Minds:
    """Opens minds on demand, and forgets those that were not used for longest."""

    def __init__(self, peers: Peers, store: Store, settings: OrchestratorSettings) -> None:
        self._peers = peers
        self._saving = Saving(store, settings.snapshot_events)
        self._settings = settings
        self._active: OrderedDict[str, ActiveMind] = OrderedDict()
        self._alive: WeakValueDictionary[str, ActiveMind] = WeakValueDictionary()
        """These, and those forgotten ones that somebody still works with: there is one of a mind."""

    def active(self) -> list[str]:
        """The minds in memory in which something happened since their last tick."""
        return [active.id for active in self._active.values() if active.snapshot.activity.is_active]

    def unverified(self) -> list[ActiveMind]:
        """The minds in memory whose chains have grown since they were verified, the one looked at longest ago first."""
        grown = [active for active in self._active.values() if active.verified_seq < active.snapshot.seq]
        return sorted(grown, key=lambda active: active.verifying_ns)

    async def open(self, mind_id: str) -> ActiveMind:
        """The mind at the ledger's present head. Raises pmm_client's UnknownMind."""
        active = await self._at_head(mind_id)
        if not active.repaired:
            async with active.repairing:
                if not active.repaired:
                    active.repaired = not active.keeping and await self._close_interrupted(active)
        return active

    async def state(self, mind_id: str, seq: int) -> Snapshot:
        """The mind at a seq or after it, for those who follow its events: an interrupted turn stays as it is."""
        return await self.reach(self._hold(mind_id), seq)

    async def named(self, mind_id: str, seq: int) -> Snapshot:
        """The names and settings that a mind had at a seq, whatever came since; the rest of the state is not as of it.

        What a message says hangs on them, and is the same whenever it is read.
        """
        now = await self.state(mind_id, seq)
        if max(now.identity.changed_seq, now.profile.changed_seq) <= seq:
            return now
        then = Snapshot()
        async for event in self._peers.read(mind_id, to_seq=seq, kinds=NAMING):
            then = then.fold(event)
        return then

    async def latest(self, mind_id: str) -> Snapshot:
        """The same at the ledger's present head."""
        return (await self._at_head(mind_id)).snapshot

    async def restored_seq(self, mind_id: str) -> int:
        """Up to here the mind's events came with a restore, and what was derived from them with them; 0: none."""
        active = self._hold(mind_id)
        if active.restored_seq is None:
            active.restored_seq = await self._peers.restored_seq(mind_id)
        return active.restored_seq

    async def ended_since(self, mind_id: str, seq: int) -> set[str]:
        """The commitments that ended by something that came after an event: they were open when it came."""
        ends = self._peers.read(mind_id, from_seq=seq + 1, kinds=("commitment_closed", "commitment_expired"))
        return {
            getattr(end.body, end.kind).commitment_id
            async for end in ends
            if not end.redacted and (end.causation_seq or end.seq) > seq
        }

    async def instructed_since(self, mind_id: str, seq: int) -> set[str]:
        """The instructions that were given, be it again, by something that came after an event."""
        given = self._peers.read(mind_id, from_seq=seq + 1, kinds=("directive_adopted",))
        return {
            event.body.directive_adopted.directive_id
            async for event in given
            if not event.redacted and (event.causation_seq or event.seq) > seq
        }

    async def has_spoken(self, mind_id: str, after_seq: int, before_seq: int) -> bool:
        """Whether a person said anything between two events."""
        said = self._peers.read(
            mind_id, from_seq=after_seq + 1, to_seq=before_seq - 1, kinds=("user_message",), limit=1
        )
        return before_seq - after_seq > 1 and bool([event async for event in said])

    async def at_hand(self, mind_id: str) -> ActiveMind:
        """The mind as far as this process knows it, without asking the ledger where it is known at all.

        What others appended meanwhile is noticed by the next append: its first seq is then not the one after ours.
        """
        active = self._active.get(mind_id)
        if active is not None:
            await self._doubt(active)
        # Of a mind whose state was dropped nothing is known, its policies neither.
        if active is None or not active.repaired or not active.snapshot.seq:
            return await self.open(mind_id)
        self._active.move_to_end(mind_id)
        return active

    async def reach(self, active: ActiveMind, seq: int) -> Snapshot:
        """Bring the snapshot up to a seq that the ledger has; a no-op where it is there."""
        await self._doubt(active)
        if active.snapshot.seq < seq:
            async with active.lock:
                if active.snapshot.seq == 0:
                    active.snapshot = await self._saved(active.id, seq)
                active.snapshot = await self._replay(active.id, active.snapshot, seq, active)
            self._fold(active)
        return active.snapshot

    async def _current(self, active: ActiveMind) -> Snapshot:
        """The mind at the ledger's present head. A state beyond that is of a ledger that was set back, and dropped.

        So is one that has another head of the same seq.
        """
        known, drops = active.snapshot, active.drops
        head, its_hash = await self._peers.tip(active.id)
        if _is_another_history(known, head, its_hash):
            await self._set_back(active, drops)
        return await self.reach(active, head)

    async def _doubt(self, active: ActiveMind) -> None:
        """Drop the state where the ledger was lost from sight since, and came back with another history."""
        if active.breaks == self._peers.breaks:
            return
        async with active.lock:
            breaks, state = self._peers.breaks, active.snapshot
            if state.seq and not await self._peers.holds(active.id, state.seq, state.hash):
                self._begin_anew(active)
            active.breaks = breaks
        self._fold(active)

    async def _set_back(self, active: ActiveMind, drops: int) -> None:
        """Drop the state; ``drops``: when it was looked at. A later one is of the ledger as it is now."""
        async with active.lock:
            if active.drops == drops:
                self._begin_anew(active)

    def _begin_anew(self, active: ActiveMind) -> None:
        _log.warning("the ledger holds another history of a mind than it did: its state is folded anew")
        active.begin_anew(self._lately())

    async def _saved(self, mind_id: str, at_most: int) -> Snapshot:
        """The newest saved snapshot at or before a seq that stands on the ledger's history; the empty one at last."""
        while (state := await self._saving.latest(mind_id, at_most)).seq:
            if await self._peers.holds(mind_id, state.seq, state.hash):
                break
            _log.warning("a saved snapshot of a mind is of another history than the ledger's: it is dropped")
            await self._saving.drop(mind_id, state.seq)
        return state

    async def forward(self, active: ActiveMind, state: Snapshot, seq: int) -> Snapshot:
        """A state of the mind that is at hand, brought forward to a seq that the ledger has."""
        now = await self.reach(active, seq)
        if now.seq == seq:
            return now
        if state.seq > now.seq:
            # It was dropped since.
            state = await self._saved(active.id, seq)
        return await self._replay(active.id, state, seq)

    async def as_of(self, mind_id: str, seq: int | None, min_seq: int = 0) -> Snapshot:
        """A mind's snapshot now, or as it was at a seq. Raises BeyondHead."""
        active = await self.open(mind_id)
        now = active.snapshot
        _within(now, mind_id, max(min_seq, seq or 0))
        if seq is None or seq == now.seq:
            return now
        return await self._replay(mind_id, await self._saved(mind_id, seq), seq)

    async def upto(self, mind_id: str, seq: int | None) -> int:
        """The seq up to which history is read: the one that is named, or the head. Raises BeyondHead."""
        now = (await self.open(mind_id)).snapshot
        _within(now, mind_id, seq or 0)
        return now.seq if seq is None else seq

    async def append(
        self, active: ActiveMind, drafts: Sequence[Draft], decided_from: Snapshot | None = None
    ) -> list[int]:
        """Append events, fold them where they are the next ones, and return their seqs.

        Those that were decided from a state only where the mind still stands there. Raises WrongExpectedSeq.
        """
        known, drops = active.snapshot, active.drops
        expected: dict[str, Any] = {}
        if decided_from is not None:
            expected = {"expected_seq": decided_from.seq, "expected_hash": decided_from.hash}
        response = await self._peers.append(active.id, drafts, **expected)
        before = response.head_seq - sum(not written.existed for written in response.events)
        if _is_another_history(known, before, response.prev_hash):
            await self._set_back(active, drops)
        for draft, written in zip(drafts, response.events, strict=True):
            event = mind.Event(
                mind_id=active.id,
                seq=written.seq,
                kind=draft.kind,
                recorded_at=written.recorded_at,
                session_id=draft.session_id,
                actor=draft.actor,
                causation_seq=draft.causation_seq,
                remember=draft.remember,
                hash=written.hash,
                body=draft.body,
            )
            active.appended.add(event, is_new=not written.existed)
            if draft.kind == "user_message":
                active.said_position = max(active.said_position, written.position)
        self._fold(active)
        return [written.seq for written in response.events]

    def _fold(self, active: ActiveMind) -> None:
        """Take what we appended ourselves into the state, as far as nothing is missing before it."""
        while not active.lock.locked() and (event := active.appended.after(active.snapshot.seq)):
            active.snapshot = active.snapshot.apply(event)
            active.lately.note(event)
            self._saving.keep(active.id, active.snapshot, active.snapshot.seq)

    async def decide(
        self,
        active: ActiveMind,
        decide: Callable[[Snapshot], Sequence[Draft]],
        *,
        from_known: bool = False,
    ) -> Snapshot:
        """Append what is decided from the state, and decide again when the state has moved meanwhile.

        ``from_known`` begins with the state in memory, without asking the ledger for its head: for a decision that may
        as well be made later where there turns out to be nothing to append. Returns the state after it.
        """
        async with active.deciding:
            is_known = from_known
            while True:
                if not is_known:
                    await self._current(active)
                is_known, state = False, active.snapshot
                drafts = decide(state)
                if not drafts:
                    return state
                try:
                    seqs = await self.append(active, drafts, decided_from=state)
                except WrongExpectedSeq:
                    continue
                # Others may have brought it further meanwhile.
                return await self.forward(active, state, seqs[-1])

    async def append_unless_erased(
        self, active: ActiveMind, drafts: Sequence[Draft], erased_seq: int
    ) -> list[int] | None:
        """Append what was made of the mind's events as they were when the last erasure stood at ``erased_seq``.

        Returns the seqs; None where something was erased since, or the ledger set back: what it was made of is to be
        looked at again. The ledger's writer decides, so that no erasure falls between the look and the append.
        """
        async with active.deciding:
            state, drops = active.snapshot, active.drops
            while state.summaries.erased_seq == erased_seq and active.drops == drops:
                try:
                    return await self.append(active, drafts, decided_from=state)
                except WrongExpectedSeq:
                    state = await self._current(active)
        return None

    async def forget(self, mind_id: str, remove: Callable[[], Awaitable[object]]) -> None:
        """Drop the state in memory: something that it may hold was erased.

        ``remove`` takes what is saved of it from the disk, beside the event loop: nobody loads it again before.
        """
        active = self._alive.get(mind_id) or ActiveMind(mind_id, self._lately())
        self._alive[mind_id] = active
        # What was decided from it is in the ledger before, where it is found, or is decided again after.
        async with active.deciding, active.lock:
            active.drop()
            # What is being written would come after it was erased.
            await self._saving.settled(mind_id)
            await remove()

    async def close(self) -> None:
        """Finish what is being written."""
        await self._saving.close()

    async def _replay(
        self, mind_id: str, state: Snapshot, seq: int, becomes_of: ActiveMind | None = None
    ) -> Snapshot:
        """A state brought forward; ``becomes_of`` the mind whose own it will be."""
        if state.seq >= seq:
            return state
        first_seq = state.seq + 1
        async for event in self._peers.read(mind_id, from_seq=first_seq, to_seq=seq, page_size=1_000):
            if event.kind == "mind_deleted":
                raise MindDeleted(
                    f"mind {mind_id!r} was deleted; its name is never used again", mind_id=mind_id
                )
            if event.seq == first_seq > 1 and event.prev_hash != state.hash:
                if becomes_of is not None:
                    self._begin_anew(becomes_of)
                return await self._replay(mind_id, Snapshot(), seq, becomes_of)
            state = state.apply(event)
            if becomes_of is not None:
                becomes_of.lately.note(event)
                self._saving.keep(mind_id, state, seq)
        return state

    async def _close_interrupted(self, active: ActiveMind) -> bool:
        """Every message that a process before this one left without an answer gets its terminal event.

        Whether it did: a mind without room for it can be read all the same, and is mended once there is room.
        """
        failed = mind.TurnFailed(
            reason=mind.TURN_FAILURE_REASON_INTERRUPTED,
            message="the process ended before the answer was complete",
        )
        ends = [
            terminal(mind.Body(turn_failed=failed), seq, turn.session_id, remember=turn.remember)
            for seq, turn in sorted(active.snapshot.sessions.open_turns.items())
            if seq not in active.running
        ]
        for start in range(0, len(ends), CLOSED_AT_ONCE):
            try:
                await self.append(active, ends[start : start + CLOSED_AT_ONCE])
            except IdempotencyKeyReused:
                # One of them has ended meanwhile: whoever opens the mind next looks again.
                return False
            except DiskFull as error:
                _log.warning("interrupted turns of a mind stay open: %s", error.reason)
                return False
        return True

    async def _at_head(self, mind_id: str) -> ActiveMind:
        # One that the ledger does not know is not held.
        head = None if mind_id in self._alive else await self._peers.head(mind_id)
        active = self._hold(mind_id)
        await (self._current(active) if head is None else self.reach(active, head))
        return active

    def _hold(self, mind_id: str) -> ActiveMind:
        active = self._alive.get(mind_id) or ActiveMind(mind_id, self._lately())
        self._alive[mind_id] = self._active[mind_id] = active
        self._active.move_to_end(mind_id)
        if len(self._active) > self._settings.active_minds:
            self._active.popitem(last=False)
        return active

    def _lately(self) -> Lately:
        settings = self._settings
        return Lately(settings.recent_turns, settings.prompt_tokens * CHARACTERS_PER_TOKEN)


def _is_another_history(known: Snapshot, head: int, its_hash: bytes) -> bool:
    """Whether a state is of another history than the one with a head; an empty hash says nothing."""
    return head < known.seq or (head == known.seq > 0 and its_hash not in (b"", known.hash))


def _within(now: Snapshot, mind_id: str, seq: int) -> None:
    if seq > now.seq:
        raise BeyondHead(
            f"seq {seq} lies above the head of mind {mind_id!r}, which is {now.seq}", head_seq=str(now.seq)
        )


def terminal(body: mind.Body, user_seq: int, session_id: str, *, remember: bool) -> Draft:
    """The one event that ends a turn: its key keeps a second one from being written. ``remember``: its message's."""
    return Draft(
        body,
        session_id=session_id,
        actor="assistant",
        causation_seq=user_seq,
        remember=remember,
        idempotency_key=f"turn:{user_seq}:end",
    )
