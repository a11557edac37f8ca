"""What a model writes of its own accord, before it is kept: a small one goes in circles and makes things up. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from services.orchestrator.extraction.condensing import SENTENCE, weights
from services.orchestrator.extraction.words import stem

LEAST_KNOWN = 0.5
"""So much of what a sentence says must be in what it is a summary of; the rest are words for it."""
_TELLING = frozenset(
    "user person people speaker assistant conversation message note notes topic summary ask asked asks answer answered "
    "say said says tell told tells talk talked talks talking discuss discussed discusses mention mentioned mentions "
    "explain explained explains want wants wanted wish decide decided decides agree agreed remain remains open".split()
)
"""Words that tell of a conversation, and stand in none."""
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
"""Scripts that put no space between words: what a sentence says cannot be told by its words."""
_WORD = re.compile(r"\w[\w'’-]*")
_END = re.compile(r"[.!?…)”\"'*]\s*$")


def said_once(text: str, *, is_cut: bool) -> str:
    """Without sentences whose every word was said before, nor the last where it was cut off, unless it is all."""
    sentences = list(_sentences(text))
    if is_cut and len(sentences) > 1 and not _END.search(sentences[-1]):
        sentences.pop()
    known: set[str] = set()
    kept: list[bool] = []
    for sentence in sentences:
        words = {word.casefold() for word in _WORD.findall(sentence)}
        kept.append(not words <= known)
        known |= words
    return _joined(sentences, kept)


def borne_out(summary: str, said: Sequence[str]) -> str:
    """Its sentences whose names and numbers, and about whose words, are in what was said."""
    whole = " ".join(said)
    if _UNSPACED.search(whole):
        return summary
    known = {stem(word) for text in said for word in _plain(text)}
    sentences = list(_sentences(summary))
    return _joined(sentences, [_is_known(one, known) for one in sentences])


def _is_known(sentence: str, known: set[str]) -> bool:
    told = {word: weight for word, weight in weights(sentence).items() if word not in _TELLING}
    found = [stem(word) in known for word in told]
    is_named = all(has for has, weight in zip(found, told.values(), strict=True) if weight > 1)
    return bool(found) and is_named and sum(found) >= LEAST_KNOWN * len(found)


def _plain(text: str) -> Iterator[str]:
    for word in _WORD.findall(text):
        yield re.sub(r"['’]s?$", "", word).casefold()


def _sentences(text: str) -> Iterator[str]:
    """Each with the space before it."""
    ends = [match.end() for match in SENTENCE.finditer(text) if match.group().strip()]
    for start, end in pairwise([0, *ends]):
        yield text[start:end]


def _joined(sentences: Sequence[str], kept: Sequence[bool]) -> str:
    """Those that are kept, on a line of their own where they were."""
    text = ""
    for sentence, is_kept in zip(sentences, kept, strict=True):
        if is_kept:
            words = sentence.lstrip()
            space = "\n" if "\n" in sentence[: -len(words)] else " "
            text += space + words if text else words
    return text.rstrip()
