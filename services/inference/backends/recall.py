"""Answers without a model: quotes what memory found, with the source, and says plainly when it found nothing."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Iterable, Sequence
from datetime import datetime

from services.inference.backends import asking_words
from services.inference.backends.asking_state import (
    ASKING_FOR_INSTRUCTIONS,
    ASKING_ITS_NAME,
    ASKING_MY_NAME,
    ASKING_WHAT_IS_OPEN,
)
from services.inference.backends.asking_words import shared, stem, stems, told_otherwise
from services.inference.generation import (
    PENALTIES,
    SEED,
    STOP,
    STOPS,
    TOP_K,
    Call,
    Completed,
    Delta,
    Estimating,
    Memory,
    ModelInfo,
    OpenCommitment,
    Part,
    Started,
    estimate_text,
    estimate_tokens,
)
from services.runtime.passages import passage
from services.runtime.scripts import QUESTION_MARKS

MODEL = "recall"
MAX_QUOTED = 3
MAX_QUOTE_CHARACTERS = 500
"""Of one memory: of a longer one the passage that the message is about."""
SCORE_SPAN = 2.5
"""How far below the best a memory's fused z-score may lie and still be quoted."""
STRONG_SCORE = 7.0
"""From here on a memory counts as related without a word in common; what only looks like it stays below."""

NOTHING = "I remember nothing about that."
NOT_SEARCHED = "I could not search what I remember just now: please ask again."
NOTED = "I will remember that."
NOT_NOTED = "I will not remember that."
SEVERAL = "This is what I remember:"
OPEN = "This is open:"
NOTHING_OPEN = "I know of nothing that is open."
INSTRUCTED = "You told me, from now on:"
NOTHING_INSTRUCTED = "I follow no standing instructions."
HINT = (
    "No language model is connected, so I can only quote what I remember. To connect one, start PMM with "
    "PMM_INFERENCE__BACKEND=openai, PMM_INFERENCE__OPENAI_BASE_URL=<its address, http://127.0.0.1:11434/v1 for "
    "Ollama> and PMM_INFERENCE__MODEL=<its name>: any OpenAI-compatible server will do, that of vllm included."
)

_FOR_A_LIVING = re.compile(r"\bfor a living\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+")
_PIECE = re.compile(r"\S+\s*|\s+")
_ASKED = re.compile(r"[か吗嗎呢][\s.。]*\Z")
"""The words with which a question ends in Japanese and Chinese, whatever stands behind them."""
_SENTENCE = re.compile("[^.!?\u3002\uff01\uff1f\u061f\n]+[.!?\u3002\uff01\uff1f\u061f]*")
_CITATION = re.compile(r"\[#\d+[,\]]")
_ASKING = re.compile(
    # Possessive: a message may begin with thousands of dashes.
    r"(?i:\W*+(?:(?:and|but|so|ok|okay|hey|hi|please)\b\W*+)?)(?:"
    r"(?i:who|whom|whose|what(?!\s+an?\s)|when|where|which|why|how|tell me"
    r"|remind me (?:what|who|when|where|which|why|how)|do you remember)\b"
    # An auxiliary asks only before its subject: "do you …", but not "have a nice day".
    r"|(?i:is|are|am|was|were|do|does|did|have|has|had|can|could|will|would|should|may|might)\s+"
    r"(?:(?i:i|you|he|she|it|we|they|my|your|his|her|our|their|the|there|this|that|these|those)\b|[A-Z]))"
)
_FORMERLY = re.compile(
    r"\b(?:did|was|were|had|used to|before|previous(?:ly)?|former(?:ly)?|earlier|once|ago|past|first)\b",
    re.IGNORECASE,
)
"""Asks how it was, rather than how it is."""
_TAG = re.compile(
    r",? (?:ok(?:ay)?|k|alright|all right|got (?:it|that)|will you|would you|please)\?\s*$", re.IGNORECASE
)
"""After what is told, or bidden: it asks only whether it was heard."""
_OF_ONESELF = re.compile(r"\b(?:i|my|me|mine)\b", re.IGNORECASE)
_WEAK = frozenset(
    (
        "remember tell told know think say said talk mention live lives lived like likes liked want get got go went "
        "thing things something anything now today currently nowadays days ever name called before previously "
        "formerly earlier once "
        "favourite favorite favourites favorites"
    ).split()
)
"""Words that say it only where no others do: "where does my sister live" is about the sister."""


class RecallBackend(Estimating):
    """Composes its answer from the call's memories. Deterministic, and no model."""

    name = "recall"
    supports = (
        frozenset({TOP_K, STOPS, SEED}) | PENALTIES
    )  # it chooses no words: how they should be chosen changes nothing

    async def generate(self, call: Call) -> AsyncGenerator[Part]:
        """See ``Backend``."""
        text = compose(call)
        yield Started(MODEL, self.name)
        for piece in _PIECE.findall(text):
            yield Delta(piece)
        yield Completed(STOP, estimate_tokens(call.messages), estimate_text(text), is_estimated=True)

    async def models(self) -> list[ModelInfo]:
        """See ``Backend``."""
        return [ModelInfo(MODEL, True, self.name)]

    async def close(self) -> None:
        """See ``Backend``."""


