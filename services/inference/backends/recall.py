"""Answers without a model: quotes what memory found, with the source, and says plainly when it found nothing."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Sequence
from datetime import datetime

from services.inference.generation import (
    STOP,
    Call,
    Completed,
    Memory,
    ModelInfo,
    Part,
    Started,
    estimate_tokens,
)
from services.runtime.errors import InvalidArgument, Violation

MODEL = "recall"
MAX_QUOTED = 3
SCORE_SPAN = 2.5
"""How far below the best a memory's fused z-score may lie and still be quoted."""
STRONG_SCORE = 2.5
"""From here on a memory counts as related without a word in common."""

HINT = (
    "No language model is connected, so I can only quote what I remember. To connect one, start PMM with "
    "PMM_INFERENCE__BACKEND=openai, PMM_INFERENCE__OPENAI_BASE_URL=<its address, http://127.0.0.1:11434/v1 for "
    "Ollama> and PMM_INFERENCE__MODEL=<its name>: any OpenAI-compatible server will do."
)

_WORD = re.compile(r"[^\W_]+")
_PIECE = re.compile(r"\S+\s*|\s+")
_QUESTION = re.compile(
    r"(?i)^\W*(?:who|whom|whose|what|when|where|which|why|how|is|are|am|was|were|do|does|did|have|has|had|can|could"
    r"|will|would|should|may|might|tell me|remind me what|do you remember)\b"
)
_SMALL = frozenset(
    (  # noqa: SIM905  a list of one word a line would fill a screen
        "a about am an and any are as at be been but by can could did do does for from had has have he her him his how "
        "i if in into is it its me my no not of on or our she should so some tell than that the their them then there "
        "they this to us was we were what when where which who whom whose why will with would you your remember "
        "live lives know like likes think say said"
    ).split()
)
"""Words that say little about what a message is about; "where does my sister live" is about the sister."""
_ENDINGS = ("ations", "ation", "ings", "ing", "edly", "ied", "ies", "ed", "es", "s", "ly")


class RecallBackend:
    """Composes its answer from the call's memories. Deterministic, and no model."""

    name = "recall"

    async def generate(self, call: Call) -> AsyncGenerator[Part]:
        """See ``Backend``."""
        if call.json_schema is not None:
            raise InvalidArgument([Violation("json_schema", "needs a language model: recall has none")])
        text = compose(call)
        yield Started(MODEL)
        for piece in _PIECE.findall(text):
            yield piece
        prompt = estimate_tokens(call.messages)
        yield Completed(STOP, prompt, len(text) // 4, is_estimated=True)

    async def models(self) -> list[ModelInfo]:
        """See ``Backend``."""
        return [ModelInfo(MODEL, up=True)]

    async def close(self) -> None:
        """See ``Backend``."""


def compose(call: Call) -> str:
    """The answer to the last message of the person."""
    said = next((message.text for message in reversed(call.messages) if message.role == "user"), "")
    asks = is_question(said)
    chosen = relevant(said, call.memories, asks=asks)
    quotes = "\n".join(quote(memory, call.now) for memory in chosen)
    if asks:
        answer = f"This is what I remember:\n{quotes}" if chosen else "I remember nothing about that."
    else:
        answer = "I will remember that."
        if chosen:
            answer += f" It goes with this:\n{quotes}"
    return f"{answer}\n\n{HINT}" if call.first_turn else answer


def is_question(text: str) -> bool:
    """Whether a message asks something."""
    return "?" in text or _QUESTION.match(text) is not None


def relevant(said: str, memories: Sequence[Memory], *, asks: bool) -> list[Memory]:
    """Those of the memories, given best first, that are worth quoting in answer to a message."""
    about = _stems(said)
    own = " ".join(_WORD.findall(said.lower()))
    told = [
        memory
        for memory in memories
        if " ".join(_WORD.findall(memory.text.lower())) != own
        and not (memory.speaker == "user" and is_question(memory.text))
        and (about & _stems(memory.text) or (asks and memory.score >= STRONG_SCORE))
    ]
    if not told:
        return []
    best = max(memory.score for memory in told)
    limit = MAX_QUOTED if asks else 1
    near = [memory for memory in told if memory.score >= best - SCORE_SPAN]
    seen: dict[str, Memory] = {}
    for memory in near:
        seen.setdefault(memory.text, memory)
    # Something told is followed up only where it clearly is about the same.
    kept = [m for m in seen.values() if asks or len(about & _stems(m.text)) > 1]
    return kept[:limit]


def quote(memory: Memory, now: datetime) -> str:
    """A memory, word for word, with who said it and the source."""
    if memory.speaker == "user":
        spoken = f"You told me: “{memory.text}”"
    elif memory.speaker == "assistant":
        spoken = f"I said: “{memory.text}”"
    elif memory.speaker:
        spoken = f"{memory.speaker}: “{memory.text}”"
    else:
        spoken = f"“{memory.text}”"
    return f"- {spoken} {citation(memory, now)}"


def citation(memory: Memory, now: datetime) -> str:
    """``[#12, 3 May]``, with the year where it is another one than now's."""
    when = memory.occurred_at
    year = f" {when.year}" if when.year != now.year else ""
    return f"[#{memory.seq}, {when.day} {when:%b}{year}]"


def _stems(text: str) -> frozenset[str]:
    return frozenset(
        _stem(word) for word in _WORD.findall(text.lower()) if word not in _SMALL and len(word) > 1
    )


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word.removesuffix(ending)
    return word
