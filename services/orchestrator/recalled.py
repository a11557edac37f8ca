"""What a search found, without saying the same twice. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator.terms import Recalled


def without_repeats(found: Sequence[Recalled]) -> list[Recalled]:
    """Best first: a memory that was drawn from a message which was found as well gives its place to the message.

    The message says all that the memory does, in the person's own words.
    """
    said = {
        one.source_seqs[0]: one for one in found if one.type == mind.MEMORY_TYPE_EPISODE and one.source_seqs
    }
    kept: dict[str, Recalled] = {}
    for one in found:
        message = next((said[seq] for seq in one.source_seqs if seq in said), one)
        kept.setdefault(message.memory_id, message if message is one else replace(message, score=one.score))
    return list(kept.values())
