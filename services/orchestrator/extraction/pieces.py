"""Patterns looked for in a long text piece by piece, with the same result as in the whole of it.

One call of ``re`` lets no other thread run until it ends, in a thread of its own neither: of a message of 256 KiB it
would hold everybody else's for a tenth of a second. Of a piece it takes some milliseconds, and then others have their
turn.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

PIECE = 4_096
"""Characters in which one call looks for where a match begins."""
REACH = 1_024
"""Characters, from where a match begins, by which it is known that one does: a match may be longer, as a number is
whose beginning says that it is one."""


def finditer(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """Those of ``pattern.finditer(text)``."""
    if len(text) <= PIECE:
        yield from pattern.finditer(text)
        return
    at = rested = 0
    while at < len(text):
        if at >= rested + PIECE:
            # Whoever waits for the interpreter's lock would get it in five milliseconds only.
            time.sleep(0)
            rested = at
        sure = at + PIECE
        match = pattern.search(text, at, sure + REACH)
        if match is None or match.start() >= sure:
            at = sure
            continue
        start = match.start()
        if match.end() > sure:
            # It may go on behind what was read, or be none for what follows.
            match = pattern.match(text, start)
        if match is None:
            at = start + 1
        else:
            yield match
            at = max(match.end(), start + 1)


def search(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """That of ``pattern.search(text)``."""
    return next(finditer(pattern, text), None)


def split(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    """The parts of ``pattern.split(text)``, of a pattern without groups."""
    end = 0
    for match in finditer(pattern, text):
        yield text[end : match.start()]
        end = match.end()
    yield text[end:]


def sub(pattern: re.Pattern[str], by: Callable[[re.Match[str]], str], text: str) -> str:
    """The text of ``pattern.sub(by, text)``."""
    parts: list[str] = []
    end = 0
    for match in finditer(pattern, text):
        parts += [text[end : match.start()], by(match)]
        end = match.end()
    return "".join([*parts, text[end:]])
