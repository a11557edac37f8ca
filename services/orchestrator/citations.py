"""What an answer cites, checked exactly: a cited event must have been in the prompt."""

from __future__ import annotations

import re
from collections.abc import Sequence

from services.orchestrator.terms import Recalled

_CITATION = re.compile(r"\[#(\d{1,19})(?:[,\]])")


def cited_seqs(text: str) -> list[int]:
    """The seqs that a text cites as ``[#12, 3 May]`` or ``[#12]``, in order, each once."""
    return list(dict.fromkeys(int(seq) for seq in _CITATION.findall(text)))


def check(
    text: str, memories: Sequence[Recalled], recent_seqs: Sequence[int], head_seq: int
) -> list[tuple[str, int]]:
    """Code and seq of every citation that does not hold."""
    shown = {seq for memory in memories for seq in memory.source_seqs} | set(recent_seqs)
    return [
        ("UNKNOWN_CITATION" if seq > head_seq or seq == 0 else "CITATION_NOT_IN_PROMPT", seq)
        for seq in cited_seqs(text)
        if seq not in shown
    ]
