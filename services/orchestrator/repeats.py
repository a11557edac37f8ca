"""A call that comes again with its idempotency key: the event that it appended tells what became of it.

An event that can be appended again meets itself in the ledger. Where the state no longer allows that, the ledger is
asked for it here.
"""

from __future__ import annotations

import hashlib

import pmm_client.errors
from services.orchestrator.errors import IdempotencyKeyReused
from services.orchestrator.peers import Peers
from services.orchestrator.terms import Draft

TAKEN = (
    "the idempotency key came with something else before, or with what was erased since: take a new key, or repeat "
    "that call"
)


def digest(key: str) -> str:
    """In its place, of a length that fits wherever a key goes."""
    return hashlib.sha256(key.encode()).hexdigest()


def key_of(event: str, key: str) -> str:
    """The idempotency key of an event that a call appends; empty where it came without one."""
    return f"{event}:{digest(key)}" if key else ""


async def came_before(peers: Peers, mind_id: str, draft: Draft) -> int | None:
    """Where an event stands that was appended with its key before; None where it was not, or has no key.

    Raises IdempotencyKeyReused where the key came with another body, or with one that was erased since and the draft
    refuses that.
    """
    if not draft.idempotency_key:
        return None
    try:
        # The ledger looks at the keys first, and nothing is appended to a mind that is there.
        known = await peers.append(mind_id, [draft], expected_seq=0)
    except pmm_client.errors.WrongExpectedSeq:
        return None
    except pmm_client.errors.IdempotencyKeyReused:
        raise IdempotencyKeyReused(TAKEN) from None
    return known.events[0].seq
