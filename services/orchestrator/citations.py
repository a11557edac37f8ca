"""What an answer cites, checked exactly: a cited event must have been in the prompt."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator.terms import Recalled

_BRACKET = re.compile(r"\[(#[0-9][^\[\]]*)\]")
_NUMBER = re.compile(r"#([0-9]+)\b")
MAX_SEQ = 2**63 - 1
_DIGITS = len(str(MAX_SEQ)) + 1
"""So many tell a number that no seq can be; a model may well write thousands."""
MAX_CHECKED = 1_000
"""Citations of an answer that are looked at while somebody waits for it; a prompt names far fewer events."""
MAX_WARNINGS = 20
"""Of one answer: whoever is told of so many needs no more, and all of them must fit its event."""


def cited_seqs(text: str, most: int | None = None) -> list[int]:
    """The seqs that a text cites as ``[#12]``, ``[#12, 3 May]`` or ``[#12, #14]``, in order, each once.

    ``most``: of so many citations, with which it begins.
    """
    return list(dict.fromkeys(islice(_cited(text), most)))


def _cited(text: str) -> Iterator[int]:
    for bracket in _BRACKET.finditer(text):
        for number in _NUMBER.findall(bracket[1]):
            yield int(number[:_DIGITS])


def check(
    cited: Iterable[int], memories: Sequence[Recalled], other_seqs: Iterable[int], head_seq: int
) -> list[tuple[str, int]]:
    """Code and seq of every citation that does not hold; ``other_seqs`` are of what else was in the prompt."""
    shown = {seq for memory in memories for seq in memory.source_seqs} | set(other_seqs)
    return [
        ("UNKNOWN_CITATION" if seq > head_seq or seq == 0 else "CITATION_NOT_IN_PROMPT", seq)
        for seq in cited
        if seq not in shown
    ]


def warnings(
    cited: Iterable[int], memories: Sequence[Recalled], other_seqs: Iterable[int], head_seq: int
) -> list[mind.Warning]:
    """What the person is told: a warning for each of the first citations that do not hold."""
    return [
        mind.Warning(
            code=code,
            message=f"the answer cites #{seq}, which was not in its prompt",
            seqs=[seq] if seq <= MAX_SEQ else [],
        )
        for code, seq in check(cited, memories, other_seqs, head_seq)[:MAX_WARNINGS]
    ]
