"""What a text consists of for the search: stems, and the form in which something is said. English.

One analysis for what is stored and what is asked: tantivy's, with blanks put into what is written without them.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import tantivy
from numpy.typing import NDArray

from services.runtime.scripts import QUESTION_MARKS, spaced

Terms = NDArray[np.uint32]
"""One CRC-32 of a stem for each word of a text, in its order."""

_tantivy: Any = tantivy
_LONGEST_WORD = 40
MAX_QUERY_WORDS = 64
"""A longer query is cut: what it is about stands in its first words."""
_WORD = re.compile(r"[^\W_]+")
_POSSESSIVE = re.compile(r"['\u2019]s\b")

STOP_WORDS = frozenset(
    (
        "a about am an and any are as at be been being but by can could did do does for from had has have he "
        "her him his how i if in into is it its just me my no not of on or our she should so some than that "
        "the their them then there these they this those to us was we were what when where which who whom "
        "why will with would you your"
    ).split()
)
"""English words that say nothing about what is asked."""

_TELLS_TIME = re.compile(
    r"\b(?:yesterday|today|tomorrow|tonight|ago|last|next|since|recently|just|weeks?|weekends?|months?|years?|days?"
    r"|this (?:morning|spring|summer|fall|autumn|winter)|spring|summer|fall|autumn|winter|christmas|birthday"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)day|january|february|march|april|may|june|july|august|september"
    r"|october|november|december|(?:19|20)\d\d)\b",
    re.IGNORECASE,
)
_ASKS_WHEN = re.compile(r"\s*(?:when|how long|what (?:year|month|date|day))\b", re.IGNORECASE)

IS_QUESTION = 1
TELLS_TIME = 2
IS_TURN = 4


_analyzer = (
    _tantivy.TextAnalyzerBuilder(_tantivy.Tokenizer.simple())
    .filter(_tantivy.Filter.remove_long(_LONGEST_WORD))
    .filter(_tantivy.Filter.lowercase())
    .filter(_tantivy.Filter.stemmer("english"))
    .build()
)
"""Words, lower-case, stemmed."""


def stems(text: str) -> list[str]:
    """Every word of a text, stemmed, in its order."""
    return _analyzer.analyze(spaced(_POSSESSIVE.sub("", text)))


def codes(words: Sequence[str]) -> Terms:
    """Stems as numbers."""
    return np.array([code(word) for word in words], np.uint32)


def code(word: str) -> int:
    """A stem as a number."""
    return zlib.crc32(word.encode())


def query_words(text: str) -> list[str]:
    """The words of a query that say something, lower-case; all of them where none does."""
    words = list(dict.fromkeys(_WORD.findall(spaced(_POSSESSIVE.sub("", text.lower())))))
    return ([word for word in words if word not in STOP_WORDS] or words)[:MAX_QUERY_WORDS]


def form(text: str) -> int:
    """``IS_QUESTION`` and ``TELLS_TIME``, as they apply."""
    asks = _said(text).endswith(QUESTION_MARKS)
    return (IS_QUESTION if asks else 0) | (TELLS_TIME if _TELLS_TIME.search(text) else 0)


def _said(text: str) -> str:
    """Without a note in brackets at the end, as for a shared picture, which was not said."""
    whole = text.rstrip()
    if not whole.endswith("]"):
        return text
    note = whole.find("[", whole.rfind("]", 0, -1) + 1)
    return text if note < 0 else whole[:note].rstrip()


def asks_when(query: str) -> bool:
    """Whether the answer is a time."""
    return _ASKS_WHEN.match(query) is not None


def same_words(text: str) -> str:
    """What texts have in common that say the same in the same words, whatever their case and punctuation."""
    return " ".join(_WORD.findall(text.casefold())) or text.strip()
