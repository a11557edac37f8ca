"""In what scripts differ: how a question ends, and where one word does. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

QUESTION_MARKS = ("?", "\uff1f", "\u061f")
"""Also those of Chinese and Japanese, and of Arabic."""
_PLAIN = str.maketrans(dict.fromkeys(QUESTION_MARKS, "?"))
_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_RUN = re.compile(f"[{_HAN}々]+|[\u3041-\u309f]+|[\u30a0-\u30ff]+|[\uac00-\ud7a3]+")
"""Characters of one script: where it changes, one word ends as a rule."""
_IS_HAN = re.compile(f"[{_HAN}]")


def plainly_asked(text: str) -> str:
    """The text with the question mark of the Latin script for every other; nothing else moves."""
    return text.translate(_PLAIN)


def spaced(text: str) -> str:
    """The text with blanks between words that are written without: of Chinese, Japanese, and Korean with its endings.

    As Lucene's CJKBigramFilter makes them: pairs of characters that stand side by side, each overlapping the next. A
    single Han character may be a word, and is one as well. Any other text is returned as it is.
    """
    return text if text.isascii() else _RUN.sub(lambda run: f" {' '.join(_words(run[0]))} ", text)


def _words(run: str) -> Iterator[str]:
    if _IS_HAN.match(run) and len(run) > 1:
        yield from run
    yield from (run[place : place + 2] for place in range(max(1, len(run) - 1)))