def compose(call: Call) -> str:
    """The answer to the last message of the person."""
    said = next((message.text for message in reversed(call.messages) if message.role == "user"), "")
    asks = is_question(said)
    about = _about(said, call.memories)
    quotes = [quote(memory, about, call.now) for memory in relevant(said, about, call.memories, asks=asks)]
    if named := _named(said, call):
        answer = named
    elif ASKING_FOR_INSTRUCTIONS.search(said):
        answer = _instructed(call) or (_answer(call, quotes) if quotes else NOTHING_INSTRUCTED)
    elif ASKING_WHAT_IS_OPEN.search(said):
        answer = _open(call) or (_answer(call, quotes) if quotes else NOTHING_OPEN)
    elif asks:
        answer = _answer(call, quotes)
    else:
        answer = " ".join([NOT_NOTED if call.is_unremembered else NOTED, *quotes])
    return f"{answer}\n\n{HINT}" if call.first_turn else answer


def _answer(call: Call, quotes: list[str]) -> str:
    match quotes:
        case []:
            return NOT_SEARCHED if call.is_unsearched else NOTHING
        case [only]:
            return only
        case several:
            return "\n".join([SEVERAL, *(f"- {line}" for line in several)])


def _open(call: Call) -> str:
    """What is to be done, the most urgent first; empty where nothing is."""
    lines = [_promised(commitment, call.now) for commitment in call.open_commitments]
    if call.other_commitments:
        lines.append(f"and {call.other_commitments} more.")
    return "\n".join([OPEN, *(f"- {line}" for line in lines)]) if lines else ""


def _named(said: str, call: Call) -> str:
    """What mind or person is called, where a message asks for it; empty where it does not, or nobody knows."""
    if ASKING_ITS_NAME.search(said) and call.mind_name:
        return f"My name is {call.mind_name.name} [#{call.mind_name.seq}]."
    if ASKING_MY_NAME.search(said) and call.user_name:
        return f"Your name is {call.user_name.name} [#{call.user_name.seq}]."
    return ""


def _instructed(call: Call) -> str:
    """What is wanted from now on; empty where nothing is."""
    texts = ((passage(one.text, (), MAX_QUOTE_CHARACTERS), one.seq) for one in call.instructions)
    lines = [f'"{text}" [#{seq}].' for text, seq in texts]
    if call.other_instructions:
        lines.append(f"and {call.other_instructions} more.")
    return "\n".join([INSTRUCTED, *(f"- {line}" for line in lines)]) if lines else ""


def _promised(commitment: OpenCommitment, now: datetime) -> str:
    due = f", due {_moment(commitment.due_at, now)}" if commitment.due_at else ""
    text = passage(commitment.text, (), MAX_QUOTE_CHARACTERS)
    return f'"{text}"{due} [#{commitment.seq}, {_day(commitment.opened_at, now)}].'


def is_question(text: str) -> bool:
    """Whether a message asks something."""
    told = _TAG.sub(".", text)
    return any(mark in told for mark in QUESTION_MARKS) or _is_asked(told)


def _is_asked(text: str) -> bool:
    """Whether it begins or ends as a question does, without its mark."""
    return _ASKING.match(text) is not None or _ASKED.search(text) is not None


def relevant(said: str, about: frozenset[str], memories: Sequence[Memory], *, asks: bool) -> list[Memory]:
    """Those of the memories, given best first, that are worth quoting in answer to a message ``about`` some stems."""
    memories = [memory for memory in memories if _may_answer(said, memory, memories)]
    replaced, asks_formerly = _former(memories), bool(_FORMERLY.search(said))
    former = {} if asks_formerly else replaced
    told = _telling([memory for memory in memories if memory not in former], _words(said))
    # What says how it is now is about all that those were about which say how it was.
    for memory, instead in former.items():
        if instead in told:
            told[instead] |= stems(_stated(memory.text))
    common = {memory: shared(about, stated) + _own(said, memory) for memory, stated in told.items()}
    most = max(common.values(), default=0)
    if not asks:
        # Something told is followed up only where it clearly is about the same.
        return [memory for memory in told if common[memory] == most > 1][:1]
    if most:
        related = [memory for memory in told if 2 * common[memory] >= most]
        if asks_formerly:
            # What says how it is instead is no answer then, unless it is more of one.
            instead = {new for old, new in replaced.items() if common.get(old, 0) >= common.get(new, 0)}
            related = [memory for memory in related if memory not in instead]
    else:
        related = [memory for memory in told if not about or memory.score >= STRONG_SCORE]
    best = max((memory.score for memory in related), default=0.0)
    near = [memory for memory in related if memory.score >= best - SCORE_SPAN]
    # Who is asked about knows best.
    named = stems(said)
    return sorted(
        near, key=lambda memory: (named.isdisjoint(_spoken_by(memory)), bool(memory.quoted_speaker))
    )[:MAX_QUOTED]


