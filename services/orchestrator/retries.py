"""What became of a message that comes again, however its session and the mind's policies have changed since."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator.asking import Ask, Part, replayed
from services.orchestrator.errors import IdempotencyKeyReused
from services.orchestrator.extraction.extractor import occurred_ns
from services.orchestrator.guard import POLICY_PREFIX, SEVERITIES, guard, region_of
from services.orchestrator.peers import Peers
from services.orchestrator.projections.profile import Profile
from services.orchestrator.repeats import came_before


async def outcome(peers: Peers, ask: Ask, session_id: str, profile: Profile) -> list[Part] | None:
    """What a message got when it came with its key before; None where it did not come, or has no answer.

    For messages that cannot be kept now: others meet their own event when they are appended.
    """
    # What is said incognito is not shown to the ledger, be it only to be compared.
    if ask.privacy_mode == mind.PRIVACY_MODE_INCOGNITO:
        return None
    try:
        # First no words: where the key is new, the ledger is shown no others.
        seq = await came_before(peers, ask.mind_id, ask.draft("", session_id, remember=True))
    except IdempotencyKeyReused:
        seq = await _kept(peers, ask, session_id, profile)
    return None if seq is None else await stored(peers, ask.mind_id, session_id, seq)


async def stored(peers: Peers, mind_id: str, session_id: str, user_seq: int) -> list[Part] | None:
    """What a message got that is kept; None where its turn never ended."""
    async for event in peers.read(
        mind_id, from_seq=user_seq, kinds=("assistant_message", "turn_failed"), session_ids=(session_id,)
    ):
        if event.causation_seq == user_seq:
            return replayed(event, user_seq)
    return None


async def _kept(peers: Peers, ask: Ask, session_id: str, profile: Profile) -> int | None:
    """Where in its session the message was kept with its key, as the policies of that time left it."""
    left: dict[frozenset[str], str] = {}
    kinds = ("user_message",)
    async for event in peers.read(ask.mind_id, reverse=True, kinds=kinds, session_ids=(session_id,)):
        kept = event.body.user_message.text
        masked = frozenset(name for name in SEVERITIES if f"[{name}]" in kept)
        if masked not in left:
            left[masked] = await asyncio.to_thread(_masked, ask.text, masked, profile)
        if kept == left[masked]:
            said_at = event.body.user_message.occurred_at if occurred_ns(event) else None
            draft = ask.draft(kept, session_id, remember=event.remember, said_at=said_at)
            with suppress(IdempotencyKeyReused):
                return await came_before(peers, ask.mind_id, draft)
    return None


def _masked(text: str, masked: frozenset[str], profile: Profile) -> str:
    """With what it holds of some classes of personal data masked, whatever the policies are now."""
    actions = {POLICY_PREFIX + name: "mask" if name in masked else "allow" for name in SEVERITIES}
    return guard(text, actions, region_of(profile.time_zone, profile.language)).text
