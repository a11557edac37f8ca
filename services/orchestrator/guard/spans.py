"""Where in a text something was found, and what stands around it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_VARIES = re.compile(r"(?:[\w-]\?|\(|\[).*")
"""Of a pattern for a word, all from what may be missing on."""
_DOTTED = {ord("İ"): "i", ord("ı"): "i"}
_END_OF_SENTENCE = re.compile(r"[.!?…]\s+(?=[^a-z])|\n\s*\n")


@dataclass(frozen=True, slots=True)
class Span:
    """Characters ``start`` to ``end`` of a text, and the class of personal data that they are."""

    name: str
    start: int
    end: int

    def overlaps(self, other: Span) -> bool:
        """Whether both hold a character."""
        return self.start < other.end and other.start < self.end


def before(text: str, start: int, characters: int) -> str:
    """What stands before a place, of the same sentence, at most so many characters."""
    window = text[max(0, start - characters) : start]
    ends = [match.end() for match in _END_OF_SENTENCE.finditer(window)]
    return window[ends[-1] :] if ends else window


def after(text: str, end: int, characters: int) -> str:
    """What stands after a place, of the same sentence, at most so many characters."""
    window = text[end : end + characters]
    ended = _END_OF_SENTENCE.search(window)
    return window[: ended.start()] if ended else window


def words(*them: str) -> re.Pattern[str]:
    """Any of some words, as whole words and in any case."""
    return re.compile(rf"(?<!\w)(?:{'|'.join(them)})(?!\w)", re.IGNORECASE)


def stems(*them: str) -> tuple[str, ...]:
    """Letters of which some are in each text, as ``plain`` has it, in which one of some words stands."""
    return tuple(sorted({plain(re.sub(_VARIES, "", word).replace("\\", "")) for word in them}))


def plain(text: str) -> str:
    """The text as patterns that heed no case read it."""
    return text.translate(_DOTTED).casefold()