def _spoken_by(memory: Memory) -> frozenset[str]:
    return stems(f"{memory.speaker} {memory.quoted_speaker}")


def _own(said: str, memory: Memory) -> int:
    """What ``told_otherwise`` says of what the person told of themselves, and did not quote."""
    return 0 if memory.quoted_speaker else told_otherwise(said, memory.text)


def _former(memories: Sequence[Memory]) -> dict[Memory, Memory]:
    """Those that say how it was, each with the last one that says how it is instead."""
    by_id = {memory.memory_id: memory for memory in memories if memory.memory_id}
    return {memory: by_id[memory.superseded_by] for memory in memories if memory.superseded_by in by_id}


def quote(memory: Memory, about: Iterable[str], now: datetime) -> str:
    """A memory, word for word, with who said it and the source; of a long one what holds words that begin so."""
    match memory.speaker:
        case "user" if memory.quoted_speaker:
            lead = f"You quoted {memory.quoted_speaker}: "
        case "user":
            lead = "You told me: "
        case "assistant":
            lead = "I said: "
        case "":
            lead = ""
        case speaker:
            lead = f"{speaker}: "
    text = passage(memory.text, about, MAX_QUOTE_CHARACTERS)
    return f'{lead}"{text}" {citation(memory, now)}.'


def citation(memory: Memory, now: datetime) -> str:
    """``[#12, 3 May]``, a day in the time zone of ``now``, with the year where it is another one than now's."""
    return f"[#{memory.seq}, {_day(memory.occurred_at, now)}]"


def _day(at: datetime, now: datetime) -> str:
    when = at.astimezone(now.tzinfo)
    year = f" {when.year}" if when.year != now.year else ""
    return f"{when.day} {when:%b}{year}"


def _moment(at: datetime, now: datetime) -> str:
    when = at.astimezone(now.tzinfo)
    return f"{when:%A}, {_day(at, now)}, {when:%H:%M}"


def _telling(memories: Sequence[Memory], own: str) -> dict[Memory, frozenset[str]]:
    """The stems that each states, without those that tell nothing: the message itself, what was said before, questions,
    answers of this backend.
    """
    seen = {own}
    fresh: dict[Memory, frozenset[str]] = {}
    for memory in memories:
        words = _words(memory.text)
        if words and words not in seen and not _is_echo(memory):
            fresh[memory] = stems(_stated(memory.text))
            seen.add(words)
    statements = {memory: stated for memory, stated in fresh.items() if stated}
    # What others asked may tell something; the person's own question never answers itself.
    return statements or {memory: stated for memory, stated in fresh.items() if memory.speaker != "user"}


def _is_echo(memory: Memory) -> bool:
    """Whether it only repeats other memories, as an answer of this backend does."""
    if memory.speaker != "assistant":
        return False
    return _CITATION.search(memory.text) is not None or memory.text.startswith(
        (NOTHING, NOT_SEARCHED, NOTED, SEVERAL, OPEN, NOTHING_OPEN, INSTRUCTED, NOTHING_INSTRUCTED)
    )


def _stated(text: str) -> str:
    """The text without its questions."""
    sentences = (found.strip() for found in _SENTENCE.findall(text))
    return " ".join(
        sentence
        for sentence in sentences
        if not sentence.endswith(QUESTION_MARKS) and not _is_asked(sentence)
    )


def _about(said: str, memories: Sequence[Memory]) -> frozenset[str]:
    """The stems that say what a message is about; none where it asks for anything there is."""
    words = set(asking_words.words(_FOR_A_LIVING.sub("job", said)))
    # In a conversation of two everything is by one of them: a name alone relates nothing.
    speakers = frozenset(one for name in {memory.speaker for memory in memories} for one in stems(name))
    words = {word for word in words if stem(word) not in speakers} or words
    asked = words - {"remember", "know", "tell"}
    return frozenset(map(stem, words - _WEAK or asked - {"now", "today", "currently"} or asked))


def _may_answer(said: str, memory: Memory, memories: Sequence[Memory]) -> bool:
    """Whether a memory tells of whom a message asks: of a speaker whom it names, or of the person who writes "I"."""
    others = frozenset(one for each in memories if _is_of_another(each) for one in stems(each.speaker))
    named = stems(said) & others
    if named:
        return not named.isdisjoint(_spoken_by(memory) | stems(memory.text))
    return not (_is_of_another(memory) and _OF_ONESELF.search(said))


def _is_of_another(memory: Memory) -> bool:
    return memory.speaker not in ("user", "assistant", "")


def _words(text: str) -> str:
    return " ".join(_WORD.findall(text.lower()))
