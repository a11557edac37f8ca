"""What an answer was made from, as its event keeps it. Pure."""

from __future__ import annotations

import hashlib
import hmac

from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator.prompt import Prompt


def receipt(built: Prompt, head_seq: int, key: bytes, *, is_degraded: bool) -> mind.Receipt:
    """The receipt of an answer to a prompt, which was built from the mind as of ``head_seq``.

    ``key`` is the mind's own: the prompt's digest is HMAC-SHA-256 under it and betrays no words. ``is_degraded`` says
    that the search was left out.
    """
    return mind.Receipt(
        memories=[
            mind.RecalledMemory(memory_id=m.memory_id, source_seqs=m.source_seqs, score=m.score)
            for m in built.memories
        ],
        recent_seqs=built.recent_seqs,
        head_seq=head_seq,
        prompt_digest=_digest(built, key),
        degraded=is_degraded,
        state_seqs=built.state_seqs,
    )


def _digest(built: Prompt, key: bytes) -> bytes:
    """Who said what in the prompt, in its order."""
    spoken = "\x00".join(f"{said.role}\x01{said.text}" for said in built.messages)
    return hmac.digest(key, spoken.encode(), hashlib.sha256)
