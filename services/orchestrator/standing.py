"""What an erasure must not change: how much is kept of a conversation, what is done with personal data, what has ended.

The first two fail closed where what says so is erased; a promise would be open again. Who forgets something says them
again before.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from google.protobuf.struct_pb2 import Value

from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator.guard import ACTIONS, in_force
from services.orchestrator.minds import Minds
from services.orchestrator.peers import Peers
from services.orchestrator.projections.commitments import COMMITMENTS
from services.orchestrator.projections.profile import PROFILE
from services.orchestrator.radius import Reached
from services.orchestrator.sessions import SessionActions
from services.orchestrator.snapshot import Snapshot
from services.orchestrator.terms import Draft

MODES = frozenset({"session_started", "privacy_mode_changed"})
"""What says how much is kept of a conversation."""
POLICY = "policy_changed"
"""What says, among others, what is done with personal data."""
CLOSED = "commitment_closed"
"""What says that a promise has ended, and perhaps why."""
TOLD_AT_ONCE = 500
"""In one append."""


class Standing:
    """Says again what holds."""

    def __init__(self, minds: Minds, peers: Peers, sessions: SessionActions) -> None:
        self._minds = minds
        self._peers = peers
        self._sessions = sessions

    async def tell_again(self, mind_id: str, erased: Collection[Reached]) -> None:
        """Append what is to hold as before once some events are erased."""
        for each in erased:
            if each.kind in MODES:
                await self._mode(mind_id, each.seq)
        if any(each.kind == POLICY for each in erased):
            await self._policies(mind_id, {each.seq for each in erased})
        if any(each.kind == CLOSED for each in erased):
            await self._ends(mind_id, {each.seq for each in erased})

    async def _mode(self, mind_id: str, seq: int) -> None:
        event = await self._peers.event(mind_id, seq)
        if not event.redacted:
            await self._sessions.tell_mode_again(mind_id, event.session_id)

    async def _policies(self, mind_id: str, erased: Collection[int]) -> None:
        left = await self._left(mind_id, erased)

        def decide(state: Snapshot) -> list[Draft]:
            now = in_force(state.profile.policies)
            # What is no action says nothing that could be told again.
            return [_policy(key, now[key]) for key in left if now[key] != left[key] and now[key] in ACTIONS]

        await self._minds.decide(await self._minds.open(mind_id), decide)

    async def _ends(self, mind_id: str, erased: Collection[int]) -> None:
        """Of promises that stay."""
        again, state = list[Draft](), COMMITMENTS.initial
        async for event in self._peers.read(mind_id, kinds=tuple(COMMITMENTS.folds)):
            if event.seq in erased and not event.redacted:
                if event.kind == CLOSED and COMMITMENTS.apply(state, event)[0].closed > state.closed:
                    again.append(_end(event))
                event.redacted = True
            state, _ = COMMITMENTS.apply(state, event)
        for start in range(0, len(again), TOLD_AT_ONCE):
            await self._minds.append(await self._minds.open(mind_id), again[start : start + TOLD_AT_ONCE])

    async def _left(self, mind_id: str, erased: Collection[int]) -> dict[str, Any]:
        """What would hold without the events that are to be erased."""
        profile = PROFILE.initial
        async for event in self._peers.read(mind_id, kinds=(POLICY,)):
            event.redacted = event.redacted or event.seq in erased
            profile, _ = PROFILE.apply(profile, event)
        return in_force(profile.policies)


def _policy(key: str, action: str) -> Draft:
    told = mind.PolicyChanged(key=key, value=Value(string_value=action))
    return Draft(mind.Body(policy_changed=told))


def _end(event: mind.Event) -> Draft:
    """Told again without why."""
    told = mind.CommitmentClosed()
    told.CopyFrom(event.body.commitment_closed)
    told.why = ""
    told.closed_seq = told.closed_seq or event.seq
    cause = event.causation_seq if event.HasField("causation_seq") else event.seq
    return Draft(
        mind.Body(commitment_closed=told),
        causation_seq=cause,
        remember=event.remember,
        idempotency_key=f"told-again:{event.seq}",
    )
