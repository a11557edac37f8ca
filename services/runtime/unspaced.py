"""Words of scripts that write none of them apart: Chinese and Japanese, and Korean with its endings. Pure.

As Lucene's CJKBigramFilter makes them: pairs of characters that stand side by side, each overlapping the next. A single
Han character may be a word, and is one as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

QUESTION_MARKS = ("?", "\uff1f", "\u061f")
"""Also those of Chinese and Japanese, and of Arabic."""
_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_RUN = re.compile(f"[{_HAN}々]+|[\u3041-\u309f]+|[\u30a0-\u30ff]+|[\uac00-\ud7a3]+")
"""Characters of one script: where it changes, one word ends as a rule."""
_IS_HAN = re.compile(f"[{_HAN}]")


def spaced(text: str) -> str:
    """The text with blanks between what are words of such scripts; any other text as it is."""
    return text if text.isascii() else _RUN.sub(lambda run: f" {' '.join(_words(run[0]))} ", text)


def _words(run: str) -> Iterator[str]:
    if _IS_HAN.match(run) and len(run) > 1:
        yield from run
    yield from (run[place : place + 2] for place in range(max(1, len(run) - 1)))
