"""What became of a message that comes again, however its session and the mind's policies have changed since."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from itertools import combinations, islice

from pmm.mind.v1 import events_pb2 as mind
from pmm_client.errors import IdempotencyKeyReused, WrongExpectedSeq
from services.orchestrator.asking import Ask, Part, replayed
from services.orchestrator.guard import POLICY_PREFIX, SEVERITIES, find, guard, region_of
from services.orchestrator.peers import Peers
from services.orchestrator.projections.profile import Profile

MAX_MASKED = 16
"""Ways of masking a message that are tried: every one where it holds at most four classes of personal data."""


async def outcome(peers: Peers, ask: Ask, session_id: str, profile: Profile) -> list[Part] | None:
    """What a message got when it came with its key before; None where it did not come, or has no answer.

    For messages that cannot be kept now: others meet their own event when they are appended.
    """
    # What is said incognito is not shown to the ledger, be it only to be compared.
    if not ask.idempotency_key or ask.privacy_mode == mind.PRIVACY_MODE_INCOGNITO:
        return None
    async for text in _texts(ask.text, profile):
        for remember in (True, False):
            try:
                draft = ask.draft(text, session_id, remember=remember)
                # The ledger looks at the keys first, and nothing is appended to a mind that is there.
                known = await peers.append(ask.mind_id, [draft], expected_seq=0)
            except IdempotencyKeyReused:
                continue
            except WrongExpectedSeq:
                return None
            return await stored(peers, ask.mind_id, session_id, known.events[0].seq)
    return None


async def stored(peers: Peers, mind_id: str, session_id: str, user_seq: int) -> list[Part] | None:
    """What a message got that is kept; None where its turn never ended."""
    async for event in peers.read(
        mind_id, from_seq=user_seq, kinds=("assistant_message", "turn_failed"), session_ids=(session_id,)
    ):
        if event.causation_seq == user_seq:
            return replayed(event, user_seq)
    return None


async def _texts(text: str, profile: Profile) -> AsyncIterator[str]:
    """What may have been kept of a message. First no words: where the key is new, the ledger is shown no others."""
    yield ""
    for kept in await asyncio.to_thread(lambda: list(islice(_masked(text, profile), MAX_MASKED))):
        yield kept


def _masked(text: str, profile: Profile) -> Iterator[str]:
    """With some classes of what it holds masked, or none: nobody knows what the policies were."""
    region = region_of(profile.time_zone, profile.language)
    classes = sorted({span.name for span in find(text, region)})
    for count in range(len(classes) + 1):
        for masked in combinations(classes, count):
            actions = {POLICY_PREFIX + name: "mask" if name in masked else "allow" for name in SEVERITIES}
            yield guard(text, actions, region).text
