"""What a conversation was like: sentiment, topics, engagement and open questions, by rules and VADER's lexicon. Pure.

Source of the sentiment: Hutto and Gilbert, "VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social
Media Text" (2014), through the library of that name. English.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from services.orchestrator.extraction.common import COMMON
from services.orchestrator.extraction.words import sentences
from services.orchestrator.terms import Said
from services.runtime.scripts import QUESTION_MARKS

MAX_TOPICS, MAX_QUESTIONS, MAX_QUESTION_CHARACTERS = 5, 10, 200
LIVELY_WORDS, LIVELY_MESSAGES = 15, 10
"""Words of a message, and messages, from which on a conversation counts as lively."""
_WORD = re.compile(r"[^\W\d_]{4,}")
_UNANSWERED = re.compile(
    r"(?i)\b(?:remember nothing|(?:don't|do not|didn't) (?:know|remember)|not sure|can(?:no|')t (?:say|tell)|no idea)\b"
)


@dataclass(frozen=True, slots=True)
class Analysis:
    """A conversation, or a part of one."""

    sentiment: float
    """From -1 (unhappy) to 1 (happy): the mean over what the person said."""
    topics: tuple[str, ...]
    """What the person spoke of, most first."""
    engagement: float
    """From 0 (none) to 1 (lively)."""
    open_questions: tuple[str, ...]
    """What the person asked and got no answer to."""


def analyze(said: Sequence[Said]) -> Analysis:
    """Analyse messages, the oldest first."""
    texts = [one.text for one in said if one.role == "user"]
    if not texts:
        return Analysis(0.0, (), 0.0, ())
    scores = [_sentiment().polarity_scores(text)["compound"] for text in texts]
    words = sum(len(text.split()) for text in texts) / len(texts)
    asking = sum(any(mark in text for mark in QUESTION_MARKS) for text in texts) / len(texts)
    engagement = (
        0.5 * min(1.0, words / LIVELY_WORDS) + 0.25 * min(1.0, len(texts) / LIVELY_MESSAGES) + 0.25 * asking
    )
    return Analysis(sum(scores) / len(scores), _topics(texts), engagement, _open_questions(said))


@cache
def _sentiment() -> Any:
    # Its lexicon takes a moment to load.
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return SentimentIntensityAnalyzer()


def _topics(texts: Sequence[str]) -> tuple[str, ...]:
    """Words that are no everybody's, by how many messages hold them; names within a sentence count twice."""
    counts: Counter[str] = Counter()
    for text in texts:
        weights: dict[str, int] = {}
        for match in _WORD.finditer(text):
            word = match.group()
            is_name = word[0].isupper() and not re.search(r"(?:^|[.!?\n])\W*$", text[: match.start()])
            if word.lower() not in COMMON:
                weights[word.lower()] = max(weights.get(word.lower(), 0), 2 if is_name else 1)
        counts.update(weights)
    return tuple(word for word, weight in counts.most_common(MAX_TOPICS) if weight > 1)


def _questions(text: str) -> Iterator[str]:
    for start, end in sentences(text):
        sentence = text[start:end].strip()
        if sentence.endswith(QUESTION_MARKS):
            yield sentence


def _open_questions(said: Sequence[Said]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for index, one in enumerate(said):
        answer = said[index + 1] if index + 1 < len(said) else None
        is_answered = (
            answer is not None and answer.role == "assistant" and not _UNANSWERED.search(answer.text)
        )
        if one.role == "user" and not is_answered:
            found.update(dict.fromkeys(_questions(one.text)))
    return tuple(question[:MAX_QUESTION_CHARACTERS] for question in list(found)[-MAX_QUESTIONS:])
