"""The part of a long text that is about something. Pure, and the same every time."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from heapq import nlargest
from itertools import islice

from services.runtime.scripts import spaced

MAX_BEGINNINGS = 100
"""The longest tell most."""
MAX_PLACES = 1_000
"""Of one word: what stands in more of them tells them apart no better."""
_CUTS = (re.compile(r"(?<=[.!?…])\s+|\n\s*|(?<=[。！？])"), re.compile(r"\s+"))
"""Where a text is best cut: between sentences or lines; else between words."""


def passage(text: str, beginnings: Iterable[str], room: int) -> str:
    """A text, or of one that is longer at most ``room`` characters, with … where it goes on.

    They are those in which most words begin as one of ``beginnings`` (in lower case) does; one that is rare in the text
    counts for more. Where there is none, they are the first.
    """
    if len(text) <= room:
        return text
    # Wanted is what stands in two quarters of the room; a quarter before and one behind are there to be cut well.
    step = max(room // 4, 1)
    worth = _worth(text.lower(), beginnings, step)
    best = max(worth, key=lambda at: (worth[at] + worth.get(at + 1, 0.0), -at), default=0)
    size = max(room - len("… ") - len(" …"), 0)
    begin = min(max(best - 1, 0) * step, len(text) - size)
    end = begin + size
    if begin and (cuts := _cuts(text, begin, begin + step)):
        begin = cuts[0].end()
    if end < len(text) and (cuts := _cuts(text, end - step, end)):
        end = cuts[-1].start()
    return f"{'… ' if begin else ''}{text[begin:end].strip()}{' …' if end < len(text) else ''}"


def _worth(text: str, beginnings: Iterable[str], step: int) -> dict[int, float]:
    """What each part of so many characters is worth, where it is worth anything."""
    worth: defaultdict[int, float] = defaultdict(float)
    for beginning in nlargest(MAX_BEGINNINGS, set(beginnings), key=lambda one: (len(one), one)):
        parts = {place // step for place in islice(_places(text, beginning), MAX_PLACES)}
        for part in parts:
            worth[part] += 1 / len(parts)
    return worth


def _places(text: str, beginning: str) -> Iterator[int]:
    """Where words begin so."""
    is_anywhere = spaced(beginning) != beginning
    place = text.find(beginning)
    while place >= 0:
        if is_anywhere or not text[place - 1 : place].isalnum():
            yield place
        place = text.find(beginning, place + 1)


def _cuts(text: str, begin: int, end: int) -> list[re.Match[str]]:
    return next((found for cut in _CUTS if (found := list(cut.finditer(text, begin, end)))), [])
